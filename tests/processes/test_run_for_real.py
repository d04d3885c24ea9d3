"""`manage.py run` with a key of Codat's: no sandbox, no demo users. Codat's address is one where nobody listens."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.processes.desk import Desk
from tests.valkey import running_valkey

pytestmark = pytest.mark.slow
KEY = "canary-key-that-nobody-may-show"
NOBODY = "http://127.0.0.1:9"
# What a worker leaves in a broker when it takes from these queues.
TAKEN_FROM = {b"_kombu.binding.sending", b"_kombu.binding.refreshing"}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    desk.may_have_tables = True
    yield desk
    desk.end()


def test_it_starts_without_sandbox_and_demo_users_and_tells_how_to_make_an_admin(desk: Desk) -> None:
    desk.start(CODAT_API_KEY=KEY, CODAT_API_URL=NOBODY)
    assert desk.children().keys() == {"valkey", "web", "sending", "refreshing", "clock"}
    assert "manage.py createsuperuser" in desk.said()
    assert "support / support" not in desk.said()
    assert desk.count("syncs_user") == 0
    desk.signal(signal.SIGHUP)
    assert desk.wait_for_its_end(seconds=10) == 0
    assert KEY not in desk.said()


def test_with_redis_url_set_that_queue_is_used_and_no_valkey_of_its_own_starts(desk: Desk) -> None:
    with running_valkey() as url, Redis.from_url(url) as outside:
        desk.start(CODAT_API_KEY=KEY, CODAT_API_URL=NOBODY, REDIS_URL=url)
        assert desk.children().keys() == {"web", "sending", "refreshing", "clock"}
        assert not (desk.var / "valkey").exists()
        desk.wait_until(lambda: set(outside.keys()) >= TAKEN_FROM)
        desk.wait_until(lambda: desk.answers("/readyz"))
        desk.end()
