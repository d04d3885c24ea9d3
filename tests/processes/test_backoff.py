from syncs.processes.program import Backoff


def test_the_delay_doubles_up_to_ten_seconds_while_it_dies_at_once() -> None:
    backoff = Backoff()
    assert [backoff.after(lived=0.1) for _ in range(7)] == [0.5, 1, 2, 4, 8, 10, 10]


def test_a_life_of_ten_seconds_is_forgiven() -> None:
    backoff = Backoff()
    for _ in range(5):
        backoff.after(lived=0.1)
    assert backoff.after(lived=10) == 0.5
    assert backoff.after(lived=0.1) == 1
