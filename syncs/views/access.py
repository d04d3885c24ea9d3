"""Who may do what, asked in the view and never around a block of a template."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django_htmx.middleware import HtmxDetails

from syncs.models import User


class NoSuchMerchant(Http404):
    """Its text is a sentence for the page."""


class Signed(HttpRequest):
    """A request of somebody signed in, as every view behind `login_required` gets it."""

    user: User
    htmx: HtmxDetails


def may_ask(request: Signed) -> None:
    """Raises PermissionDenied with a sentence for the page."""
    if not request.user.has_perm("syncs.ask_sync"):
        raise PermissionDenied("Your role can view but not run syncs. Ask a lead for the role support.")


def may_decide(request: Signed) -> None:
    """Raises PermissionDenied with a sentence for the page."""
    if not request.user.has_perm("syncs.decide_review"):
        raise PermissionDenied("Leads only: ask a lead to decide whether Codat ran this.")
