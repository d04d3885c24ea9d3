"""Companies: list, create, read, change, delete (OpenAPI of Sync for Commerce and of the Platform)."""

import re
from typing import Any

from sandbox import listing, wire
from sandbox.exchange import NOT_VALID, Answer, Refusal, Request, ok
from sandbox.paging import envelope, page_of
from sandbox.world import World

# The pattern of the OpenAPI; what lies outside is stripped, as the docs say, not refused.
_FORBIDDEN = re.compile(r"[^A-Za-z0-9\s\-',&@.?!]")
_MOST_TAGS = 10


def list_companies(world: World, request: Request) -> Answer:
    page = page_of(request)
    if request.query.keys() & {"query", "tags", "orderBy"}:
        chosen = listing.chosen(world, *map(request.query.get, ("query", "tags", "orderBy")))
        total, shown = len(chosen), map(world.company_id, chosen[page.start : page.stop])
    else:
        total, shown = world.count(), map(world.company_id, world.register.page(page.start, page.stop))
    now = world.now()
    results = [wire.company(world.card(company_id), now) for company_id in shown]
    return ok(envelope(request, page, results, total))


def create_company(world: World, request: Request) -> Answer:
    body = request.json_object()
    company_id = world.create(
        {
            "name": _name(body),
            "description": _text_or_none(body.get("description")),
            "tags": _tags(body.get("tags")),
        }
    )
    return _company(world, company_id)


def get_company(world: World, request: Request) -> Answer:
    return _company(world, request.params["companyId"])


def update_company(world: World, request: Request) -> Answer:
    """PATCH: what is absent or null stays, but null or empty tags remove all tags (Codat docs)."""
    company_id, body = request.params["companyId"], request.json_object()
    world.merchant(company_id)
    changes: dict[str, Any] = {}
    if body.get("name") is not None:
        changes["name"] = _name(body)
    if body.get("description") is not None:
        changes["description"] = _text_or_none(body["description"])
    if "tags" in body:
        changes["tags"] = _tags(body["tags"])
    world.record(company_id, "company", changes)
    return _company(world, company_id)


def replace_company(world: World, request: Request) -> Answer:
    """PUT: what is absent is wiped."""
    company_id, body = request.params["companyId"], request.json_object()
    world.merchant(company_id)
    changes = {
        "name": _name(body),
        "description": _text_or_none(body.get("description")),
        "tags": _tags(body.get("tags")),
    }
    world.record(company_id, "company", changes)
    return _company(world, company_id)


def delete_company(world: World, request: Request) -> Answer:
    world.merchant(request.params["companyId"])
    world.delete(request.params["companyId"])
    return Answer(204)


def _company(world: World, company_id: str) -> Answer:
    return ok(wire.company(world.card(company_id), world.now()))


def _name(body: dict[str, Any]) -> str:
    name = body.get("name")
    cleaned = _FORBIDDEN.sub("", name).strip() if isinstance(name, str) else ""
    if not cleaned:
        raise Refusal(400, NOT_VALID, service="ClientsApi")
    return cleaned


def _text_or_none(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise Refusal(400, NOT_VALID, service="ClientsApi")


def _tags(value: object) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > _MOST_TAGS:
        raise Refusal(400, NOT_VALID, service="ClientsApi")
    if not all(isinstance(tag, str) for tag in value.values()):
        raise Refusal(400, NOT_VALID, service="ClientsApi")
    return value
