from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.template import Context, Template
from django.utils import timezone

from syncs import moments
from syncs.models import Merchant, Sync, SyncRequest, User

NOW = datetime(2026, 11, 21, 8, 54, tzinfo=ZoneInfo("Europe/London"))


def shown(source: str, **context: object) -> str:
    return Template("{% load panel %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 min ago"),
        (timedelta(minutes=59, seconds=59), "59 min ago"),
        (timedelta(hours=6), "6 h ago"),
        (timedelta(hours=9), "Yesterday"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(days=60), "60 days ago"),
        (timedelta(days=61), "21 Sep"),
        (timedelta(days=400), "17 Oct 2025"),
        (timedelta(minutes=-14), "in 14 min"),
        (timedelta(hours=-6), "in 6 h"),
        (timedelta(hours=-20), "Tomorrow"),
        (timedelta(days=-3), "in 3 days"),
        # Two machines' clocks differ a little: that is no future.
        (timedelta(seconds=-30), "just now"),
    ],
)
def test_a_moment_is_told_relative_to_now(gone: timedelta, words: str) -> None:
    assert moments.relative(NOW - gone, NOW) == words


def test_minutes_win_over_the_change_of_day() -> None:
    midnight = NOW.replace(hour=0, minute=10)
    assert moments.relative(midnight - timedelta(minutes=20), midnight) == "20 min ago"


def test_yesterday_is_the_readers_yesterday() -> None:
    in_auckland = NOW.astimezone(ZoneInfo("Pacific/Auckland"))
    nine_hours_ago = NOW - timedelta(hours=9)
    assert moments.relative(nine_hours_ago, NOW) == "Yesterday"
    assert moments.relative(nine_hours_ago, in_auckland) == "9 h ago"


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 11, 21, 8, 40, tzinfo=UTC), "Today, 08:40"),
        (datetime(2026, 11, 18, 10, 5, tzinfo=UTC), "18 Nov, 10:05"),
        (datetime(2025, 11, 18, 10, 5, tzinfo=UTC), "18 Nov 2025, 10:05"),
        # Summer time: the moment is told as the clock on the wall showed it.
        (datetime(2026, 7, 1, 10, 5, tzinfo=UTC), "1 Jul, 11:05"),
    ],
)
def test_an_absolute_time_names_what_is_needed_and_no_more(moment: datetime, words: str) -> None:
    assert moments.absolute(moment, NOW) == words


def test_the_full_form_names_the_zone_even_where_it_has_no_short_name() -> None:
    moment = datetime(2026, 11, 21, 8, 40, 6, tzinfo=UTC)
    assert moments.full(moment.astimezone(ZoneInfo("Europe/London"))) == "21 Nov 2026, 08:40:06 GMT"
    assert moments.full(moment.astimezone(ZoneInfo("America/Sao_Paulo"))) == "21 Nov 2026, 05:40:06 UTC-03"


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2026, 11, 1), date(2026, 11, 20), "1 – 20 Nov"),
        (date(2026, 10, 29), date(2026, 11, 20), "29 Oct – 20 Nov"),
        (date(2026, 11, 20), date(2026, 11, 20), "20 Nov"),
        (date(2025, 11, 1), date(2025, 11, 20), "1 – 20 Nov 2025"),
        (date(2025, 12, 29), date(2026, 1, 3), "29 Dec 2025 – 3 Jan 2026"),
        (date(2025, 11, 1), date(2026, 11, 1), "1 Nov 2025 – 1 Nov 2026"),
    ],
)
def test_a_range_of_days_names_both_ends(first: date, last: date, words: str) -> None:
    assert moments.day_range(first, last, NOW.date()) == words


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=-2), "0 s"),
        (timedelta(seconds=40), "40 s"),
        (timedelta(minutes=14, seconds=59), "14 min"),
        (timedelta(hours=3, minutes=5), "3 h 5 min"),
        (timedelta(hours=24), "24 h"),
        (timedelta(days=2, hours=3), "2 days"),
    ],
)
def test_a_length_of_time_has_at_most_two_units(span: timedelta, words: str) -> None:
    assert moments.length(span) == words


@time_machine.travel(NOW, tick=False)
def test_a_moment_shows_its_exact_time_as_text_and_its_utc_value_for_machines() -> None:
    with timezone.override("Europe/London"):
        html = shown("{% moment at %}", at=NOW - timedelta(minutes=14))
    assert html == (
        '<time datetime="2026-11-21T08:40:00Z">14 min ago<span class="sub">Today, 08:40</span></time>'
    )


@time_machine.travel(NOW, tick=False)
def test_a_moment_of_long_ago_does_not_say_its_date_twice() -> None:
    with timezone.override("Europe/London"):
        assert "12 Jan</" not in shown("{% moment at %}", at=datetime(2026, 1, 12, 10, 5, tzinfo=UTC))
        assert shown("{% moment_line at %}", at=datetime(2026, 1, 12, 10, 5, tzinfo=UTC)).count("12 Jan") == 1


@pytest.mark.parametrize("gone", [timedelta(seconds=s) for s in (1, 70, 3599, 3600, 7200, 30_000)])
@pytest.mark.parametrize("later", [timedelta(seconds=s) for s in (0, 29, 60, 3600, 50_000)])
def test_what_was_drawn_before_tells_the_ages_of_now(gone: timedelta, later: timedelta) -> None:
    """Within a day: what is of another one is drawn anew."""
    source = "{% moment at %} {% moment_line at %} {% ago at %} {% so_far at %} {% full_moment at %}"
    with timezone.override("Europe/London"):
        at = NOW - gone
        with time_machine.travel(NOW, tick=False):
            drawn = shown(source, at=at)
        with time_machine.travel(NOW + later, tick=False):
            assert shown("{% filter grown %}{{ drawn }}{% endfilter %}", drawn=drawn) == shown(source, at=at)


@time_machine.travel(NOW, tick=False)
def test_only_ages_grow() -> None:
    for html in ("14 min ago", '<time datetime="2026-11-21T08:40:00Z">Today, 08:40</time>', "<b>1 h ago</b>"):
        assert shown("{% filter grown %}{{ html|safe }}{% endfilter %}", html=html) == html


@pytest.mark.parametrize("tag", ["moment", "moment_line", "full_moment", "ago"])
def test_a_moment_nobody_knows_is_a_dash_with_words_for_a_screen_reader(tag: str) -> None:
    html = shown("{% " + tag + " at %}", at=None)
    assert "–" in html
    assert "not known" in html


@pytest.mark.parametrize(
    ("code", "tone", "icon", "word"),
    [
        (1000, "run", "run", "Running"),
        (2000, "ok", "okfill", "Synced"),
        (2040, "ok", "okline", "Synced, no sales"),
        (4260, "hold", "card", "Accounting plan expired"),
        (5080, "warn", "shield", "Stopped: duplicate risk"),
        (4999, "bad", "ask", "Unknown failure"),
        (2999, "ok", "okfill", "Synced"),
        (77, "mute", "ask", "Unknown result"),
    ],
)
def test_a_pill_says_icon_word_and_code_so_that_nothing_hangs_on_colour(
    code: int, tone: str, icon: str, word: str
) -> None:
    html = shown("{% pill code %}", code=code)
    assert f't-{tone}"' in html
    assert f'#i-{icon}"' in html
    assert f"{word} " in html
    assert f'<span class="mono">{code}</span>' in html


def test_every_state_and_health_has_a_look_of_its_own_and_every_icon_exists() -> None:
    sprite = shown('{% include "components/icons.html" %}')
    merchants = [Merchant(health=health) for health, _ in Merchant._meta.get_field("health").choices]
    requests = [SyncRequest(state=state) for state, _ in SyncRequest._meta.get_field("state").choices]
    pills = [shown("{% health_pill m %}", m=m) for m in merchants] + [
        shown("{% request_pill r %}", r=r) for r in requests
    ]
    assert len(set(pills)) == len(merchants) + len(requests)
    for html in pills:
        icon = html.split('href="#')[1].split('"')[0]
        assert f'<symbol id="{icon}"' in sprite


def test_a_settled_request_wears_the_pill_of_its_syncs_code_and_a_held_back_one_says_waiting() -> None:
    settled = SyncRequest(state="failed", sync=Sync(code=5130))
    held = SyncRequest(state="queued", waiting_for="Codat asked us to slow down")
    frozen = SyncRequest(state="queued")
    frozen.sending_frozen = True
    assert shown("{% request_pill r %}", r=settled) == shown("{% pill 5130 %}")
    assert "Waiting" in shown("{% request_pill r %}", r=held)
    assert "Waiting" in shown("{% request_pill r %}", r=frozen)


def test_names_and_texts_from_outside_never_become_markup() -> None:
    evil = '<script>alert("1")</script>'
    user = User(username=evil)
    for html in (
        shown("{% copy text 'Copy' %}", text=evil),
        shown("{% copy_button text 'Copy' about %}", text=evil, about=evil),
        shown("{% avatar user %}", user=user),
        shown("{% short_id text %}", text=evil),
        shown("{% icon name %}", name=evil),
    ):
        assert "<script" not in html
        assert "&lt;script" in html or "&lt;scrip" in html


def test_an_avatar_without_a_person_is_sync_desk_itself() -> None:
    assert ">SD<" in shown("{% avatar user %}", user=None)
    assert 'aria-label="Priya Nair"' in shown("{% avatar u %}", u=User(first_name="Priya", last_name="Nair"))


def test_small_words() -> None:
    assert shown("{{ n|thousands }}", n=4003000) == "4,003,000"
    assert shown("{{ d|salesday }}", d=date(2026, 10, 29)) == "Thu 29 Oct 2026"
    assert shown("{% short_id t %}", t="8a210b68-6988-11ed-a1eb-0242ac120002") == "8a210b68…0002"
    assert shown("{% short_id t %}", t="short") == "short"
