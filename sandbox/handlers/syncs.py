"""The eight sync endpoints: two that ask for a sync, six that tell of syncs."""

from collections.abc import Iterable
from datetime import datetime

from sandbox import asking, wire
from sandbox.exchange import NOT_VALID, Answer, Refusal, Request, ok, ok_as_it_is
from sandbox.syncs import Sync
from sandbox.world import World


def request_latest(world: World, request: Request) -> Answer:
    """From the end of the last successful sync, else the configured start, to `syncTo`, else to now."""
    timeline = world.timeline(request.params["companyId"])
    wanted = request.json_object().get("syncTo")
    finish = world.now() if wanted is None else wire.read_moment(wanted)
    return _asked(world, request, timeline.next_start(), finish)


def request_historic(world: World, request: Request) -> Answer:
    world.merchant(request.params["companyId"])
    start, finish = _date_range(request, lenient=world.switches.historic_body == "lenient")
    if start >= min(finish, world.now()):
        raise Refusal(400, NOT_VALID)
    return _asked(world, request, start, finish)


def get_status(world: World, request: Request) -> Answer:
    """The newest sync, one object, and the only answer with both ids."""
    timeline = world.timeline(request.params["companyId"])
    for sync in timeline.history.backwards():
        return ok(wire.sync_status(timeline.card, sync, world.now()))
    return _none(world, request)


def get_latest(world: World, request: Request) -> Answer:
    return _one(world, request, world.timeline(request.params["companyId"]).history.backwards())


def get_last_successful(world: World, request: Request) -> Answer:
    now, timeline = world.now(), world.timeline(request.params["companyId"])
    return _one(world, request, (sync for sync in timeline.history.backwards() if sync.state(now).is_success))


def get_by_id(world: World, request: Request) -> Answer:
    timeline, wanted = world.timeline(request.params["companyId"]), request.params["syncId"].lower()
    by_either = world.switches.by_commerce_sync_id == "known"
    for sync in timeline.syncs:
        if sync.sync_id == wanted or (by_either and sync.commerce_sync_id == wanted):
            return _told(request, sync, world.now())
    raise _no_data(f"sync {wanted}", request)


def list_syncs(world: World, request: Request) -> Answer:
    """A bare array: no paging, no filter."""
    company_id = request.params["companyId"]
    told = world.timeline(company_id).history.told(world.now())
    if world.switches.list_order == "newest":
        told.reverse()
    return ok_as_it_is(f"[{','.join(wire.company_sync_statuses(company_id, told))}]")


def _date_range(request: Request, *, lenient: bool) -> tuple[datetime, datetime]:
    body = request.json_object()
    given = body if lenient and "dateRange" not in body else body.get("dateRange")
    if not isinstance(given, dict):
        raise Refusal(400, NOT_VALID)
    finish = given.get("finish", given.get("end") if lenient else None)
    return wire.read_moment(given.get("start")), wire.read_moment(finish)


def _asked(world: World, request: Request, start: datetime, finish: datetime) -> Answer:
    company_id = request.params["companyId"]
    sync = asking.ask(world, company_id, start, finish)
    card = world.timeline(company_id).card
    return ok(wire.sync_summary(card, sync, sync.at), started=sync.sync_id)


def _one(world: World, request: Request, syncs: Iterable[Sync]) -> Answer:
    for sync in syncs:
        return _told(request, sync, world.now())
    return _none(world, request)


def _told(request: Request, sync: Sync, now: datetime) -> Answer:
    return ok_as_it_is(wire.company_sync_status(request.params["companyId"], sync, now))


def _none(world: World, request: Request) -> Answer:
    if world.switches.never_synced == "empty":
        return ok({})
    raise _no_data("sync", request)


def _no_data(what: str, request: Request) -> Refusal:
    return Refusal(404, f"No data available for {what} for ID {request.params['companyId']}")
