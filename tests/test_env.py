"""The readers of the environment refuse what makes no sense, in one sentence that shows no secret."""

import os
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from codat_admin import env
from tests.environment import load_dotenv


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    for name in ("FLAG", "NUMBER", "ADDRESS", "KEY", "OTHER"):
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


@pytest.mark.parametrize("value", ["api.codat.io", "ftp://api.codat.io", "https://", "//api.codat.io"])
def test_an_address_that_is_none_is_refused(value: str) -> None:
    os.environ["ADDRESS"] = value
    with pytest.raises(ImproperlyConfigured, match="ADDRESS must be an address"):
        env.web_address("ADDRESS", "https://api.codat.io")


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
