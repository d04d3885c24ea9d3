"""What Codat read of a company, and what it is asked to read again (Codat docs, refresh data)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sandbox import datatypes
from sandbox.cards import Card, Connection
from sandbox.dice import digest, fraction, guid
from sandbox.exchange import Refusal
from sandbox.query import Kind
from sandbox.reading import Pull, reads, to_json
from sandbox.wire import Json, stamp
from sandbox.world import World

KEPT = timedelta(days=30)
"""How far back the history goes: our guess."""
FIELDS: dict[str, Kind] = {
    # Not isCompleted: it cannot be asked for (OpenAPI).
    "id": "text",
    "companyId": "text",
    "connectionId": "text",
    "dataType": "text",
    "status": "text",
    "statusDescription": "text",
    "errorMessage": "text",
    "requested": "date",
    "completed": "date",
    "progress": "number",
    "isErrored": "truth",
}
_TAKES, _STEP = timedelta(seconds=50), timedelta(seconds=4)
_MESSAGES = {
    "AuthError": "The authorization to access {platform} is no longer valid.",
    "FetchError": "{platform} did not answer in time.",
    "RateLimitError": "{platform} allows no more requests for now.",
}


def history(card: Card, now: datetime) -> list[Pull]:
    """Newest first; a deleted connection takes its own along."""
    pulls = [pull for pull in card.pulls if pull.connection_id in card.connections]
    for link in card.connections.values():
        pulls += _of_itself(link, now)
    return sorted(pulls, key=lambda pull: pull.requested, reverse=True)


def told(card: Card, pull: Pull, now: datetime) -> Json:
    progress = pull.progress(now)
    failed = progress.done and pull.ends_as != "Complete"
    platform = card.connections[pull.connection_id].platform.name
    shown: Json = {
        "id": pull.id,
        "companyId": card.company_id,
        "connectionId": pull.connection_id,
        "dataType": pull.data_type,
        "status": progress.status,
        "statusDescription": None,
        "errorMessage": _MESSAGES[pull.ends_as].format(platform=platform) if failed else None,
        "requested": stamp(pull.requested),
        "progress": progress.percent,
        "isCompleted": progress.status == "Complete",
        "isErrored": failed,
    }
    return {**shown, "completed": stamp(pull.ends)} if progress.done else shown


def status(card: Card, now: datetime) -> Json:
    """The state of each of Codat's data types; null for what was never read."""
    states: Json = dict.fromkeys(datatypes.ALL)
    for pull in reversed(history(card, now)):
        progress, state = pull.progress(now), states[pull.data_type] or {"dataType": pull.data_type}
        state |= {"currentStatus": progress.status, "latestSyncId": pull.id}
        if progress.status == "Complete":
            state |= {"lastSuccessfulSync": stamp(pull.ends), "latestSuccessfulSyncId": pull.id}
        states[pull.data_type] = state
    return states


def refresh_all(world: World, company_id: str) -> None:
    """What is read on the first link, on each connection that was ever linked; what is being read already is not."""
    card = world.card(company_id)
    for link in card.connections.values():
        for name in datatypes.on_first_link(link.platform):
            if link.spells and not _in_progress(card, link, name, world.now()):
                _ask(world, company_id, link, name)


def refresh(world: World, company_id: str, name: str, connection_id: str | None) -> Pull:
    """On all connections that have this data type, or on one; raises Refusal (404, 409)."""
    card, now = world.card(company_id), world.now()
    links = [_given(card, connection_id)] if connection_id else list(card.connections.values())
    data_type = datatypes.named(name)
    able = [link for link in links if data_type in datatypes.supported(link.platform)]
    if not data_type or not able:
        platforms = ", ".join(link.platform.name for link in links)
        raise Refusal(404, f"Datatype [{data_type or name}] not supported by platform(s) [{platforms}]")
    able = [link for link in able if link.status == "Linked"] or able
    for link in able:
        if busy := _in_progress(card, link, data_type, now):
            raise _already(company_id, data_type, busy)
    first, *_ = [_ask(world, company_id, link, data_type) for link in able]
    return first


def _of_itself(link: Connection, now: datetime) -> Iterator[Pull]:
    for read in reads(link.id, link.spells, now - KEPT, now + _TAKES):
        yield from (pull for pull in read_at(link, read) if pull.requested <= now)
    for spell in link.spells:
        if spell.end and spell.became == "Deauthorized" and now - KEPT <= spell.end <= now:
            yield from read_at(link, spell.end, "AuthError")


def read_at(link: Connection, read: datetime, ends_as: str | None = None) -> Iterator[Pull]:
    """All data types, one soon after the other; the last one is complete when the connection's read is."""
    names = datatypes.on_first_link(link.platform)
    for number, name in enumerate(names):
        raw = digest(link.id, read.isoformat(), name, size=18)
        left = len(names) - 1 - number
        yield Pull(
            guid(raw),
            link.id,
            name,
            read - _TAKES + timedelta(milliseconds=250 * number),
            read - _STEP * left,
            ends_as or (_luck(fraction(raw[16:])) if left else "Complete"),
        )


def _luck(chance: float) -> str:
    return "FetchError" if chance < 0.004 else "RateLimitError" if chance < 0.006 else "Complete"


def _given(card: Card, connection_id: str) -> Connection:
    if connection_id.lower() not in card.connections:
        raise Refusal(404, f"Data connection {connection_id} not found")
    return card.connections[connection_id.lower()]


def _in_progress(card: Card, link: Connection, name: str, now: datetime) -> Pull | None:
    mine = (pull for pull in card.pulls if (pull.connection_id, pull.data_type) == (link.id, name))
    theirs = (pull for pull in _of_itself(link, now) if pull.data_type == name)
    return next((pull for pull in [*mine, *theirs] if pull.requested <= now < pull.ends), None)


def _already(company_id: str, data_type: str, busy: Pull) -> Refusal:
    """The text is in the docs, its status is not: 409 stands for data whose sync is not completed."""
    error = (
        f"DatasetAlreadyInProgressException: Cannot queue {data_type} sync for {company_id} "
        f"as previous sync {busy.id} is still in progress"
    )
    return Refusal(409, error, service="PullApi")


def _ask(world: World, company_id: str, link: Connection, name: str) -> Pull:
    """An authorization that is gone is found out while fetching (Codat docs, data status)."""
    number, now = len(world.card(company_id).pulls), world.now()
    raw = digest(world.seed, company_id, "pull", number, size=18)
    takes = timedelta(seconds=(4 + 16 * fraction(raw[16:])) / world.speed)
    ends_as = "Complete" if link.status == "Linked" else "AuthError"
    pull = Pull(guid(raw), link.id, name, now, now + takes, ends_as)
    world.record(company_id, "pull", to_json(pull))
    return pull
