"""One sync of a merchant's history."""

import json
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from syncs.models import Sync, SyncRequest
from syncs.operations.coverage import as_ran
from syncs.operations.repairs import Recovery
from syncs.rules import coverage
from syncs.rules.coverage import Reach
from syncs.rules.health import is_stopped_range


@dataclass(frozen=True)
class Row:
    sync: Sync
    is_open: bool
    recovery: Recovery | None = None
    """Of a failure: by what its day was covered later."""

    @cached_property
    def request(self) -> SyncRequest | None:
        """The request that started it, from the prefetched rows."""
        return next(iter(self.sync.requests.all()), None)

    @property
    def was_stopped(self) -> bool:
        """A range that Codat stopped: it changes nothing."""
        was_range = self.request is not None and self.request.kind == SyncRequest.Kind.HISTORIC
        return is_stopped_range(self.sync.code, was_range=was_range)

    @cached_property
    def reach(self) -> Reach | None:
        """None where nobody knows its days."""
        window = as_ran(self.sync).window
        return coverage.reach(window, self.sync.merchant.zone) if window else None

    @property
    def took(self) -> timedelta | None:
        """Only where we watched it from the start: Codat tells no end."""
        if self.request is None or self.sync.final_seen is None:
            return None
        return self.sync.final_seen - self.sync.started_at

    @property
    def json(self) -> str:
        return json.dumps(self.sync.raw, indent=2, ensure_ascii=False)
