"""The judge of presses: each kind of lie is told once, and found."""

import json
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from django.test import Client
from django.utils import timezone

from sandbox.testing import Sandbox
from syncs.models import Merchant, SyncRequest
from syncs.rules.states import State
from tests import truths
from tests.factories import make_merchant, make_request, make_sync
from tests.truths import Wrong

pytestmark = pytest.mark.django_db


@pytest.fixture
def merchant() -> Merchant:
    return make_merchant()


@pytest.fixture
def codat(tmp_path: Path) -> Sandbox:
    """No more of it than its ledger."""
    return Sandbox(
        "", "", subprocess.Popen.__new__(subprocess.Popen), requests.Session(), tmp_path / "ledger"
    )


def in_the_ledger(codat: Sandbox, request: SyncRequest, *codes: int | None, sync_id: str = "ours") -> None:
    """A POST for each code that its sync ended with; None for one that was not applied."""
    lines: list[dict[str, Any]] = [
        {
            "idempotency_key": str(request.idempotency_key),
            "applied": code is not None,
            "sync_id": code and sync_id,
            "sync": code and {"outcome": [code, "", ""]},
            "faults": [],
            "kind": "latest",
        }
        for code in codes
    ]
    codat.ledger_path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))


def believed(merchant: Merchant, state: State, code: int | None = None, **columns: Any) -> SyncRequest:
    """A request in this state, with a sync of this code as its result."""
    sync = code and make_sync(merchant, code, timezone.now() - timedelta(minutes=3), sync_id="ours")
    return make_request(merchant, state=state, sync=sync or None, **columns)


def found(request: SyncRequest, codat: Sandbox) -> set[Wrong]:
    return {lie.wrong for lie in truths.lies([request], codat)}


@pytest.mark.parametrize(
    ("state", "code", "posts", "wrong"),
    [
        (State.SUCCEEDED, 2000, [2000], set()),
        (State.SUCCEEDED_EMPTY, 2040, [None, 2040], set()),
        (State.FAILED, 5130, [5130], set()),
        (State.REJECTED, None, [None], set()),
        (State.NEEDS_REVIEW, None, [None], set()),
        (State.NEEDS_REVIEW, None, [2000], set()),
        (State.QUEUED, None, [], set()),
        (State.SUCCEEDED, 2000, [5130], {Wrong.SUCCESS}),
        (State.FAILED, 5130, [2000], {Wrong.FAILURE}),
        (State.FAILED, 5130, [4000], {Wrong.RESULT}),
        (State.SUCCEEDED, 2000, [None], {Wrong.SUCCESS, Wrong.CLAIMED}),
        (State.FAILED, 5080, [], {Wrong.FAILURE, Wrong.CLAIMED}),
        (State.NOT_RUN, None, [2000], {Wrong.NOT_RUN}),
        (State.CANCELLED, None, [2000], {Wrong.NOT_RUN}),
        (State.NEEDS_REVIEW, None, [2000, 2000], {Wrong.TWICE}),
        (State.UNCERTAIN, None, [2000], {Wrong.STUCK}),
        (State.ACCEPTED, None, [None], {Wrong.RUNNING, Wrong.STUCK}),
    ],
)
def test_what_is_stored_is_held_against_the_ledger(  # noqa: PLR0917
    codat: Sandbox,
    merchant: Merchant,
    state: State,
    code: int | None,
    posts: list[int | None],
    wrong: set[Wrong],
) -> None:
    request = believed(merchant, state, code)
    in_the_ledger(codat, request, *posts)
    assert found(request, codat) == wrong


def test_somebody_elses_sync_is_known_by_its_id(codat: Sandbox, merchant: Merchant) -> None:
    request = believed(merchant, State.SUCCEEDED, 2000)
    in_the_ledger(codat, request, 2000, sync_id="another")
    assert found(request, codat) == {Wrong.CLAIMED}


@pytest.mark.parametrize(
    ("words", "codes", "wrong"),
    [
        ("No answer yet No answer that we can trust. Not sent again. Looking there at 08:41", [2000], []),
        ("Needs review We cannot tell whether Codat ran this.", [], []),
        ("Synced 2000 Finished: synced 1 day", [2000], []),
        ("Synced 2000 Finished: synced 1 day", [], [Wrong.SUCCESS]),
        ("Refused 5130 Failed again with the same error (5130)", [2000], [Wrong.FAILURE]),
        ("Refused by Codat Nothing was run.", [2000], [Wrong.NOT_RUN]),
        ("Saved Not sent yet", [5130], [Wrong.NOT_RUN]),
        ("Codat is working", [], [Wrong.RUNNING]),
    ],
)
def test_the_words_of_a_page_are_held_against_what_happened(
    words: str, codes: list[int], wrong: list[Wrong]
) -> None:
    applied = [{"sync": {"outcome": [code, "", ""]}} for code in codes]
    assert list(truths.misleading(words, applied)) == wrong


@pytest.mark.parametrize(
    ("state", "code", "result", "wrong"),
    [
        (State.UNCERTAIN, None, "", set()),
        (State.NEEDS_REVIEW, None, "", set()),
        (State.SUCCEEDED, 2000, "Finished: synced 1 day", {Wrong.SUCCESS}),
        (State.FAILED, 5130, "Failed: it was refused (5130)", {Wrong.FAILURE}),
        (State.ACCEPTED, None, "", {Wrong.RUNNING}),
    ],
)
def test_all_three_pages_are_read(  # noqa: PLR0917
    codat: Sandbox,
    merchant: Merchant,
    as_viewer: Client,
    state: State,
    code: int | None,
    result: str,
    wrong: set[Wrong],
) -> None:
    request = believed(merchant, state, code, result=result)
    in_the_ledger(codat, request, None)
    pages = truths.shown(request, as_viewer)
    told = truths.said_wrongly(request, pages, codat)
    assert {(lie.wrong, lie.state) for lie in told} == {(each, page) for each in wrong for page in pages}
