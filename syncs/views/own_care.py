"""Rows are drawn once for all who see the same; here whoever is on a merchant reads so as of themselves."""

from collections.abc import Sequence

from django.utils.html import escape
from django.utils.safestring import SafeString

from syncs.models import Care, User
from syncs.views.drawn_rows import Arranged
from syncs.views.merchant_rows import is_on_it

YOU_ARE = "You are on it"


def told(rows: Sequence[Arranged], reader: User) -> list[Arranged]:
    """One query where the reader's name stands in any of them: a colleague may have the same."""
    named = escape(is_on_it(reader.display_name))
    pks = [row.shown.pk for row in rows if named in row.cells]
    own = _own(pks, reader) if pks else set()
    return [
        row._replace(cells=SafeString(row.cells.replace(named, YOU_ARE))) if row.shown.pk in own else row
        for row in rows
    ]


def _own(pks: Sequence[int], reader: User) -> set[int]:
    cares = Care.objects.standing().filter(merchant__in=pks, kind=Care.Kind.ACK, by=reader)
    return set(cares.values_list("merchant_id", flat=True))
