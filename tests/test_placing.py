"""A look places the windows only of what changed, and leaves the same as one that places all of them."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
import time_machine

from syncs.codat.schemas import Configuration, SyncStatus
from syncs.models import Attempt, Merchant
from syncs.operations import days, refresh, reviewing
from syncs.rules.states import State
from tests.factories import make_attempt, make_request, make_user
from tests.looks import NOW, never_seen, row
from tests.test_rebuilding import rebuild

pytestmark = pytest.mark.django_db
ZONES = ["UTC", "Pacific/Auckland", "America/New_York"]
CODES = [1000, 2000, 2000, 2000, 3000, 5130, 4200, None]


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NOW - timedelta(days=40), tick=False) as moved:
        yield moved


class Twins:
    """The same happens to both; of the second one all windows are placed at every look."""

    def __init__(self, rng: Random, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rng, self.lead, self.listed = rng, make_user("lead", "lead"), dict[str, Any]()
        start = {"time_zone": "UTC", "start_date": (NOW - timedelta(days=60)).date()}
        self.both = [never_seen(**start), never_seen(**start)]
        self.asked = 0
        place, all_of = days.place_windows, self.both[1].pk
        monkeypatch.setattr(
            days,
            "place_windows",
            lambda merchant, since=None: place(merchant, None if merchant.pk == all_of else since),
        )

    def something_happens(self, now: datetime) -> None:
        whatever = [self.runs, self.runs, self.runs, self.changes, self.moves, self.asks, self.is_decided]
        self.rng.choice(whatever)(now)

    def runs(self, now: datetime) -> None:
        for _ in range(self.rng.choice([1, 1, 2, 5])):
            begun = now - timedelta(minutes=self.rng.choice([1, 7, 300, 1500, 20_000]))
            name = f"sync {len(self.listed)}"
            self.listed[name] = row(name, self.rng.choice(CODES), _at(begun))

    def changes(self, now: datetime) -> None:
        if self.listed:
            self.listed[self.rng.choice(list(self.listed))]["syncStatusCode"] = self.rng.choice(CODES)

    def moves(self, now: datetime) -> None:
        if self.listed:
            at = _at(now - timedelta(minutes=self.rng.randint(1, 20_000)))
            told = self.listed[self.rng.choice(list(self.listed))]
            told |= {"syncUtc": at, "errorMessage": f"At {at}"}

    def asks(self, now: datetime) -> None:
        """And its answer never came."""
        if self.both[0].requests.active().exists():
            return
        self.asked += 1
        for merchant in self.both:
            span = {"window_start": now - timedelta(days=3), "window_finish": now - timedelta(days=2)}
            asked = make_request(merchant, state=State.NEEDS_REVIEW, asked_at=now, state_since=now, **span)
            make_attempt(
                asked, outcome=Attempt.Outcome.UNCERTAIN, started_at=now, listed_before=list(self.listed)
            )

    def is_decided(self, now: datetime) -> None:
        for merchant in self.both:
            request = merchant.requests.active().first()
            fresh = merchant.syncs.order_by("started_at", "sync_id").last()
            if request and self.asked % 2:
                self._settle(request, now)
            elif request and fresh:
                try:
                    reviewing.decide_ran(request, fresh, by=self.lead, reason="It ran", now=now)
                except reviewing.NotPossible:
                    self._settle(request, now)

    def _settle(self, request: Any, now: datetime) -> None:
        """Without days being decided, so that a later look has to."""
        type(request).objects.filter(pk=request.pk).update(state=State.NOT_RUN, finished_at=now)

    def are_looked_at(self, now: datetime, configured: Configuration | None) -> None:
        for merchant in self.both:
            own = str(merchant.company_id)
            syncs = [SyncStatus.from_json(told, company_id=own) for told in self.listed.values()]
            refresh._store(merchant.pk, refresh.Seen(syncs, configured, None), now)

    def windows(self) -> list[list[Any]]:
        columns = ("sync_id", "window_start", "window_finish", "window_known", "initiator")
        return [sorted(merchant.syncs.values_list(*columns)) for merchant in self.both]

    def sales_days(self) -> list[list[Any]]:
        columns = ("day", "outcome", "sync__sync_id", "covered_by__sync_id", "covered_empty")
        return [list(merchant.days.order_by("day").values_list(*columns)) for merchant in self.both]


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _schedule(rng: Random) -> Configuration:
    start = (NOW - timedelta(days=rng.randint(20, 90))).date()
    told = {"timeZone": rng.choice(ZONES), "syncHourUtc": None, "startDate": start.isoformat()}
    return Configuration.from_json(
        {"enabled": True, "schedule": told | {"syncHour": rng.randint(0, 23)}}, company_id=""
    )


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.sqlite) for seed in range(2, 12))]
)
def test_windows_and_days_are_the_same_as_if_all_were_placed(
    seed: int, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = Random(seed)
    twins = Twins(rng, monkeypatch)
    now = NOW - timedelta(days=40)
    for _ in range(60):
        for _ in range(rng.randint(0, 2)):
            twins.something_happens(now)
        now += timedelta(minutes=rng.choice([1, 4, 60, 700, 1440]))
        clock.move_to(now)
        twins.are_looked_at(now, _schedule(rng) if rng.random() < 0.05 else None)
        one, all_of_them = twins.windows()
        assert one == all_of_them
        one, all_of_them = twins.sales_days()
        assert one == all_of_them
    assert Merchant.objects.exclude(syncs=None).count() == 2
    code, said = rebuild("--check")
    assert code == 0, said
