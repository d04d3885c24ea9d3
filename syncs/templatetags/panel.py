"""The panel's small widgets. Everything is escaped by format_html; nothing here is marked safe by hand."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import cache, lru_cache

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from syncs import moments
from syncs.context_processors import Banner, worst
from syncs.models import Merchant, SyncRequest, User
from syncs.presentation import Look, look_of_code, look_of_health, look_of_merchant, look_of_request

register = template.Library()

# Relative words at the beginning of a moment, and a length of time that grows: as static/ages.js has them.
GROWING = re.compile(
    r'(?P<tag><time datetime="(?P<at>[^"]+)"(?P<length> data-so-far)?>)'
    r"(?:just now|\d+ (?:min|h) ago|(?<=data-so-far>)[^<]*)"
)

UNKNOWN = format_html(
    '<span class="subtle"><span aria-hidden="true">–</span><span class="sr">{}</span></span>', "not known"
)


@register.simple_tag
@cache
def icon(name: str, css_class: str = "") -> SafeString:
    """A symbol of components/icons.html; decoration, so hidden from screen readers."""
    class_attribute = format_html(' class="{}"', css_class) if css_class else ""
    return format_html(
        '<svg viewBox="0 0 16 16" aria-hidden="true"{}><use href="#i-{}"/></svg>', class_attribute, name
    )


@register.simple_tag
def pill(code: int | None, css_class: str = "") -> SafeString:
    return _pill(look_of_code(code), css_class)


@register.simple_tag
def look_pill(look: Look, css_class: str = "") -> SafeString:
    return _pill(look, css_class)


@register.simple_tag
def health_pill(merchant: Merchant) -> SafeString:
    return _pill(look_of_health(merchant))


@register.simple_tag
def merchant_pill(merchant: Merchant) -> SafeString:
    return _pill(look_of_merchant(merchant))


@register.simple_tag
def request_pill(sync_request: SyncRequest) -> SafeString:
    return _pill(look_of_request(sync_request))


@lru_cache(maxsize=500)
def _pill(look: Look, css_class: str = "") -> SafeString:
    code = format_html(' <span class="mono">{}</span>', look.code) if look.code is not None else ""
    return format_html(
        '<span class="pill t-{}{}">{}{}{}</span>',
        look.tone,
        f" {css_class}" if css_class else "",
        icon(look.icon, "spin" if look.spins else ""),
        look.word,
        code,
    )


@register.simple_tag
def moment(at: datetime | None) -> SafeString:
    """Two lines: relative, and the absolute time under it, in the reader's zone."""
    if at is None:
        return UNKNOWN
    now = timezone.localtime()
    first, second = moments.relative(at, now), moments.absolute(at, now)
    if moments.is_long_ago(at, now):
        second = f"{timezone.localtime(at):%H:%M}"
    return _time(at, format_html('{}<span class="sub">{}</span>', first, second))


@register.simple_tag
def moment_line(at: datetime | None) -> SafeString:
    if at is None:
        return UNKNOWN
    now = timezone.localtime()
    absolute = moments.absolute(at, now)
    if moments.is_long_ago(at, now):
        return _time(at, absolute)
    return _time(at, f"{moments.relative(at, now)} · {absolute}")


@register.simple_tag
def ago(at: datetime | None) -> SafeString:
    return UNKNOWN if at is None else _time(at, moments.relative(at, timezone.localtime()))


@register.filter
def about(at: datetime) -> str:
    """ "about today, 08:40", "about 18 Nov, 10:05": of what nobody knows to the minute."""
    told = moments.absolute(at, timezone.localtime())
    return f"about {told[0].lower()}{told[1:]}"


@register.simple_tag
def so_far(since: datetime) -> SafeString:
    """How long something has gone on; it grows while the page stays open."""
    words = moments.length(timezone.now() - since)
    return format_html('<time datetime="{}" data-so-far>{}</time>', _machine_readable(since), words)


@register.filter(is_safe=True)
def grown(html: str) -> str:
    """With the ages of now, in what may have been drawn minutes ago."""
    now = timezone.localtime()

    def told(found: re.Match[str]) -> str:
        at = datetime.fromisoformat(found["at"])
        words = moments.length(now - at) if found["length"] else moments.relative(at, now)
        return found["tag"] + words

    return GROWING.sub(told, html)


@register.simple_tag
def full_moment(at: datetime | None) -> SafeString:
    return UNKNOWN if at is None else _time(at, moments.full(timezone.localtime(at)))


def _time(at: datetime, words: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', _machine_readable(at), words)


def _machine_readable(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


@register.filter
def told(stored: str) -> str:
    """A sentence that was stored, with the moments in it in the reader's zone."""
    return moments.told(stored, timezone.localtime())


@register.filter
def salesday(day: date | None) -> str:
    return moments.sales_day(day) if day else "–"


@register.filter
def shortday(day: date | None) -> str:
    return moments.short_day(day, timezone.localdate()) if day else "–"


@register.simple_tag
def days(first: date, last: date) -> str:
    return moments.day_range(first, last, timezone.localdate())


@register.simple_tag
def copy(text: object, label: str, key: str = "") -> SafeString:
    """`key` is the shortcut that presses it."""
    return format_html(
        '<button type="button" class="iconbtn" data-copy="{}"{} aria-label="{}">{}</button>',
        text,
        format_html(' data-key="{}"', key) if key else "",
        label,
        icon("copy"),
    )


@register.simple_tag
def copy_button(text: object, label: str, about: str = "") -> SafeString:
    """With its label shown; `about` tells a screen reader what it belongs to."""
    return format_html(
        '<button type="button" class="btn xs" data-copy="{}">{}{}{}</button>',
        text,
        icon("copy"),
        label,
        format_html('<span class="sr"> of {}</span>', about) if about else "",
    )


@register.simple_tag
def avatar(user: User | None) -> SafeString:
    """None is Sync Desk itself."""
    name, initials, css = (user.display_name, user.initials, "") if user else ("Sync Desk", "SD", " sys")
    return format_html(
        '<span class="avatar{}" title="{}" role="img" aria-label="{}">{}</span>', css, name, name, initials
    )


@register.filter
def thousands(number: int) -> str:
    return f"{number:,}"


@register.simple_tag
def short_id(text: object) -> str:
    text = str(text)
    return f"{text[:8]}…{text[-4:]}" if len(text) > 13 else text


@register.simple_tag
def reader_zone() -> SafeString:
    """The zone in which this page tells moments, with its short name of now."""
    zone = timezone.get_current_timezone_name()
    return format_html("<b>{}</b> ({})", zone, moments.zone_word(timezone.localtime()))


@register.simple_tag
def reader_zone_name() -> str:
    return timezone.get_current_timezone_name()


@register.filter
def trouble(banners: Iterable[Banner]) -> str:
    return worst(banners or ())


@register.simple_tag
def favicon(trouble: str) -> SafeString:
    """With a dot in it while something stands; static/title.js puts another in its place when that changes."""
    files = {name: static(f"favicon{name and '-'}{name}.svg") for name in ("", "warn", "bad")}
    return format_html(
        '<link rel="icon" id="favicon" href="{}" type="image/svg+xml" data-plain="{}" data-warn="{}" data-bad="{}">',
        files[trouble],
        *files.values(),
    )
