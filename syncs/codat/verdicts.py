"""Reads the outcome of an exchange that did not succeed as one of the four errors."""

import re

from syncs.codat.errors import CodatError, Later, NotSent, Refused, Uncertain
from syncs.codat.quota import UNSTATED_WAIT, retry_after, said_at
from syncs.codat.reading import one_line, parse_json, text
from syncs.codat.transport import Answer, Broken

# Codat's definite no's (Sync for Commerce OpenAPI; 422: Codat docs, idempotency), if in Codat's own words. Any other
# status, and a web page or nothing at all under one of these, may come from a gateway in front of a request that
# went through. The body's own statusCode is known to disagree.
DEFINITE = frozenset({400, 401, 402, 403, 404, 422})
NO_COMPANY = re.compile(r"no company was found|company\b.*\b(not found|does not exist)", re.IGNORECASE)
CORRELATION_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)
# Of its words, so many that the sentence around them fits wherever it is stored.
QUOTED = 240


def failure_of(outcome: Answer | Broken) -> CodatError:
    if isinstance(outcome, Broken):
        return _broken(outcome)
    message, correlation_id = _sentence(outcome), _correlation_id(outcome)
    if outcome.status == 429:
        wait = asked_wait(outcome) or UNSTATED_WAIT
        return Later(message, retry_after=wait, http_status=429, correlation_id=correlation_id)
    is_codats = outcome.body.strip() and _error_body(outcome) is not None
    kind = Refused if outcome.status in DEFINITE and is_codats else Uncertain
    return kind(message, http_status=outcome.status, correlation_id=correlation_id)


def says_none_yet(answer: Answer) -> bool:
    """Whether a company's syncs were asked for and there are none.

    Codat does not say how it answers for a company that never synced. So an empty success is taken to mean
    that, and a 404, unless its text says that there is no such company, or it is not Codat's at all but a web
    page (a wrong address, a gateway).
    """
    if answer.succeeded:
        return not answer.body.strip()
    error = _error_body(answer) if answer.status == 404 else None
    return error is not None and not NO_COMPANY.search(one_line(error.get("error")))


def asked_wait(answer: Answer) -> float | None:
    return retry_after(answer.headers, said_at(answer.headers))


def _correlation_id(answer: Answer) -> str | None:
    found = text((_error_body(answer) or {}).get("correlationId"))
    return found if CORRELATION_ID.fullmatch(found) else None


def _broken(outcome: Broken) -> CodatError:
    if outcome.began:
        return Uncertain(f"The call to Codat brought no usable answer: {outcome.reason}.")
    return NotSent(f"Nothing was sent to Codat: {outcome.reason}.")


def _sentence(answer: Answer) -> str:
    """Codat's words in quotation marks: what they ask of a reader is not asked by us."""
    told = one_line((_error_body(answer) or {}).get("error"), QUOTED).rstrip(".")
    return f"Codat answered {answer.status}: “{told}”." if told else f"Codat answered {answer.status}."


def _error_body(answer: Answer) -> dict[str, object] | None:
    """The fields of Codat's error, none for an empty body, or None for what is not Codat's."""
    if not answer.body.strip():
        return {}
    try:
        value = parse_json(answer.body)
    except Uncertain:
        return None
    return value if isinstance(value, dict) else None
