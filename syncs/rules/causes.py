"""The same cause at many merchants reads the same: error messages without the names and numbers of one merchant."""

import re

READ_AT_MOST = 2_000
LONGEST = 300
GONE = "…"

EMAIL = re.compile(r"\S{1,64}@\S+")
QUOTED = re.compile(r"(?<![\w])(['\"`“‘])([^'\"`“”‘’]{1,80})(['\"`”’])(?!\w)")
SUBJECT = re.compile(
    r"\b((?i:account|customer|supplier|item|product|order|invoice|tax rate(?: id)?)) "
    r"(\S+(?: \S+){0,7}?) (is|are|does|has|was) "
)
COUNTED = re.compile(r"\b(line|row|item|page|attempt) \d+", re.IGNORECASE)
TOKEN = re.compile(
    r"(?P<status>(?:\b(?:status|code|error|http)s?[ :#(]{1,3})*)(?P<token>[^\W_](?:[\w.:+-]*\w)?)",
    re.IGNORECASE,
)
LISTED = re.compile(r"(following [^:]{1,120}): [^.]*")
REPEATED = re.compile(rf"{GONE}(?:(?:, |; | |,| and ){GONE})+")


def plain(message: str) -> str:
    """On one line, without a full stop at its end; no more of it is read than an error message needs."""
    readable = message[: 2 * READ_AT_MOST].encode("utf-8", "ignore").decode("utf-8")
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", readable)[:READ_AT_MOST].strip(" .")


def normalise(message: str) -> str:
    """The key of a cause: lower-case, at most 300 characters, ids, numbers and proper names replaced by "…".

    Kept are short numbers, numbers that say a status ("error 429"), and quoted words such as 'TaxRateId'.
    """
    text = EMAIL.sub(GONE, plain(message))
    text = QUOTED.sub(_without_quoted_id, text)
    text = SUBJECT.sub(_without_name, text)
    text = COUNTED.sub(rf"\1 {GONE}", text)
    text = TOKEN.sub(_without_id, text).lower()
    text = LISTED.sub(rf"\1: {GONE}", text)
    return REPEATED.sub(GONE, text)[:LONGEST].strip()


def _without_quoted_id(found: re.Match[str]) -> str:
    return GONE if _has_digit(found[2]) else found[0]


def _without_name(found: re.Match[str]) -> str:
    """A name starts with anything but a small letter; "the account chosen for fees is" is not a name."""
    return found[0] if found[2][0].islower() else f"{found[1]} {GONE} {found[3]} "


def _without_id(found: re.Match[str]) -> str:
    token, status = found["token"], found["status"]
    if status and token.isdecimal() and len(token) <= 5:
        return found[0]
    return f"{status}{GONE}" if _is_id(token) else found[0]


def _is_id(token: str) -> bool:
    digits = sum(character.isdecimal() for character in token)
    letters = any(character.isalpha() for character in token)
    return digits > 0 and (len(token) >= 6 if letters else digits >= 3)


def _has_digit(text: str) -> bool:
    return any(character.isdecimal() for character in text)
