from collections.abc import Iterator

import pytest

from sandbox.testing import Sandbox, running


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One real process for a module: forty merchants, all kinds, syncs that take a fraction of a second."""
    with running(merchants=40, seed=1, speed=1000) as sandbox:
        yield sandbox
