"""What the review of many merchants tells: who would run, why others would not, and what it costs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil
from typing import Any

from syncs import meter
from syncs.forms.bulks import written
from syncs.models import Merchant, NotAsked
from syncs.operations.bulk_plans import MOST, Plan, Refusal, Runner
from syncs.operations.bulks import FEW
from syncs.views import messages

SHOWN, SHOWN_OF_ALL, NAMED, NAMED_AT_MOST = 10, 500, 12, 500
# Calls to Codat: a look and the request; and the looks until its result, by experience of usual lengths.
TO_SEND, TO_WATCH = 2, 6


@dataclass(frozen=True)
class Why:
    """`lead` follows the number; `help` says what would help; `link` is where."""

    icon: str
    tone: str
    lead: str
    help: str


WHYS = {
    "not_linked": Why("plug", "hold", "not linked", "The merchant must link it first. A sync would fail."),
    "fix_first": Why(
        "warn", "warn", "where something must be fixed first", "Until then a sync would fail the same way."
    ),
    "outage": Why(
        "cloud",
        "warn",
        "held: Codat looks down for their platforms",
        "They would probably fail too. Ask again when that is over.",
    ),
    "old_days": Why(
        "book",
        "warn",
        "with days of more than a month ago",
        "They may have entered the sales by hand: ask each of them first.",
    ),
    "running": Why("run", "run", "running now", "A sync of theirs runs at Codat. Wait for its result."),
    "asked": Why("user", "mute", "asked for already", "A request of somebody is under way for them."),
    "review": Why("eye", "warn", "in review", "A lead must decide first whether an earlier request ran."),
    "switched_off": Why(
        "power", "mute", "switched off by Codat", "The merchant must switch it on, in Codat's sync flow."
    ),
    "synced": Why(
        "shield", "warn", "with days that are synced already", "Codat may stop such a run with 5080."
    ),
    "written": Why("warn", "warn", "left out", "Some of their sales may be written already."),
    "not_over": Why(
        "clock", "mute", "where the last day is not over yet", "Their day ends later than yours."
    ),
    "unread": Why("clock", "mute", "not read yet", "Their syncs have not been read from Codat yet."),
    "archived": Why("book", "mute", "archived", "Nothing is sent for them any more."),
    "changed": Why("link", "mute", "changed", "Their connections or synced days changed after you looked."),
    "new": Why("plus", "mute", "new in the list", "They came to it after you looked."),
}
OTHER = ("ban", "mute")


# In the bar of the list, of one and of several, by the kind of their refusals.
MERCHANT_FIRST = ("needs the merchant first", "need the merchant first")
IN_SHORT = {
    "not_linked": MERCHANT_FIRST,
    "switched_off": MERCHANT_FIRST,
    "old_days": MERCHANT_FIRST,
    "fix_first": ("must be fixed first", "must be fixed first"),
    "running": ("runs now", "run now"),
    "asked": ("is asked for already", "are asked for already"),
    "review": ("is in review", "are in review"),
    "outage": ("is held in an outage", "are held in an outage"),
}
CANNOT = ("cannot run now", "cannot run now")


@dataclass(frozen=True)
class Group:
    """Those whom the same keeps from running."""

    kind: str
    why: Why
    refusals: Sequence[Refusal | NotAsked]
    messages: Sequence[str] = ()
    """To each of them that the playbook has one for."""

    @property
    def count(self) -> int:
        return len(self.refusals)

    @property
    def named(self) -> Sequence[Refusal | NotAsked]:
        return self.refusals[:NAMED]

    @property
    def more(self) -> int:
        return len(self.refusals[NAMED:])

    @property
    def rest(self) -> Sequence[Refusal | NotAsked]:
        return self.refusals[NAMED:NAMED_AT_MOST]

    @property
    def unnamed(self) -> int:
        return len(self.refusals[NAMED_AT_MOST:])

    @property
    def links(self) -> list[str]:
        """Where each merchant links its platforms."""
        linked = [each.merchant for each in self.refusals if each.merchant.link_url]
        return (
            [f"{merchant.name}: {merchant.link_url}" for merchant in linked]
            if self.kind == "not_linked"
            else []
        )

    @property
    def same_message(self) -> str:
        """Where there is one for all of them."""
        is_one = self.count == len(self.messages) > 1 and len(set(self.messages)) == 1
        return self.messages[0] if is_one else ""

    @property
    def copied(self) -> str:
        return "\n".join(self.links)


def context(plan: Plan, *, shows_all: bool) -> dict[str, Any]:
    state, count = meter.state(), len(plan.runners)
    calls = count * TO_SEND
    shown = plan.runners[: SHOWN_OF_ALL if shows_all else SHOWN]
    return {
        "plan": plan,
        "count": count,
        "shown": shown,
        "can_show_more": len(shown) < min(count, SHOWN_OF_ALL),
        "marks": written(plan.marks),
        "unwritten": sum(not runner.may_be_written and not runner.synced for runner in plan.runners),
        "with_synced_days": plan.with_synced_days,
        "of_old_days": sum(runner.ask.books_confirmed for runner in plan.runners),
        "overridden": sum(runner.is_held for runner in plan.runners),
        "in_an_outage": sum(bool(runner.out) for runner in plan.runners),
        "both": sum(runner.may_be_written and bool(runner.synced) for runner in plan.runners),
        "oldest": _oldest(plan.runners),
        "ledgers": _ledgers(plan.runners),
        "groups": _with_messages(plan),
        "calls": calls,
        "watching": count * TO_WATCH,
        "minutes": max(1, ceil(calls / state.per_minute)),
        "left": state.remaining if state.reachable else None,
        "limit": state.limit,
        "is_short": state.reachable and state.remaining is not None and state.remaining < calls,
        "few": FEW,
        "most": MOST,
        "days": _count(plan),
    }


def forecast(plan: Plan) -> dict[str, Any]:
    """The same in a line, before the review."""
    sizes = Counter(IN_SHORT.get(each.kind, CANNOT) for each in plan.refusals)
    count = len(plan.runners)
    others = [f"{size:,} {one if size == 1 else many}" for (one, many), size in sizes.most_common()]
    return {"count": count, "forecast": " · ".join([f"{count:,} can run", *others])}


def grouped(refusals: Sequence[tuple[str, Refusal | NotAsked]]) -> list[Group]:
    """The largest first; what only one sentence tells is a group of its own."""
    sizes = Counter(kind for kind, _ in refusals)
    return [
        Group(
            kind,
            _why(kind, {_told(each) for of, each in refusals if of == kind}),
            [each for of, each in refusals if of == kind],
        )
        for kind, _ in sizes.most_common()
    ]


def _with_messages(plan: Plan) -> list[Group]:
    groups = grouped([(each.kind or each.sentence, each) for each in plan.refusals])
    return [
        replace(group, messages=[message for _, message in messages.worded(_merchants(group))])
        if group.kind in messages.TOLD
        else group
        for group in groups
    ]


def _merchants(group: Group) -> list[Merchant]:
    return [each.merchant for each in group.refusals]


def _why(kind: str, told: set[str]) -> Why:
    known = WHYS.get(kind) or Why(*OTHER, "will not run", kind)
    if kind == "outage" and len(told) == 1:
        (sentence,) = told
        return replace(known, lead=sentence[0].lower() + sentence[1:].rstrip("."))
    return known


def _told(each: Refusal | NotAsked) -> str:
    return each.sentence if isinstance(each, Refusal) else each.why


def _oldest(runners: Sequence[Runner]) -> datetime | None:
    """The success that a latest sync goes back for the longest time."""
    since = (runner.merchant.last_success_at for runner in runners if runner.merchant.last_success_at)
    return min(since, default=None)


def _ledgers(runners: Sequence[Runner]) -> list[tuple[str, int]]:
    """The two that most of them write to; the others are told together, so that all are."""
    names = (runner.merchant.accounting for runner in runners)
    most = Counter(
        connection.platform_name if connection else "not known" for connection in names
    ).most_common()
    others = sum(number for _, number in most[2:])
    return [*most[:2], ("others" if len(most) > 3 else most[2][0], others)] if others else most


def _count(plan: Plan) -> int:
    days = plan.wish.days
    return (days[1] - days[0]).days + 1 if days else 0
