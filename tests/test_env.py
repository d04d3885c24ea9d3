"""The readers of the environment refuse what makes no sense, in one sentence that shows no secret."""

import os
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from codat_admin import env
from syncs.codat.key import Key
from syncs.codat.paths import checked_address
from tests.environment import load_dotenv


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    for name in ("FLAG", "NUMBER", "WORD", "ADDRESS", "KEY", "OTHER"):
        os.environ.pop(name, None)


@pytest.mark.parametrize(("value", "read"), [("true", True), ("FALSE", False), ("", True), (" true ", True)])
def test_a_flag_is_true_or_false_or_its_default(value: str, read: bool) -> None:
    os.environ["FLAG"] = value
    assert env.flag("FLAG", default=True) is read


@pytest.mark.parametrize("value", ["yes", "1", "on", "tru"])
def test_a_flag_that_is_neither_is_refused(value: str) -> None:
    os.environ["FLAG"] = value
    with pytest.raises(ImproperlyConfigured, match="FLAG must be true or false"):
        env.flag("FLAG")


@pytest.mark.parametrize("value", ["0", "1001", "-5", "8e2", "eight", "８００", "800.0"])
def test_a_number_outside_its_bounds_is_refused(value: str) -> None:
    os.environ["NUMBER"] = value
    with pytest.raises(ImproperlyConfigured, match="whole number from 1 to 1000"):
        env.whole_number("NUMBER", 800, least=1, most=1000)


def test_a_word_is_one_of_those_known_whatever_its_case() -> None:
    os.environ["WORD"] = "debug"
    assert env.one_of("WORD", ("DEBUG", "INFO"), "INFO") == "DEBUG"
    os.environ["WORD"] = "loud"
    with pytest.raises(ImproperlyConfigured, match="WORD must be one of DEBUG, INFO, not 'LOUD'"):
        env.one_of("WORD", ("DEBUG", "INFO"), "INFO")


@pytest.mark.parametrize(
    "value",
    [
        "api.codat.io",
        "ftp://api.codat.io",
        "https://",
        "//api.codat.io",
        "https://[::1",
        "https://host:canary",
    ],
)
def test_an_address_that_is_none_is_refused(value: str) -> None:
    os.environ["ADDRESS"] = value
    with pytest.raises(
        ImproperlyConfigured, match=r"ADDRESS cannot be used\. Codat's address must"
    ) as refused:
        env.accepted("ADDRESS", checked_address, "https://api.codat.io")
    assert "canary" not in str(refused.value)


def test_an_address_with_a_user_is_refused_without_its_password() -> None:
    os.environ["ADDRESS"] = "https://me:canary@host"
    with pytest.raises(ImproperlyConfigured, match="without a user") as refused:
        env.accepted("ADDRESS", checked_address)
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("value", ["canary key", "Basic", "canarý", "canary\x07key"])
def test_a_key_that_is_none_is_refused_and_not_shown(value: str) -> None:
    os.environ["KEY"] = value
    with pytest.raises(ImproperlyConfigured, match=r"KEY cannot be used\. The Codat API key") as refused:
        env.accepted("KEY", Key)
    assert "canar" not in str(refused.value)


def test_what_is_left_open_is_not_checked_but_its_default_is() -> None:
    assert env.accepted("KEY", Key) == ""
    assert env.accepted("ADDRESS", checked_address, "https://api.codat.io") == "https://api.codat.io"


@pytest.mark.parametrize(
    "address", ["redis://:canary/1@host:6379", "redis://[canary", "redis://h:canary", "rediss://h:0"]
)
def test_a_service_address_that_cannot_be_read_is_refused_without_its_password(address: str) -> None:
    os.environ["ADDRESS"] = address
    with pytest.raises(ImproperlyConfigured, match="ADDRESS cannot be read") as refused:
        env.service_address("ADDRESS", ("redis", "rediss"))
    assert "canary" not in str(refused.value)


def test_a_wrong_service_address_is_refused_without_its_password() -> None:
    os.environ["ADDRESS"] = "mysql://me:canary@host/base"
    with pytest.raises(ImproperlyConfigured) as refused:
        env.service_address("ADDRESS", ("postgres",))
    assert "canary" not in str(refused.value)


def test_the_file_fills_in_what_the_environment_leaves_open(tmp_path: Path) -> None:
    os.environ["OTHER"] = "from outside"
    file = tmp_path / ".env"
    file.write_text("# a note\n\nexport KEY='a value = with # signs'\nOTHER=from the file\n")
    load_dotenv(file)
    assert (os.environ["KEY"], os.environ["OTHER"]) == ("a value = with # signs", "from outside")


@pytest.mark.parametrize("line", ["canary", "canary-key=1", 'KEY="canary', "=canary"])
def test_a_line_that_is_none_is_named_by_its_number_and_never_shown(tmp_path: Path, line: str) -> None:
    file = tmp_path / ".env"
    file.write_text(f"OTHER=1\n{line}\n")
    with pytest.raises(ImproperlyConfigured, match=r"\.env, line 2") as refused:
        load_dotenv(file)
    assert "canary" not in str(refused.value)


def test_a_file_that_is_not_there_is_no_fault(tmp_path: Path) -> None:
    load_dotenv(tmp_path / ".env")
    assert env.kept(tmp_path / "url", "redis://default") == "redis://default"
