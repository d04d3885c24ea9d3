from pathlib import Path

from syncs.processes import keys


def test_a_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    first = keys.kept(tmp_path / "secret_key")
    assert len(first) > 50
    assert keys.kept(tmp_path / "secret_key") == first


def test_two_secrets_differ(tmp_path: Path) -> None:
    assert keys.kept(tmp_path / "one") != keys.kept(tmp_path / "two")


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    keys.kept(tmp_path / "secret_key")
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_an_emptied_file_gets_a_new_secret(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("\n")
    assert keys.kept(tmp_path / "secret_key")


def test_private_content_replaces_what_others_could_read(tmp_path: Path) -> None:
    path = tmp_path / "valkey.conf"
    path.write_text("old")
    path.chmod(0o644)
    keys.write_private(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600
