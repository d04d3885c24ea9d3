"""That somebody took a list away as a file is told in the activity: what was in it, and for whom."""

from syncs.models import Activity, User
from syncs.operations import log


def record(name: str, what: str, *, by: User, query: str = "") -> Activity:
    """Before the first line goes: also of a file that nobody took to its end. `query` holds the list's filters."""
    return log.record(f"export.{name}", f"Took {what} as a file", actor=by, after=query and f"?{query}")
