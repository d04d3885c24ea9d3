"""A bar of the daily chart. Most days are over, and their bars are drawn once for all looks at the page."""

from dataclasses import dataclass
from datetime import date

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from syncs import moments
from syncs.views.cells import drawn_once

BAR = (
    '<li class="bar{}" id="bar-{}" tabindex="{}"><span class="sr">{}: {}</span><svg aria-hidden="true">{}</svg>'
    '<span class="callout" aria-hidden="true">{} <span>· {}</span></span></li>'
)


@dataclass(frozen=True)
class Part:
    """A piece of a bar: `y` from the top and `height`, as SVG percentages."""

    kind: str
    y: str
    height: str


@drawn_once
def bar(
    day: date,
    today: date,
    sentence: str,
    failed: str,
    parts: tuple[Part, ...],
    *,
    is_stop: bool,
    is_open: bool,
) -> SafeString:
    """`is_stop`: where Tab stops; from there arrows move. `is_open`: its results are still coming in."""
    return format_html(
        BAR,
        " now" if is_open else "",
        day.isoformat(),
        0 if is_stop else -1,
        moments.sales_day(day),
        sentence,
        format_html_join("", "{}", ((_rect(part),) for part in parts)),
        moments.short_day(day, today),
        failed,
    )


def _rect(part: Part) -> SafeString:
    """What was synced has a cap, by which it is told from its neighbour without its colour."""
    rect = '<rect {}="{}" y="{}" width="100%" height="{}"/>'
    if part.kind == "failed":
        return format_html(rect, "fill", "url(#hatch)", part.y, part.height)
    piece = format_html(rect, "class", f"c-{part.kind}", part.y, part.height)
    return piece if part.kind == "hold" else piece + format_html(rect, "class", "c-cap", part.y, "1.5")
