"""A company's connections: list, create, read, authorize, unlink, delete; and the link that opens the sync flow."""

from typing import Any
from urllib.parse import urlencode

from sandbox import listing, wire
from sandbox.cards import Card, Connection
from sandbox.dice import digest, guid
from sandbox.exchange import NOT_VALID, Answer, Refusal, Request, ok
from sandbox.paging import envelope, page_of
from sandbox.platforms import ACCOUNTING, COMMERCE, PLATFORMS
from sandbox.query import matches, parse
from sandbox.world import World

_NEW: dict[str, Any] = {"description": None, "tags": {}}


def list_connections(world: World, request: Request) -> Answer:
    page, card = page_of(request), world.card(request.params["companyId"])
    links = wire.connections(card, world.now())
    if "query" in request.query:
        test = parse(request.query["query"])
        links = [link for link in links if matches(test, _properties(link))]
    return ok(envelope(request, page, links[page.start : page.stop], len(links)))


def create_connection(world: World, request: Request) -> Answer:
    card = world.card(request.params["companyId"])
    key = request.json_object().get("platformKey")
    if not isinstance(key, str) or key not in PLATFORMS:
        raise Refusal(400, NOT_VALID)
    return _shown(world, card.company_id, _connect(world, card, key))


def get_connection(world: World, request: Request) -> Answer:
    card, link = _found(world, request)
    return _shown(world, card.company_id, link.id)


def update_connection(world: World, request: Request) -> Answer:
    """Unlinked is the only documented change; the rest is refused."""
    card, link = _found(world, request)
    if request.json_object().get("status") != "Unlinked":
        raise Refusal(400, NOT_VALID)
    return _changed(world, card, link, "Unlinked")


def authorize_connection(world: World, request: Request) -> Answer:
    card, link = _found(world, request)
    given = request.json()
    if given is not None and not isinstance(given, dict):
        raise Refusal(400, NOT_VALID)
    return _changed(world, card, link, "Linked")


def delete_connection(world: World, request: Request) -> Answer:
    """Answers 200, not 204, and without a body that any document describes (Platform OpenAPI)."""
    card, link = _found(world, request)
    world.record(card.company_id, "connection deleted", {"id": link.id})
    return Answer(200)


def get_sync_flow_url(world: World, request: Request) -> Answer:
    """Creates the company and its connections when they are missing (Codat docs)."""
    commerce, accounting = request.params["commerceKey"], request.params["accountingKey"]
    if commerce not in COMMERCE or accounting not in ACCOUNTING:
        raise Refusal(404, "No integration was found for the given keys.")
    who = request.query.get("merchantIdentifier", "").strip()
    if not who:
        raise Refusal(400, NOT_VALID)
    card = _by_identifier(world, who)
    present = {link.platform.side for link in card.connections.values()}
    for key in (commerce, accounting):
        if PLATFORMS[key].side not in present:
            _connect(world, card, key)
    return ok({"url": _flow_url(world, request, who)})


def _by_identifier(world: World, who: str) -> Card:
    """The company with this id or name, made when there is none."""
    try:
        return world.card(who)
    except Refusal:
        number = listing.named(world, who)
        company_id = world.create(_NEW | {"name": who}) if number is None else world.company_id(number)
    return world.card(company_id)


def _flow_url(world: World, request: Request, who: str) -> str:
    client = guid(digest(world.seed, "client"))
    otp = int.from_bytes(digest(world.seed, who, world.now(), size=4), "big") % 1_000_000
    keys = f"{request.params['commerceKey']}/{request.params['accountingKey']}"
    query = urlencode({"merchantIdentifier": who, "otp": f"{otp:06d}"})
    return f"https://sync-flow.codat.io/{client}/{keys}/start?{query}"


def _connect(world: World, card: Card, key: str) -> str:
    count = len(world.store.events_of(card.company_id))
    link_id = guid(digest(card.company_id, key, "connection", count))
    world.record(card.company_id, "connection", {"id": link_id, "platform": key, "status": "PendingAuth"})
    return link_id


def _found(world: World, request: Request) -> tuple[Card, Connection]:
    card = world.card(request.params["companyId"])
    wanted = request.params["connectionId"].lower()
    if wanted not in card.connections:
        raise Refusal(404, f"Data connection {wanted} not found")
    return card, card.connections[wanted]


def _changed(world: World, card: Card, link: Connection, status: str) -> Answer:
    world.record(card.company_id, "connection", {"id": link.id, "platform": link.key, "status": status})
    return _shown(world, card.company_id, link.id)


def _shown(world: World, company_id: str, link_id: str) -> Answer:
    card = world.card(company_id)
    return ok(wire.connection(card, card.connections[link_id], world.now()))


def _properties(link: wire.Json) -> dict[str, tuple[str, ...]]:
    return {name: (link[name],) for name in ("id", "status", "platformName", "sourceType", "integrationKey")}
