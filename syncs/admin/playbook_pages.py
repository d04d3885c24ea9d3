"""Beside the playbook's form: how an entry would be told, and the causes that have none."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from csp.constants import SELF
from csp.decorators import csp_replace
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_safe

from syncs.admin.base import KeptAdmin
from syncs.codat.statuses import STATUSES
from syncs.forms.playbook import WITH_PLACEHOLDERS, SampleForm
from syncs.models import Cause, PlaybookEntry
from syncs.models.playbook import raw_of
from syncs.operations import describing, diagnosing
from syncs.record_filters import as_key
from syncs.rules import playbook
from syncs.rules.entries import TOLD, Entry, entry_of
from syncs.rules.playbook import Diagnosis

UNDER = "admin/syncs/playbookentry"
# Under which a message is tried where the entry names no code.
ANY_FAILURE = "5130"
NOT_YET = "Not written yet"


@dataclass(frozen=True)
class Sample:
    """What the preview tries an entry on: a message that Codat sent, where there is one."""

    text: str
    code: str
    commerce: str = "Shopify"
    accounting: str = "Xero"


def sample_of(request: HttpRequest, entry: PlaybookEntry | None, cause: Cause | None) -> Sample:
    """What was tried before; else the cause to be described, or the newest that this entry tells of."""
    tried = SampleForm(request.POST)
    if request.method == "POST" and tried.is_valid():
        found = tried.cleaned_data
        return Sample(found["sample"], found["sample_code"], found["commerce"], found["accounting"])
    if cause is None and entry:
        told = describing.entries_of(describing.struck(), diagnosing.entries())
        theirs = [pk for pk, name in told.items() if name == entry.slug]
        cause = Cause.objects.filter(pk=max(theirs)).first() if theirs else None
    if cause:
        return Sample(cause.sample, str(cause.code))
    return Sample("", _code_of(entry) if entry else ANY_FAILURE)


def preview(of: KeptAdmin) -> Callable[..., HttpResponseBase]:
    """The form as it stands, told as the merchant's page would; nothing is saved. In a frame of the form's page."""

    @csp_replace({"frame-ancestors": [SELF]})
    @xframe_options_sameorigin
    @require_http_methods(["GET", "HEAD", "POST"])
    def show(request: HttpRequest) -> HttpResponse:
        given = request.POST if request.method == "POST" else request.GET
        entry = PlaybookEntry.objects.filter(pk=as_key(given.get("entry", "")) or 0).first()
        form = of.get_form(request, entry)(request.POST, instance=entry) if request.method == "POST" else None
        sample = SampleForm(given)
        context: dict[str, Any] = {"form": form, "sample_form": sample}
        sample_is_sound = sample.is_valid()
        draft: PlaybookEntry | None = form.instance if form and form.is_valid() else None if form else entry
        if draft and sample_is_sound:
            context |= _told(draft, sample.cleaned_data)
        elif form and not draft:
            context |= _sketched(form, sample.cleaned_data)
        return render(request, f"{UNDER}/preview.html", context)

    return show


@require_safe
def undescribed(request: HttpRequest) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": "Causes without an entry",
        "opts": PlaybookEntry._meta,
        "causes": describing.undescribed(),
    }
    return render(request, f"{UNDER}/undescribed.html", context)


def _told(draft: PlaybookEntry, sample: dict[str, str]) -> dict[str, Any]:
    """By this entry where it fits, also where another one stands before it; else by the one that fits."""
    book = diagnosing.entries_with(draft)
    code, text = int(sample["sample_code"] or _code_of(draft)), sample["sample"]
    own = tuple(entry for entry in book if entry.id == draft.slug)
    fits = _fits(own, code, text)
    found = playbook.entry_for(code, text, book)
    is_sketch = not text and own[0].pattern is not None
    diagnosis = (
        playbook.sketched(own[0], sample["commerce"], sample["accounting"])
        if is_sketch
        else _diagnosis(own if fits else book, code, sample)
    )
    return {
        "is_sketch": is_sketch,
        "diagnosis": diagnosis,
        "merchant": {"health": "failing", "refreshed_at": True},
        "last_sync": {"message": text},
        "fits": fits,
        "taken_by": "" if found.id == draft.slug else found.id,
        "is_active": draft.is_active,
    }


def _sketched(form: Any, sample: dict[str, str]) -> dict[str, Any]:
    """Of an entry that could not be saved: what is missing, what is wrong, and what can be told all the same."""
    wrong = {field: form.errors.as_data().get(field.name, []) for field in form}
    is_missing = {field: any(error.code == "required" for error in found) for field, found in wrong.items()}
    told: dict[str, Any] = {
        "lacking": [str(field.label) for field in form if is_missing[field]],
        "mistakes": [
            (field.label, sentence)
            for field, found in wrong.items()
            for error in found
            for sentence in error.messages
            if not is_missing[field]
        ],
    }
    if not any(str(form.data.get(name, "")).strip() for name in WITH_PLACEHOLDERS):
        return told
    own, tried = _as_typed(form), dict.fromkeys(SampleForm.base_fields, "") | sample
    code, text = int(tried["sample_code"] or min(own.codes, default=int(ANY_FAILURE))), tried["sample"]
    fits = bool(text) and _fits((own,), code, text)
    diagnosis = (
        _diagnosis((own,), code, tried)
        if fits
        else playbook.sketched(own, tried["commerce"], tried["accounting"])
    )
    return told | {
        "diagnosis": diagnosis,
        "merchant": {"health": "failing", "refreshed_at": True},
        "last_sync": {"message": text if fits else ""},
    }


def _as_typed(form: Any) -> Entry:
    """Texts with their mistakes; when it fits only as far as it is sound."""
    said = {name: str(form.data.get(name, "")).strip() for name in diagnosing.COLUMNS} | form.cleaned_data
    said |= {name: "" for name in ("pattern", "codes", "outcome") if name in form.errors}
    if "owner" in form.errors:
        said["owner_words"] = said["owner_words"] or NOT_YET
    if "rerun" in form.errors:
        said["rerun_words"] = said["rerun_words"] or NOT_YET
    kept = {
        "lead": said["lead"] or NOT_YET,
        "fixed_by": TOLD if "fixed_by" in form.errors else said["fixed_by"],
    }
    return entry_of(raw_of(said | kept), {})


def _fits(own: tuple[Entry, ...], code: int, text: str) -> bool:
    try:
        return bool(playbook.entry_for(code, text, own))
    except LookupError:
        return False


def _diagnosis(entries: tuple[Entry, ...], code: int, sample: dict[str, str]) -> Diagnosis:
    return playbook.diagnose(
        code, sample["sample"], False, sample["commerce"], sample["accounting"], entries=entries
    )


def _code_of(entry: PlaybookEntry) -> str:
    """One under which it may be told."""
    if entry.codes:
        return entry.codes.split(",")[0].strip()
    of_its_class = (str(code) for code, status in STATUSES.items() if status.outcome == entry.outcome)
    return next(of_its_class, ANY_FAILURE)
