"""The states of a sync request and the only moves between them, as data: the database refuses all others."""

from enum import StrEnum


class State(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    NEEDS_REVIEW = "needs_review"
    ACCEPTED = "accepted"
    SUCCEEDED = "succeeded"
    SUCCEEDED_EMPTY = "succeeded_empty"
    FAILED = "failed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    NOT_RUN = "not_run"


ACTIVE = frozenset(
    {State.QUEUED, State.SENDING, State.UNCERTAIN, State.NEEDS_REVIEW, State.ACCEPTED},
)
FINAL = frozenset(State) - ACTIVE
# Codat may be working on it just now, and somebody waits for what comes of it.
AT_CODAT = frozenset({State.SENDING, State.UNCERTAIN, State.ACCEPTED})
RAN = frozenset({State.SUCCEEDED, State.SUCCEEDED_EMPTY, State.FAILED})

NEXT = {
    # Held back; ended by a person or as too late; claimed. Before a person only after a restored backup.
    State.QUEUED: {State.QUEUED, State.CANCELLED, State.SENDING, State.NEEDS_REVIEW},
    # Back to QUEUED or NOT_RUN only with proof that no byte was sent, or after a 429. Before a person as above.
    State.SENDING: {
        State.QUEUED,
        State.NOT_RUN,
        State.ACCEPTED,
        State.REJECTED,
        State.UNCERTAIN,
        State.NEEDS_REVIEW,
    },
    State.UNCERTAIN: {State.ACCEPTED, State.NEEDS_REVIEW},
    # By a lead; ACCEPTED also by an answer that came late to its sender.
    State.NEEDS_REVIEW: {State.ACCEPTED, State.NOT_RUN, *RAN},
    State.ACCEPTED: {State.NEEDS_REVIEW, *RAN},
}
MOVES = frozenset((before, after) for before, afters in NEXT.items() for after in afters)

WORDS = {
    State.QUEUED: "Saved",
    State.SENDING: "Sending",
    State.UNCERTAIN: "No answer yet",
    State.NEEDS_REVIEW: "Needs review",
    State.ACCEPTED: "Codat is working",
    State.SUCCEEDED: "Synced",
    State.SUCCEEDED_EMPTY: "Synced, no sales",
    State.FAILED: "Failed",
    State.REJECTED: "Refused by Codat",
    State.CANCELLED: "Cancelled",
    State.NOT_RUN: "Never ran",
}
HELD_BACK_WORD = "Waiting"


def may_move(before: State, after: State) -> bool:
    return (before, after) in MOVES
