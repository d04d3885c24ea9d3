import json
from typing import Any, TypeVar, cast
from uuid import UUID

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString

from syncs.models import User

Row = TypeVar("Row", bound=Model)

# Counting further would read a whole table of millions for a number nobody needs.
COUNTED = 10_000


class BoundedPaginator(Paginator):
    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[:COUNTED].count())


class KeptAdmin(admin.ModelAdmin):
    """For the role admin; nothing is ever deleted, not even by a superuser."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = BoundedPaginator
    list_per_page = 50
    # Columns that are searched for exactly what was typed, by their index.
    exact_search: tuple[str, ...] = ()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("syncs.administer")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("syncs.administer")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Row], search_term: str
    ) -> tuple[QuerySet[Row], bool]:
        term = search_term.strip()
        return (queryset.filter(self.matching(term)) if term else queryset), False

    def matching(self, term: str) -> Q:
        found = Q(pk__in=[])
        for name in self.exact_search:
            found |= Q(**{name: term})
        return found


class ReadOnlyAdmin(KeptAdmin):
    """What happened: to be read, and never changed by hand."""

    actions = None
    # Without a bar of actions, the stock template would write an inline style, which the content policy forbids.
    actions_on_top = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def person(request: HttpRequest) -> User:
    """Who is asking: no page of the admin is shown to anybody who is not signed in."""
    return cast(User, request.user)


def pretty(value: object) -> SafeString:
    return format_html('<pre class="json">{}</pre>', json.dumps(value, indent=2, ensure_ascii=False))


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
