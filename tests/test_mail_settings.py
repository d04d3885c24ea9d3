"""Where mail goes, from one address; what makes no sense is refused without showing a password."""

import os

import pytest
from django.core.exceptions import ImproperlyConfigured

from codat_admin import env, mail

SCHEMES = ("smtp", "smtps", "smtp+tls")


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("smtp://mail.example.com", ("mail.example.com", 25, "", "", False, False)),
        ("smtp+tls://me:p%40ss@mail.example.com", ("mail.example.com", 587, "me", "p@ss", True, False)),
        ("smtps://me:pass@mail.example.com:4650/", ("mail.example.com", 4650, "me", "pass", False, True)),
        ("smtp+tls://[::1]:2525", ("::1", 2525, "", "", True, False)),
    ],
)
def test_an_address_says_where_and_how(url: str, read: tuple[object, ...]) -> None:
    found = mail.read(url)
    told = (found.host, found.port, found.user, found.password, found.starts_tls, found.is_tls)
    assert (told, found.backend) == (read, mail.SMTP)
    assert "pass" not in repr(found)


def test_without_one_mails_are_written_to_the_log() -> None:
    assert mail.read("").backend == mail.CONSOLE


@pytest.mark.parametrize(
    "url", ["smtp://", "smtp+tls:///path", "smtps://me:canary@host/box", "smtp://host?x=canary"]
)
def test_an_address_without_sense_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL must look like") as refused:
        mail.read(url)
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("url", ["http://mail.example.com", "mail.example.com", "smtp://me:canary@host:port"])
def test_so_is_one_of_another_kind(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("EMAIL_URL", url)
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL") as refused:
        env.service_address("EMAIL_URL", SCHEMES)
    assert "canary" not in str(refused.value)
    assert os.environ["EMAIL_URL"] == url


@pytest.mark.parametrize("text", ["desk@example.com", "Sync Desk <desk@example.com>"])
def test_a_sender_is_taken(text: str) -> None:
    assert mail.checked_sender(text) == text


@pytest.mark.parametrize(
    "text", ["desk", "Sync Desk", "a@b\nBcc: c@d", "<a@b", "Desk <a@b", "a@b, c@d", "a b@c"]
)
def test_one_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="It must look like"):
        mail.checked_sender(text)
