"""Messages to many merchants as one text to copy: of each its name, its company ID and what its page words for it."""

from collections.abc import Iterable, Sequence

from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from syncs.filters.reading import read_health_filters
from syncs.models import Connection, Merchant
from syncs.operations import diagnosing, log
from syncs.operations.bulk_plans import MOST
from syncs.search import owners_of
from syncs.views import filter_words, health_summary, next_steps
from syncs.views.access import Signed

# The kinds of refusals in a review whose merchants are written to.
TOLD = {"fix_first"}
LINE = f"\n\n{'-' * 10}\n\n"
NONE = "The playbook has no message to any of these merchants."
TOO_MANY = f"At most {MOST:,} messages are copied at once. Narrow the list."


@require_safe
@login_required
@never_cache
def messages(request: Signed) -> HttpResponse:
    """Of those in a list of Sync health; of none where its filters would let in more than they did."""
    filters, _ = read_health_filters(request.GET, health_summary.platforms(request.GET)).of_cause()
    if filters.notes:
        return refusal(filters.notes[0])
    found = filters.apply(timezone.now().date(), owners_of(filters.q)).defer("tags", "thinned_windows")
    around = Connection.objects.for_rows()
    merchants = list(
        found.order_by("name", "pk").prefetch_related(Prefetch("connections", around))[: MOST + 1]
    )
    if len(merchants) > MOST:
        return refusal(TOO_MANY)
    return answer(request, merchants, filter_words.told(filters))


def answer(request: Signed, merchants: Sequence[Merchant], whose: str = "") -> HttpResponse:
    """A text that leaves the house is a thing somebody did."""
    told = worded(merchants)
    if not told:
        return refusal(NONE)
    count = f"{len(told):,} message{'' if len(told) == 1 else 's'}"
    which = f", filtered: {whose}" if whose else ""
    if request.method != "HEAD":
        log.record("list.exported", f"Exported {count} to merchants{which}", actor=request.user)
    each = (f"{one.name}\nCompany ID: {one.company_id}\n\n{message}" for one, message in told)
    return _text(f"{LINE.join(each)}\n")


def refusal(sentence: str) -> HttpResponse:
    return _text(f"{sentence}\n", status=422)


def worded(merchants: Iterable[Merchant]) -> list[tuple[Merchant, str]]:
    """Those for whom the playbook has a message. Their connections have been read."""
    book = diagnosing.entries()
    told = ((one, next_steps.message(diagnosing.diagnose(one, book), one.link_url)) for one in merchants)
    return [(one, message) for one, message in told if message]


def _text(text: str, status: int = 200) -> HttpResponse:
    return HttpResponse(text, content_type="text/plain; charset=utf-8", status=status)
