import logging

import pytest
from django.contrib.staticfiles import finders
from django.db import OperationalError
from django.test import Client, RequestFactory

from syncs.views import errors, health


def test_the_page_for_our_own_faults_needs_no_database_and_names_the_line_in_the_log(
    rf: RequestFactory, caplog: pytest.LogCaptureFixture
) -> None:
    # No django_db here: any query would raise.
    with caplog.at_level(logging.ERROR):
        response = errors.server_error(rf.get("/requests/"))
    html = response.content.decode()
    assert response.status_code == 500
    assert "Something broke on our side." in html
    error_id = html.split('data-copy="')[1].split('"')[0]
    assert error_id in caplog.text


@pytest.mark.django_db
def test_a_fault_in_a_page_shows_that_page_and_no_trace(
    support: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(health.health_summary, "counted", broken)
    client = Client(raise_request_exception=False)
    client.force_login(support, backend="django.contrib.auth.backends.ModelBackend")
    response = client.get("/")
    assert response.status_code == 500
    assert b"Something broke on our side." in response.content
    assert b"secret detail" not in response.content
    assert b"Traceback" not in response.content


@pytest.mark.django_db
def test_a_database_that_is_locked_is_named_as_such(support: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(health.health_summary, "counted", locked)
    client = Client(raise_request_exception=False)
    client.force_login(support, backend="django.contrib.auth.backends.ModelBackend")
    response = client.get("/")
    assert response.status_code == 503
    assert b"The database does not answer." in response.content
    assert b"look in Requests before you press it again" in response.content


@pytest.mark.django_db
def test_an_address_that_is_nothing_says_so_in_the_panels_own_frame(as_viewer: Client) -> None:
    response = as_viewer.get("/nowhere/")
    assert response.status_code == 404
    assert b"There is nothing at this address." in response.content
    assert b"registered in Codat" not in response.content
    assert b'aria-label="Main"' in response.content


@pytest.mark.django_db
def test_no_page_of_the_shell_carries_script_or_style_of_its_own(as_admin: Client) -> None:
    for url in ("/", "/nowhere/"):
        html = as_admin.get(url).content.decode()
        for forbidden in ("<style", " style=", " onclick=", "hx-on", "javascript:"):
            assert forbidden not in html
        assert html.count("<script ") == html.count("<script")
        assert html.count("<script src=") + html.count("<script defer") >= html.count("<script")


@pytest.mark.parametrize(
    "name", ["panel.css", "favicon.svg", "ages.js", "copy.js", "live.js", "sleep.js", "trouble.js"]
)
def test_what_the_frame_links_to_exists(name: str) -> None:
    assert finders.find(name)
