"""Companies: list, create, read, change, delete (OpenAPI of Sync for Commerce and of the Platform)."""

from typing import Any

from sandbox import wire
from sandbox.cards import Card
from sandbox.exchange import Answer, Request, ok
from sandbox.paging import envelope, page_of
from sandbox.query import Kind, Value, malformed, matches, parse
from sandbox.registering import name_of, register, tags_of, text_or_none
from sandbox.world import World

# The docs' querying page says that arrays cannot be asked for, and asks for dataConnections.status in an example.
_FIELDS: dict[str, Kind] = {
    "id": "text",
    "name": "text",
    "description": "text",
    "created": "date",
    "dataConnections.status": "text",
    "dataConnections.id": "text",
    "dataConnections.integrationKey": "text",
    "dataConnections.platformName": "text",
}


def list_companies(world: World, request: Request) -> Answer:
    page = page_of(request)
    if request.query.keys() & {"query", "tags", "orderBy"}:
        cards = _chosen(world, request)
        total, shown = len(cards), cards[page.start : page.stop]
    else:
        total = world.count()
        shown = [world.card(company_id) for company_id in world.company_ids(page.start, page.stop)]
    now = world.now()
    return ok(envelope(request, page, [wire.company(card, now) for card in shown], total))


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


def _chosen(world: World, request: Request) -> list[Card]:
    cards = (world.card(company_id) for company_id in world.company_ids())
    if "query" in request.query:
        test = parse(request.query["query"], _FIELDS)
        cards = (card for card in cards if matches(test, _properties(card)))
    if "tags" in request.query:
        tags = parse(request.query["tags"])
        cards = (card for card in cards if matches(tags, _tag_values(card), default=()))
    return _ordered(list(cards), request.query.get("orderBy"), world.switches.order_by)


def _ordered(cards: list[Card], order: str | None, switch: str) -> list[Card]:
    """Which properties can be ordered by is documented nowhere: created, which is the docs' example, and name."""
    if not order:
        return cards
    name = order.removeprefix("-")
    if name not in (("created",) if switch == "created" else ("created", "name")):
        if switch == "ignored":
            return cards
        raise malformed()
    return sorted(cards, key=lambda card: getattr(card, name), reverse=order.startswith("-"))


def _properties(card: Card) -> dict[str, tuple[Value, ...]]:
    links = card.connections.values()
    return {
        "id": (card.company_id,),
        "name": (card.name,),
        "description": (card.description,) if card.description else (),
        "created": (card.created.replace(microsecond=0),),
        "dataConnections.status": tuple(link.status for link in links),
        "dataConnections.id": tuple(link.id for link in links),
        "dataConnections.integrationKey": tuple(link.key for link in links),
        "dataConnections.platformName": tuple(link.platform.name for link in links),
    }


def _tag_values(card: Card) -> dict[str, tuple[str, ...]]:
    return {name: (value,) for name, value in card.tags.items()}
