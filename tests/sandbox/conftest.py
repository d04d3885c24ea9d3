from collections.abc import Iterator

import pytest

from sandbox.app import App
from sandbox.testing import Sandbox, running
from sandbox.world import World
from tests.sandbox.listening import Listener, listening
from tests.sandbox.worlds import StoppedClock, a_merchant, world_at


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One real process for a module: forty merchants, all kinds, syncs that take a fraction of a second."""
    with running(merchants=40, seed=1, speed=1000) as sandbox:
        yield sandbox


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def world(clock: StoppedClock) -> World:
    return world_at(clock)


@pytest.fixture
def app(world: World) -> App:
    return App(world, "key")


@pytest.fixture
def company(world: World) -> str:
    """The id of a company in that world whose syncs mostly succeed."""
    return a_merchant(world, "flaky")


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as started:
        yield started
