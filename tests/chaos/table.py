"""The table at the end, for people: what was pressed, what Codat got, what broke, and where the kills struck."""

from collections import Counter

from tests.chaos.judge import Verdict
from tests.chaos.killing import Tally

PROMISES = {
    "twice": "applied twice, or two at once",
    "again": "sent again without proof",
    "lost": "lost",
    "stuck": "stuck",
    "untrue": "told untruly",
    "foreign": "somebody else's sync claimed",
    "record": "record that does not add up",
    "columns": "health columns or days that the syncs do not make",
}


def told(verdict: Verdict, tally: Tally | None, *, seed: int, seconds: float) -> str:
    counts = verdict.counts
    lines = [
        _line("presses", counts["presses"]),
        _line("requests stored", counts["requests"]),
        _line("POSTs in the ledger", counts["posts"]),
        *(_line(word, counts[promise]) for promise, word in PROMISES.items()),
        _line("were uncertain at some time", counts["ever uncertain"]),
        _line("before a person", counts["state needs_review"]),
        *(
            _line(f"  {state[6:]}", count)
            for state, count in sorted(counts.items())
            if state.startswith("state ")
        ),
        *(_kills(tally) if tally else []),
        _line("seed", seed),
        _line("seconds", round(seconds)),
    ]
    return "\n".join([*lines, *verdict.findings[:30]])


def _kills(tally: Tally) -> list[str]:
    states: Counter[tuple[str, str]] = Counter()
    for (kind, state, _), count in tally.by_state.items():
        states[kind, state] += count
    return [
        _line("kills counted", tally.counted),
        _line("kills not counted", tally.not_counted),
        *(_line(f"  of {kind}", count) for kind, count in tally.by_kind.most_common()),
        "requests in hand at a kill, by process, state and step",
        *(
            _line(f"  {kind}, {state}: {stage}", count)
            for (kind, state, stage), count in sorted(tally.by_state.items())
        ),
    ]


def _line(word: str, count: object) -> str:
    return f"{word:<66}{count:>8}"
