"""Less patience with Codat and shorter pauses, so that a silent Codat costs a run seconds and not minutes.

No rule is changed by this: what was half a minute of silence is one second of it.
"""

import os
from datetime import timedelta
from functools import partialmethod
from typing import Any

from kombu import Connection

from syncs import clock
from syncs.codat import shared_budget
from syncs.codat.client import CodatClient
from syncs.codat.shared_budget import SharedBudget

# Redis keeps time by itself, and ours runs ahead about so many times as fast.
PACE = 20
READ = float(os.environ.get("CHAOS_PATIENCE", "1.0"))
WHOLE, BACKOFF = 2 * READ, 0.05
TICK = 0.25
# A pass over all companies reads nothing that a request needs, and would take most of an hour that is a minute.
ALL_COMPANIES = timedelta(days=30)


def install() -> None:
    init = CodatClient.__init__

    def impatient(self: CodatClient, **given: Any) -> None:
        given["read_timeout"] = min(given.get("read_timeout", READ), READ)
        given["deadline"] = min(given.get("deadline", WHOLE), WHOLE)
        given["backoff"] = BACKOFF
        init(self, **given)

    CodatClient.__init__ = impatient  # type: ignore[method-assign]
    slow_down = SharedBudget.slow_down
    SharedBudget.slow_down = lambda self, seconds: slow_down(self, seconds and seconds / PACE)  # type: ignore[method-assign]
    shared_budget.PROBE_EVERY /= PACE
    # A worker that lost its queue tries again after 2, 4, 6 ... seconds; most of a run would be spent on that.
    Connection._ensure_connection = partialmethod(  # type: ignore[attr-defined]
        Connection._ensure_connection, interval_start=0.1, interval_step=0.1, interval_max=0.3
    )
    clock.TICK, clock.CONNECTIONS_EVERY = TICK, ALL_COMPANIES
