"""One sync of a merchant's history."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from syncs.models import Sync, SyncRequest
from syncs.operations.repairs import Recovery
from syncs.rules.health import is_stopped_range
from syncs.rules.salesdays import day_of


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
    def days(self) -> tuple[date, date] | None:
        """First and last sales day that its window touches."""
        if self.sync.window_start is None or self.sync.window_finish is None:
            return None
        zone = self.sync.merchant.zone
        return (
            day_of(self.sync.window_start, zone),
            day_of(self.sync.window_finish - timedelta(microseconds=1), zone),
        )

    @property
    def took(self) -> timedelta | None:
        """Only where we watched it from the start: Codat tells no end."""
        if self.request is None or self.sync.final_seen is None:
            return None
        return self.sync.final_seen - self.sync.started_at

    @property
    def json(self) -> str:
        return json.dumps(self.sync.raw, indent=2, ensure_ascii=False)
