"""The panel's small widgets: icons, pills, moments, buttons that copy. All is escaped by format_html, none of it marked
safe by hand."""

from datetime import UTC, date, datetime
from functools import cache, lru_cache
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from syncs import moments
from syncs.codat import portal
from syncs.models import Merchant, SyncRequest
from syncs.presentation import Look, look_of_code, look_of_health, look_of_merchant, look_of_request


def dash(meaning: str) -> SafeString:
    """Where there is nothing to show; a screen reader hears what that means."""
    return format_html(
        '<span class="subtle"><span aria-hidden="true">–</span><span class="sr">{}</span></span>', meaning
    )


UNKNOWN = dash("not known")


@cache
def icon(name: str, css_class: str = "") -> SafeString:
    """A symbol of components/icons.html; decoration, so hidden from screen readers."""
    class_attribute = format_html(' class="{}"', css_class) if css_class else ""
    return format_html(
        '<svg viewBox="0 0 16 16" aria-hidden="true"{}><use href="#i-{}"/></svg>', class_attribute, name
    )


@lru_cache(maxsize=500)
def look_pill(look: Look, css_class: str = "") -> SafeString:
    code = format_html(' <span class="mono">{}</span>', look.code) if look.code is not None else ""
    return format_html(
        '<span class="pill t-{}{}">{}{}{}</span>',
        look.tone,
        f" {css_class}" if css_class else "",
        icon(look.icon, "spin" if look.spins else ""),
        look.word,
        code,
    )


def pill(code: int | None, css_class: str = "") -> SafeString:
    return look_pill(look_of_code(code), css_class)


def health_pill(merchant: Merchant) -> SafeString:
    return look_pill(look_of_health(merchant))


def merchant_pill(merchant: Merchant) -> SafeString:
    return look_pill(look_of_merchant(merchant))


def request_pill(sync_request: SyncRequest) -> SafeString:
    return look_pill(look_of_request(sync_request))


def moment(at: datetime | None, now: datetime | None = None) -> SafeString:
    """Two lines: relative, and the absolute time under it, in the reader's zone. Who draws many brings the time."""
    if at is None:
        return UNKNOWN
    now = now or timezone.localtime()
    first, second = moments.relative(at, now), moments.absolute(at, now)
    if moments.is_long_ago(at, now):
        second = f"{at.astimezone(now.tzinfo):%H:%M}"
    return format_html(
        '<time datetime="{}">{}<span class="sub">{}</span></time>', _machine_readable(at), first, second
    )


def moment_line(at: datetime | None) -> SafeString:
    if at is None:
        return UNKNOWN
    now = timezone.localtime()
    absolute = moments.absolute(at, now)
    if moments.is_long_ago(at, now):
        return _time(at, absolute)
    return _time(at, f"{moments.relative(at, now)} · {absolute}")


def ago(at: datetime | None, now: datetime | None = None) -> SafeString:
    return UNKNOWN if at is None else _time(at, moments.relative(at, now or timezone.localtime()))


def so_far(since: datetime | None) -> SafeString:
    """How long something has gone on; it grows while the page stays open."""
    if since is None:
        return UNKNOWN
    words = moments.length(timezone.now() - since)
    return format_html('<time datetime="{}" data-so-far>{}</time>', _machine_readable(since), words)


def full_moment(at: datetime | None) -> SafeString:
    return UNKNOWN if at is None else _time(at, moments.full(timezone.localtime(at)))


def _time(at: datetime, words: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', _machine_readable(at), words)


def _machine_readable(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def days(first: date, last: date) -> str:
    return moments.day_range(first, last, timezone.localdate())


def shortday(day: date | None) -> str:
    return moments.short_day(day, timezone.localdate()) if day else "–"


def copy(text: object, label: str, key: str = "") -> SafeString:
    """`key` is the shortcut that presses it."""
    return format_html(
        '<button type="button" class="iconbtn" data-copy="{}"{} aria-label="{}">{}</button>',
        text,
        format_html(' data-key="{}"', key) if key else "",
        label,
        icon("copy"),
    )


def open_in_codat(company_id: UUID, css_class: str = "row g1 link") -> SafeString:
    """Nothing where Codat's Portal does not know the company."""
    url = portal.page_of(company_id, settings.CODAT_API_URL)
    if not url:
        return SafeString()
    return format_html(
        '<a class="{}" href="{}" target="_blank" rel="noopener noreferrer">Open in Codat{}'
        '<span class="sr"> in a new tab</span></a>',
        css_class,
        url,
        icon("ext"),
    )


def copy_button(text: object, label: str, about: str = "") -> SafeString:
    """With its label shown; `about` tells a screen reader what it belongs to."""
    return format_html(
        '<button type="button" class="btn xs" data-copy="{}">{}{}{}</button>',
        text,
        icon("copy"),
        label,
        format_html('<span class="sr"> of {}</span>', about) if about else "",
    )


def copy_or_open(text: object, label: str, about: str, place: str) -> SafeString:
    """As copy_button; without JavaScript it leads to `place`, where the text stands."""
    return format_html(
        '<a class="btn xs" data-copy="{}" href="{}" rel="noreferrer">{}{}<span class="sr"> of {}</span></a>',
        text,
        place,
        icon("copy"),
        label,
        about,
    )
