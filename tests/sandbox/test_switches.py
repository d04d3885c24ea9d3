"""What the documents leave open can be turned, also while the sandbox runs; each value of each switch has a test.

They stand beside what they are about, and in test_switches_of_asking and test_switches_of_reading.
"""

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest

from sandbox.switches import Switches
from sandbox.world import World
from tests.sandbox.worlds import StoppedClock, a_merchant, answered, read, send, syncs_of, world_at

VALUES = [(field.name, value) for field in fields(Switches) for value in get_args(field.type)]


def turned(world: World, **given: Any) -> tuple[int, Any]:
    return send(world, "/_sandbox/switches", json.dumps(given))


def test_a_switch_turns_at_once() -> None:
    world = world_at(StoppedClock())
    path = syncs_of(a_merchant(world, "never_synced"), "latest")
    assert answered(world, path)[0] == 404
    status, told = turned(world, never_synced="empty")
    assert (status, told["never_synced"], told) == (200, "empty", read(world, "/_sandbox/switches"))
    assert answered(world, path) == (200, b"{}")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"list_order": "oldest", "gravity": "off"},
            "There is no switch 'gravity'. The switches are: overlap, ",
        ),
        (
            {"list_order": "oldest", "quota": "lifted"},
            "The switch 'quota' is one of enforced, counted, not 'lifted'.",
        ),
        (
            {"list_order": "oldest", "quota": None},
            "The switch 'quota' is one of enforced, counted, not None.",
        ),
        (
            {"list_order": "oldest", "quota": ["counted"]},
            "The switch 'quota' is one of enforced, counted, not [",
        ),
    ],
)
def test_nonsense_is_refused_in_a_sentence_and_turns_nothing(given: dict[str, Any], sentence: str) -> None:
    world = world_at(StoppedClock())
    status, body = turned(world, **given)
    assert (status, body["error"].startswith(sentence)) == (400, True)
    assert world.switches == Switches()


@pytest.mark.parametrize("body", ["[]", "nonsense", '"overlap"'])
def test_what_is_no_object_is_refused(body: str) -> None:
    assert send(world_at(StoppedClock()), "/_sandbox/switches", body)[0] == 400


def test_ids_and_codes_that_were_told_stay_as_they_were_when_a_switch_is_turned(tmp_path: Path) -> None:
    clock = StoppedClock()
    world = world_at(clock, data=tmp_path)
    ids = [a_merchant(world, kind) for kind in ("healthy", "unlinked")]
    before = [list(world.timeline(company_id).syncs) for company_id in ids]
    clock.passes(seconds=1)
    turned(world, commerce_sync_id="same", severed_code="4040")
    world.recall()
    assert [world.timeline(company_id).syncs for company_id in ids] == before
    clock.passes(days=2)
    *_, one = world.timeline(ids[0]).syncs
    assert one.commerce_sync_id == one.sync_id
    world.store.close()
    again = world_at(clock, data=tmp_path)
    assert again.timeline(ids[0]).syncs[: len(before[0])] == before[0]
    assert again.timeline(ids[0]).syncs[len(before[0])] == world.timeline(ids[0]).syncs[len(before[0])]
    assert one.commerce_sync_id != before[0][-1].commerce_sync_id


@pytest.mark.parametrize(("name", "value"), VALUES)
def test_each_value_of_each_switch_is_shown_by_some_test(name: str, value: str) -> None:
    found = re.compile(rf'\b(?:{name}="{value}"|shown\("{name}", "{value}")')
    sources = (path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert any(found.search(source) for source in sources)
