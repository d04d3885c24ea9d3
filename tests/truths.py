"""What the desk believes and says of its requests, held against the ledger that the sandbox alone writes."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from html import unescape
from typing import Any

from django.test import Client

from sandbox.testing import Sandbox
from syncs.models import SyncRequest
from syncs.rules.states import RAN, State

Line = dict[str, Any]
KNOWN_NOT_APPLIED = {State.REJECTED, State.NOT_RUN, State.CANCELLED}
# Where nobody decides, and everything has been waited for, these are nobody's verdict.
UNDECIDED = {State.SENDING, State.UNCERTAIN, State.ACCEPTED}
SUCCESSES = {2000, 2040}

SAYS_SUCCESS = re.compile(r"\bFinished\b|\bSynced\b")
SAYS_FAILURE = re.compile(r"\bFailed\b")
SAYS_NOT_RUN = re.compile(r"Nothing was (run|sent)|[Nn]ever ran|Cancelled|Too late|Not sent yet")
CARD = r'<section class="card" id="rerun"(.*?)</section>'
SAYS_RUNNING = re.compile(r"Codat is working|Codat accepted it")


class Wrong(StrEnum):
    TWICE = "applied twice"
    SUCCESS = "wrongly shown as success"
    FAILURE = "wrongly shown as failure"
    NOT_RUN = "wrongly shown as not run"
    RUNNING = "wrongly shown as running"
    RESULT = "another result than its own"
    CLAIMED = "somebody else's sync claimed"
    STUCK = "left without a verdict"


@dataclass(frozen=True)
class Lie:
    wrong: Wrong
    request: int
    state: str
    said: str = ""

    def __str__(self) -> str:
        return f"request {self.request}, {self.state}: {self.wrong}" + (f": {self.said}" if self.said else "")


def lines_of(request: SyncRequest, ledger: list[Line]) -> list[Line]:
    return [line for line in ledger if line["idempotency_key"] == str(request.idempotency_key)]


def lies(requests: list[SyncRequest], codat: Sandbox, *, at_the_end: bool = True) -> list[Lie]:
    """Of what is stored. In the end, when all has been waited for, nothing may be left without a verdict."""
    ledger = codat.ledger()
    rows = SyncRequest.objects.filter(pk__in=[request.pk for request in requests]).select_related("sync")
    return [
        Lie(wrong, row.pk, row.state)
        for row in rows
        for wrong in _stored(row, lines_of(row, ledger), at_the_end=at_the_end)
    ]


def _stored(request: SyncRequest, lines: list[Line], *, at_the_end: bool) -> Iterator[Wrong]:
    state, applied = State(request.state), [line for line in lines if line["applied"]]
    if len(applied) > 1:
        yield Wrong.TWICE
    if applied and state in KNOWN_NOT_APPLIED:
        yield Wrong.NOT_RUN
    if not applied and state == State.ACCEPTED:
        yield Wrong.RUNNING
    ours = {line["sync_id"] for line in applied}
    if request.sync and request.sync.sync_id not in ours:
        yield Wrong.CLAIMED
    if state in RAN:
        yield from _ended(request, applied)
    if at_the_end and state in UNDECIDED:
        yield Wrong.STUCK


def _ended(request: SyncRequest, applied: list[Line]) -> Iterator[Wrong]:
    is_success = request.state != State.FAILED
    codes = {line["sync"]["outcome"][0] for line in applied}
    if is_success and not codes & SUCCESSES:
        yield Wrong.SUCCESS
    elif not is_success and not codes - SUCCESSES:
        yield Wrong.FAILURE
    elif not request.sync or request.sync.code not in codes:
        yield Wrong.RESULT


def said_wrongly(request: SyncRequest, pages: dict[str, str], codat: Sandbox) -> list[Lie]:
    """Of what is `shown` about a request."""
    applied = [line for line in lines_of(request, codat.ledger()) if line["applied"]]
    return [
        Lie(wrong, request.pk, page, text[:300])
        for page, text in pages.items()
        for wrong in misleading(text, applied)
    ]


def misleading(text: str, applied: list[Line]) -> Iterator[Wrong]:
    """Whatever is stored: what a reader takes from these words, and what has happened."""
    codes = {line["sync"]["outcome"][0] for line in applied}
    if SAYS_SUCCESS.search(text) and not codes & SUCCESSES:
        yield Wrong.SUCCESS
    if SAYS_FAILURE.search(text) and not codes - SUCCESSES:
        yield Wrong.FAILURE
    if SAYS_NOT_RUN.search(text) and applied:
        yield Wrong.NOT_RUN
    if SAYS_RUNNING.search(text) and not applied:
        yield Wrong.RUNNING


def shown(request: SyncRequest, browser: Client) -> dict[str, str]:
    """The words about this request on each page, without what they say of others."""
    company_id = request.merchant.company_id
    return {
        "its case": _words(
            _part(
                r'<div class="row wrap" id="state" data-told>(.*?)</div>', browser, f"/requests/{request.pk}/"
            )
        ),
        "the list": _words(
            _part(rf'<tr id="request-{request.pk}">(.*?)</tr>', browser, f"/requests/?merchant={company_id}")
        ),
        "its merchant": _words(_card(_part(CARD, browser, f"/merchants/{company_id}/"))),
    }


def _part(pattern: str, browser: Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, path
    found = re.search(pattern, answer.content.decode(), re.DOTALL)
    assert found, f"{pattern} on {path}"
    return found[1]


def _card(card: str) -> str:
    """Where a request is under way: all but the steps, which name what is yet to come. Else how the last one ended."""
    if ended := re.search(r'<div class="note t-\w+" id="news" data-told>(.*?)</div>', card, re.DOTALL):
        return ended[1]
    under_way = card.partition('<dl class="kv">')[0] if '<ol class="track">' in card else ""
    return re.sub(r'<ol class="track">.*?</ol>', " ", under_way, flags=re.DOTALL)


def _words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def counted(requests: list[SyncRequest], codat: Sandbox) -> Counter[str]:
    ledger = codat.ledger()
    ours = [line for request in requests for line in lines_of(request, ledger)]
    met = [line for line in ours if line["faults"]]
    counts = {
        "presses": len(requests),
        "POSTs": len(ours),
        "POSTs that met a fault": len(met),
        "applied": sum(line["applied"] for line in ours),
        "syncs begun by others": sum(line["kind"] == "foreign" for line in ledger),
    }
    return Counter(counts)


def states(requests: list[SyncRequest]) -> Counter[str]:
    rows = SyncRequest.objects.filter(pk__in=[request.pk for request in requests])
    return Counter(rows.values_list("state", flat=True))
