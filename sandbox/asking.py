"""A sync that is asked for: what Codat makes of it is decided here, once, and then only takes time."""

from datetime import datetime

from sandbox.dice import digest, fraction
from sandbox.exchange import NOT_VALID, Refusal
from sandbox.outcomes import NOT_CONFIGURED, NOT_CONNECTED, OVERLAPS, Outcome
from sandbox.syncs import Sync, from_json, to_json
from sandbox.timeline import Timeline
from sandbox.world import World


def ask(world: World, company_id: str, start: datetime, finish: datetime) -> Sync:
    """Start a sync of this window now; raises Refusal (400) where a switch says so."""
    finish = _no_later(finish, world)
    timeline = world.timeline(company_id)
    outcome = _outcome(world, timeline, start, finish)
    if outcome is OVERLAPS and world.switches.overlap == "refused":
        raise Refusal(400, OVERLAPS.message or NOT_VALID)
    event = world.record(company_id, "sync", _body(world, timeline, start, finish, outcome))
    return from_json(event.at, event.body)


def _no_later(finish: datetime, world: World) -> datetime:
    now = world.now()
    if finish <= now or world.switches.future_end == "kept":
        return finish
    if world.switches.future_end == "refused":
        raise Refusal(400, NOT_VALID)
    return now


def _outcome(world: World, timeline: Timeline, start: datetime, finish: datetime) -> Outcome:
    if not timeline.card.is_connected:
        return NOT_CONNECTED
    if not timeline.card.configured:
        return NOT_CONFIGURED
    collides = timeline.running() or start >= finish or timeline.overlaps(start, finish)
    if collides and world.switches.overlap != "allowed":
        return OVERLAPS
    return timeline.outcome_of_request(world.now(), start, finish)


def _body(
    world: World, timeline: Timeline, start: datetime, finish: datetime, outcome: Outcome
) -> dict[str, object]:
    raw = digest(world.seed, timeline.card.company_id, "asked", timeline.asked, size=34)
    ids = raw[:16] * 2 if world.switches.commerce_sync_id == "same" else raw[:32]
    seconds = timeline.maker.takes(fraction(raw[32:]), outcome)
    return to_json(Sync(world.now(), start, finish, outcome, ids, seconds))
