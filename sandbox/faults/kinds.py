"""The table of faults: name, what it does, what it takes, and whether the request is worked on all the same."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.exchange import Answer
from sandbox.faults import malformed, refusing, spoiling, wires
from sandbox.faults.arguments import Argument, anything, moment, number, one_of, span, text, texts, truth
from sandbox.faults.refusing import Replacement
from sandbox.faults.spoiling import Spoil

Args = dict[str, Any]
Deliver = Callable[[wires.Line, Answer, Args], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A request meets at most one fault that meddles, one about its answer, and one on the wire."""

    name: str
    about: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    applied: bool = True
    """Whether the request is worked on, unless args say otherwise; a request that is not starts nothing."""
    kept: bool = False
    """Whether an answer that replaces the true one is Codat's own and so kept under the idempotency key; what a
    gateway says is not."""
    meddles: bool = False
    """What it does to the world stands in meddling.py."""
    replace: Replacement | None = None
    spoil: Spoil | None = None
    deliver: Deliver | None = None
    silent: bool = False
    """The client is told nothing at all, not even a status."""
    midway: bool = False
    """It strikes before the request has arrived."""
    floods: bool = False
    """It comes under the answer's own status, if that can have a body."""
    definite: bool = False
    """It is a no of Codat's own, which says that nothing was done; so nothing was."""

    @property
    def stage(self) -> str:
        if self.meddles:
            return "world"
        return "answer" if self.replace or self.spoil else "wire"

    @property
    def takes(self) -> dict[str, Argument]:
        """With `applied`, where both can happen."""
        both = self.stage != "world" and not (self.midway or self.spoil or self.definite)
        return {**self.arguments, "applied": truth(default=self.applied)} if both else dict(self.arguments)


def _status(default: int) -> Argument:
    return number(default, 200, 599, whole=True)


def _megabytes(default: int) -> Argument:
    return number(default, 1, 4096, whole=True)


_HOW = one_of("close", "reset")
_BYTES = number(0, 0, 1_000_000, whole=True)
_CODE = number(0, 0, 9999, whole=True)
_MOVED = one_of(307, 301, 302, 303, 308)
_NO_ID = one_of("absent", "null", "empty", "zeros")
_LIST = one_of("list", "results", "empty")
_WINDOW = {"start": moment(), "finish": moment()}
_ELSEWHERE = "http://127.0.0.1:9/elsewhere"


def _replacing(
    name: str,
    about: str,
    replace: Replacement,
    *,
    applied: bool = False,
    kept: bool = False,
    **arguments: Argument,
) -> Kind:
    return Kind(name, about, arguments, applied=applied, kept=kept, replace=replace)


def _saying_no(
    name: str, about: str, replace: Replacement, *, kept: bool = False, **arguments: Argument
) -> Kind:
    return Kind(name, about, arguments, applied=False, kept=kept, replace=replace, definite=True)


def _spoiling(name: str, about: str, spoil: Spoil, **arguments: Argument) -> Kind:
    return Kind(name, about, arguments, spoil=spoil)


def _on_the_wire(
    name: str, about: str, deliver: Deliver, *, floods: bool = False, **arguments: Argument
) -> Kind:
    return Kind(name, about, arguments, deliver=deliver, floods=floods)


def _dropping(name: str, about: str, *, applied: bool) -> Kind:
    arguments = {"how": _HOW, "seconds": span(0, 600)}
    return Kind(name, about, arguments, applied=applied, deliver=wires.drop, silent=True)


_ON_THE_WIRE = (
    _on_the_wire("slow", "worked on at once, answered late", wires.slow, seconds=span(5, 3600)),
    _dropping("drop_after", "worked on, then the connection ends without a byte", applied=True),
    _dropping("drop_before", "the connection ends without a byte; nothing was done", applied=False),
    _on_the_wire(
        "half_close", "headers, then our half of the connection is closed", wires.half_close, bytes=_BYTES
    ),
    _on_the_wire(
        "short_body", "half of the body that the headers promise, then the end", wires.short_body, how=_HOW
    ),
    _on_the_wire(
        "drip", "a byte at a time", wires.drip, seconds=number(1, 0, 60), part=one_of("all", "body")
    ),
    _on_the_wire(
        "huge_body",
        "a body of 200 MB",
        wires.huge,
        floods=True,
        megabytes=_megabytes(200),
        announced=truth(default=True),
    ),
    _on_the_wire(
        "gzip_bomb",
        "a small body that unpacks to a gigabyte",
        wires.bomb,
        floods=True,
        megabytes=_megabytes(1024),
    ),
    Kind(
        "reset_midway",
        "the connection is reset while the request still arrives: at once, or after so many bytes of its body",
        {"bytes": _BYTES},
        applied=False,
        deliver=wires.reset,
        silent=True,
        midway=True,
    ),
)

_MALFORMED = (
    _on_the_wire(
        "informational",
        "so many 1xx before the answer",
        malformed.informational,
        status=one_of(103, 102, 100),
        times=number(1, 1, 1_000_000_000, whole=True),
        seconds=span(0, 600),
    ),
    _on_the_wire(
        "endless_headers",
        "headers without end: ever more of them, or one that goes on",
        malformed.endless_headers,
        floods=True,
        form=one_of("many", "one"),
        seconds=span(0, 60),
    ),
    _on_the_wire(
        "bad_length",
        "a Content-Length that is wrong, no number, said twice, or beside chunks",
        malformed.bad_length,
        form=one_of(*malformed.LENGTHS),
    ),
    _on_the_wire(
        "bad_chunks",
        "the whole body in a chunk, and then none that could be its end",
        malformed.bad_chunks,
        form=one_of(*malformed.CHUNKS),
    ),
    _on_the_wire(
        "close_after",
        "answered in full, then the connection ends though nothing said so",
        malformed.close_after,
        how=_HOW,
        seconds=span(0, 600),
    ),
    Kind(
        "not_http",
        "bytes that are no HTTP of ours",
        {"form": one_of(*malformed.NOT_HTTP)},
        deliver=malformed.not_http,
        silent=True,
    ),
    Kind(
        "early",
        "answered with an error before the request's body was read, and closed",
        {"status": number(413, 400, 599, whole=True)},
        applied=False,
        deliver=malformed.early,
        midway=True,
    ),
)

_REPLACED = (
    _replacing("500_after", "worked on, then 500", refusing.server_error, applied=True, kept=True),
    _replacing("500", "500; nothing was done", refusing.server_error, kept=True),
    _replacing("503", "503", refusing.unavailable),
    _replacing("408", "408", refusing.timed_out),
    _replacing("409", "409", refusing.conflict),
    _saying_no(
        "429",
        "429 with a Retry-After of any kind",
        refusing.too_many,
        retry_after=anything(30, "what the header says; null leaves it out"),
        form=one_of("as_is", "date"),
    ),
    _saying_no("overlap", "400 with the overlap message", refusing.overlap, kept=True),
    _saying_no("401", "401", refusing.unauthorized),
    _saying_no("402", "402", refusing.payment_required, kept=True),
    _saying_no("403", "403", refusing.forbidden, kept=True),
    _saying_no("404", "404: no such company", refusing.no_company, kept=True, company_id=text(None)),
    _replacing("html", "a gateway's web page", refusing.web_page, status=_status(502)),
    _replacing("empty", "a status and no body", refusing.empty, status=_status(502), content_type=text(None)),
    _replacing("redirect", "sent elsewhere", refusing.redirect, status=_MOVED, to=text(_ELSEWHERE)),
)

_SPOILED = (
    _spoiling("truncated_json", "JSON that breaks off", spoiling.truncated, keep=number(0.6, 0, 1)),
    _spoiling("wrong_company", "another company's id for the one that was asked for", spoiling.wrong_company),
    _spoiling("no_id", "no id of a sync, company or connection", spoiling.no_id, form=_NO_ID),
    _spoiling("text_for_code", 'a text for syncStatusCode: "4200,"', spoiling.text_for_code, code=_CODE),
    _spoiling("list_for_object", "an object comes as a list", spoiling.list_for_object, form=_LIST),
    _spoiling(
        "object_for_list",
        "a list comes as an object",
        spoiling.object_for_list,
        form=one_of("results", "first"),
    ),
    _spoiling(
        "nulls", "null for everything but ids, or for the fields named", spoiling.nulls, fields=texts()
    ),
    _spoiling(
        "missing_fields",
        "nothing but ids, or all but the fields named",
        spoiling.missing_fields,
        fields=texts(),
    ),
    _spoiling("extra_fields", "fields that no document knows", spoiling.extra_fields),
    _spoiling("odd_dates", "dates in another form", spoiling.odd_dates, form=one_of(*spoiling.ODD_DATES)),
    _spoiling("stuck", "the newest sync is told as 1010, for as long as this is set", spoiling.stuck),
    _spoiling("backwards", "the newest sync is told as begun again, every second time", spoiling.backwards),
)

_MEDDLING = (
    Kind("foreign_sync", "somebody else starts a sync of that company just before", _WINDOW, meddles=True),
    Kind("lag", "what is read of syncs is this old", {"seconds": span(30, 86_400)}, meddles=True),
    Kind("hangs", "the sync that the request starts never ends", meddles=True),
)

KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (*_ON_THE_WIRE, *_MALFORMED, *_REPLACED, *_SPOILED, *_MEDDLING)
}


def about(kind: Kind) -> dict[str, Any]:
    takes = {name: {"default": each.default, "is": each.about} for name, each in kind.takes.items()}
    return {"fault": kind.name, "about": kind.about, "stage": kind.stage, "args": takes}
