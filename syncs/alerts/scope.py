"""Which merchants a rule is about: those that some filters of the health list find, and that bear a tag."""

from dataclasses import fields, replace
from datetime import date

from django.db.models import Q
from django.db.models.fields.json import KeyTransform
from django.http import QueryDict

from syncs.filters import OWNERS, SILENCES, HealthFilters
from syncs.filters.reading import read_health_filters
from syncs.models import AlertRule, Merchant
from syncs.models.merchant import MerchantQuerySet

# What a merchant is at the moment is told by the event; an order and a page mean nothing here.
MEANS_NOTHING = {"notes", "health", "began", "snoozed", "sort", "daily", "cols", "by", "after", "before"}
ALLOWED = {column.name for column in fields(HealthFilters)} - MEANS_NOTHING

NO_HEALTH = (
    "“health” cannot be used here: how it stands with a merchant is what a rule tells. Take it out of the address, or "
    "press the tile All merchants before you copy it."
)


def checked(text: str) -> str:
    """The filters of a pasted address, or of what stands behind its “?”. Raises ValueError with a sentence."""
    query = QueryDict(text.strip().rpartition("?")[2])
    if "health" in query:
        raise ValueError(NO_HEALTH)
    if unknown := sorted(set(query) - ALLOWED):
        raise ValueError(f"“{unknown[0][:40]}” cannot be used here. Use {', '.join(sorted(ALLOWED))}.")
    filters, _ = read_health_filters(query).of_cause()
    if filters.notes:
        raise ValueError(filters.notes[0].replace("It was ignored.", "").strip())
    if text.strip() and not filters.query:
        raise ValueError("This has no filter in it. Example: commerce=Shopify&accounting=Xero")
    return filters.query


def checked_tag(text: str) -> str:
    """Raises ValueError with a sentence."""
    name, equals, value = (part.strip() for part in text.partition("="))
    if text.strip() and (not name or (equals and not value)):
        raise ValueError("Write a tag as “name” or “name=value”.")
    return f"{name}={value}" if value else name


def filters_of(rule: AlertRule) -> HealthFilters:
    return read_health_filters(QueryDict(rule.merchants))


def told(rule: AlertRule) -> str:
    """Which merchants a rule is about, in words."""
    filters = filters_of(rule)
    found = (
        f"named “{filters.q}”" if filters.q else "",
        OWNERS.get(filters.owner, "").lower(),
        f"cause {filters.cause}" if filters.cause else "",
        " or ".join(map(str, filters.code)),
        filters.commerce,
        filters.accounting,
        f"last success: {SILENCES[filters.success].lower()}" if filters.success else "",
        f"tag {rule.tag}" if rule.tag else "",
    )
    return ", ".join(filter(None, found)) or "all"


def of(rule: AlertRule, today: date) -> MerchantQuerySet:
    merchants = Merchant.objects.registered()
    if rule.merchants:
        filters = replace(filters_of(rule), snoozed="shown")
        listed = filters.apply(today).values("pk")
        off = replace(filters, health="switched_off").apply(today).values("pk")
        merchants = merchants.filter(Q(pk__in=listed) | Q(pk__in=off))
    return _tagged(merchants, rule.tag) if rule.tag else merchants


def listed(rule: AlertRule) -> HealthFilters | None:
    """How Sync health lists the merchants of a rule; None where it does not: it knows no tags, and who looks for a name
    is shown the snoozed too."""
    filters = filters_of(rule)
    return None if rule.tag or filters.q else filters


def _tagged(merchants: MerchantQuerySet, tag: str) -> MerchantQuerySet:
    name, _, value = tag.partition("=")
    if not value:
        return merchants.filter(tags__has_key=name)
    return merchants.alias(tag=KeyTransform(name, "tags")).filter(tag=value)
