"""One press for many merchants: whom, what, and the word of the person who has looked at it."""

import uuid
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.http import QueryDict

from syncs.forms import DayField, ReasonField, range_problem
from syncs.models import SyncRequest
from syncs.operations.bulk_plans import MOST, Wish
from syncs.operations.bulks import FEW

LONGEST_QUERY = 2_000
LARGEST_KEY = 2**63 - 1
MOST_DIGITS = 19
# The first zone of the world to end a day.
EASTERNMOST = timedelta(hours=14)
# What the buttons beside the form change of it.
CHANGES = {
    "spare_written": ("spare_written", "on"),
    "take_written": ("spare_written", ""),
    "spare_gaps": ("spare_gaps", "on"),
    "take_gaps": ("spare_gaps", ""),
    "accept_overlap": ("accept_overlap", "on"),
    "refuse_overlap": ("accept_overlap", ""),
    "hold_again": ("override_reason", ""),
    "wait_for_the_end": ("outage_reason", ""),
    "confirm_books": ("books_confirmed", "on"),
    "leave_old_days": ("books_confirmed", ""),
}
# The days up to the newest that is over for all who were selected.
PRESETS = {"1": "Yesterday", "7": "Last 7 days", "14": "Last 14 days", "31": "Last 31 days"}


class KeysField(forms.CharField):
    """Numbers of merchants with commas between them, as a page of ours wrote them; what is none is left out."""

    def to_python(self, value: Any) -> list[int]:  # type: ignore[override]
        words = str(value or "").split(",", MOST + 1)[: MOST + 1]
        return [key for word in words if (key := _key(word)) is not None]


class MarksField(forms.CharField):
    """What a page of ours wrote of those that would run: their numbers, each with its mark."""

    def to_python(self, value: Any) -> dict[int, str]:  # type: ignore[override]
        pairs = (word.partition(".") for word in str(value or "").split(",", MOST + 1)[: MOST + 1])
        return {key: mark[:8] for word, _, mark in pairs if (key := _key(word)) is not None}


def written(marks: Mapping[int, str]) -> str:
    return ",".join(f"{key}.{mark}" for key, mark in marks.items())


class BulkForm(forms.Form):
    """Whom, and what. Without days, what is to be re-run has not been said yet."""

    kind = forms.ChoiceField(choices=SyncRequest.Kind.choices)
    whom = forms.ChoiceField(choices=[("all", "all"), ("", "picked")], required=False)
    query = forms.CharField(required=False, max_length=LONGEST_QUERY)
    picked = KeysField(required=False)
    first_day = DayField(label="First day", required=False)
    last_day = DayField(label="Last day", required=False)
    spare_written = forms.BooleanField(required=False)
    spare_gaps = forms.BooleanField(required=False)
    accept_overlap = forms.BooleanField(required=False)
    books_confirmed = forms.BooleanField(required=False)
    override_reason = ReasonField(label="Why does it help now?", required=False)
    outage_reason = ReasonField(label="Why not wait until it is over?", required=False)
    reason = ReasonField(label="Reason", required=False)
    form_token = forms.UUIDField(required=False)
    needs_days = False

    def __init__(self, data: QueryDict, now: datetime, newest_day: date | None = None) -> None:
        """`newest_day` is where the days of a preset end."""
        super().__init__(_changed(data, newest_day))
        self.now = now
        self.newest_day = newest_day
        self.preset = data.get("preset", "") if data.get("preset", "") in PRESETS else ""
        self.ticked = [key for word in data.getlist("pick")[:MOST] if (key := _key(word)) is not None]

    def clean_form_token(self) -> uuid.UUID:
        return self.cleaned_data["form_token"] or uuid.uuid4()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("kind") == SyncRequest.Kind.HISTORIC:
            self._check_days(cleaned.get("first_day"), cleaned.get("last_day"))
        return cleaned

    @property
    def is_of_all(self) -> bool:
        return self.cleaned_data.get("whom") == "all"

    @property
    def keys(self) -> list[int]:
        """Of those that were ticked one by one, on this page and on others."""
        return list(dict.fromkeys([*self.cleaned_data.get("picked", []), *self.ticked]))

    @property
    def wish(self) -> Wish:
        """What of it is sound: of a form with errors, what can be shown all the same."""
        data = self.cleaned_data
        is_range = data.get("kind") == SyncRequest.Kind.HISTORIC
        days = (data.get("first_day"), data.get("last_day")) if is_range else (None, None)
        return Wish(
            kind=data.get("kind", SyncRequest.Kind.LATEST),
            first_day=days[0] if all(days) else None,
            last_day=days[1] if all(days) else None,
            spare_written=data.get("spare_written", False),
            spare_gaps=is_range and data.get("spare_gaps", False),
            accept_overlap=is_range and data.get("accept_overlap", False),
            overlap_known=data.get("seen_overlap", False),
            books_confirmed=data.get("books_confirmed", False),
            override_reason=data.get("override_reason", ""),
            outage_reason=data.get("outage_reason", ""),
            reason=data.get("reason", ""),
            form_token=data.get("form_token") or uuid.uuid4(),
            query=f"?{data.get('query', '')}" if self.is_of_all else "",
        )

    def _check_days(self, first: date | None, last: date | None) -> None:
        if not (first or last or self.needs_days or self.errors):
            return
        for name, day in (("first_day", first), ("last_day", last)):
            if day is None and name not in self.errors:
                self.add_error(name, "Choose a day.")
        if first is None or last is None:
            return
        if problem := range_problem(first, last):
            self.add_error(*problem)
        elif last >= (self.now + EASTERNMOST).date():
            self.add_error("last_day", "These days are in the future or not over yet anywhere.")


class ConfirmedBulkForm(BulkForm):
    """`shown` are those that would run as the page said. Somebody who was `told` of a change is not told of the next:
    who cannot run by then is left out, and nobody is added."""

    reason = ReasonField(label="Reason")
    seen_overlap = forms.BooleanField(required=False)
    typed = forms.CharField(label="Type the number", required=False)
    shown = MarksField(required=False)
    told = forms.BooleanField(required=False)
    needs_days = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        count = len(cleaned.get("shown", []))
        if count > FEW and cleaned.get("typed", "").replace(",", "").strip() != str(count):
            self.add_error("typed", f"This runs for {count:,} merchants. Type {count:,} to confirm.")
        return cleaned


def _key(word: str) -> int | None:
    word = word.strip()
    is_number = word.isascii() and word.isdigit() and len(word) <= MOST_DIGITS
    return int(word) if is_number and int(word) <= LARGEST_KEY else None


def _changed(data: QueryDict, newest_day: date | None) -> Mapping[str, Any]:
    """As the pressed button says, where one was."""
    if change := CHANGES.get(data.get("change", "")):
        return {**data.dict(), change[0]: change[1]}
    if newest_day and (preset := data.get("preset", "")) in PRESETS:
        first = newest_day - timedelta(days=int(preset) - 1)
        return {**data.dict(), "first_day": f"{first}", "last_day": f"{newest_day}"}
    return data
