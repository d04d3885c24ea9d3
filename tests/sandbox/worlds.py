"""A world in memory whose time stands still until a test moves it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sandbox.clock import Clock
from sandbox.store import Store
from sandbox.switches import Switches
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
    **switches: str,
) -> World:
    return World(
        seed=seed,
        merchants=merchants,
        speed=speed,
        clock=clock,
        store=Store(data),
        switches=Switches().turned(f"{name}={value}" for name, value in switches.items()),
    )


def a_merchant(world: World, kind: str, *, rerun: str | None = None) -> str:
    """The company id of a merchant of this kind."""
    found = (merchant for merchant in world.of_kind(kind) if rerun in (None, merchant.rerun))
    return next(found).company_id
