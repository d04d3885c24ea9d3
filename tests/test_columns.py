"""Which columns of the health list show: as each reader has chosen, or as the address says."""

import re

import pytest
from django.db.models import F
from django.test import Client

from syncs import columns
from syncs.models import Merchant, User
from tests.conftest import signed_in
from tests.factories import make_merchant, make_user
from tests.test_health_page import page

USUAL = ["platforms", "result", "success", "days", "fuse"]
pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def hidden(html: str) -> list[str]:
    return re.findall(r"\bno-(\w+)", re.findall(r'<table class="(list[^"]*)"', html)[0])


def heads(html: str) -> list[str]:
    return re.findall(r'<th scope="col" class="c-(?!name)(\w+)"', html)


def cells(html: str) -> list[str]:
    """What the cells of the first row show, in their order."""
    row = html.split('<tr id="row-')[1].split("</tr>", maxsplit=1)[0]
    inside = {
        "platforms": 'class="flow"',
        "result": 'class="beside"',
        "success": "<time",
        "days": 'class="strip"',
        "fuse": "No countdown",
    }
    found = [name for cell in row.split("<td")[1:] for name, mark in inside.items() if mark in cell]
    assert len(found) == len(inside)
    return found


def choose(client: Client, *names: str, then: str = "/?health=") -> str:
    answer = client.post("/health/columns/", {"column": names, "next": then})
    assert answer.status_code == 302
    return answer["Location"]


def test_at_first_all_columns_show(as_viewer: Client) -> None:
    make_merchant()
    html = page(as_viewer)
    assert hidden(html) == []
    assert re.findall(r'name="column" value="(\w+)" checked', html) == [
        "platforms",
        "success",
        "days",
        "fuse",
    ]
    assert heads(html) == cells(html) == USUAL


def test_who_chooses_columns_sees_these_from_then_on_and_nobody_else_does(
    as_viewer: Client, as_lead: Client
) -> None:
    make_merchant()
    assert choose(as_viewer, "success", then="/?health=healthy") == "/?health=healthy"
    assert hidden(page(as_viewer)) == ["platforms", "days", "fuse"]
    assert hidden(page(as_lead)) == []


def test_merchant_result_and_actions_cannot_be_hidden(as_viewer: Client) -> None:
    make_merchant(name="Harbour")
    choose(as_viewer)
    html = page(as_viewer)
    assert hidden(html) == ["platforms", "success", "days", "fuse"]
    assert "Harbour" in html
    choose(as_viewer, "banana", "name", "<b>")
    assert hidden(page(as_viewer)) == ["platforms", "success", "days", "fuse"]


def test_the_address_may_name_columns_for_once(as_viewer: Client, viewer: User) -> None:
    make_merchant()
    html = page(as_viewer, "/?cols=fuse,platforms")
    assert hidden(html) == ["success", "days"]
    assert hidden(page(as_viewer)) == []
    assert hidden(page(as_viewer, "/?cols=none")) == ["platforms", "success", "days", "fuse"]
    next_url = re.findall(r'name="next" value="([^"]+)"', html)[0]
    assert choose(as_viewer, "days", then=next_url) == "/?health="
    assert hidden(page(as_viewer, next_url)) == ["platforms", "success", "fuse"]


def test_columns_stand_in_the_order_in_which_they_were_chosen(as_viewer: Client, as_support: Client) -> None:
    make_merchant()
    for client in (as_viewer, as_support):
        choose(client, "fuse", "result", "platforms", "banana", "fuse")
        html = page(client)
        assert heads(html) == cells(html) == ["fuse", "result", "platforms", "success", "days"]
        assert hidden(html) == ["success", "days"]
        assert re.findall(r'name="column" value="(\w+)"', html) == heads(html)


@pytest.mark.parametrize(
    ("move", "then"),
    [
        ({"earlier": "days"}, ["platforms", "result", "days", "success", "fuse"]),
        ({"later": "platforms"}, ["result", "platforms", "success", "days", "fuse"]),
        ({"earlier": "platforms"}, USUAL),
        ({"later": "fuse"}, USUAL),
        ({"later": "banana"}, USUAL),
    ],
)
def test_without_javascript_a_button_moves_a_column(
    as_viewer: Client, move: dict[str, str], then: list[str]
) -> None:
    make_merchant()
    as_viewer.post("/health/columns/", {"column": USUAL} | move)
    assert heads(page(as_viewer)) == then


def test_a_row_that_comes_with_a_poll_stands_as_the_page_that_asks_does(
    as_viewer: Client, viewer: User
) -> None:
    """Also where other columns were chosen in another tab since."""
    merchant = make_merchant()
    choose(as_viewer, "fuse", "result")
    shown = page(as_viewer)
    (poll,) = re.findall(r'id="poll" hx-get="([^"]+)"', shown)
    choose(as_viewer, "days", "success", "result")
    Merchant.objects.filter(pk=merchant.pk).update(version=F("version") + 1, name="Another name")
    news = as_viewer.get(poll.replace("&amp;", "&"), headers={"HX-Request": "true"}).text
    assert "Another name" in news
    assert cells(news) == cells(shown) == ["fuse", "result", "platforms", "success", "days"]


def test_a_column_that_there_is_not_is_ignored_and_said(as_viewer: Client) -> None:
    make_merchant()
    html = page(as_viewer, "/?cols=fuse,banana")
    assert hidden(html) == ["platforms", "success", "days"]
    assert "“banana” is not a column that we know. It was ignored." in html
    assert hidden(page(as_viewer, "/?cols=banana")) == []


def test_nobody_is_led_elsewhere_by_it(as_viewer: Client) -> None:
    assert choose(as_viewer, then="https://example.com/") == "/"
    assert as_viewer.get("/health/columns/")["Location"] == "/"
    assert Client().post("/health/columns/")["Location"].startswith("/sign-in/")


def test_rows_are_drawn_once_for_all_whatever_columns_they_see(memory: None) -> None:
    merchant = make_merchant()
    few, all_of_them = (signed_in(make_user("support")) for _ in range(2))
    choose(few, "days")

    def row(client: Client) -> str:
        return page(client).split(f'<tr id="row-{merchant.pk}">')[1].split("</tr>")[0]

    assert row(few) == row(all_of_them)


@pytest.mark.parametrize(
    ("text", "as_written"),
    [
        ("", ""),
        ("all", "all"),
        ("none", "none"),
        ("fuse,days", "fuse,days"),
        ("platforms,result,success,days,fuse", "all"),
        ("platforms,success,days,fuse", "all"),
        ("fuse,days,success,platforms", "fuse,days,success,platforms"),
        ("result,platforms", "result,platforms"),
        ("result,success", "success"),
        ("success,result,success", "success,result"),
        ("result", "none"),
        ("banana", ""),
        ("banana,days", "days"),
        (" days , ,", "days"),
    ],
)
def test_a_choice_of_columns_is_written_in_one_way(text: str, as_written: str) -> None:
    assert columns.as_written(text) == as_written
