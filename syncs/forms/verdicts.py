"""A lead's verdicts, on one request and on many. What Codat lists is compared again when they are saved."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from syncs.forms import ReasonField
from syncs.models import Sync, SyncRequest
from syncs.operations.evidence import Evidence
from syncs.operations.reviewing import LOOK_AGAIN, Verdict

MOST_AT_ONCE = 50
SAY_WHY = {"required": "Say why, in a few words."}
CANNOT_BE = "That sync cannot be the one. Choose again."


class VerdictForm(forms.Form):
    """A lead's word on what nobody could prove. Which sync it may be is checked again when it is saved."""

    RAN, NOT_RUN = "ran", "not_run"
    verdict = forms.ChoiceField(
        choices=[(RAN, "It ran: it is the sync below"), (NOT_RUN, "Nothing ran")],
        error_messages={"required": "Choose what happened."},
    )
    sync = forms.ModelChoiceField(
        Sync.objects.none(),
        required=False,
        error_messages={"invalid_choice": CANNOT_BE},
    )
    reason = ReasonField(label="Reason", error_messages=SAY_WHY)
    seen = forms.CharField(required=False)

    def __init__(self, request: SyncRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sync"].queryset = request.merchant.syncs.all()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("verdict") == self.RAN and not cleaned.get("sync") and "sync" not in self.errors:
            self.add_error("sync", "Choose the sync that it was.")
        return cleaned


class ReviewForm(forms.Form):
    """Many at once: for each a tick and a choice of its own; for the ticked a common one, never chosen beforehand."""

    NOT_RUN, OPEN = "not_run", "open"
    is_first_step = True
    common = forms.BooleanField(required=False, label="Nothing ran, for each that is ticked")
    reason = ReasonField(label="Reason", error_messages=SAY_WHY)

    def __init__(
        self,
        found: Sequence[Evidence],
        data: Mapping[str, Any] | None = None,
        *,
        asked: int = 0,
        gone: Sequence[SyncRequest] = (),
        **kwargs: Any,
    ) -> None:
        """`found` are those on the form that still wait, `gone` those chosen there that do not, of `asked` in all."""
        super().__init__(data, **kwargs)
        self.found, self.asked, self.gone = found, asked, gone
        self.verdicts: list[Verdict] = []
        for evidence in found:
            pk = evidence.request.pk
            choices = [self.NOT_RUN, self.OPEN, *(_as_choice(sync) for sync in evidence.candidates)]
            self.fields[f"tick-{pk}"] = forms.BooleanField(required=False)
            self.fields[f"seen-{pk}"] = forms.CharField(required=False)
            self.fields[f"verdict-{pk}"] = forms.ChoiceField(
                required=False,
                choices=[(value, value) for value in choices],
                error_messages={"invalid_choice": CANNOT_BE},
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.asked > MOST_AT_ONCE:
            raise ValidationError(f"At most {MOST_AT_ONCE} requests are decided in one go.")
        chosen = {evidence.request.pk: self._choice(evidence, cleaned) for evidence in self.found}
        if waiting := list(chosen.values()).count(None):
            ticked = "1 ticked request has" if waiting == 1 else f"{waiting} ticked requests have"
            self.add_error("common", f"{ticked} no verdict yet. Choose it here, or at each of them.")
        self.verdicts = [
            Verdict(evidence.request, _of_choice(evidence, choice), cleaned[f"seen-{evidence.request.pk}"])
            for evidence in self.found
            if (choice := chosen[evidence.request.pk]) and choice != self.OPEN
        ]
        if not (self.verdicts or self.gone or self.errors.keys() - {"reason"}):
            raise ValidationError("Nothing is chosen yet. Tick requests, or choose at each what happened.")
        return cleaned

    @property
    def against_evidence(self) -> list[Verdict]:
        """Those that say “nothing ran” where something speaks against it."""
        known = {each.request.pk: each.seen for each in self.found if each.against_nothing_ran}
        # One of which Codat lists more by now is refused by itself.
        return [each for each in self.verdicts if not each.sync and known.get(each.request.pk) == each.seen]

    def _choice(self, evidence: Evidence, cleaned: dict[str, Any]) -> str | None:
        """Its own choice, or else the common one if it is ticked; None when it is ticked and there is neither."""
        pk = evidence.request.pk
        name = f"verdict-{pk}"
        choice = str(cleaned.get(name, ""))
        if not choice and name not in self.errors and cleaned[f"tick-{pk}"]:
            if evidence.against_nothing_ran:
                self.add_error(name, f"{evidence.against_nothing_ran} Choose at this one itself.")
            elif not cleaned["common"]:
                return None
            else:
                choice = self.NOT_RUN
        if self.is_first_step and choice == self.NOT_RUN and cleaned[f"seen-{pk}"] != evidence.seen:
            self.add_error(name, LOOK_AGAIN)
            return ""
        return choice


class ConfirmedReviewForm(ReviewForm):
    """The last step: what speaks against a verdict was looked at by a person.

    Where Codat lists more than that by now, only that one verdict is refused, when it comes to saving it.
    """

    is_first_step = False
    looked = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.against_evidence and not cleaned.get("looked"):
            self.add_error("looked", "Tick that you looked at them yourself, or go back.")
        return cleaned


def chosen_in(data: Mapping[str, Any], pk: int) -> bool:
    return bool(data.get(f"tick-{pk}")) or data.get(f"verdict-{pk}", "") not in {"", ReviewForm.OPEN}


def _as_choice(sync: Sync) -> str:
    return f"ran:{sync.pk}"


def _of_choice(evidence: Evidence, choice: str) -> Sync | None:
    return next((sync for sync in evidence.candidates if _as_choice(sync) == choice), None)
