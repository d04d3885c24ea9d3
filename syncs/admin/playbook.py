"""The playbook as a list and a form: the order in which entries are tried, and what they take."""

from collections import Counter
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify

from syncs.admin import playbook_pages
from syncs.admin.base import KeptAdmin, person
from syncs.forms.playbook import EntryForm
from syncs.models import Cause, PlaybookEntry
from syncs.operations import describing, diagnosing, playbook_entries
from syncs.record_filters import as_key
from syncs.rules.patterns import pattern_for
from syncs.rules.writing import never_reached

NAMED_AFTER = 40


class PlaybookList(ChangeList):
    """Each row knows who leaves nothing to it, and how many merchants it tells of now."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        book = diagnosing.entries()
        taken_by = never_reached(book)
        struck = describing.struck()
        merchants: Counter[str] = Counter()
        for cause, entry in describing.entries_of(struck, book).items():
            merchants[entry] += struck[cause]
        for row in self.result_list:
            row.taken_by = taken_by.get(row.slug, "") if row.is_active else ""
            row.merchants = merchants[row.slug]


@admin.register(PlaybookEntry)
class PlaybookAdmin(KeptAdmin):
    form = EntryForm
    list_display = ("place", "slug", "fits", "lead", "owner", "merchants_now", "is_active", "edited")
    list_display_links = ("slug",)
    list_per_page = 200
    list_select_related = ("edited_by",)
    ordering = ("place", "pk")
    search_fields = ("slug",)
    search_help_text = "Words of the name, the pattern or what is wrong; or a code"
    actions = None
    actions_on_top = True
    readonly_fields = ("edited_by", "edited_at")
    fieldsets = (
        (None, {"fields": ("slug", "place", "is_active")}),
        ("When it fits", {"fields": ("pattern", "codes", "outcome", "says_all")}),
        (
            "What the merchant's page says",
            {
                "fields": (
                    *("lead", "detail", "owner", "owner_words", "rerun", "rerun_words", "fixed_by"),
                    *("steps", "message"),
                )
            },
        ),
        ("Last change", {"fields": ("edited_by", "edited_at")}),
    )

    # Lists

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PlaybookList

    def matching(self, term: str) -> Q:
        return (
            Q(slug__icontains=term)
            | Q(pattern__icontains=term)
            | Q(lead__icontains=term)
            | Q(codes__contains=term)
        )

    @admin.display(description="fits")
    def fits(self, row: Any) -> SafeString:
        told = " ".join(filter(None, [row.pattern, row.codes, row.outcome]))
        if not row.taken_by:
            return format_html("<code>{}</code>", told)
        return format_html(
            '<code>{}</code><br><strong class="taken">Never reached: {} stands before it.</strong>',
            told,
            row.taken_by,
        )

    @admin.display(description="merchants now")
    def merchants_now(self, row: Any) -> int:
        return int(row.merchants)

    @admin.display(description="last change")
    def edited(self, row: PlaybookEntry) -> str:
        if row.edited_at is None:
            return "as it came"
        who = row.edited_by.display_name if row.edited_by else "somebody"
        return f"{timezone.localtime(row.edited_at):%-d %b %Y}, {who}"

    # One entry

    def get_readonly_fields(self, request: HttpRequest, obj: PlaybookEntry | None = None) -> Any:
        """Its name is how the built-in entry is found where the row is broken."""
        return (*self.readonly_fields, "slug") if obj else self.readonly_fields

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        found: dict[str, Any] = {"place": playbook_entries.free_place()}
        if cause := _cause(request):
            pattern = pattern_for(cause.message, cause.sample)
            found |= {"codes": str(cause.code), "pattern": pattern, "slug": _name(cause)}
        return found

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        entry = PlaybookEntry.objects.filter(pk=as_key(object_id or "") or 0).first()
        sample = playbook_pages.sample_of(request, entry, _cause(request))
        return super().changeform_view(
            request, object_id, form_url, {"sample": sample} | (extra_context or {})
        )

    def save_model(self, request: HttpRequest, obj: PlaybookEntry, form: Any, change: bool) -> None:
        playbook_entries.save(obj, form.changed_data, by=person(request))

    def get_urls(self) -> list[URLPattern]:
        name, view = "syncs_playbookentry", self.admin_site.admin_view
        return [
            path("preview/", view(playbook_pages.preview(self)), name=f"{name}_preview"),
            path("undescribed/", view(playbook_pages.undescribed), name=f"{name}_undescribed"),
            *super().get_urls(),
        ]


def _cause(request: HttpRequest) -> Cause | None:
    """That which the list of causes without an entry, or a merchant's page, asks to describe."""
    return Cause.objects.filter(pk=as_key(request.GET.get("cause", "")) or 0).first()


def _name(cause: Cause) -> str:
    """Of the words of its message; of its code where there are none, or where an entry bears them already."""
    name = slugify(cause.message)[:NAMED_AFTER].strip("-") or f"code-{cause.code}"
    return name if not PlaybookEntry.objects.filter(slug=name).exists() else f"{name}-{cause.pk}"
