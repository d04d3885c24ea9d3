"""Which companies a query, a tags filter and an order choose, by their numbers (Codat docs, querying)."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from sandbox.columns import Row
from sandbox.platforms import PLATFORMS
from sandbox.query import LONGER, Kind, Value, malformed, parse
from sandbox.world import World

_ORDERS: dict[str, Callable[[tuple[int, Row]], Any]] = {
    "created": lambda found: found[1].created,
    "name": lambda found: found[1].name,
}
"""Which properties can be ordered by is documented nowhere: created, which is the docs' example, and name."""

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
_PROPERTIES: dict[str, Callable[[Row], tuple[Value, ...]]] = {
    "name": lambda row: (row.name,),
    "description": lambda row: (row.description,) if row.description else (),
    "created": lambda row: (row.created.replace(microsecond=0),),
    "dataConnections.status": lambda row: tuple(status for _, status in row.links),
    "dataConnections.id": lambda row: tuple(row.link_ids.split()),
    "dataConnections.integrationKey": lambda row: tuple(key for key, _ in row.links),
    "dataConnections.platformName": lambda row: tuple(PLATFORMS[key].name for key, _ in row.links),
}
_ID_ALONE = re.compile(r"\s*id\s*=\s*([\w-]+)\s*")


def id_alone(query: str | None, tags: str | None) -> str | None:
    """The id of the one company that is asked for, which is found without the others."""
    short = query if query and len(query) < LONGER else ""
    found = _ID_ALONE.fullmatch(short) if tags is None else None
    return found[1].lower() if found else None


def chosen(world: World, query: str | None, tags: str | None, order: str | None) -> list[int]:
    """Raises Refusal (400) for what cannot be understood."""
    order = _heeded(order, world.switches.order_by)
    if alone := id_alone(query, tags):
        number = world.register.number_of(alone)
        return [] if number is None else [number]
    return world.columns.answer((query, tags, order), partial(_searched, world, query, tags, order))


def named(world: World, name: str) -> int | None:
    return next((number for number, row in world.columns.all() if row.name == name), None)


def _heeded(order: str | None, switch: str) -> str | None:
    known = ("created",) if switch == "created" else tuple(_ORDERS)
    if not order or order.removeprefix("-") in known:
        return order
    if switch == "ignored":
        return None
    raise malformed()


def _searched(world: World, query: str | None, tags: str | None, order: str | None) -> list[int]:
    found = list(world.columns.all())
    if query is not None:
        wanted = parse(query, _FIELDS)
        found = [(number, row) for number, row in found if wanted(partial(_property, world, number, row))]
    if tags is not None:
        tagged = parse(tags)
        found = [(number, row) for number, row in found if tagged(partial(_tag, row))]
    if order:
        found.sort(key=_ORDERS[order.removeprefix("-")], reverse=order.startswith("-"))
    return [number for number, _ in found]


def _property(world: World, number: int, row: Row, name: str) -> tuple[Value, ...]:
    return (world.company_id(number),) if name == "id" else _PROPERTIES[name](row)


def _tag(row: Row, name: str) -> tuple[str, ...]:
    return tuple(value for tag, value in row.tags if tag == name)
