from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.text import get_text_list

from syncs import moments
from syncs.models import AlertRule, Freeze, Outage
from syncs.moments import at_in_a_sentence, in_a_sentence
from syncs.operations import (
    api_key,
    deliveries,
    freezing,
    heartbeats,
    host_time,
    outage_hold,
    pauses,
    silence,
)
from syncs.operations.heartbeats import Signs
from syncs.operations.surroundings import Surroundings

RESUME = {
    Freeze.Cause.SILENCE: "Resume now…",
    Freeze.Cause.PERSON: "Resume…",
    Freeze.Cause.RESTORE: "See what waits…",
}


NEVER = "never"


@dataclass(frozen=True)
class Banner:
    tone: str
    icon: str
    lead: str
    sentence: str
    action: str = ""
    url: str = ""
    data_from: str = ""
    """Where pages show what was known then, and not what is; NEVER where nobody knows when that was."""


def shell(request: HttpRequest) -> dict[str, Any]:
    """What every page's frame needs; lazy, so that a page without the frame asks for nothing."""
    return {"banners": SimpleLazyObject(lambda: banners(request))}


def banners(request: HttpRequest, signs: Signs | None = None) -> list[Banner]:
    """What a reader must know on every page: one query, none where the signs of life are at hand, and one more where
    sending may be frozen, and where Codat may be down."""
    now = timezone.localtime()
    signs = signs or heartbeats.signs(now)
    frozen = _frozen(request, now) if signs.may_be_frozen else ()
    out = _out(now) if signs.may_be_out else ()
    return [*frozen, *notices(signs, now), *out, *_not_delivered(request, signs, now)]


def _out(now: datetime) -> Iterator[Banner]:
    """One for all that stand, with the numbers of the worst; those that are quiet are told where no other stands."""
    standing = outage_hold.standing()
    loud = [outage for outage in standing if not outage.is_quiet]
    if not standing:
        return
    worst = (loud or standing)[0]
    names = list(dict.fromkeys(outage.platform_name for outage in loud or standing))
    query = urlencode({"code": worst.code, worst.side: worst.platform_name})
    yield Banner(
        "warn",
        "cloud",
        f"Codat {'looks' if loud else 'was'} down for {get_text_list(names, 'and')} merchants.",
        _known_of(worst, now, which=f" {worst.platform_name} merchants" if len(names) > 1 else ""),
        action=f"Show {worst.failed:,}",
        url=f"{reverse('syncs')}?{query}",
    )


def _known_of(outage: Outage, now: datetime, which: str) -> str:
    if outage.is_quiet:
        return outage_hold.NOBODY_KNOWS
    failed = f"{outage.failed:,} of {outage.ran:,}{which} failed with {outage.code}"
    return f"{failed} within the hour, the first {at_in_a_sentence(outage.since, now)}. Re-runs are held."


def notices(signs: Signs, now: datetime) -> list[Banner]:
    """Those that come and go with the signs of life, the same for everybody. No query."""
    now = timezone.localtime(now)
    return [*_silent_parts(signs.silent, now), *_held_up(signs, now)]


def worst(shown: Iterable[Banner]) -> str:
    """The tone of the gravest notice: "bad" while nothing is sent, "warn" while something else stands, or nothing."""
    return next((tone for tone in ("bad", "warn") if tone in {banner.tone for banner in shown}), "")


def version(house: Surroundings, now: datetime) -> str:
    """For pollers: another one when a notice has come, changed or gone. No query."""
    today = timezone.localdate(now)
    outages = house.outages if outage_hold.is_followed(house.seen, now) else ()
    facts = notices(house.signs(now), now), house.stops, outages, house.undelivered, today
    return blake2b(repr(facts).encode(), digest_size=4).hexdigest()


def _frozen(request: HttpRequest, now: datetime) -> Iterator[Banner]:
    """The one stop that has to be ended first; the page behind it tells of all."""
    for stop in freezing.standing()[:1]:
        resumes = {"action": RESUME[Freeze.Cause(stop.cause)], "url": reverse("sending")}
        action = resumes if request.user.has_perm("syncs.freeze_sending") else {}
        yield Banner("warn", "snow", "Sending is frozen.", _why_frozen(stop, now), **action)


def _why_frozen(stop: Freeze, now: datetime) -> str:
    if stop.cause == Freeze.Cause.SILENCE:
        goes_on = "Sending goes on by itself when Codat answers."
        if stop.pause:
            goes_on = (
                f"One more is tried when Codat answers a read after {in_a_sentence(stop.ends_from, now)}."
            )
        return f"{stop.reason} ({in_a_sentence(stop.since, now)}). New requests are saved and wait. {goes_on}"
    if stop.cause == Freeze.Cause.RESTORE:
        return f"{stop.reason} ({in_a_sentence(stop.since, now)}). What was asked before is not sent: a lead decides."
    where = f"By {stop.by.display_name}" if stop.by else "On the server"
    return f"{where} {_since(stop.since, now)}: “{stop.reason}”. New requests are saved and wait."


def _not_delivered(request: HttpRequest, signs: Signs, now: datetime) -> Iterator[Banner]:
    """For leads and admins; a query only where some alerts fail."""
    failing = deliveries.failing(signs.seen)
    if not failing or not request.user.has_perm("syncs.freeze_sending"):
        return
    may_mend = request.user.has_perm("syncs.administer")
    look = {"action": "See messages", "url": reverse("admin:syncs_delivery_changelist")} if may_mend else {}
    for rule in (
        AlertRule.objects.active().filter(pk__in=failing, failing_since__isnull=False).order_by("name")
    ):
        lead = f"Alerts of “{rule.name}” are not delivered."
        yield Banner("warn", "warn", lead, f"Not {_since(rule.failing_since, now)}: {rule.problem}", **look)


def _held_up(signs: Signs, now: datetime) -> Iterator[Banner]:
    if refused := api_key.refused_since(signs.seen):
        stale = refused.isoformat()
        yield Banner("bad", "ban", api_key.NOT_ACCEPTED, api_key.UNTIL_PUT_RIGHT, data_from=stale)
    if silent := silence.since(signs.seen):
        sentence = f"Showing data from {in_a_sentence(silent, now)}. What is asked for is saved and waits."
        yield Banner("warn", "cloud", "Codat does not answer.", sentence, data_from=silent.isoformat())
    if signs.is_queue_down:
        sentence = f"It has taken nothing {_since(signs.queue_took, now)}. {heartbeats.WITHOUT_A_QUEUE}"
        stale = _moment(signs.queue_took)
        yield Banner("warn", "warn", "The queue does not answer.", sentence, data_from=stale)
    if busy := signs.busy.get("worker sending"):
        sentence = f"All workers have been busy {_since(busy, now)}. New requests are saved and wait."
        yield Banner("warn", "hold", "Sending is held up.", sentence)
    if busy := signs.busy.get("worker refreshing"):
        sentence = f"All refreshing workers have been busy {_since(busy, now)}."
        yield Banner("warn", "warn", "Results come late.", sentence)
    for host, ahead in host_time.wrong(signs.seen, now).items():
        sentence = (
            f"{told_wrong(host, ahead)} Until NTP puts it right, that host hands out nothing to refresh."
        )
        yield Banner("bad", "clock", "The time of a host is wrong.", sentence)
    if (pause := pauses.shown(signs.seen)) and now < pause.until:
        asked, until = at_in_a_sentence(pause.since, now), in_a_sentence(pause.until, now)
        sentence = f"Codat asked for it {asked}, until {until} at the latest. What waits goes on by itself."
        stale = pause.since.isoformat()
        yield Banner("warn", "hold", "Calls to Codat are paused.", sentence, data_from=stale)
    elif (kept := pauses.kept(signs.seen)) and now < kept.until:
        until = in_a_sentence(kept.until, now)
        stopped = f"Refreshing has stood still {_since(kept.since, now)}, until {until} at the latest"
        sentence = f"{stopped}: what is left is kept for sync requests."
        stale = kept.since.isoformat()
        yield Banner("warn", "hold", "The API budget for today is nearly spent.", sentence, data_from=stale)


def told_wrong(host: str, ahead: timedelta) -> str:
    how = "ahead of" if ahead > timedelta() else "behind"
    by = timedelta(seconds=round(abs(ahead).total_seconds()))
    return f"{host} is {moments.length(by)} {how} the database's clock."


def _silent_parts(silent: dict[str, datetime | None], now: datetime) -> Iterator[Banner]:
    if "worker sending" in silent:
        lead, since = "Nothing is being sent.", _since(silent["worker sending"], now)
        yield Banner("bad", "srv", lead, f"No worker has reported {since}. New requests are saved and wait.")
    if "worker refreshing" in silent:
        seen = silent["worker refreshing"]
        sentence = f"No refreshing worker has reported {_since(seen, now)}."
        yield Banner("warn", "warn", "Results are not refreshed.", sentence, data_from=_moment(seen))
    if "clock" in silent:
        seen = silent["clock"]
        sentence = f"It has not reported {_since(seen, now)}. What waits is looked at late."
        yield Banner("warn", "clock", "Sync Desk's clock is silent.", sentence, data_from=_moment(seen))


def _moment(seen: datetime | None) -> str:
    return seen.isoformat() if seen else NEVER


def _since(seen: datetime | None, now: datetime) -> str:
    return "yet" if seen is None else f"since {in_a_sentence(seen, now)}"
