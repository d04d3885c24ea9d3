"""Which merchants a rule is about: those that some filters of the health list find, and that bear a tag."""

from dataclasses import fields, replace
from datetime import date

from django.db.models import Q
from django.db.models.fields.json import KeyTransform
from django.http import QueryDict

from syncs.filters import HealthFilters
from syncs.filters.reading import read_health_filters
from syncs.models import AlertRule, Merchant
from syncs.models.merchant import MerchantQuerySet

# What a merchant is at the moment is told by the event; an order and a page mean nothing here.
MEANS_NOTHING = {"notes", "health", "snoozed", "sort", "daily", "cols", "by", "after", "before"}
ALLOWED = {column.name for column in fields(HealthFilters)} - MEANS_NOTHING


def checked(text: str) -> str:
    """The filters of a pasted address, or of what stands behind its “?”. Raises ValueError with a sentence."""
    query = QueryDict(text.strip().rpartition("?")[2])
    if unknown := sorted(set(query) - ALLOWED):
        raise ValueError(f"“{unknown[0][:40]}” cannot be used here. Use {', '.join(sorted(ALLOWED))}.")
    filters = read_health_filters(query)
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


def of(rule: AlertRule, today: date) -> MerchantQuerySet:
    merchants = Merchant.objects.registered()
    if rule.merchants:
        filters = replace(read_health_filters(QueryDict(rule.merchants)), snoozed="shown")
        listed = filters.apply(today).values("pk")
        off = replace(filters, health="switched_off").apply(today).values("pk")
        merchants = merchants.filter(Q(pk__in=listed) | Q(pk__in=off))
    return _tagged(merchants, rule.tag) if rule.tag else merchants


def _tagged(merchants: MerchantQuerySet, tag: str) -> MerchantQuerySet:
    name, _, value = tag.partition("=")
    if not value:
        return merchants.filter(tags__has_key=name)
    return merchants.alias(tag=KeyTransform(name, "tags")).filter(tag=value)
