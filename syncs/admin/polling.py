"""Pages of the admin that poll."""

from collections.abc import Callable

from django.db.models import Exists
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache

from syncs.models import User

Page = Callable[..., HttpResponseBase]
RIGHTS = "django.contrib.auth.backends.ModelBackend"


def polled(page: Page, version_of: Callable[[int, Exists], str | None]) -> Page:
    """204 to the poller when all is as it was shown; everything else is the page's. `version_of` reads it for those who
    may see it: one query, where the page asks two more for a reader's rights."""

    @never_cache
    def answer(request: HttpRequest, pk: int) -> HttpResponseBase:
        shown = request.GET.get("v")
        is_as_shown = shown and request.user.is_authenticated and version_of(pk, _may(request)) == shown
        return HttpResponse(status=204) if is_as_shown else page(request, pk)

    return answer


def _may(request: HttpRequest) -> Exists:
    return Exists(
        User.objects.with_perm("syncs.administer", backend=RIGHTS).filter(
            username=request.user.get_username()
        )
    )
