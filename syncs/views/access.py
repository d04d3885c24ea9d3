"""Who may do what, and where they may be sent; asked in the view and never around a block of a template."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

from syncs.models import User

# Only admins give roles.
MAY_NOT_ASK = "Your role can view but not run syncs. Ask an admin for the role support."


class NotHere(Http404):
    """Nothing has the ID or number that was asked for. Both sentences are for the page."""

    def __init__(self, sentence: str, perhaps: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.perhaps = perhaps


class Signed(HttpRequest):
    """A request of somebody signed in, as every view behind `login_required` gets it."""

    user: User
    htmx: HtmxDetails


def may_ask(request: Signed) -> None:
    """Raises PermissionDenied with a sentence for the page."""
    if not request.user.has_perm("syncs.ask_sync"):
        raise PermissionDenied(MAY_NOT_ASK)


def may_decide(request: Signed) -> None:
    """Raises PermissionDenied with a sentence for the page."""
    if not request.user.has_perm("syncs.decide_review"):
        raise PermissionDenied("Leads only: ask a lead to decide whether Codat ran this.")


def may_freeze(request: Signed) -> None:
    """Raises PermissionDenied with a sentence for the page."""
    if not request.user.has_perm("syncs.freeze_sending"):
        raise PermissionDenied("Leads only: ask a lead to freeze or resume sending.")


def page_asked_for(request: HttpRequest) -> str:
    """Where `next` leads; empty unless it is a path of ours: a bare word would be taken for a view's name."""
    url = request.POST.get("next") or request.GET.get("next", "")
    hosts = {request.get_host()}
    is_ours = url_has_allowed_host_and_scheme(url, hosts, require_https=request.is_secure())
    return url if is_ours and url.startswith("/") else ""
