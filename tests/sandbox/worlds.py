"""A world in memory whose time stands still until a test moves it."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.almanac import Befalling
from sandbox.app import App
from sandbox.clock import Clock
from sandbox.exchange import Request
from sandbox.life import Life
from sandbox.store import Store
from sandbox.switches import Switches
from sandbox.syncs import Sync
from sandbox.world import World

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class StoppedClock(Clock):
    def __init__(self, now: datetime = NOON) -> None:
        super().__init__()
        self.moment = now

    def now(self) -> datetime:
        return self.moment

    def passes(self, **span: float) -> None:
        self.moment += timedelta(**span)


def world_at(
    clock: StoppedClock,
    *,
    seed: int = 1,
    merchants: int = 40,
    speed: float = 1.0,
    data: Path | None = None,
    history_days: int = 90,
    life: Iterable[str] = (),
    orders: Iterable[tuple[Befalling, dict[str, Any]]] = (),
    **switches: str,
) -> World:
    return World(
        seed=seed,
        merchants=merchants,
        speed=speed,
        history_days=history_days,
        clock=clock,
        store=Store(data),
        life=Life().lived(life),
        orders=orders,
        switches=Switches().turned(f"{name}={value}" for name, value in switches.items()),
    )


def a_merchant(world: World, kind: str, *, rerun: str | None = None) -> str:
    """The company id of a merchant of this kind."""
    found = (merchant for merchant in world.of_kind(kind) if rerun in (None, merchant.rerun))
    return next(found).company_id


BASIC = {"authorization": "Basic a2V5"}


def send(world: World, path: str, body: str = "") -> tuple[int, Any]:
    answer = App(world, "key").answer(Request("POST", path, path, {}, BASIC, body.encode()))
    return answer.status, json.loads(answer.body)


def read(world: World, path: str, **query: str) -> Any:
    answer = App(world, "key").answer(Request("GET", path, path, query, BASIC, b""))
    return json.loads(answer.body)


def call(world: World, method: str, path: str, body: object = None, **query: str) -> tuple[int, Any]:
    """Status and body of the answer, None for an empty one."""
    sent = b"" if body is None else json.dumps(body).encode()
    answer = App(world, "key").answer(Request(method, path, path, query, BASIC, sent))
    return answer.status, json.loads(answer.body) if answer.body else None


def latest(world: World, company_id: str, body: str = "") -> tuple[int, Any]:
    return send(world, f"/companies/{company_id}/sync/commerce/latest", body)


def historic(world: World, company_id: str, start: datetime, finish: datetime) -> tuple[int, Any]:
    body = f'{{"dateRange":{{"start":"{start.isoformat()}","finish":"{finish.isoformat()}"}}}}'
    return send(world, f"/meta/companies/{company_id}/sync/commerce/historic", body)


def ended(world: World, clock: StoppedClock, company_id: str) -> Sync:
    """The newest sync, once it has had its time."""
    clock.passes(minutes=9)
    sync = world.timeline(company_id).syncs[-1]
    assert sync.state(clock.now()) is sync.outcome
    return sync


def shown(name: str, value: str, *rest: Any) -> Any:
    """A case of a parametrised test that shows what a switch does."""
    return pytest.param(value, *rest, marks=pytest.mark.switch(**{name: value}), id=value)


def answered(world: World, path: str) -> tuple[int, bytes]:
    answer = App(world, "key").answer(Request("GET", path, path, {}, BASIC))
    return answer.status, answer.body


def syncs_of(company_id: str, which: str) -> str:
    return f"/companies/{company_id}/sync/commerce/syncs/{which}/status"
