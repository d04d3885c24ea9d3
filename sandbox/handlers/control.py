"""What Codat does not have: a look behind the scenes for tests, under /_sandbox/ and without a key."""

import re
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeGuard

from sandbox import wire
from sandbox.clock import FARTHEST
from sandbox.exchange import NOT_VALID, Answer, Refusal, Request, ok
from sandbox.kinds import KINDS
from sandbox.world import World

_KINDS = {kind.name for kind in KINDS}
_LIMIT = re.compile(r"[0-9]{1,9}")


def list_kinds(world: World, request: Request) -> Answer:
    counts = Counter(kind.name for kind in world.seeded.kinds)
    return ok([{"kind": kind.name, "about": kind.about, "merchants": counts[kind.name]} for kind in KINDS])


def list_merchants(world: World, request: Request) -> Answer:
    """Merchants of the seed, of one kind with `?kind=`, as many as `?limit=` says (1,000 if it does not)."""
    kind = request.query.get("kind")
    limit = request.query.get("limit", "1000")
    if (kind is not None and kind not in _KINDS) or not _LIMIT.fullmatch(limit):
        raise Refusal(400, NOT_VALID)
    found = [
        {
            "company_id": merchant.company_id,
            "name": merchant.name,
            "kind": merchant.kind.name,
            "rerun": merchant.rerun,
            "zone": merchant.zone,
            "hour": merchant.hour,
        }
        for merchant in islice(world.of_kind(kind), int(limit))
    ]
    return ok(found)


def get_quota(world: World, request: Request) -> Answer:
    """What a client may not be trusted to remember of itself."""
    return ok({"answers_429": world.answers_429})


def list_switches(world: World, request: Request) -> Answer:
    return ok(world.switches.told())


def turn_switches(world: World, request: Request) -> Answer:
    """`{"name": "value", ...}`: all of them or, when one is nonsense, none."""
    try:
        world.turn(request.json_object())
    except ValueError as error:
        raise Refusal(400, str(error)) from None
    return list_switches(world, request)


_HAPPENINGS = {"linked": "Linked", "deauthorized": "Deauthorized", "unlinked": "Unlinked", "failed": None}


def make_happen(world: World, request: Request) -> Answer:
    """What a merchant does to a connection: `{"happens": "linked"}`, deauthorized, unlinked, or failed (to link)."""
    company_id, link_id = request.params["companyId"], request.params["connectionId"]
    link = world.card(company_id).connections.get(link_id)
    happens = request.json_object().get("happens")
    if link is None:
        raise Refusal(404, f"Data connection {link_id} not found")
    if not isinstance(happens, str) or happens not in _HAPPENINGS:
        raise Refusal(400, f"What happens is one of {', '.join(_HAPPENINGS)}.")
    if happens == "failed" and link.status != "PendingAuth":
        raise Refusal(400, "Only a connection in PendingAuth can fail to be linked.")
    status = _HAPPENINGS[happens]
    if status:
        world.record(company_id, "connection", {"id": link.id, "platform": link.key, "status": status})
    else:
        world.record(company_id, "connection failed", {"id": link.id})
    world.store.commit()
    card = world.card(company_id)
    return ok(wire.connection(card, card.connections[link.id], world.now()))


def get_clock(world: World, request: Request) -> Answer:
    """The moment it is in the sandbox, and how many seconds that is ahead of the wall clock."""
    return ok({"now": world.now().isoformat(), "ahead": world.clock.ahead.total_seconds()})


def move_clock(world: World, request: Request) -> Answer:
    """`{"by": seconds}`, `{"ahead": seconds}` or `{"to": moment}`; only forward."""
    given = request.json_object()
    try:
        world.move_clock(_ahead(world, given))
    except ValueError as error:
        raise Refusal(400, str(error)) from None
    return get_clock(world, request)


def _ahead(world: World, given: dict[str, object]) -> timedelta:
    match list(given.items()):
        case [("by", seconds)] if _is_number(seconds):
            return world.clock.ahead + _span(seconds)
        case [("ahead", seconds)] if _is_number(seconds):
            return _span(seconds)
        case [("to", str() as text)] if (moment := _moment(text)) and moment.tzinfo:
            return world.clock.ahead + (moment - world.now())
    raise ValueError('The clock takes {"by": seconds}, {"ahead": seconds} or {"to": moment with its zone}.')


def _moment(text: str) -> datetime | None:
    with suppress(ValueError):
        return datetime.fromisoformat(text)
    return None


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _span(seconds: float) -> timedelta:
    """Farther than the clock goes is as far as it can be told."""
    farthest = 2 * FARTHEST.total_seconds()
    return timedelta(seconds=max(-farthest, min(seconds, farthest)))
