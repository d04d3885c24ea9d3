"""What templates say by a word: the panel's widgets, and moments and days in the reader's zone."""

import re
from collections.abc import Iterable
from datetime import date, datetime

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from syncs import moments, widgets
from syncs.context_processors import Banner, worst
from syncs.models import User

register = template.Library()

# Relative words at the beginning of a moment, and a length of time that grows: as static/ages.js has them.
GROWING = re.compile(
    r'(?P<tag><time datetime="(?P<at>[^"]+)"(?P<length> data-so-far)?>)'
    r"(?:just now|\d+ (?:min|h) ago|(?<=data-so-far>)[^<]*)"
)

for widget in (
    widgets.icon,
    widgets.look_pill,
    widgets.pill,
    widgets.health_pill,
    widgets.merchant_pill,
    widgets.request_pill,
    widgets.moment,
    widgets.moment_line,
    widgets.full_moment,
    widgets.ago,
    widgets.so_far,
    widgets.days,
    widgets.copy,
    widgets.copy_button,
    widgets.open_in_codat,
):
    register.simple_tag(widget)
register.filter(widgets.shortday)


@register.filter(is_safe=True)
def grown(html: str) -> str:
    """With the ages of now, in what may have been drawn minutes ago."""
    now = timezone.localtime()

    def told(found: re.Match[str]) -> str:
        at = datetime.fromisoformat(found["at"])
        words = moments.length(now - at) if found["length"] else moments.relative(at, now)
        return found["tag"] + words

    return GROWING.sub(told, html)


@register.filter
def told(stored: str) -> str:
    """A sentence that was stored, with the moments in it in the reader's zone."""
    return moments.told(stored, timezone.localtime())


@register.filter
def salesday(day: date | None) -> str:
    return moments.sales_day(day) if day else "–"


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
