"""What the review of many merchants tells: who would run, why others would not, and what it costs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from syncs.forms.bulks import written
from syncs.models import Merchant, Sync
from syncs.operations.bulk_plans import MOST, Plan, Runner
from syncs.operations.bulks import FEW
from syncs.views import bulk_costs, bulk_reach, messages, nightly
from syncs.views.bulk_groups import Group, grouped

SHOWN, SHOWN_OF_ALL = 10, 500
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
# Of these some of the days or all are synced already: one word takes in both.
SYNCED = {"synced", "synced_all"}
CANNOT = ("cannot run now", "cannot run now")


def context(plan: Plan, *, shows_all: bool) -> dict[str, Any]:
    count = len(plan.runners)
    shown = plan.runners[: SHOWN_OF_ALL if shows_all else SHOWN]
    left_out, reached = bulk_reach.left_out(plan), bulk_reach.reached(plan)
    groups = _with_messages(plan)
    return {
        "plan": plan,
        "count": count,
        "shown": bulk_reach.rows(shown, left_out, reached),
        "left_out": left_out,
        "can_show_more": len(shown) < min(count, SHOWN_OF_ALL),
        "marks": written(plan.marks),
        "unwritten": sum(not runner.may_be_written and not runner.synced for runner in plan.runners),
        "with_synced_days": plan.with_synced_days,
        "of_old_days": sum(runner.ask.books_confirmed for runner in plan.runners),
        "overridden": sum(runner.is_held for runner in plan.runners),
        "in_an_outage": sum(bool(runner.out) for runner in plan.runners),
        "both": sum(runner.may_be_written and bool(runner.synced) for runner in plan.runners),
        "goes_back_to": _earliest_start(plan.runners, reached),
        "ledgers": _ledgers(plan.runners),
        "groups": groups,
        "overlapping": [group for group in groups if group.kind in SYNCED],
        "costs": bulk_costs.of([runner.merchant.pk for runner in plan.runners]),
        "few": FEW,
        "most": MOST,
        "days": _count(plan),
        "clashing": nightly.clashing(
            [runner.merchant for runner in plan.runners],
            timezone.now(),
            plan.wish.days[1] if plan.wish.days else None,
        ),
    }


def forecast(plan: Plan) -> dict[str, Any]:
    """The same in a line, before the review."""
    sizes = Counter(IN_SHORT.get(each.kind, CANNOT) for each in plan.refusals)
    count = len(plan.runners)
    others = [f"{size:,} {one if size == 1 else many}" for (one, many), size in sizes.most_common()]
    return {"count": count, "forecast": " · ".join([f"{count:,} can run", *others])}


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


def _earliest_start(runners: Sequence[Runner], reached: Mapping[int, Sync]) -> datetime | None:
    """Of latest syncs of those who had a success: the others start on their start dates. Where nobody knows what that
    success covers, a sync starts not later than it ran."""
    ends = {pk: sync.window_finish for pk, sync in reached.items()}
    starts = (ends.get(runner.merchant.pk, runner.merchant.last_success_at) for runner in runners)
    return min(filter(None, starts), default=None)


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
