"""A company's Sync for Commerce configuration: schedule, switches and account mapping (OpenAPI, Configuration)."""

from typing import Any

from sandbox import mapping, wire
from sandbox.cards import OFFERED, Card, Schedule
from sandbox.exchange import NOT_VALID, Answer, Refusal, Request, ok
from sandbox.schedule import zone
from sandbox.timeline import Timeline
from sandbox.world import World

FREQUENCIES = ("Daily", "Monthly")


def get_configuration(world: World, request: Request) -> Answer:
    return ok(_configuration(world, world.timeline(request.params["companyId"])))


def set_configuration(world: World, request: Request) -> Answer:
    """The whole object with one's edits; the OpenAPI declares no body, so an empty one changes nothing."""
    company_id, body = request.params["companyId"], request.json_object()
    timeline = world.timeline(company_id)
    if body:
        _have_options(timeline.card)
        world.record(company_id, "configuration", _edited(timeline.card, body))
    return ok(_configuration(world, world.timeline(company_id)))


def _configuration(world: World, timeline: Timeline) -> wire.Json:
    card = timeline.card
    return {
        "companyId": card.company_id,
        "accountingSoftwareCompanyName": card.books_name,
        # The OpenAPI says enable, the docs say enabled.
        "enable": card.enabled,
        "enabled": card.enabled,
        "configured": card.configured,
        "schedule": _schedule(card.schedule, absent=world.switches.no_zone == "absent"),
        "configuration": card.settings or mapping.chosen(timeline.merchant, configured=card.configured),
    }


def _schedule(schedule: Schedule, *, absent: bool) -> wire.Json:
    shown = {
        "selectedFrequency": schedule.frequency,
        "frequencyOptions": list(OFFERED),
        "startDate": schedule.start_date,
        "syncHour": schedule.hour,
    }
    return shown if absent and schedule.zone is None else {**shown, "timeZone": schedule.zone}


def _edited(card: Card, body: dict[str, Any]) -> dict[str, Any]:
    schedule = body.get("schedule")
    return {
        "enabled": _enabled(card, body),
        "configured": _truth(body.get("configured", card.configured)),
        "books_name": _text(body.get("accountingSoftwareCompanyName") or card.books_name),
        "settings": _settings(body["configuration"]) if body.get("configuration") else card.settings,
        "schedule": _rescheduled(card.schedule, _object(schedule) if schedule is not None else {}),
    }


def _have_options(card: Card) -> None:
    """The OpenAPI has a 409 for data that was never read: ours is for accounts nobody ever gave access to."""
    read = (link.spells for link in card.connections.values() if link.platform.side == "Accounting")
    if not any(read):
        raise Refusal(409, "The data set has not been requested.")


def _settings(value: object) -> dict[str, Any]:
    settings = _object(value)
    for name in ("mapSettings", "sales", "payments", "newPayments", "fees"):
        _object(settings.get(name) or {})
    return settings


def _enabled(card: Card, body: dict[str, Any]) -> bool:
    """Whichever of the two names was changed counts."""
    given = [_truth(body[name]) for name in ("enable", "enabled") if body.get(name) is not None]
    return not card.enabled if (not card.enabled) in given else card.enabled


def _rescheduled(old: Schedule, given: dict[str, Any]) -> dict[str, Any]:
    start_date = given.get("startDate") or old.start_date
    hour = old.hour if given.get("syncHour") is None else given["syncHour"]
    frequency = given.get("selectedFrequency") or old.frequency
    zone_name = given.get("timeZone", old.zone)
    valid = (
        wire.is_date(start_date)
        and type(hour) is int
        and 0 <= hour <= 23
        and frequency in FREQUENCIES
        and _is_zone(zone_name)
    )
    if not valid:
        raise Refusal(400, NOT_VALID)
    return {"start_date": start_date, "hour": hour, "zone": zone_name, "frequency": frequency}


def _is_zone(name: object) -> bool:
    if name is None:
        return True
    try:
        return isinstance(name, str) and bool(zone(name))
    except (KeyError, ValueError, OSError):
        return False


def _truth(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise Refusal(400, NOT_VALID)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise Refusal(400, NOT_VALID)


def _object(value: object) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise Refusal(400, NOT_VALID)
