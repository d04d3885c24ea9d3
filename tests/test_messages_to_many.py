"""One cause, many merchants: the message to each of them, copied by one press."""

import re
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from syncs.models import Activity, Merchant
from tests.bulk_pages import chosen, review
from tests.factories import make_failing_merchant, make_merchant
from tests.test_health_live import changed, poll_of

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]

LINE = "\n\n----------\n\n"


def message_on_the_page_of(client: Client, merchant: Merchant) -> str:
    html = client.get(f"/merchants/{merchant.company_id}/").text
    found = re.search(r'data-copy="(Hello,[^"]*)"', html)
    assert found
    return unescape(found[1])


def failing_alike(count: int = 2, **columns: str) -> list[Merchant]:
    return [make_failing_merchant(name=f"Shop {number}", **columns) for number in range(count)]


def test_of_one_cause_it_is_name_company_id_and_the_message_as_each_page_words_it(as_viewer: Client) -> None:
    one, two = failing_alike()
    make_failing_merchant(4000, "No sales customer has been configured", name="Another cause")
    response = as_viewer.get(f"/messages/?cause={one.last_cause_id}")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    told = [
        f"{merchant.name}\nCompany ID: {merchant.company_id}\n\n{message_on_the_page_of(as_viewer, merchant)}"
        for merchant in (one, two)
    ]
    assert response.text == LINE.join(told) + "\n"


def test_where_a_message_names_a_link_the_merchants_own_stands_in_it(as_viewer: Client) -> None:
    cut = make_failing_merchant(4040, "Disconnected", statuses=("Linked", "Deauthorized"))
    assert cut.link_url in as_viewer.get(f"/messages/?cause={cut.last_cause_id}").text


def test_that_a_text_for_many_left_the_house_stands_in_the_activity(as_viewer: Client) -> None:
    one, _ = failing_alike()
    as_viewer.get(f"/messages/?cause={one.last_cause_id}")
    assert Activity.objects.get(verb="list.exported").what.startswith("Exported 2 messages to merchants")


@pytest.mark.parametrize("query", ["?cause=x", "?cause=424242", "?code=abc"])
def test_a_filter_that_is_none_lets_nobody_in(as_viewer: Client, query: str) -> None:
    failing_alike()
    response = as_viewer.get(f"/messages/{query}")
    assert response.status_code == 422
    assert "Shop" not in response.text
    assert not Activity.objects.filter(verb="list.exported").exists()


def test_where_nobody_needs_one_a_sentence_says_so(as_viewer: Client) -> None:
    make_merchant(name="Healthy")
    response = as_viewer.get("/messages/")
    assert response.status_code == 422
    assert response.text == "The playbook has no message to any of these merchants.\n"


def test_of_too_many_none_is_told(as_viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    one, _ = failing_alike()
    monkeypatch.setattr("syncs.views.messages.MOST", 1)
    assert as_viewer.get(f"/messages/?cause={one.last_cause_id}").status_code == 422


def test_its_queries_do_not_grow_with_the_merchants(as_viewer: Client) -> None:
    def queries(cause: int | None) -> int:
        as_viewer.get(f"/messages/?cause={cause}")
        with CaptureQueriesContext(connection) as captured:
            as_viewer.get(f"/messages/?cause={cause}")
        return len(captured)

    (one,) = failing_alike(1)
    few = queries(one.last_cause_id)
    failing_alike(6)
    assert queries(one.last_cause_id) == few


def test_nobody_reads_them_without_signing_in(client: Client) -> None:
    assert client.get("/messages/").status_code == 302
    assert client.post("/bulk/messages/").status_code == 302


def button_of(html: str) -> str:
    found = re.search(r"<button[^>]*/bulk/messages/[^>]*>.*?</button>", html, re.DOTALL)
    return found[0] if found else ""


def test_the_review_offers_those_of_all_who_must_fix_something_first(as_support: Client) -> None:
    (fine, *_), told = [make_merchant(name="Fine")], failing_alike()
    html = review(as_support, fine, *told)
    assert "Copy 2 messages<" in button_of(html)
    assert "data-copy-from" in button_of(html)
    pressed = chosen(fine, *told) | {"change": "hold_again"}
    text = as_support.post("/bulk/messages/", pressed).text
    assert text.count("Company ID: ") == 2
    assert "Fine" not in text


def test_a_reason_that_somebody_has_begun_to_write_takes_nobody_out(as_support: Client) -> None:
    told = failing_alike()
    typed = chosen(*told) | {"override_reason": "It is fixed", "change": "hold_again"}
    assert as_support.post("/bulk/messages/", typed).text.count("Company ID: ") == 2


def test_where_all_are_told_the_same_it_may_be_copied_once(as_support: Client) -> None:
    told = failing_alike()
    html = review(as_support, *told)
    message = message_on_the_page_of(as_support, told[0])
    once = re.search(r'data-copy="([^"]*)">(?:(?!</button>).)*Copy the message<', html, re.DOTALL)
    assert once
    assert unescape(once[1]) == message
    other = make_failing_merchant(4000, "No sales customer has been configured")
    assert "Copy the message<" not in review(as_support, *told, other)


def test_without_a_selection_there_is_no_message(as_support: Client) -> None:
    response = as_support.post("/bulk/messages/", {"kind": "latest"})
    assert response.status_code == 422
    assert "No merchant is selected." in response.text


def test_a_viewer_who_cannot_ask_for_many_is_refused_the_review_and_its_messages(as_viewer: Client) -> None:
    assert as_viewer.post("/bulk/messages/", {"kind": "latest"}).status_code == 403


# Where Sync health lists those of one cause


def copied_from(html: str) -> tuple[str, str]:
    """Where the messages come from, and what the button says."""
    [(href, words)] = re.findall(r'data-copy-from href="([^"]+)"><svg.*?</svg>([^<]*)<', html, re.DOTALL)
    return unescape(href), words


def test_a_list_of_one_cause_offers_those_to_all_that_it_lists(as_viewer: Client) -> None:
    failing_alike(2, commerce="Clover")
    one = make_failing_merchant(name="Elsewhere", commerce="Square")
    href, words = copied_from(as_viewer.get(f"/?cause={one.last_cause_id}").text)
    assert words == "Copy 3 messages"
    assert as_viewer.get(href).text.count("Company ID: ") == 3
    href, words = copied_from(as_viewer.get(f"/?cause={one.last_cause_id}&commerce=Square&sort=name").text)
    assert words == "Copy message"
    assert as_viewer.get(href).text.startswith("Elsewhere\n")


def test_no_other_list_does_nor_where_a_sync_helps(as_viewer: Client) -> None:
    failing_alike()
    codats = make_failing_merchant(5000, "Internal server error")
    for query in ("", "?health=failing", f"?cause={codats.last_cause_id}", "?cause=424242"):
        assert "/messages/" not in as_viewer.get(f"/{query}").text, query


def test_how_many_they_are_comes_with_the_poll(as_viewer: Client) -> None:
    one, two = failing_alike()
    html = as_viewer.get(f"/?cause={one.last_cause_id}").text
    assert copied_from(html)[1] == "Copy 2 messages"
    changed(two, health="healthy", last_cause=None)
    assert copied_from(as_viewer.get(poll_of(html)).text)[1] == "Copy message"
