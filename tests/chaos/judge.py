"""What the database and Codat's ledger say together of every press. Knows tables and lines, and no code of the product.

A finding is a promise that broke. Nothing here is lenient: what cannot be explained is a finding.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from tests.chaos.faults import PAUSE
from tests.chaos.ground import Ground, ask

# The design's table of states, written down once more: a wrong table in the product must not judge itself.
NEXT = {
    "": {"queued"},
    "queued": {"cancelled", "sending"},
    "sending": {"queued", "not_run", "accepted", "rejected", "uncertain"},
    "uncertain": {"accepted", "needs_review"},
    "needs_review": {"accepted", "not_run", "succeeded", "succeeded_empty", "failed"},
    "accepted": {"needs_review", "succeeded", "succeeded_empty", "failed"},
}
ACTIVE = {"queued", "sending", "uncertain", "needs_review", "accepted"}
ENDED = {"succeeded", "succeeded_empty", "failed"}
# Each says that nothing ran.
DENIED = {"queued", "cancelled", "not_run", "rejected"}
MEANS = {2000: "succeeded", 2040: "succeeded_empty"}
# Two clocks, each moved in one instant, are never further apart than this.
CLOCKS = 1.0


@dataclass(frozen=True)
class Row:
    pk: str
    """Its number, and its reason in words."""
    token: str
    key: str
    company_id: str
    body: str
    state: str
    upstream: str
    sync_id: str | None
    code: int | None
    asked_at: datetime
    finished_at: datetime | None
    attempts: tuple[str, ...]
    entries: tuple[str, ...]


@dataclass
class Verdict:
    """Findings by promise, and the figures of the table."""

    findings: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def __iadd__(self, other: "Verdict") -> "Verdict":
        self.findings += other.findings
        self.counts += other.counts
        return self

    def add(self, promise: str, what: str) -> None:
        self.counts[promise] += 1
        self.findings.append(f"{promise}: {what}")


def judge(
    ground: Ground, presses: Sequence[Any], *, replays: bool = False, at_the_end: bool = True
) -> Verdict:
    """`replays`: the desk was told that Codat honours its key, and may send the same bytes under it again."""
    found = Verdict()
    rows = {row.key: row for row in read(ground)}
    lines: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in ground.sandbox.ledger():
        if line["kind"] != "foreign":
            lines[line["idempotency_key"] or ""].append(line)
    _count(found, rows, lines, presses)
    for press in presses:
        _press(found, press, [row for row in rows.values() if row.token == press.token])
    for key in lines.keys() - rows.keys():
        found.add("lost", f"a POST for {lines[key][0]['company_id']} belongs to no request")
    for key, row in rows.items():
        _posts(found, row, lines[key], replays=replays)
        _told(found, row, [line for line in lines[key] if line["applied"]])
        _record(found, row)
        if at_the_end and row.state in ACTIVE - {"needs_review"}:
            found.add("stuck", f"request {row.pk} is still {row.state}")
    _one_at_a_time(found, list(rows.values()))
    return found


def _count(
    found: Verdict, rows: dict[str, Row], lines: dict[str, list[dict[str, Any]]], presses: Sequence[Any]
) -> None:
    found.counts["presses"] = len(presses)
    found.counts["posts"] = sum(map(len, lines.values()))
    found.counts["requests"] = len(rows)
    for row in rows.values():
        found.counts[f"state {row.state}"] += 1
        found.counts["ever uncertain"] += "uncertain" in row.entries


def _press(found: Verdict, press: Any, rows: list[Row]) -> None:
    if press.answer == "saved" and not rows:
        found.add("lost", f"press {press.token} was said to be saved, and has no row")
    if len(rows) > 1:
        found.add("twice", f"press {press.token} has {len(rows)} rows")
    if rows and rows[0].company_id != press.company_id:
        found.add("lost", f"press {press.token} is stored for another merchant")


def _posts(found: Verdict, row: Row, lines: list[dict[str, Any]], *, replays: bool) -> None:
    applied = [line for line in lines if line["applied"]]
    if len(applied) > 1:
        found.add("twice", f"request {row.pk} was applied {len(applied)} times")
    if len(lines) > len(row.attempts) and not replays:
        found.add("again", f"request {row.pk}: {len(lines)} POSTs, {len(row.attempts)} intents on record")
    for line in lines:
        if line["company_id"] != row.company_id or not _is_what_was_asked(line, row):
            found.add("lost", f"request {row.pk}: a POST under its key asked for something else")
    for earlier, later in pairwise(lines):
        if earlier["answered"] != 429:
            if not replays:
                found.add(
                    "again",
                    f"request {row.pk} was sent again after {earlier['answered']} {earlier['faults']}",
                )
        elif _moment(later) - _moment(earlier) < timedelta(seconds=PAUSE - CLOCKS):
            found.add("again", f"request {row.pk} was sent again too soon after a 429")


def _is_what_was_asked(line: dict[str, Any], row: Row) -> bool:
    """Of what had no effect, the rest may have been lost on its way."""
    return line["body"] == row.body or (not line["applied"] and row.body.startswith(line["body"]))


def _told(found: Verdict, row: Row, applied: list[dict[str, Any]]) -> None:
    """What the row claims, held against what Codat did."""
    if applied and row.state in DENIED:
        found.add("untrue", f"request {row.pk} is {row.state}, and Codat ran it")
    ours = {line["sync"]["commerce_sync_id"] for line in applied} | {line["sync_id"] for line in applied}
    if row.upstream and row.upstream not in ours:
        found.add("foreign", f"request {row.pk} claims {row.upstream}, which it did not start")
    if row.sync_id and row.sync_id not in ours:
        found.add("foreign", f"request {row.pk} took the sync {row.sync_id} of somebody else")
    if row.state == "accepted" and not applied:
        found.add("untrue", f"request {row.pk} is said to run, and Codat never began it")
    if row.state in ENDED:
        code = applied[0]["sync"]["outcome"][0] if applied else None
        if code is None or row.code != code or row.state != MEANS.get(code, "failed"):
            found.add("untrue", f"request {row.pk} is {row.state} with {row.code}; Codat knows {code}")


def _record(found: Verdict, row: Row) -> None:
    """The activity tells the whole way to the row's state, by moves that exist."""
    way = ["", *row.entries]
    for before, after in pairwise(way):
        if after not in NEXT.get(before, set()):
            found.add("record", f"request {row.pk} went from {before or 'nothing'} to {after}: {row.entries}")
    if way[-1] != row.state:
        found.add(
            "record", f"request {row.pk} is {row.state}; its activity ends with {way[-1]}: {row.entries}"
        )
    if row.attempts.count("open") and row.state != "sending":
        found.add("record", f"request {row.pk} is {row.state} with an attempt left open")
    if len([outcome for outcome in row.attempts if outcome in {"open", "accepted", "uncertain"}]) > 1:
        found.add("record", f"request {row.pk} has two attempts that may have had an effect: {row.attempts}")
    if row.state == "queued" and "uncertain" in row.attempts:
        found.add("again", f"request {row.pk} may have been sent, and waits to be sent")


def _one_at_a_time(found: Verdict, rows: list[Row]) -> None:
    by_company: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_company[row.company_id].append(row)
    for company_id, own in by_company.items():
        for earlier, later in pairwise(own):
            if earlier.finished_at is None or earlier.finished_at > later.asked_at + timedelta(
                seconds=CLOCKS
            ):
                found.add("twice", f"{company_id} had requests {earlier.pk} and {later.pk} at the same time")


def _moment(line: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(line["at"])


ROWS = """
    SELECT r.id, r.form_token, r.idempotency_key, m.company_id, r.body, r.state, r.commerce_sync_id, s.sync_id,
           s.code, r.asked_at, r.finished_at, r.reason
    FROM syncs_syncrequest r JOIN syncs_merchant m ON m.id = r.merchant_id LEFT JOIN syncs_sync s ON s.id = r.sync_id
    ORDER BY r.id
"""
STATES = set(NEXT) | {"cancelled", "not_run", "rejected", *ENDED}


def read(ground: Ground) -> Iterator[Row]:
    attempts: dict[int, list[str]] = defaultdict(list)
    for pk, outcome in ask(ground.database, "SELECT request_id, outcome FROM syncs_attempt ORDER BY id"):
        attempts[pk].append(outcome)
    entries: dict[int, list[str]] = defaultdict(list)
    for pk, verb in ask(
        ground.database,
        "SELECT request_id, verb FROM syncs_activity WHERE request_id IS NOT NULL ORDER BY id",
    ):
        word = str(verb).removeprefix("request.").replace("asked", "queued")
        if word in STATES:
            entries[pk].append(word)
    for (
        pk,
        token,
        key,
        company_id,
        body,
        state,
        upstream,
        sync_id,
        code,
        asked_at,
        finished_at,
        reason,
    ) in ask(ground.database, ROWS):
        yield Row(
            f"{pk} ({reason})",
            _uuid(token),
            _uuid(key),
            _uuid(company_id),
            body,
            state,
            upstream,
            sync_id,
            code,
            _utc(asked_at),
            _utc(finished_at) if finished_at else None,
            tuple(attempts[pk]),
            tuple(entries[pk]),
        )


def _uuid(value: Any) -> str:
    """SQLite keeps them without dashes."""
    return str(UUID(str(value)))


def _utc(value: Any) -> datetime:
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo else found.replace(tzinfo=UTC)
