from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from syncs.management.staticfiles import Stamp


@pytest.fixture
def source(tmp_path: Path, settings: Settings) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "panel.css").write_text("body {}")
    settings.STATICFILES_DIRS = [folder]
    return folder


@pytest.fixture
def stamp(tmp_path: Path, source: Path) -> Stamp:
    (tmp_path / "static").mkdir()
    return Stamp(tmp_path / "static")


def test_nothing_was_collected_yet(stamp: Stamp) -> None:
    assert not stamp.is_current()


def test_what_was_collected_is_current_until_a_file_changes(stamp: Stamp, source: Path) -> None:
    stamp.renew()
    assert stamp.is_current()
    (source / "panel.css").write_text("body { margin: 0 }")
    assert not stamp.is_current()


def test_a_new_file_counts_as_a_change(stamp: Stamp, source: Path) -> None:
    stamp.renew()
    (source / "poll.js").write_text("")
    assert not stamp.is_current()


def test_a_folder_that_was_removed_is_collected_again(stamp: Stamp, tmp_path: Path) -> None:
    stamp.renew()
    (tmp_path / "static").rmdir()
    assert not stamp.is_current()
