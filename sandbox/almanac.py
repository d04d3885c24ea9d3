"""What is ordered to befall the world: read from JSON, kept in the store, folded into its weather."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal

from sandbox.cards import Event
from sandbox.outcomes import CAUSES, Outcome
from sandbox.platforms import PLATFORMS
from sandbox.store import Store
from sandbox.weather import Outage, Wave, Weather

Befalling = Literal["outage", "wave"]
Json = dict[str, Any]
NOBODY = ""
"""Under this company the store keeps what befalls all."""


class Almanac:
    def __init__(self, store: Store) -> None:
        self._store = store
        self.recall()

    def recall(self) -> None:
        self.weather = weather_of(self._store.events_of(NOBODY))

    def orders(self, kind: Befalling) -> list[Json]:
        """The outages or waves ordered so far, those that were called off left out."""
        events = self._store.events_of(NOBODY)
        cleared = max((n for n, event in enumerate(events) if event.what == f"{kind}s cleared"), default=-1)
        return [shown(event) for event in events[cleared + 1 :] if event.what == kind]

    def order(self, kind: Befalling, body: Json, now: datetime, *, past: bool = False) -> Json:
        """Raises ValueError: for a body that cannot be understood, and for a past that has been told already."""
        kept = (read_outage if kind == "outage" else read_wave)(body, now)
        if datetime.fromisoformat(kept["from"]) < now and not past:
            raise ValueError('"from" lies in the past; that is for the first start of a world alone.')
        event = Event(now, kind, kept | {"given": body})
        self._befall(event)
        return shown(event)

    def order_once(self, orders: Iterable[tuple[Befalling, Json]], now: datetime, *, past: bool) -> None:
        """At each start the same orders may be given; they count once."""
        given = [(event.what, event.body.get("given")) for event in self._store.events_of(NOBODY)]
        for kind, body in orders:
            if (kind, body) not in given:
                self.order(kind, body, now, past=past)

    def call_off(self, kind: Befalling, now: datetime) -> None:
        """What has begun ends now, what is to come does not."""
        self._befall(Event(now, f"{kind}s cleared", {}))

    def _befall(self, event: Event) -> None:
        self._store.append(NOBODY, event)
        self._store.commit()
        self.recall()


def weather_of(events: Iterable[Event]) -> Weather:
    outages: list[Outage] = []
    waves: list[Wave] = []
    count = 0
    for at, what, body in events:
        if what == "outage":
            outages.append(_outage(body))
        elif what == "wave":
            count += 1
            waves.append(_wave(count, body))
        elif what == "outages cleared":
            outages = [each._replace(end=min(each.end, at)) for each in outages if each.start < at]
        elif what == "waves cleared":
            waves = [each._replace(end=min(each.end or at, at)) for each in waves if each.start < at]
    return Weather(tuple(sorted(outages)), tuple(waves))


def read_outage(body: Json, now: datetime) -> Json:
    """As it is kept. Raises ValueError with a plain sentence."""
    _know(body, {"from", "until", "running", "api"})
    kept = _span(body, now, endless=False)
    kept["running"], kept["api"] = body.get("running", "waits"), body.get("api", False)
    if kept["running"] not in ("waits", "fails"):
        raise ValueError('"running" is "waits" or "fails": what becomes of the syncs that run as it begins.')
    if not isinstance(kept["api"], bool):
        raise ValueError('"api" is true or false: whether the API is out as well.')
    return kept


def read_wave(body: Json, now: datetime) -> Json:
    """As it is kept. Raises ValueError with a plain sentence."""
    _know(body, {"from", "until", "platform", "cause", "share"})
    kept = _span(body, now, endless=True)
    kept["platform"], kept["share"] = body.get("platform"), body.get("share", 1)
    if kept["platform"] not in [*PLATFORMS]:
        raise ValueError(f'"platform" is one of {", ".join(PLATFORMS)}.')
    if type(kept["share"]) not in (int, float) or not 0 <= kept["share"] <= 1:
        raise ValueError('"share" is a number from 0 to 1: how many of the merchants on the platform.')
    kept["cause"] = list(_cause(body.get("cause")))
    return kept


def shown(event: Event) -> Json:
    """An order as it was given, with what it left open."""
    kept = {name: value for name, value in event.body.items() if name != "given"}
    return kept | {name: event.body["given"][name] for name in kept.keys() & {"cause"}}


def _know(body: Json, names: set[str]) -> None:
    if unknown := body.keys() - names:
        known = ", ".join(sorted(names))
        raise ValueError(f"There is no {', '.join(sorted(unknown))} here. There are: {known}.")


def _span(body: Json, now: datetime, *, endless: bool) -> Json:
    start, end = _moment(body, "from") or now, _moment(body, "until")
    if end is None and not endless:
        raise ValueError('"until" is missing: a date and time such as 2026-11-20T03:00:00Z.')
    if end and end <= start:
        raise ValueError('"until" must be later than "from".')
    return {"from": start.isoformat(), "until": end.isoformat() if end else None}


def _moment(body: Json, name: str) -> datetime | None:
    if body.get(name) is None:
        return None
    try:
        moment = datetime.fromisoformat(body[name])
    except (TypeError, ValueError):
        raise ValueError(f'"{name}" is a date and time such as 2026-11-20T03:00:00Z.') from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _cause(value: object) -> Outcome:
    if isinstance(value, str) and value in CAUSES:
        return CAUSES[value]
    match value:
        case {"code": int(code), **rest} if code // 1000 in (4, 5) and rest.keys() <= {"text", "message"}:
            match rest.get("text", "Error"), rest.get("message"):
                case str(text), None:
                    return Outcome(code, text, None)
                case str(text), str(message):
                    # What stands in braces is ours to fill in, not the caller's.
                    return Outcome(code, text, message.replace("{", "{{").replace("}", "}}"))
    raise ValueError(
        '"cause" is an object with a code from 4000 to 5999 and, if you like, a text and a message; '
        f"or one of {', '.join(CAUSES)}."
    )


def _outage(body: Json) -> Outage:
    start, end = datetime.fromisoformat(body["from"]), datetime.fromisoformat(body["until"])
    return Outage(start, end, body["running"], body["api"])


def _wave(number: int, body: Json) -> Wave:
    start, end = datetime.fromisoformat(body["from"]), body["until"] and datetime.fromisoformat(body["until"])
    return Wave(number, body["platform"], Outcome(*body["cause"]), body["share"], start, end)
