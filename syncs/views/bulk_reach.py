"""Which days each merchant's part of a press for many covers, and which it leaves behind for good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from syncs.models import Merchant, Sync
from syncs.operations import gaps
from syncs.operations.bulk_plans import Plan, Runner
from syncs.operations.coverage import reached_of_each
from syncs.rules.coverage import stretches
from syncs.views.bulk_groups import NAMED, NAMED_AT_MOST

Stretches = list[tuple[date, date]]


@dataclass(frozen=True)
class Behind:
    merchant: Merchant
    days: Stretches


@dataclass(frozen=True)
class LeftOut:
    """Those whose earlier days no sync goes back for, once the range is in the books."""

    all: Sequence[Behind]

    @property
    def count(self) -> int:
        return len(self.all)

    @property
    def named(self) -> Sequence[Behind]:
        return self.all[:NAMED]

    @property
    def rest(self) -> Sequence[Behind]:
        return self.all[NAMED:NAMED_AT_MOST]

    @property
    def more(self) -> int:
        return len(self.all[NAMED:])

    @property
    def unnamed(self) -> int:
        return len(self.all[NAMED_AT_MOST:])

    @property
    def by_merchant(self) -> Mapping[int, Stretches]:
        return {each.merchant.pk: each.days for each in self.all}


@dataclass(frozen=True)
class Row:
    runner: Runner
    reached: Sync | None
    """Where its latest sync starts: at the end of this success; None where nobody knows it."""
    left_out: Stretches


def left_out(plan: Plan) -> LeftOut:
    if plan.wish.days is None:
        return LeftOut([])
    merchants = [runner.merchant for runner in plan.runners]
    found = gaps.left_out_of_each(merchants, plan.wish.days[0])
    return LeftOut([Behind(each, stretches(found[each.pk])) for each in merchants if each.pk in found])


def reached(plan: Plan) -> dict[int, Sync]:
    """By merchant, the success at whose end its latest sync starts, where that is known."""
    return reached_of_each([runner.merchant for runner in plan.runners]) if plan.wish.kind == "latest" else {}


def rows(shown: Sequence[Runner], behind: LeftOut, reached: Mapping[int, Sync]) -> list[Row]:
    days = behind.by_merchant
    return [
        Row(runner, reached.get(runner.merchant.pk), days.get(runner.merchant.pk, [])) for runner in shown
    ]
