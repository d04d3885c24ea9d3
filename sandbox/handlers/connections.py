"""A company's connections: list, create, read, authorize, unlink, delete; and the link that opens the sync flow."""

import re
from urllib.parse import urlencode

from sandbox import choosing, wire
from sandbox.cards import Card, Connection
from sandbox.dice import digest, guid
from sandbox.exchange import NOT_VALID, Answer, Refusal, Request, ok
from sandbox.listing import listed
from sandbox.platforms import ACCOUNTING, COMMERCE, PLATFORMS, platform_of
from sandbox.query import Kind
from sandbox.registering import name_of, register
from sandbox.world import World

_KEY = re.compile(r"[a-z]{4}")
_STATUSES = ("PendingAuth", "Linked", "Unlinked", "Deauthorized")
_FIELDS: dict[str, Kind] = {
    "id": "text",
    "integrationId": "text",
    "integrationKey": "text",
    "sourceId": "text",
    "sourceType": "text",
    "platformName": "text",
    "status": "text",
    "created": "date",
    "lastSync": "date",
}


def list_connections(world: World, request: Request) -> Answer:
    card = world.card(request.params["companyId"])
    return ok(listed(request, wire.connections(card, world.now()), _FIELDS))


def create_connection(world: World, request: Request) -> Answer:
    """A key that no platform bears is a 404, the one code that the OpenAPI lists for what is wrong here."""
    card = world.card(request.params["companyId"])
    key = request.json_object().get("platformKey")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise Refusal(400, NOT_VALID)
    return _shown(world, card.company_id, _connect(world, card, platform_of(key).key))


def get_connection(world: World, request: Request) -> Answer:
    card, link = _found(world, request)
    return _shown(world, card.company_id, link.id)


def update_connection(world: World, request: Request) -> Answer:
    """Only a linked connection can be unlinked, and nothing else can be set (Codat docs); or anything, by a switch."""
    card, link = _found(world, request)
    status = request.json_object().get("status")
    if world.switches.patch_status == "unlinked_only":
        allowed = status == "Unlinked" and link.status == "Linked"
    else:
        allowed = status in _STATUSES
    if not allowed:
        raise Refusal(400, NOT_VALID)
    return _changed(world, card, link, str(status))


def authorize_connection(world: World, request: Request) -> Answer:
    card, link = _found(world, request)
    if not all(isinstance(value, str) for value in request.json_object().values()):
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
    who = _identifier(request)
    card = _by_identifier(world, who, name_of(who))
    present = {link.platform.side for link in card.connections.values()}
    for key in (commerce, accounting):
        if PLATFORMS[key].side not in present:
            _connect(world, card, key)
    return ok({"url": _flow_url(world, request, who)})


def is_asked_for_by_name(world: World, request: Request) -> bool:
    """Whether the merchant of a flow is looked for among all."""
    return world.register.number_of(_identifier(request).lower()) is None


def _identifier(request: Request) -> str:
    return request.query.get("merchantIdentifier", "").strip()


def _by_identifier(world: World, who: str, name: str) -> Card:
    """The company with this id or name, made when there is none."""
    try:
        return world.card(who.lower())
    except Refusal:
        numbers = (choosing.named(world, each) for each in (who, name))
        number = next((number for number in numbers if number is not None), None)
        company_id = register(world, name) if number is None else world.company_id(number)
    return world.card(company_id)


def _flow_url(world: World, request: Request, who: str) -> str:
    """The passcode is new with each asking; a redirectUrl is handed on (Codat docs)."""
    otp = int.from_bytes(digest(world.seed, who, world.now(), size=4), "big") % 1_000_000
    keys = f"{request.params['commerceKey']}/{request.params['accountingKey']}"
    query = {"merchantIdentifier": who, "otp": f"{otp:06d}"}
    if back := request.query.get("redirectUrl"):
        query["redirectUrl"] = back
    return f"https://sync-flow.codat.io/{world.client_id}/{keys}/start?{urlencode(query)}"


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
