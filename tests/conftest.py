from collections.abc import Iterator

import pytest
from django.conf import settings as django_settings
from django.test import Client, override_settings

from tests import environment as environment
from tests.factories import User, make_user

PLAIN_STATIC_FILES = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


@pytest.fixture(autouse=True, scope="session")
def test_settings() -> Iterator[None]:
    """Plain static files, cheap passwords, nothing cached, a queue in memory; a test of the real ones sets them."""
    with override_settings(
        STORAGES=django_settings.STORAGES | {"staticfiles": PLAIN_STATIC_FILES},
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        CACHES={"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}},
        CELERY_BROKER_URL="memory://",
        WHITENOISE_AUTOREFRESH=True,
    ):
        yield


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
