"""How often the lists ask whether something has changed."""

from django.http import HttpRequest

from syncs import crowd

SLOWED = "slowed"


def seconds(*, moving: bool) -> int:
    """Between two polls: while anything on the page is on its way, and else.

    Twice as long while this process has many to answer at once: they wait less, and everybody is told a little later.
    """
    usual = 5 if moving else 15
    return 2 * usual if crowd.here.is_dense() else usual


def pairs() -> list[tuple[str, str]]:
    """For the poll of a page that asks less often for now."""
    return [(SLOWED, "1")] if crowd.here.is_dense() else []


def may_ask_as_usual_again(request: HttpRequest) -> bool:
    return SLOWED in request.GET and not crowd.here.is_dense()
