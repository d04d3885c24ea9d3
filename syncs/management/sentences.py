"""What a person at a prompt reads where others would see a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from django.db import DatabaseError

from syncs.operations.freezing import LONGEST_REASON
from syncs.rules.stored_moments import unmarked


@contextmanager
def database_in_a_sentence() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        what = (str(error).splitlines() or ["no reason was given"])[0].rstrip(".: ")
        raise CommandError(f"The database cannot be used: {what}. Has it been migrated?") from None


def reason_in(typed: str) -> str:
    """Python keeps what is not UTF-8 as lone surrogates, which no database takes."""
    try:
        typed.encode()
    except UnicodeEncodeError:
        raise CommandError("The reason is not UTF-8 text. Nothing was changed.") from None
    if len(reason := unmarked(typed).strip()) > LONGEST_REASON:
        raise CommandError(f"Say why, in at most {LONGEST_REASON} letters.")
    return reason
