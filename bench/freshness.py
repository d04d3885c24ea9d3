"""F8: how old a new result is when we have it, in a simulated day. What is asked when is the product's own rule."""

import argparse
import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from math import ceil

from bench import world
from bench.desk import FIRST, UNTIL, Desk, InTurn
from bench.results import Row, at_most, percentile

# Where a merchant's own usual time explains so much of the spread: p50 and p95 in minutes, in the usual world.
TARGETS = {0.8: (3, 17), 0.0: (5, 36)}
USUAL = world.Conditions()
# Of no account for what is promised.
SIZE = {"merchants", "explained", "seed"}
# All results come two hours earlier, since the night before.
MOVED = {"moved": -120.0, "moved_nights_ago": 1}
CALLS = 8
# The rule's ceiling is a day; nobody waits much longer for the turn that is then due.
OLDEST_HOURS = 25


def measure(options: argparse.Namespace) -> Iterator[Row]:
    given = dict(vars(options))
    rate, explained = given.pop("rate"), given.pop("explained")
    for part in TARGETS if explained is None else [explained]:
        yield from simulate(world.Conditions(**given, explained=part), rate)
    if explained is None and _is_usual(world.Conditions(**given)):
        yield from simulate(world.Conditions(**given | MOVED), rate)


def simulate(conditions: world.Conditions, rate: float) -> list[Row]:
    shops = list(world.shops(conditions, UNTIL))
    ours, in_turn = Desk(conditions, rate), InTurn(conditions, rate)
    for desk in (ours, in_turn):
        desk.open(shops)
        desk.work()
    return _rows(_title(conditions), conditions, ours, in_turn.ages)


def _title(conditions: world.Conditions) -> str:
    title = f"usual time explains {conditions.explained:.0%}"
    if conditions.moved:
        nights = "tonight" if not conditions.moved_nights_ago else f"{conditions.moved_nights_ago} nights ago"
        title += f", and moved by {conditions.moved:g} min {nights.replace('1 nights', '1 night')}"
    return title if _is_usual(conditions) else f"{title} (judged by asking in turn)"


def _is_usual(conditions: world.Conditions) -> bool:
    """Of other worlds nothing is promised but that asking in turn is no better."""
    others = (option.name for option in fields(world.Conditions) if option.name not in SIZE)
    return all(getattr(conditions, name) == getattr(USUAL, name) for name in others)


def _rows(title: str, conditions: world.Conditions, desk: Desk, turns: list[float]) -> list[Row]:
    in_turn = [percentile(turns, part) / world.MINUTE for part in (0.5, 0.95)] if turns else []
    targets = TARGETS.get(conditions.explained, in_turn) if _is_usual(conditions) else in_turn

    def minutes(name: str, seconds: float, *bound: float) -> Row:
        name, value = f"{title}: {name}", seconds / world.MINUTE
        return at_most("F8", name, value, "min", *bound) if bound else Row("F8", name, round(value, 3), "min")

    ages = desk.ages
    if not ages:
        calls = desk.calls / len(desk.rows)
        return [at_most("F8", f"{title}: calls a merchant a day, no result came", calls, "calls", CALLS)]
    turns_of_all = [
        minutes(f"asked in turn, p{part:.0%}"[:-1], percentile(turns, part)) for part in (0.5, 0.95)
    ]
    return [
        minutes("age of a new result, p50", percentile(ages, 0.5), *targets[:1]),
        minutes("age of a new result, p95", percentile(ages, 0.95), *targets[1:]),
        minutes("age of a new result, p99", percentile(ages, 0.99)),
        minutes("age of a new result, oldest", max(ages)),
        *turns_of_all,
        *(
            [minutes("run by hand elsewhere, p50", percentile(desk.unexpected, 0.5))]
            if desk.unexpected
            else []
        ),
        at_most("F8", f"{title}: calls a merchant a day", desk.calls / len(desk.rows), "calls", CALLS),
        at_most(
            "F8", f"{title}: most calls in a minute", max(desk.per_minute.values()), "calls", ceil(desk.rate)
        ),
        minutes("longest wait for a call that was due", desk.behind),
        at_most("F8", f"{title}: oldest state of any", desk.oldest / world.HOUR, "hours", OLDEST_HOURS),
    ]


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rate", type=_above_zero, default=800.0, help="calls a minute")
    parser.add_argument("--outage", type=_outage, help="00:00-03:00, on the clock of the largest zone")
    parser.add_argument("--outage-of", choices=["syncs", "answers", "both"], default="both")
    parser.add_argument("--doubled", action="store_true", help="as many merchants again, at that midnight")
    by_hand = {"outage", "outage_of", "doubled"}
    for option in fields(world.Conditions):
        if option.name not in by_hand:
            default = None if option.name == "explained" else option.default
            parser.add_argument(
                f"--{option.name.replace('_', '-')}", type=_kind(option.name), default=default
            )


def _kind(name: str) -> Callable[[str], float]:
    if name in world.SHARES:
        return _share
    if name == "zones":
        return _zones
    kinds: dict[str, Callable[[str], float]] = {"merchants": _count, "seed": int, "moved": _earlier_or_later}
    kinds |= {"days": _number, "moved_nights_ago": _number}
    return kinds.get(name, _minutes)


def _above_zero(text: str) -> float:
    return _within(float(text), least=0.001, most=float("inf"))


def _share(text: str) -> float:
    return _within(float(text), least=0, most=1)


def _minutes(text: str) -> float:
    return _within(float(text), least=0, most=1440)


def _earlier_or_later(text: str) -> float:
    return _within(float(text), least=-1440, most=1440)


def _count(text: str) -> int:
    return int(_within(int(text), least=1, most=10_000_000))


def _number(text: str) -> int:
    return int(_within(int(text), least=0, most=3650))


def _zones(text: str) -> int:
    return int(_within(int(text), least=1, most=len(world.OTHERS) + 1))


def _within(value: float, *, least: float, most: float) -> float:
    if not least <= value <= most:
        raise argparse.ArgumentTypeError(f"has to be {least:g} to {most:g}")
    return value


def _outage(text: str) -> tuple[float, float]:
    """Of the measured day."""
    times = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)", text)
    if not times:
        raise argparse.ArgumentTypeError("has to be like 00:00-03:00")
    begin, end = (int(times[n]) * world.HOUR + int(times[n + 1]) * world.MINUTE for n in (1, 3))
    if not begin < end <= world.DAY:
        raise argparse.ArgumentTypeError("has to begin and end within the measured day")
    return FIRST + begin, FIRST + end
