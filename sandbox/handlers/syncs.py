"""The eight sync endpoints: two that ask for a sync, six that tell of syncs."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sandbox import asking, wire
from sandbox.exchange import NOT_VALID, Answer, Refusal, Request, ok, ok_as_it_is
from sandbox.outcomes import Outcome
from sandbox.switches import Switches
from sandbox.syncs import Sync, Told
from sandbox.world import World


def request_latest(world: World, request: Request) -> Answer:
    """From the end of the last successful sync, else the configured start, to `syncTo`, else to now."""
    company_id = request.params["companyId"]
    world.merchant(company_id)
    wanted = request.json_object().get("syncTo")
    up_to = None if wanted is None else wire.read_moment(wanted)
    sync = asking.ask_for_latest(world, company_id, up_to, hangs=request.hangs)
    return _asked(world, sync, company_id)


def request_historic(world: World, request: Request) -> Answer:
    company_id = request.params["companyId"]
    world.merchant(company_id)
    start, finish = _date_range(request, lenient=world.switches.historic_body == "lenient")
    sync = asking.ask_for_range(world, company_id, start, finish, hangs=request.hangs)
    return _asked(world, sync, company_id)


def get_status(world: World, request: Request) -> Answer:
    """The newest sync, one object, and the only answer with both ids."""
    company_id, moment = request.params["companyId"], _moment(world, request)
    for sync in _backwards(world, company_id, moment):
        _, at, state = _told(sync, moment, world.switches)
        state = _worded(state, world.switches)
        return ok(wire.sync_status(world.timeline(company_id).card, sync, state, at, moment))
    return _none(world, request)


def get_latest(world: World, request: Request) -> Answer:
    moment = _moment(world, request)
    return _one(world, request, _backwards(world, request.params["companyId"], moment), moment)


def get_last_successful(world: World, request: Request) -> Answer:
    moment = _moment(world, request)
    syncs = _backwards(world, request.params["companyId"], moment)
    return _one(world, request, (sync for sync in syncs if sync.state(moment).is_success), moment)


def get_by_id(world: World, request: Request) -> Answer:
    moment, wanted = _moment(world, request), request.params["syncId"]
    by_either = world.switches.by_commerce_sync_id == "known"
    for sync in _backwards(world, request.params["companyId"], moment):
        if sync.sync_id == wanted or (by_either and sync.commerce_sync_id == wanted):
            return _one(world, request, [sync], moment)
    raise _no_data(f"sync {wanted}", request)


def list_syncs(world: World, request: Request) -> Answer:
    """A bare array: no paging, no filter."""
    company_id = request.params["companyId"]
    return _rows(world, company_id, _listed(_news(world, request), world.switches))


def _moment(world: World, request: Request) -> datetime:
    """The moment of which an answer tells: one that lags is late with it."""
    return world.now() - request.behind


def _backwards(world: World, company_id: str, moment: datetime) -> Iterator[Sync]:
    return (sync for sync in world.timeline(company_id).history.backwards() if sync.at <= moment)


def _news(world: World, request: Request) -> list[Told]:
    """What a list tells of each sync, oldest first."""
    timeline, moment = world.timeline(request.params["companyId"]), _moment(world, request)
    delay, sync_utc = world.switches.list_delay, world.switches.sync_utc
    if not request.behind and (delay, sync_utc) == ("none", "start"):
        return timeline.history.told(moment)
    newest = moment if delay == "none" else moment - timedelta(seconds=int(delay))
    return [_told(sync, moment, world.switches) for sync in timeline.syncs if sync.at <= newest]


def _told(sync: Sync, moment: datetime, switches: Switches) -> Told:
    state = sync.state(moment)
    has_ended = switches.sync_utc == "end" and state is sync.outcome
    return sync.raw, sync.ended if has_ended else sync.at, state


def _listed(told: list[Told], switches: Switches) -> list[Told]:
    if switches.list_length != "all":
        told = told[-int(switches.list_length) :]
    if switches.list_order == "unordered":
        return sorted(told)
    return told if switches.list_order == "oldest" else told[::-1]


def _rows(world: World, company_id: str, told: list[Told]) -> Answer:
    if _has_other_words(world.switches):
        told = [(raw, at, _worded(state, world.switches)) for raw, at, state in told]
    return ok_as_it_is(f"[{','.join(wire.company_sync_statuses(company_id, told))}]")


def _date_range(request: Request, *, lenient: bool) -> tuple[datetime, datetime]:
    body = request.json_object()
    given = body if lenient and "dateRange" not in body else body.get("dateRange")
    if not isinstance(given, dict):
        raise Refusal(400, NOT_VALID)
    finish = given.get("finish", given.get("end") if lenient else None)
    return wire.read_moment(given.get("start")), wire.read_moment(finish)


def _asked(world: World, sync: Sync, company_id: str) -> Answer:
    card, state = world.timeline(company_id).card, _worded(sync.state(sync.at), world.switches)
    return ok(wire.sync_summary(card, sync, state, sync.at), started=sync)


def _one(world: World, request: Request, syncs: Iterable[Sync], moment: datetime) -> Answer:
    for sync in syncs:
        raw, at, state = _told(sync, moment, world.switches)
        told = (raw, at, _worded(state, world.switches))
        return ok_as_it_is(wire.company_sync_statuses(request.params["companyId"], [told])[0])
    return _none(world, request)


def _has_other_words(switches: Switches) -> bool:
    return (switches.success_text, switches.failure_text) != ("Complete", "plain")


def _worded(state: Outcome, switches: Switches) -> Outcome:
    """With the text that the switches give it."""
    if state.is_success:
        return state._replace(text=switches.success_text)
    if state.code // 1000 == 1 or switches.failure_text == "plain":
        return state
    return state._replace(text=None if switches.failure_text == "null" else f"{state.text}, Pending")


def _none(world: World, request: Request) -> Answer:
    switch = world.switches.never_synced
    if switch == "404":
        raise _no_data("sync", request)
    return Answer(204) if switch == "204" else ok(None if switch == "null" else {})


def _no_data(what: str, request: Request) -> Refusal:
    return Refusal(404, f"No data available for {what} for ID {request.params['companyId']}")
