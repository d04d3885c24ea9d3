"""What `make run` tells its children, whatever the shell says."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from syncs.management.commands.run import Run


def test_a_shell_with_debug_puts_no_insides_on_the_pages(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DEBUG", "true")
    run = SimpleNamespace(valkey=None, sandbox_port=None)
    assert Run._surroundings(run, tmp_path)["DEBUG"] == "false"  # type: ignore[arg-type]
