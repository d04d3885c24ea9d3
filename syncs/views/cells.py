"""The cells of a row of Sync health.

Fifty rows are drawn for one look at the page, which takes functions a quarter of the time that a template takes. What
many rows share is drawn once for all of them. Everything is escaped by format_html.
"""

from functools import lru_cache

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from syncs.presentation import Look
from syncs.views.merchant_rows import CareMark, FuseCell, Help, MerchantRow
from syncs.widgets import ago, copy_or_open, dash, icon, look_pill, moment, so_far

# With their kinds: "<b>" that is safe and "<b>" that is not are equal.
drawn_once = lru_cache(maxsize=5000, typed=True)
NOTHING = SafeString()
# Of the 31 days that one which is neither failed nor left. In more words it would make the table wider than a desk.
YESTERDAY = SafeString(
    '<span title="Yesterday has no result yet">, 1 open<span class="sr">: yesterday has no result yet</span></span>'
)


def cells_of(row: MerchantRow, *, may_ask: bool) -> list[SafeString]:
    """In their usual order; the one with the box only for who may ask for syncs."""
    merchant = row.merchant
    return [
        *([_box(merchant.pk, merchant.name)] if may_ask else []),
        name_cell(row, may_ask=may_ask),
        platforms(row.commerce, row.accounting),
        result(row.look, row.look_of_what_moves, row.why),
        _success(row),
        days(row.strip, row.strip_sentence),
        fuse(row.fuse),
        format_html('<td><div class="acts">{}</div></td>', _actions(row, may_ask=may_ask)),
    ]


def _box(pk: int, name: str) -> SafeString:
    return format_html(
        '<td class="w-ck"><label class="ck"><input type="checkbox" id="pick-{pk}" form="bulk" name="pick" value="{pk}"'
        ' data-key="x" aria-label="Select {name}"></label></td>',
        pk=pk,
        name=name,
    )


def name_cell(row: MerchantRow, *, may_ask: bool, to_who_is_on_it: bool = False) -> SafeString:
    merchant = row.merchant
    return format_html(
        '<td class="c-name"><a class="name" id="merchant-{}" href="{}">{}</a><div class="sub"><span class="mono"'
        ' data-copy="{}" data-key="c" title="Copy company ID">{}</span>{}</div>{}{}</td>',
        merchant.pk,
        row.url,
        merchant.name,
        merchant.company_id,
        merchant.short_id,
        _age(row) if row.is_old else "",
        format_html_join("", "{}", ((_care(care),) for care in row.cares(to_who_is_on_it=to_who_is_on_it))),
        _why_not(row, may_ask=may_ask),
    )


def _age(row: MerchantRow) -> SafeString:
    told = format_html("as of {}", ago(row.looked_at, row.now)) if row.looked_at else "of an unknown age"
    return format_html(" · {}", told)


def _care(care: CareMark) -> SafeString:
    mark = '<div class="sub cared" title="{}">{}<span>{}</span></div>'
    return format_html(mark, care.words, icon(care.icon), care.words)


def _why_not(row: MerchantRow, *, may_ask: bool) -> SafeString:
    """Why the row offers no sync, or no latest one, for who presses L or R."""
    kind = row.help.kind
    if may_ask and kind == "run":
        return NOTHING
    keys = "l" if may_ask and kind == "range" else "l r"
    reason = _reason(row) if may_ask else "Your role can view but not run syncs."
    return format_html('<span class="why-not" data-why-not="{}" hidden>{}</span>', keys, reason)


def _reason(row: MerchantRow) -> str:
    match row.help.kind:
        case "running":
            return format_html("{} runs a sync now, {}.", row.merchant.name, _how_long(row.help))
        case "asked":
            words = "A sync of {} is on its way, {}. Wait for its result."
            return format_html(words, row.merchant.name, _how_long(row.help))
    return row.why_not


def _how_long(offered: Help) -> SafeString:
    """ "about 14 min so far", "asked 3 min ago": they grow while the page stays open."""
    if offered.kind == "asked":
        return format_html("asked {}", ago(offered.since))
    return format_html("{}{} so far", f"{offered.words} " if offered.words else "", so_far(offered.since))


@drawn_once
def platforms(commerce: str, accounting: str) -> SafeString:
    cell = '<td class="c-platforms">{}</td>'
    if not commerce and not accounting:
        return format_html(cell, dash("No platforms known"))
    return format_html(cell, flow(commerce, accounting))


@drawn_once
def flow(commerce: str, accounting: str) -> SafeString:
    """From where to where; a side that nobody knows is a dash."""
    told = '<span class="flow">{}{}<span class="sr">to</span>{}</span>'
    return format_html(told, commerce or "–", icon("arrow"), accounting or "–")


@drawn_once
def result(look: Look, moving: Look | None, why: str) -> SafeString:
    return format_html(
        '<td><div class="beside">{}{}</div>{}</td>',
        look_pill(look),
        look_pill(moving, "bare") if moving else "",
        format_html('<div class="sub why" title="{}">{}</div>', why, why) if why else "",
    )


def _success(row: MerchantRow) -> SafeString:
    at = row.merchant.last_success_at
    told = moment(at, row.now) if at else format_html('Never<div class="sub">Added {}</div>', row.added_on)
    return format_html('<td class="num c-success">{}</td>', told)


@drawn_once
def days(letters: str, sentence: str) -> SafeString:
    return format_html(
        '<td class="c-days"><div class="strip" role="img" aria-label="{}">{}</div></td>',
        sentence,
        format_html_join("", '<i class="d-{}"></i>', zip(letters)),
    )


@drawn_once
def fuse(left: FuseCell | None) -> SafeString:
    return format_html('<td class="c-fuse">{}</td>', _count(left) if left else dash("No countdown"))


def _count(fuse: FuseCell) -> SafeString:
    if not fuse.is_counting:
        return format_html(
            '<div class="count t-hold"><span>{}</span><span class="sub">Codat has stopped trying</span></div>',
            fuse.words,
        )
    words = format_html("<b>{}{}</b>", icon("power"), fuse.words) if fuse.is_urgent else fuse.words
    return format_html(
        '<div class="count t-{} num"><span>{}</span><span class="row">'
        '<svg class="meter" aria-hidden="true"><rect width="{}" height="100%" rx="3"/></svg>'
        '<span class="sub">{} of 31{}</span></span></div>',
        fuse.tone,
        words,
        fuse.percent,
        fuse.failed_days,
        YESTERDAY if fuse.is_yesterday_open else NOTHING,
    )


def _actions(row: MerchantRow, *, may_ask: bool) -> SafeString:
    offered = row.help
    match offered.kind:
        case "running" | "asked":
            return format_html('<span class="muted sm">Wait: {}</span>', _how_long(offered))
        case "copy":
            return copy_or_open(offered.text, offered.words, row.merchant.name, offered.place)
        case "look":
            return _link(row, "look", offered.words, of="for")
        case "run" if may_ask:
            return _range(row) + _latest(row)
        case "range" if may_ask:
            return _range(row)
    return NOTHING


def _range(row: MerchantRow) -> SafeString:
    return _link(row, "range", "Re-run range…", key="r", form="?run=historic#rerun")


def _latest(row: MerchantRow) -> SafeString:
    words = format_html("{}Sync latest", icon("sync"))
    return _link(row, "latest", words, look="btn xs", key="l", form="?run=latest#rerun")


def _link(
    row: MerchantRow,
    verb: str,
    words: str,
    *,
    look: str = "btn xs ghost",
    of: str = "of",
    key: str = "",
    form: str = "",
) -> SafeString:
    """To the merchant's page, or to a form on it."""
    return format_html(
        '<a class="{}" id="{}-{}"{} href="{}{}">{}<span class="sr"> {} {}</span></a>',
        look,
        verb,
        row.merchant.pk,
        format_html(' data-key="{}"', key) if key else "",
        row.url,
        form,
        words,
        of,
        row.merchant.name,
    )
