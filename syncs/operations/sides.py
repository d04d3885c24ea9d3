"""By which connections a merchant syncs, for questions to the database: of several of a side a linked one, else the
first, as `Merchant.commerce` and `Merchant.accounting` have it."""

from django.db.models import Case, OuterRef, Subquery, When

from syncs.models import Connection


def platform(side: str, *, linked: bool = False) -> Subquery:
    """The name, of the merchant of a sync or of a request; nothing where that one must be `linked`, and is not."""
    theirs = Connection.objects.filter(merchant=OuterRef("merchant"), side=side, gone_at=None)
    if linked:
        # A linked one comes first, wherever there is one.
        theirs = theirs.filter(status="Linked")
    first = theirs.annotate(is_second=Case(When(status="Linked", then=0), default=1)).order_by(
        "is_second", "pk"
    )
    return Subquery(first.values("platform_name")[:1])
