"""What `make bench` says of itself: of which size, on which machine, and of every part that could not be measured."""

import json
import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from django.apps import apps

from bench import __main__ as bench
from bench import filling, parts, results
from bench.results import Row, at_most
from syncs.processes.errors import CannotRun

Measuring = Callable[[Namespace], Iterator[Row]]


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(results, "USUAL", tmp_path / "usual")
    monkeypatch.setattr(results, "UNUSUAL", tmp_path / "unusual")
    return tmp_path


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Parts that measure what a test says, in the place of the real ones."""

    def add_options(parser: ArgumentParser) -> None:
        parser.add_argument("--merchants", type=int, default=1000)
        parser.add_argument("--moving", default="both")
        parser.add_argument("--fresh", action="store_true")

    def put(**measures: Measuring) -> None:
        for name, measure in measures.items():
            module = ModuleType(f"bench_part_{name}")
            module.add_options, module.measure = add_options, measure  # type: ignore[attr-defined]
            monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(parts, "PARTS", {name: f"bench_part_{name}" for name in measures})

    return put


def fine(_options: Namespace) -> Iterator[Row]:
    yield at_most("F1", "a page", 10, "ms", 60)


def slow(_options: Namespace) -> Iterator[Row]:
    yield at_most("F1", "a page", 70, "ms", 60)


def without_postgres(_options: Namespace) -> Iterator[Row]:
    raise RuntimeError("No PostgreSQL: neither the machine nor the package has one.")
    yield


def divides_by_nothing(_options: Namespace) -> Iterator[Row]:
    yield at_most("F1", "a share", float("nan"), "times", 1)


def breaks_later(options: Namespace) -> Iterator[Row]:
    yield from fine(options)
    raise CannotRun("web has ended:\n and its log")


def read(path: Path) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(path.read_text())
    return rows


def test_every_figure_reached_at_the_usual_size_is_the_only_way_to_say_so(
    given: Callable[..., None], kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given(F1=fine)
    assert bench.main([]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "all targets reached"
    assert (kept / "usual" / "f1.json").exists()
    given(F1=slow)
    assert bench.main([]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "1 targets missed"


def test_a_smaller_run_says_its_size_in_every_place_and_leaves_the_usual_figures_alone(
    given: Callable[..., None], kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given(F1=fine)
    bench.main([])
    before = (kept / "usual" / "f1.json").read_text()
    assert bench.main(["--part", "F1", "--merchants", "5"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == "all targets reached, not at the usual size: F1 with --merchants 5"
    assert "NOT THE USUAL MEASUREMENT: --merchants 5" in out
    assert (kept / "usual" / "f1.json").read_text() == before
    sizes = {row["name"]: row["value"] for row in read(kept / "unusual" / "f1.json")}
    assert sizes["measured with: merchants"] == 5


@pytest.mark.parametrize("words", [["--moving", "no"], ["--merchants", "2000"]], ids=str)
def test_another_world_or_a_larger_one_is_not_the_usual_either(
    given: Callable[..., None], kept: Path, words: list[str]
) -> None:
    given(F1=fine)
    bench.main(["--part", "F1", *words])
    assert not (kept / "usual").exists()


@pytest.mark.parametrize("words", [["--fresh"], ["--merchants", "1000"]], ids=str)
def test_the_usual_size_in_other_words_is_the_usual_size(
    given: Callable[..., None], kept: Path, words: list[str]
) -> None:
    given(F1=fine)
    bench.main(["--part", "F1", *words])
    assert (kept / "usual" / "f1.json").exists()


def test_the_machine_and_the_python_stand_with_the_figures(given: Callable[..., None], kept: Path) -> None:
    given(F1=fine)
    bench.main([])
    first = read(kept / "usual" / "f1.json")[0]
    assert "Python 3." in str(first["name"])
    assert first["value"] == results.cores()


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (without_postgres, "RuntimeError: No PostgreSQL"),
        (breaks_later, "web has ended:"),
        (divides_by_nothing, "ValueError: a share: nan is no number."),
    ],
)
def test_a_part_that_breaks_takes_the_place_of_its_old_figures_and_the_others_go_on(
    given: Callable[..., None], kept: Path, capsys: pytest.CaptureFixture[str], broken: Measuring, said: str
) -> None:
    given(F1=fine, F2=fine)
    bench.main([])
    given(F1=broken, F2=fine)
    assert bench.main([]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "1 targets missed"
    last = read(kept / "usual" / "f1.json")[-1]
    assert (last["ok"], last["value"]) == (False, 1)
    assert str(last["name"]).startswith(f"COULD NOT BE MEASURED. {said}")
    assert all(row["ok"] is not False for row in read(kept / "usual" / "f2.json"))


def test_what_a_part_found_before_it_broke_is_kept(given: Callable[..., None], kept: Path) -> None:
    given(F1=breaks_later)
    bench.main([])
    assert [row["name"] for row in read(kept / "usual" / "f1.json")[-2:]] == [
        "a page",
        "COULD NOT BE MEASURED. web has ended:",
    ]


def test_a_part_without_any_figure_that_has_a_target_has_failed(given: Callable[..., None]) -> None:
    given(F1=lambda _options: iter([Row("F1", "a page", 10, "ms")]))
    assert bench.main([]) == 1


def test_an_option_that_a_part_does_not_have_ends_the_program(given: Callable[..., None], kept: Path) -> None:
    given(F1=fine)
    for words in (["--part", "F1", "--sinks", "3"], ["--merchants", "3"], ["--part", "F1", "--merch", "3"]):
        with pytest.raises(SystemExit):
            bench.main(words)
    assert not list(kept.iterdir())


def test_a_value_is_a_number() -> None:
    for value in (True, None, "204", float("nan"), float("inf")):
        with pytest.raises(ValueError, match="is no number"):
            Row("F3", "answered 204", value, "")  # type: ignore[arg-type]
    assert (results.so("F3", "answered 204", is_so=True).value, results.so("F3", "x", is_so=False).ok) == (
        1,
        False,
    )


def test_every_real_part_has_its_options_and_its_measure() -> None:
    for name, module in parts.PARTS.items():
        options, unusual = parts.read(name, __import__(module, fromlist=["measure"]), [])
        assert options
        assert not unusual


def test_the_figures_that_the_repository_keeps_have_the_shape_that_all_have() -> None:
    for path in (results.ROOT / "bench" / "results").glob("*.json"):
        for row in read(path):
            assert Row(**row).part.lower() == path.stem  # type: ignore[arg-type]


def test_rows_of_a_process_that_breaks_are_kept_and_its_end_is_told() -> None:
    row = json.dumps({"part": "F1", "name": "a page", "value": 1, "unit": "ms"})
    rows = filling.told([sys.executable, "-c", f"print({row!r}); raise SystemExit(3)"], {})
    assert next(rows) == Row("F1", "a page", 1, "ms")
    with pytest.raises(CannotRun, match="ended with 3"):
        next(rows)


def test_rows_of_a_process_that_ends_well_are_all_there_is() -> None:
    row = json.dumps({"part": "F1", "name": "a page", "value": 1, "unit": "ms"})
    assert list(filling.told([sys.executable, "-c", f"print({row!r})"], {})) == [Row("F1", "a page", 1, "ms")]


def test_the_filling_names_every_column_that_has_to_be_filled() -> None:
    sql = "".join(path.read_text(encoding="utf-8") for path in filling.RECIPE)
    inserts = re.findall(r"INSERT INTO (syncs_\w+) \(([^)]+)\)", sql)
    assert {"syncs_merchant", "syncs_connection", "syncs_sync"} <= {table for table, _ in inserts}
    for table, named in inserts:
        model = next(model for model in apps.get_models() if model._meta.db_table == table)
        needed = {
            field.column
            for field in model._meta.concrete_fields
            if not (field.null or field.generated or field.has_db_default() or field.primary_key)
        }
        assert needed <= set(re.split(r"[,\s]+", named.strip())), table
