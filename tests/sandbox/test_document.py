"""docs/sandbox.md tells all there is: what can be set, asked and met."""

import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from sandbox import __main__ as command
from sandbox.faults.kinds import KINDS as FAULTS
from sandbox.kinds import KINDS, NEWCOMER
from sandbox.life import Life
from sandbox.routes import CONTROL, ROUTES
from sandbox.switches import Switches

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
ROWS = [line.split("|")[1:-1] for line in TEXT.splitlines() if line.startswith("| `")]


def rows_of(name: str) -> str:
    """All that is said in tables of what bears this name."""
    return " ".join("|".join(row) for row in ROWS if f"`{name}`" in row[0])


def section(title: str) -> str:
    return re.split(r"^#+ ", TEXT.partition(f"# {title}\n")[2], flags=re.MULTILINE)[0]


def test_each_switch_and_each_of_its_values() -> None:
    for field in fields(Switches):
        values = ", ".join(f"`{value}`" for value in get_args(field.type))
        assert f"| `{field.name}` | {values} |" in section("Switches")


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_with_what_it_takes(name: str) -> None:
    kind = FAULTS[name]
    told = next(
        row for row in ROWS if f"`{name}`" in row[0] and row[1].strip() in ("wire", "answer", "world")
    )
    assert told[1].strip() == kind.stage
    assert [each for each in kind.arguments if f"`{each}`" not in "".join(told[2:])] == []


@pytest.mark.parametrize("name", [kind.name for kind in (*KINDS, NEWCOMER)])
def test_each_kind_of_merchant(name: str) -> None:
    assert f"`{name}`" in section("Who lives there")


@pytest.mark.parametrize("name", [field.name for field in fields(Life)])
def test_each_parameter_of_daily_life(name: str) -> None:
    assert f"| `{name}` |" in section("Daily life")


@pytest.mark.parametrize(
    "template", sorted({route.template for route in ROUTES if route.template.startswith(CONTROL)})
)
def test_each_path_behind_the_scenes_with_its_methods(template: str) -> None:
    told = rows_of(template)
    methods = {route.method for route in ROUTES if route.template == template}
    assert methods <= set(re.findall(r"[A-Z]+", told.partition("|")[2]))


def test_each_option_of_the_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["sandbox", "--help"])
    with pytest.raises(SystemExit):
        command.main()
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert options
    assert [option for option in options if not rows_of(option)] == []


def test_each_file_of_the_house() -> None:
    house = section("The house")
    files = {path.relative_to(ROOT / "sandbox") for path in (ROOT / "sandbox").rglob("*.py")}
    rooms = {f"{path.parts[0]}/" if len(path.parts) > 1 else path.name for path in files} - {"__init__.py"}
    assert [room for room in sorted(rooms) if f"`{room}`" not in house] == []
    named = set(re.findall(r"`(\w+\.py|\w+/)`", house))
    assert named - rooms == set()


def test_its_links_lead_somewhere() -> None:
    titles = re.findall(r"^#+ (.+)$", TEXT, flags=re.MULTILINE)
    anchors = {title.lower().replace(" ", "-").replace("`", "") for title in titles}
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= anchors
    assert [
        file for file in re.findall(r"\]\(([\w.-]+\.md)\)", TEXT) if not (ROOT / "docs" / file).exists()
    ] == []
