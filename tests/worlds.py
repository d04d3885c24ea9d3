"""One sandbox after another: presses under a mixture of faults, the day after, and what of it was told wrongly."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import Any

from django.test import Client, override_settings
from django.utils import timezone

from sandbox.testing import Sandbox, running
from syncs.codat.client import CodatClient
from syncs.models import Merchant, SyncRequest, User
from tests import mixtures, truths
from tests.looks import known
from tests.mixtures import A_DAY, AN_HOUR, Setting, Times
from tests.truths import Lie
from tests.upstream import CANARY, client_of

# Some merchants can have no press: one of their syncs runs, or they are switched off.
SPARE = 1.5
HISTORY_DAYS = 14
# The pages of one request in so many are read, right after its POST and in the end.
READ_ONE_IN = 8


@dataclass
class Tally:
    counts: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    lies: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        self.counts += other.counts
        self.states += other.states
        self.wrong += other.wrong
        self.lies += other.lies

    def told(self, lies: Iterable[Lie], where: str) -> None:
        for lie in lies:
            self.wrong[lie.wrong] += 1
            self.lies.append(f"{where}: {lie}")


@dataclass(frozen=True)
class World:
    seed: int
    number: int
    presses: int
    patience: float = 0.4

    @property
    def setting(self) -> Setting:
        return mixtures.SETTINGS[self.number % len(mixtures.SETTINGS)]

    @property
    def switches(self) -> dict[str, str]:
        return self.setting.switches | {"per_minute": "off"}

    def __str__(self) -> str:
        return f"seed {self.seed}, world {self.number} ({self.setting.name})"


def lived_through(world: World, by: User, browser: Client, *, direct: bool = False) -> Tally:
    """`direct` leaves out the judge of each answer, as in measurements."""
    shops = max(40, int(world.presses * SPARE))
    verified = override_settings(CODAT_IDEMPOTENCY_VERIFIED=world.setting.verified)
    with (
        verified,
        running(
            merchants=shops,
            seed=world.seed * 1000 + world.number,
            history_days=HISTORY_DAYS,
            key=CANARY,
            switches=world.switches,
            direct=direct,
        ) as codat,
    ):
        return _Day(world, codat, by, browser).tally()


@dataclass
class _Day:
    world: World
    codat: Sandbox
    by: User
    browser: Client
    told: Tally = field(default_factory=Tally)

    def tally(self) -> Tally:
        dice = Random(f"{self.world.seed} {self.world.number}")
        requests = self._pressed(dice)
        mixtures.set_all(self.codat, dice, self.world.setting)
        with mixtures.impatient(self.codat, self.world.patience) as client:
            for number, request in enumerate(requests):
                mixtures.send_anyway(request.pk, client)
                if number % READ_ONE_IN == 0:
                    self._read_pages(request, "after its POST")
            self._look_at_rows(requests, "after the POSTs", at_the_end=False)
            times = Times(self.codat)
            mixtures.live_on(times, client, AN_HOUR)
            self.codat.clear_faults()
            mixtures.live_on(times, client, A_DAY)
        self._look_at_rows(requests, "in the end", at_the_end=True)
        for request in requests[::READ_ONE_IN]:
            self._read_pages(request, "in the end")
        self.told.counts += truths.counted(requests, self.codat)
        self.told.states += truths.states(requests)
        return self.told

    def _pressed(self, dice: Random) -> list[SyncRequest]:
        shops = self.codat.merchants()
        with client_of(self.codat.url) as patient:
            merchants = (registered(shop, patient) for shop in dice.sample(shops, len(shops)))
            return list(islice(mixtures.pressed_by(dice, merchants, self.by), self.world.presses))

    def _look_at_rows(self, requests: list[SyncRequest], when: str, *, at_the_end: bool) -> None:
        self.told.told(truths.lies(requests, self.codat, at_the_end=at_the_end), f"{self.world}, {when}")

    def _read_pages(self, request: SyncRequest, when: str) -> None:
        pages = truths.shown(request, self.browser)
        self.told.counts["pages read"] += len(pages)
        self.told.told(truths.said_wrongly(request, pages, self.codat), f"{self.world}, {when}")


def registered(shop: dict[str, Any], client: CodatClient) -> Merchant:
    merchant = known(shop, client)
    Merchant.objects.filter(pk=merchant.pk).update(name=shop["name"], configured_at=timezone.now())
    return Merchant.objects.get(pk=merchant.pk)
