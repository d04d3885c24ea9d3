"""What happens in the world around a request: others who press too, a list that has not caught up, a run that hangs."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sandbox import asking
from sandbox.exchange import Refusal, Request
from sandbox.faults.wires import drawn
from sandbox.world import World

Args = dict[str, Any]
Meddle = Callable[[World, Request, Args], None]


def someone_else_syncs(world: World, request: Request, args: Args) -> None:
    """A sync that somebody starts in the Portal, or with a key of their own."""
    company_id = request.params.get("companyId")
    if not company_id:
        return
    start, finish = args["start"], args["finish"]
    try:
        sync = asking.ask(
            world,
            company_id,
            datetime.fromisoformat(start) if start else world.timeline(company_id).next_start(),
            datetime.fromisoformat(finish) if finish else world.now(),
        )
    except Refusal:
        return
    request.foreign.append(sync)


def the_list_lags(world: World, request: Request, args: Args) -> None:
    request.behind = timedelta(seconds=drawn(args["seconds"]))


def the_sync_hangs(world: World, request: Request, args: Args) -> None:
    request.hangs = True


MEDDLERS: dict[str, Meddle] = {
    "foreign_sync": someone_else_syncs,
    "lag": the_list_lags,
    "hangs": the_sync_hangs,
}
