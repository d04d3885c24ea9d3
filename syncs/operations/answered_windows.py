"""Whether Codat runs the days that were asked for. Its answer names a window, and that one is reported."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from syncs.codat import bodies
from syncs.models import SyncRequest
from syncs.rules.salesdays import INSTANT, day_of, range_window
from syncs.rules.stored_moments import as_stored
from syncs.rules.windows import Window

# What lay ahead when it was asked for is cut by Codat's clock, which need not be ours.
CLOCKS_DIFFER_BY = timedelta(minutes=5)


def ran_instead(request: SyncRequest) -> str:
    """As `instead`, of a request that Codat has accepted."""
    if not request.window_answered or request.window_start is None:
        return ""
    return instead(request, Window.of(request.window_start, request.window_finish))


def instead(request: SyncRequest, window: Window | None) -> str:
    """ "1 Jan 2026 – 2 Jan 2026 instead of the days asked for"; empty when the window holds all of those.

    The request's row takes over what Codat answers: what was asked for is what its body says.
    """
    start, finish = bodies.asked_by(request.body)
    if window is None or finish is None:
        return ""
    gone_by = min(finish, request.asked_at - CLOCKS_DIFFER_BY)
    if gone_by <= window.finish and (start is None or window.start <= start):
        return ""
    asked = "the days asked for" if start else f"all up to {as_stored(finish)}"
    return f"{_in_words(window, request.merchant.zone)} instead of {asked}"


def _in_words(window: Window, zone: ZoneInfo) -> str:
    """Sales days, where it is made of whole ones."""
    first, last = day_of(window.start, zone), day_of(window.finish - INSTANT, zone)
    if range_window(first, last, zone) != window:
        return f"{as_stored(window.start)} to {as_stored(window.finish)}"
    return f"{first:%-d %b %Y}" if first == last else f"{first:%-d %b %Y} – {last:%-d %b %Y}"
