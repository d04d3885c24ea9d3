"""`manage.py run` with a key of Codat's: no sandbox, no demo users. Codat's address is one where nobody listens."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes.desk import Desk

pytestmark = pytest.mark.slow
KEY = "canary-key-that-nobody-may-show"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.end()


def test_it_starts_without_sandbox_and_demo_users_and_tells_how_to_make_an_admin(desk: Desk) -> None:
    desk.start(CODAT_API_KEY=KEY, CODAT_API_URL="http://127.0.0.1:9")
    assert desk.children().keys() == {"valkey", "web", "sending", "refreshing", "clock"}
    assert "manage.py createsuperuser" in desk.said()
    assert "support / support" not in desk.said()
    assert desk.count("syncs_user") == 0
    desk.signal(signal.SIGHUP)
    assert desk.wait_for_its_end(seconds=10) == 0
    assert KEY not in desk.said()
