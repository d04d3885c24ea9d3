"""A sync that is asked for: what Codat makes of it is decided here, once, and then only takes time."""

from datetime import datetime
from typing import Any

from sandbox.dice import digest, fraction
from sandbox.exchange import NOT_VALID, Refusal
from sandbox.outcomes import (
    EMPTY,
    FREQUENCY,
    NOT_CONFIGURED,
    NOT_CONNECTED,
    OVERLAPS,
    SERVER_ERROR,
    Outcome,
)
from sandbox.syncs import Sync, from_json, to_json
from sandbox.timeline import Timeline
from sandbox.world import World

NEVER = 1e9
"""Seconds after which a sync that hangs would end."""


def ask(world: World, company_id: str, start: datetime, finish: datetime, *, hangs: bool = False) -> Sync:
    """Start a sync of this window now; raises Refusal (400) where a switch says so."""
    finish = _no_later(finish, world)
    timeline = world.timeline(company_id)
    outcome = _hindrance(timeline) or _outcome(world, timeline, start, finish)
    if outcome is OVERLAPS and world.switches.overlap == "refused":
        raise Refusal(400, OVERLAPS.message or NOT_VALID)
    return _begun(world, timeline, start, finish, outcome, hangs=hangs)


def ask_for_latest(world: World, company_id: str, up_to: datetime | None, *, hangs: bool = False) -> Sync:
    """From the end of the last successful sync up to now, or up to a moment that the client chose.

    When everything up to now is synced already, that is one over synced days.
    """
    start, now = world.timeline(company_id).next_start(), world.now()
    if up_to is not None and up_to < now and up_to <= start:
        return _backwards(world, company_id, start, up_to, hangs=hangs)
    return ask(world, company_id, start, now if up_to is None else up_to, hangs=hangs)


def ask_for_range(
    world: World, company_id: str, start: datetime, finish: datetime, *, hangs: bool = False
) -> Sync:
    """The same for a window that the client chose, which may lie where no sync can be."""
    timeline = world.timeline(company_id)
    start, finish = _no_earlier(start, timeline, world), _no_later(finish, world)
    ask_for = ask if start < finish else _backwards
    return ask_for(world, company_id, start, finish, hangs=hangs)


def _backwards(world: World, company_id: str, start: datetime, finish: datetime, *, hangs: bool) -> Sync:
    timeline = world.timeline(company_id)
    if world.switches.backwards_range == "refused":
        raise Refusal(400, NOT_VALID)
    ends = EMPTY if world.switches.backwards_range == "empty" else SERVER_ERROR
    return _begun(world, timeline, start, finish, _hindrance(timeline) or ends, hangs=hangs)


def _no_later(finish: datetime, world: World) -> datetime:
    now = world.now()
    if finish <= now or world.switches.future_end == "kept":
        return finish
    if world.switches.future_end == "refused":
        raise Refusal(400, NOT_VALID)
    return now


def _no_earlier(start: datetime, timeline: Timeline, world: World) -> datetime:
    first = timeline.card.schedule.start()
    if start >= first or world.switches.before_start == "kept":
        return start
    if world.switches.before_start == "refused":
        raise Refusal(400, NOT_VALID)
    return first


def _hindrance(timeline: Timeline) -> Outcome | None:
    if not timeline.card.is_connected:
        return NOT_CONNECTED
    if not timeline.card.configured:
        return NOT_CONFIGURED
    return None if timeline.card.schedule.is_offered else FREQUENCY


def _outcome(world: World, timeline: Timeline, start: datetime, finish: datetime) -> Outcome:
    collides = timeline.running() or start >= finish or timeline.overlaps(start, finish)
    if collides and world.switches.overlap != "allowed":
        return OVERLAPS
    return timeline.outcome_of_request(world.now(), start, finish)


def _begun(
    world: World, timeline: Timeline, start: datetime, finish: datetime, outcome: Outcome, *, hangs: bool
) -> Sync:
    body = _body(world, timeline, start, finish, outcome)
    if hangs:
        body["seconds"] = NEVER
    event = world.record(timeline.card.company_id, "sync", body)
    return from_json(event.at, event.body)


def _body(
    world: World, timeline: Timeline, start: datetime, finish: datetime, outcome: Outcome
) -> dict[str, Any]:
    raw = digest(world.seed, timeline.card.company_id, "asked", timeline.asked, size=34)
    ids = raw[:16] * 2 if world.switches.commerce_sync_id == "same" else raw[:32]
    seconds = timeline.maker.takes(fraction(raw[32:]), outcome)
    return to_json(Sync(world.now(), start, finish, outcome, ids, seconds))
