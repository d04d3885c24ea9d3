"""Companies: list, create, read, change, delete (OpenAPI of Sync for Commerce and of the Platform)."""

from typing import Any

from sandbox import choosing, wire
from sandbox.exchange import Answer, Request, ok
from sandbox.paging import envelope, page_of
from sandbox.registering import name_of, register, tags_of, text_or_none
from sandbox.world import World

_CHOOSES = ("query", "tags", "orderBy")


def list_companies(world: World, request: Request) -> Answer:
    page = page_of(request)
    if request.query.keys() & {*_CHOOSES}:
        found = choosing.chosen(world, *map(request.query.get, _CHOOSES))
        total, shown = len(found), map(world.company_id, found[page.start : page.stop])
    else:
        total, shown = world.count(), map(world.company_id, world.register.page(page.start, page.stop))
    now = world.now()
    results = [wire.company(world.card(company_id), now) for company_id in shown]
    return ok(envelope(request, page, results, total))


def chooses_among_all(world: World, request: Request) -> bool:
    query, tags, _ = map(request.query.get, _CHOOSES)
    return bool(request.query.keys() & {*_CHOOSES}) and choosing.id_alone(query, tags) is None


def create_company(world: World, request: Request) -> Answer:
    body = request.json_object()
    company_id = register(
        world,
        name_of(body.get("name")),
        description=text_or_none(body.get("description")),
        tags=tags_of(body.get("tags")),
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
        changes["name"] = name_of(body.get("name"))
    if body.get("description") is not None:
        changes["description"] = text_or_none(body["description"])
    if "tags" in body:
        changes["tags"] = tags_of(body["tags"])
    world.record(company_id, "company", changes)
    return _company(world, company_id)


def replace_company(world: World, request: Request) -> Answer:
    """PUT: what is absent is wiped."""
    company_id, body = request.params["companyId"], request.json_object()
    world.merchant(company_id)
    changes = {
        "name": name_of(body.get("name")),
        "description": text_or_none(body.get("description")),
        "tags": tags_of(body.get("tags")),
    }
    world.record(company_id, "company", changes)
    return _company(world, company_id)


def delete_company(world: World, request: Request) -> Answer:
    world.merchant(request.params["companyId"])
    world.delete(request.params["companyId"])
    return Answer(204)


def _company(world: World, company_id: str) -> Answer:
    return ok(wire.company(world.card(company_id), world.now()))
