import itertools

import pytest

from syncs.rules.states import ACTIVE, FINAL, MOVES, RAN, WORDS, State, may_move

Q, S, U, R, A = State.QUEUED, State.SENDING, State.UNCERTAIN, State.NEEDS_REVIEW, State.ACCEPTED
ALLOWED = {
    (Q, Q): "held back",
    (Q, State.CANCELLED): "by a person, or too late",
    (Q, S): "claimed",
    (Q, R): "a backup was restored",
    (S, R): "a backup was restored",
    (S, A): "Codat answered with an id",
    (S, Q): "proven not sent",
    (S, State.NOT_RUN): "proven not sent, at the last try",
    (S, State.REJECTED): "a definite no",
    (S, U): "anything else",
    (U, A): "a late true answer",
    (U, R): "cannot be proven",
    (R, A): "a lead picks the sync",
    (R, State.NOT_RUN): "a lead states it",
    (R, State.SUCCEEDED): "its id reports the end",
    (R, State.SUCCEEDED_EMPTY): "its id reports the end",
    (R, State.FAILED): "its id reports the end",
    (A, State.SUCCEEDED): "refresh",
    (A, State.SUCCEEDED_EMPTY): "refresh",
    (A, State.FAILED): "refresh",
    (A, R): "no end in a day",
}


@pytest.mark.parametrize(("before", "after"), list(itertools.product(State, State)))
def test_every_pair_of_states_is_allowed_or_refused_as_the_table_says(before, after):
    assert may_move(before, after) is ((before, after) in ALLOWED)


def test_what_may_have_been_sent_never_becomes_unsent_by_itself():
    assert not any(
        may_move(State.UNCERTAIN, after) for after in (State.QUEUED, State.NOT_RUN, State.CANCELLED)
    )


def test_a_final_state_is_never_left():
    assert not [before for before, _ in MOVES if before in FINAL]


def test_every_active_state_has_a_way_to_an_end():
    for state in ACTIVE:
        reached = {state}
        while (wider := reached | {after for before, after in MOVES if before in reached}) != reached:
            reached = wider
        assert reached & FINAL, state


def test_a_state_is_either_active_or_final():
    assert set(State) == ACTIVE | FINAL
    assert not ACTIVE & FINAL
    assert RAN <= FINAL


def test_every_state_has_its_own_word():
    assert set(WORDS) == set(State)
    assert len(set(WORDS.values())) == len(State)
