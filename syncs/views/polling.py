"""How often pages ask whether something has changed."""

from syncs import crowd


def seconds(*, moving: bool) -> int:
    """Between two polls: while anything on the page is on its way, and else.

    Twice as long while this process has many to answer at once: they wait less, and everybody is told a little later.
    """
    usual = 5 if moving else 15
    return 2 * usual if crowd.here.is_dense() else usual
