"""The eight sync endpoints: two that ask for a sync, six that tell of syncs."""

from collections.abc import Iterable
from datetime import datetime

from sandbox import asking, wire
from sandbox.exchange import NOT_VALID, Answer, Refusal, Request, ok
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
    syncs, moment = _news(world, request)
    if not syncs:
        return _none(world, request)
    return ok(wire.sync_status(world.card(request.params["companyId"]), syncs[-1], moment))


def get_latest(world: World, request: Request) -> Answer:
    syncs, moment = _news(world, request)
    return _one(world, request, reversed(syncs), moment)


def get_last_successful(world: World, request: Request) -> Answer:
    syncs, moment = _news(world, request)
    successes = (sync for sync in reversed(syncs) if sync.state(moment).is_success)
    return _one(world, request, successes, moment)


def get_by_id(world: World, request: Request) -> Answer:
    syncs, moment = _news(world, request)
    wanted = request.params["syncId"]
    by_either = world.switches.by_commerce_sync_id == "known"
    for sync in syncs:
        if sync.sync_id == wanted or (by_either and sync.commerce_sync_id == wanted):
            return _told(request, sync, moment)
    raise _no_data(f"sync {wanted}", request)


def list_syncs(world: World, request: Request) -> Answer:
    """A bare array: no paging, no filter."""
    syncs, moment = _news(world, request)
    if world.switches.list_order == "newest":
        syncs = syncs[::-1]
    return ok([wire.company_sync_status(request.params["companyId"], sync, moment) for sync in syncs])


def _news(world: World, request: Request) -> tuple[list[Sync], datetime]:
    """The syncs that are told of, and the moment of which they are told: a lagging answer is late with both."""
    moment = world.now() - request.behind
    syncs = world.timeline(request.params["companyId"]).syncs
    return [sync for sync in syncs if sync.at <= moment] if request.behind else syncs, moment


def _date_range(request: Request, *, lenient: bool) -> tuple[datetime, datetime]:
    body = request.json_object()
    given = body if lenient and "dateRange" not in body else body.get("dateRange")
    if not isinstance(given, dict):
        raise Refusal(400, NOT_VALID)
    finish = given.get("finish", given.get("end") if lenient else None)
    return wire.read_moment(given.get("start")), wire.read_moment(finish)


def _asked(world: World, request: Request, start: datetime, finish: datetime) -> Answer:
    company_id = request.params["companyId"]
    sync = asking.ask(world, company_id, start, finish, hangs=request.hangs)
    card = world.timeline(company_id).card
    return ok(wire.sync_summary(card, sync, sync.at), started=sync)


def _one(world: World, request: Request, syncs: Iterable[Sync], moment: datetime) -> Answer:
    for sync in syncs:
        return _told(request, sync, moment)
    return _none(world, request)


def _told(request: Request, sync: Sync, moment: datetime) -> Answer:
    return ok(wire.company_sync_status(request.params["companyId"], sync, moment))


def _none(world: World, request: Request) -> Answer:
    if world.switches.never_synced == "empty":
        return ok({})
    raise _no_data("sync", request)


def _no_data(what: str, request: Request) -> Refusal:
    return Refusal(404, f"No data available for {what} for ID {request.params['companyId']}")
