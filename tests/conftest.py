import gc
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone

from syncs import triggers
from tests import environment as environment
from tests import migrated
from tests.factories import User, make_user
from tests.openapi.watching import every_answer_is_watched as every_answer_is_watched
from tests.openapi.watching import pytest_runtest_call as pytest_runtest_call
from tests.playbooks import playbook as playbook
from tests.queues import broker as broker
from tests.queues import broker_url as broker_url
from tests.queues import no_broker as no_broker
from tests.queues import silent_broker as silent_broker
from tests.queues import slow_path_in_no_time as slow_path_in_no_time
from tests.upstream import CANARY
from tests.upstream import codat as codat
from tests.upstream import meddling as meddling
from tests.upstream import scripted as scripted
from tests.upstream import spares as spares
from tests.upstream import told as told
from tests.upstream import upstream as upstream

# Walking all of Django's objects for every 700 new ones takes a seventh of a run.
gc.set_threshold(200_000, 50, 1000)

DATABASE_FIXTURES = {"db", "transactional_db"}
SANDBOX_FIXTURES = {"upstream", "sandbox"}
NOON = datetime(2026, 6, 17, 12, tzinfo=UTC)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """What may use the database or asks the sandbox bears a mark: it is run on the second one, and with other
    settings, too."""
    for item in items:
        if item.get_closest_marker("django_db") or DATABASE_FIXTURES & set(item.fixturenames):
            item.add_marker("database")
        if SANDBOX_FIXTURES & set(item.fixturenames) and item.path.parent.name == "tests":
            item.add_marker("upstream")


@pytest.fixture
def memory() -> Iterator[None]:
    """What one process of the product remembers; all other tests remember nothing."""
    kept = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "of a test"}
    with override_settings(CACHES={"default": kept}):
        cache.clear()
        yield
        cache.clear()


@pytest.fixture(autouse=True, scope="session")
def test_settings() -> Iterator[None]:
    with override_settings(**environment.for_tests()):
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """SQLite in a file, as in the product: in memory, the connections of two threads do not wait for each other."""
    if connection.vendor != "sqlite":
        yield
    else:
        file = tmp_path_factory.mktemp("database") / "tests.sqlite3"
        migrated.copy_to(file)
        connection.settings_dict["TEST"]["NAME"] = str(file)
        # What tests write need not survive a power cut.
        options: dict[str, Any] = connection.settings_dict["OPTIONS"]
        careless = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")
        connection.settings_dict["OPTIONS"] = options | {"init_command": careless}
        yield
        file.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """A copy that has its tables already is taken as it is."""
    return connection.vendor == "sqlite" and bool(migrated.found())


@pytest.fixture(autouse=True, scope="session")
def emptying_may_delete() -> Iterator[None]:
    """SQLite empties tables between transactional tests by DELETE, which the activity refuses even then."""
    operations = type(connection.ops)
    empty = operations.execute_sql_flush

    def empty_unguarded(self: Any, statements: list[str]) -> None:
        # What is removed here comes back with the migrate signal that Django sends after each emptying.
        triggers.remove(self.connection.alias)
        empty(self, statements)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "execute_sql_flush", empty_unguarded)
        yield


@pytest.fixture(autouse=True)
def key_is_in_no_log_line(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever went wrong in a test: the key that all of its clients send is told to nobody."""
    yield
    for secret in (CANARY, b64encode(CANARY.encode()).decode()):
        assert secret not in caplog.text


@pytest.fixture(autouse=True)
def the_database_tells_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test moves the time of its process, and a database's of its own would seem to be a wrong one."""
    monkeypatch.setattr("syncs.operations.host_time.database_time", timezone.now)


@pytest.fixture
def noon() -> Iterator[None]:
    """A day in the middle of a week, month and year: four hours ago is today, and no clock changes tonight."""
    with time_machine.travel(NOON):
        yield


@pytest.fixture
def moved() -> Iterator[time_machine.Traveller]:
    """The same noon, which stands still until a test moves it."""
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def viewer(db: None) -> User:
    return make_user("viewer", "viewer", first_name="Vera", last_name="Lund")


@pytest.fixture
def support(db: None) -> User:
    return make_user("support", "support", first_name="Priya", last_name="Nair")


@pytest.fixture
def lead(db: None) -> User:
    return make_user("lead", "lead", first_name="Mei", last_name="Tanaka")


@pytest.fixture
def admin_user(db: None) -> User:
    return make_user("admin", "admin", first_name="Ada", last_name="Okafor")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def as_viewer(viewer: User) -> Client:
    return signed_in(viewer)


@pytest.fixture
def as_support(support: User) -> Client:
    return signed_in(support)


@pytest.fixture
def as_lead(lead: User) -> Client:
    return signed_in(lead)


@pytest.fixture
def as_admin(admin_user: User) -> Client:
    return signed_in(admin_user)
