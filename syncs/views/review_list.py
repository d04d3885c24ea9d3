"""The page of what needs a person: each request with its evidence in a sentence and its part of the form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from syncs import paging
from syncs.forms.verdicts import ReviewForm
from syncs.models import Activity, Attempt, Sync, SyncRequest, User
from syncs.operations.evidence import Evidence
from syncs.operations.reviewing import Ending, Ruling
from syncs.paging import Order
from syncs.record_filters import DECIDED
from syncs.views import request_list
from syncs.views.candidates import Candidate, answer_to, candidates_of, others_of, sent_word

OLDEST_FIRST = Order("asked_at")
# Of more, a lead reads on the page of that request.
MOST_CANDIDATES = 5


@dataclass(frozen=True)
class Row(request_list.Row):
    evidence: Evidence
    candidates: list[Candidate]
    verdict: str
    ticked: bool
    errors: Sequence[str]

    @property
    def sent(self) -> Attempt | None:
        return self.evidence.sent

    @property
    def sent_word(self) -> str:
        return sent_word(self.sent) if self.sent else ""

    @property
    def answer(self) -> str:
        return answer_to(self.evidence)

    @property
    def shown(self) -> list[Candidate]:
        return self.candidates[:MOST_CANDIDATES]

    @property
    def others(self) -> list[Candidate]:
        return others_of(self.evidence)

    @property
    def more(self) -> int:
        return len(self.candidates[MOST_CANDIDATES:])

    @property
    def against(self) -> str:
        return self.evidence.against_nothing_ran


@dataclass(frozen=True)
class Line:
    """A verdict as the confirm step names it; `sync` is None where nothing ran."""

    row: Row
    sync: Sync | None


@dataclass(frozen=True)
class Told:
    """What became of a verdict, in a sentence, beside how its request stands now."""

    row: request_list.Row
    ending: Ending
    sentence: str


def page(after: str, before: str) -> paging.Page[SyncRequest]:
    rows = SyncRequest.objects.needing_a_person().for_page()
    return paging.page(rows, OLDEST_FIRST, after=after, before=before)


def rows_of(form: ReviewForm, why: Mapping[int, str] | None = None) -> list[Row]:
    """As the form was filled in; `why` tells of some, by their numbers, why they were not saved."""
    named = request_list.rows_of([evidence.request for evidence in form.found])
    rows = []
    for row, evidence in zip(named, form.found, strict=True):
        pk = row.request.pk
        verdict, seen = form[f"verdict-{pk}"], form[f"seen-{pk}"].value()
        said = verdict.value() or ""
        if said == ReviewForm.NOT_RUN and seen != evidence.seen:
            # Said before Codat listed more: it has to be said anew.
            said = ""
        rows.append(
            Row(
                **vars(row),
                evidence=evidence,
                candidates=candidates_of(evidence),
                verdict=said,
                ticked=bool(form[f"tick-{pk}"].value()),
                errors=[why[pk]] if why and pk in why else [str(error) for error in verdict.errors],
            )
        )
    return rows


def lines_of(form: ReviewForm) -> list[Line]:
    syncs = {verdict.request.pk: verdict.sync for verdict in form.verdicts}
    return [Line(row, syncs[row.request.pk]) for row in rows_of(form) if row.request.pk in syncs]


def told(rulings: Sequence[Ruling], reader: User) -> list[Told]:
    pks = [ruling.request.pk for ruling in rulings]
    now = request_list.rows_of(list(SyncRequest.objects.for_page().filter(pk__in=pks)))
    row_of = {row.request.pk: row for row in now}
    entries = Activity.objects.filter(DECIDED, request__in=pks).select_related("actor").order_by("pk")
    decided_by = {entry.request_id: entry.actor for entry in entries}
    return [
        Told(
            row_of[ruling.request.pk],
            ruling.ending,
            _sentence(ruling, decided_by.get(ruling.request.pk), reader),
        )
        for ruling in rulings
    ]


def _sentence(ruling: Ruling, by: User | None, reader: User) -> str:
    if ruling.ending == Ending.SAVED:
        return "Saved."
    if ruling.ending == Ending.REFUSED:
        return f"Not saved. {ruling.why}"
    if by == reader:
        return "You had decided it before. Nothing was changed."
    who = f"{by.display_name} decided it meanwhile" if by else "It no longer waits for a verdict"
    return f"{who}. Yours was not saved."
