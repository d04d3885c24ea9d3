"""The eight sync endpoints: two that ask for a sync, six that tell of syncs."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sandbox import asking, wire
from sandbox.exchange import NOT_VALID, Answer, Refusal, Request, ok
from sandbox.switches import Switches
from sandbox.syncs import Sync
from sandbox.world import World


def request_latest(world: World, request: Request) -> Answer:
    """From the end of the last successful sync, else the configured start, to `syncTo`, else to now."""
    company_id = request.params["companyId"]
    timeline = world.timeline(company_id)
    wanted = request.json_object().get("syncTo")
    finish = world.now() if wanted is None else wire.read_moment(wanted)
    sync = asking.ask(world, company_id, timeline.next_start(), finish, hangs=request.hangs)
    return _asked(world, sync, company_id)


def request_historic(world: World, request: Request) -> Answer:
    company_id = request.params["companyId"]
    world.merchant(company_id)
    start, finish = _date_range(request, lenient=world.switches.historic_body == "lenient")
    sync = asking.ask_for_range(world, company_id, start, finish, hangs=request.hangs)
    return _asked(world, sync, company_id)


def get_status(world: World, request: Request) -> Answer:
    """The newest sync, one object, and the only answer with both ids."""
    syncs, moment = _news(world, request)
    if not syncs:
        return _none(world, request)
    card = world.card(request.params["companyId"])
    return ok(_worded(world, wire.sync_status(card, syncs[-1], moment)))


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
            return _told(world, request, sync, moment)
    raise _no_data(f"sync {wanted}", request)


def list_syncs(world: World, request: Request) -> Answer:
    """A bare array: no paging, no filter."""
    syncs, moment = _news(world, request)
    company_id, listed = request.params["companyId"], _listed(syncs, world.switches)
    return ok([_worded(world, wire.company_sync_status(company_id, sync, moment)) for sync in listed])


def _listed(syncs: Sequence[Sync], switches: Switches) -> list[Sync]:
    longest = len(syncs) if switches.list_length == "all" else int(switches.list_length)
    listed = list(syncs[max(len(syncs) - longest, 0) :])
    if switches.list_order == "unordered":
        return sorted(listed, key=lambda sync: sync.sync_id)
    return listed if switches.list_order == "oldest" else listed[::-1]


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


def _asked(world: World, sync: Sync, company_id: str) -> Answer:
    card = world.timeline(company_id).card
    return ok(_worded(world, wire.sync_summary(card, sync, sync.at)), started=sync)


def _one(world: World, request: Request, syncs: Iterable[Sync], moment: datetime) -> Answer:
    for sync in syncs:
        return _told(world, request, sync, moment)
    return _none(world, request)


def _told(world: World, request: Request, sync: Sync, moment: datetime) -> Answer:
    return ok(_worded(world, wire.company_sync_status(request.params["companyId"], sync, moment)))


def _worded(world: World, told: wire.Json) -> wire.Json:
    """With the text that the switches give its state."""
    ending = told["syncStatusCode"] // 1000
    if ending == 2:
        told["syncStatus"] = world.switches.success_text
    elif ending > 2 and world.switches.failure_text != "plain":
        pending = f"{told['syncStatus']}, Pending"
        told["syncStatus"] = pending if world.switches.failure_text == "pending" else None
    return told


def _none(world: World, request: Request) -> Answer:
    switch = world.switches.never_synced
    if switch == "404":
        raise _no_data("sync", request)
    return Answer(204) if switch == "204" else ok(None if switch == "null" else {})


def _no_data(what: str, request: Request) -> Refusal:
    return Refusal(404, f"No data available for {what} for ID {request.params['companyId']}")
