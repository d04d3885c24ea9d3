"""Merchants are selected in the health list: what the page gives to the script, and to who has none."""

import re

import pytest
from django.test import Client

from tests.factories import make_failing_merchant, make_merchant
from tests.test_health_live import poll_of

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def page(client: Client, url: str = "/") -> str:
    return client.get(url).content.decode()


def test_each_row_has_a_box_that_belongs_to_the_form_and_names_its_merchant(as_support: Client) -> None:
    merchant = make_merchant(name="Baker & Sons")
    html = page(as_support)
    assert (
        f'form="bulk" name="pick" value="{merchant.pk}" data-key="x" aria-label="Select Baker &amp; Sons"'
        in html
    )
    assert 'aria-label="Select all on this page"' in html
    assert re.search(r'<form class="bulk" id="bulk" method="post" action="/bulk/"', html)


def test_who_may_not_ask_has_no_boxes(as_viewer: Client) -> None:
    make_merchant()
    html = page(as_viewer)
    assert 'name="pick"' not in html
    assert 'id="bulk"' not in html


def test_an_empty_list_has_nothing_to_select(as_support: Client) -> None:
    assert 'id="bulk"' not in page(as_support)


def test_the_form_knows_the_filters_and_no_page_of_them(as_support: Client) -> None:
    for _ in range(60):
        make_failing_merchant(5000)
    first = page(as_support, "/?health=failing&code=5000")
    link = re.search(r'href="(/\?[^"]+)" rel="next"', first)
    assert link
    for html in (first, page(as_support, link[1].replace("&amp;", "&"))):
        assert 'data-query="health=failing&amp;code=5000"' in html


def test_a_row_that_a_poll_brings_anew_has_its_box(as_support: Client) -> None:
    merchant = make_merchant()
    url = poll_of(page(as_support))
    merchant.version += 1
    merchant.name = "Another name"
    merchant.save()
    assert 'aria-label="Select Another name"' in page(as_support, url)


def test_the_form_can_be_sent_also_from_a_list_that_htmx_brought(as_support: Client) -> None:
    make_merchant()
    html = as_support.get("/?health=healthy", headers={"HX-Request": "true"}).content.decode()
    form = html[html.index('id="bulk"') :]
    assert 'name="csrfmiddlewaretoken"' in form[: form.index("</form>")]
