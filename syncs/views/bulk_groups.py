"""Whom a press for many asks nothing for: those whom the same keeps from running, with why and what would help."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from syncs.models import NotAsked
from syncs.operations.bulk_plans import Refusal

NAMED, NAMED_AT_MOST = 12, 500


@dataclass(frozen=True)
class Why:
    """`lead` follows the number; `help` says what would help; `link` is where."""

    icon: str
    tone: str
    lead: str
    help: str


WHYS = {
    "not_linked": Why(
        "plug", "hold", "not linked", "They must link both platforms first. A sync would fail until then."
    ),
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
        "power", "mute", "switched off by Codat", "They must switch it on again, in Codat's sync flow."
    ),
    "synced": Why(
        "shield",
        "warn",
        "already synced in part",
        "The rest of these days does not run either: “Sync latest” starts where each last success ended. "
        "Codat may stop the run with 5080.",
    ),
    "synced_all": Why(
        "shield",
        "warn",
        "already synced",
        "Nothing of these days is missing. Codat may stop the run with 5080.",
    ),
    "gaps": Why(
        "cal",
        "warn",
        "left out",
        "Days before this range would stay out. “Sync latest” starts where each last success ended.",
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
# Whom Sync latest may bring what is still open.
FOR_LATEST = {"synced", "gaps"}
OTHER = ("ban", "mute")


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
    def offers_latest(self) -> bool:
        return self.kind in FOR_LATEST

    @property
    def keys(self) -> str:
        """As the list names those that are picked."""
        return ",".join(str(each.merchant.pk) for each in self.refusals)

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


def _why(kind: str, told: set[str]) -> Why:
    known = WHYS.get(kind) or Why(*OTHER, "will not run", kind)
    if kind == "outage" and len(told) == 1:
        (sentence,) = told
        return replace(known, lead=sentence[0].lower() + sentence[1:].rstrip("."))
    return known


def _told(each: Refusal | NotAsked) -> str:
    return each.sentence if isinstance(each, Refusal) else each.why
