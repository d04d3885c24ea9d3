"""What serves pages, and each worker, ends with one sentence about what is missing or makes no sense."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from codat_admin import serving

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def collected(tmp_path: Path) -> Path:
    (tmp_path / serving.COLLECTED).touch()
    return tmp_path


def run(*command: str, **env: str) -> tuple[int, str]:
    """Its exit code, and all it said."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | {"CODAT_API_KEY": "", "DJANGO_SETTINGS_MODULE": "codat_admin.settings"} | env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_pages_are_not_served_without_a_secret_key(collected: Path) -> None:
    refused = pytest.raises(ImproperlyConfigured, match="SECRET_KEY is not set: make it a long random text")
    with override_settings(STATIC_ROOT=collected, SECRET_KEY=""), refused:
        serving.refuse_unready()


def test_pages_are_not_served_without_their_static_files(tmp_path: Path) -> None:
    refused = pytest.raises(
        ImproperlyConfigured, match=r"run \.venv/bin/python manage\.py collectstatic first"
    )
    with override_settings(STATIC_ROOT=tmp_path), refused:
        serving.refuse_unready()


def test_pages_are_served_with_both(collected: Path) -> None:
    with override_settings(STATIC_ROOT=collected):
        serving.refuse_unready()


@pytest.mark.slow
def test_a_server_that_loads_the_panel_ends_with_the_sentence_alone(tmp_path: Path) -> None:
    said = run("-c", "import codat_admin.wsgi", VAR_DIR=str(tmp_path), SECRET_KEY="long and random")
    folder = tmp_path / "static"
    assert said == (
        serving.CANNOT_BOOT,
        f"The static files are not in {folder}: run .venv/bin/python manage.py collectstatic first.\n",
    )


@pytest.mark.slow
def test_a_server_that_loads_a_setting_that_makes_no_sense_does_too() -> None:
    said = run("-c", "import codat_admin.wsgi", LOG_LEVEL="loud")
    assert said[0] == serving.CANNOT_BOOT
    assert said[1].startswith("LOG_LEVEL must be one of ")
    assert said[1].count("\n") == 1


@pytest.mark.slow
def test_a_worker_ends_with_the_sentence_alone() -> None:
    assert run("-m", "celery", "--app=codat_admin", "worker", SANDBOX="maybe") == (
        1,
        "SANDBOX must be true or false, not 'maybe'.\n",
    )


@pytest.mark.slow
def test_a_command_that_signs_nothing_needs_no_secret_key(tmp_path: Path) -> None:
    code, said = run("manage.py", "check", VAR_DIR=str(tmp_path), SECRET_KEY="")
    assert (code, said) == (0, "System check identified no issues (0 silenced).\n")


@pytest.mark.slow
def test_the_secret_key_that_make_run_keeps_is_found_by_what_is_started_beside_it(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("kept there\n")
    asked = "from django.conf import settings; print(settings.SECRET_KEY)"
    assert run("-c", asked, VAR_DIR=str(tmp_path), SECRET_KEY="") == (0, "kept there\n")
