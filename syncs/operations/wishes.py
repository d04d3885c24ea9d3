"""What a person asks for, and why it is not possible."""

import uuid
from dataclasses import dataclass
from datetime import date

from syncs.models import SyncRequest
from syncs.rules.windows import Window


class NotPossible(Exception):
    """The sentence says why, and is shown where the person is looking. `field` names the form's field, if one; `kind`
    is what the same refusal of many merchants has in common."""

    def __init__(
        self, sentence: str, *, field: str | None = None, request: SyncRequest | None = None, kind: str = ""
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field
        self.request = request
        self.kind = kind


class NotNow(NotPossible):
    """Nothing is wrong with what is asked for, and nothing was saved: the same press may go through next time."""


@dataclass(frozen=True)
class Ask:
    """What a person asks for. Days are the merchant's sales days, both inclusive; latest has an optional last."""

    kind: str
    first_day: date | None
    last_day: date | None
    reason: str
    form_token: uuid.UUID
    seen_overlap: tuple[Window, ...] = ()
    """What of these days was said to be in the books already, and accepted."""
    basis: str | None = None
    """What the confirm step stood on (see `basis_of`); None where nobody was shown one."""
    resend_of: SyncRequest | None = None
    books_confirmed: bool = False
    """The merchant confirms that these days were not entered by hand."""
    override_reason: str = ""
    """Why it helps now where the playbook says that something has to be fixed first."""
    outage_reason: str = ""
    """Why it does not wait for the end of an outage."""
    outage: int | None = None
    """The number of the outage that was shown to whom said so; of two, of the newer one."""

    @property
    def days(self) -> tuple[date, date] | None:
        """The range of a historic request; None for a latest one."""
        if self.kind == SyncRequest.Kind.HISTORIC and self.first_day and self.last_day:
            return self.first_day, self.last_day
        return None
