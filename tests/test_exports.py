"""Every list as a CSV file: what is filtered, in the page's order and the reader's zone, and no formulas."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from syncs import csv_files
from syncs.models import Activity, User
from syncs.rules.states import State
from tests.conftest import signed_in
from tests.factories import make_failing_merchant, make_merchant, make_request, make_sync, make_user

AT = datetime(2026, 11, 20, 9, 5, 7, tzinfo=UTC)
PAGES = {
    "/": "/health.csv",
    "/syncs/": "/syncs.csv",
    "/requests/": "/requests.csv",
    "/activity/": "/activity.csv",
}


def lines(client: Client, url: str) -> list[dict[str, str]]:
    answer: Any = client.get(url)
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


class TestCells:
    @pytest.mark.parametrize("text", ["=1+1", "+44 20", "-1", "@SUM(A1)", "\r=1", "\n=1", "＝1", "＠x"])
    def test_what_a_sheet_would_carry_out_is_text(self, text: str) -> None:
        assert csv_files.cell(text) == f"'{text}"

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("foo;=1+1", "foo;'=1+1"),
            ("a;-1;@b", "a;'-1;'@b"),
            ("a\t=1", "a\t'=1"),
            ("=1;=2", "'=1;'=2"),
            ("\t=1", "'\t'=1"),
            ("half; =1 is no formula, nor 3-4", "half; =1 is no formula, nor 3-4"),
        ],
    )
    def test_nor_is_what_follows_a_sign_at_which_other_countries_sheets_cut(
        self, text: str, told: str
    ) -> None:
        assert csv_files.cell(text) == told

    @pytest.mark.parametrize(
        ("value", "told"),
        [
            ("Harbour & Pine", "Harbour & Pine"),
            ("", ""),
            (None, ""),
            (-3, "-3"),
            (True, "yes"),
            (False, "no"),
            (date(2026, 11, 20), "2026-11-20"),
            (AT, "2026-11-20 09:05:07"),
        ],
    )
    def test_values_are_told_as_sheets_read_them(self, value: object, told: str) -> None:
        assert csv_files.cell(value) == told


@pytest.mark.django_db
class TestHealth:
    def test_it_holds_what_the_page_lists_in_its_order(self, as_viewer: Client) -> None:
        make_merchant(name="Well")
        make_failing_merchant(name="Worse", last_success_at=AT - timedelta(days=9), silent_since=AT)
        make_failing_merchant(name="Bad", silent_since=AT + timedelta(days=1))
        assert [line["Merchant"] for line in lines(as_viewer, "/health.csv")] == ["Worse", "Bad", "Well"]
        assert [line["Merchant"] for line in lines(as_viewer, "/health.csv?sort=name&health=failing")] == [
            "Bad",
            "Worse",
        ]
        assert [line["Merchant"] for line in lines(as_viewer, "/health.csv?q=worse")] == ["Worse"]

    def test_a_line_tells_what_a_row_shows(self, as_viewer: Client) -> None:
        merchant = make_failing_merchant(
            name='=HYPERLINK("http://bad.example")', last_success_at=AT, time_zone="Europe/Paris"
        )
        [line] = lines(as_viewer, "/health.csv")
        assert line["Merchant"] == '\'=HYPERLINK("http://bad.example")'
        assert line["Company ID"] == str(merchant.company_id)
        assert (line["Commerce"], line["Accounting"]) == ("Shopify", "Xero")
        assert (line["Health"], line["Code"]) == ("Failing", "5130")
        assert (line["Last result"], line["Why"]) == ("Could not write data", "Account 090 is archived")
        assert line["Failed days"] == "20"
        assert line["Time zone"] == "Europe/Paris"

    def test_moments_are_those_of_the_reader_who_is_told_so(self) -> None:
        make_merchant(last_success_at=AT)
        [line] = lines(signed_in(make_user(time_zone="Pacific/Auckland")), "/health.csv")
        assert line["Last success (Pacific/Auckland)"] == "2026-11-20 22:05:07"

    def test_a_file_that_ends_before_the_list_says_so(
        self, as_viewer: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(csv_files, "MOST", 3)
        monkeypatch.setattr(csv_files, "AT_A_TIME", 2)
        for number in range(3):
            make_merchant(name=f"Shop {number}")
        assert len(lines(as_viewer, "/health.csv")) == 3
        make_merchant(name="Shop 3")
        found = lines(as_viewer, "/health.csv")
        assert len(found) == 4
        assert found[3]["Merchant"].startswith("There are more: this file ends after 3 lines.")


@pytest.mark.django_db
class TestOthers:
    def test_syncs(self, as_viewer: Client) -> None:
        merchant = make_merchant(name="Tidewater")
        make_sync(merchant, 2000, AT, data_pushed=True)
        make_sync(merchant, 5130, AT + timedelta(days=1), message="+Account", data_pushed=None)
        failed, synced = lines(as_viewer, "/syncs.csv")
        assert (failed["Code"], failed["Message"], failed["Written"]) == ("5130", "'+Account", "not told")
        assert (synced["Result"], synced["Written"], synced["Merchant"]) == ("Synced", "yes", "Tidewater")
        assert len(lines(as_viewer, "/syncs.csv?result=failed")) == 1

    def test_requests(self, as_viewer: Client) -> None:
        asked = make_request(make_merchant(name="Tidewater"), state=State.FAILED, reason="=cmd")
        make_request(make_merchant())
        [line] = lines(as_viewer, "/requests.csv?state=failed")
        assert (line["Merchant"], line["Reason"], line["Request"]) == ("Tidewater", "'=cmd", str(asked.pk))
        assert line["Asked by"] == asked.asked_by.display_name
        assert line["First sales day"] == str(asked.first_day)

    def test_activity(self, as_viewer: Client) -> None:
        asked = make_request(make_merchant(name="Tidewater"), reason="Ticket 4812")
        [line] = lines(as_viewer, "/activity.csv")
        assert (line["Merchant"], line["Why"], line["Request"]) == ("Tidewater", "Ticket 4812", str(asked.pk))
        assert line["Who"] == asked.asked_by.display_name
        assert lines(as_viewer, "/activity.csv?merchant=nobody") == []


@pytest.mark.django_db
@pytest.mark.parametrize(("page", "file"), PAGES.items())
class TestEveryList:
    def test_it_is_only_for_who_is_signed_in(self, client: Client, page: str, file: str) -> None:
        assert client.get(file).status_code == 302

    def test_it_is_a_file_that_nobody_keeps(self, as_viewer: Client, page: str, file: str) -> None:
        answer = as_viewer.get(file)
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        name = file.strip("/").removesuffix(".csv")
        assert re.fullmatch(
            rf'attachment; filename="sync-desk-{name}-\d{{4}}-\d\d-\d\d\.csv"', answer["Content-Disposition"]
        )
        assert "no-store" in answer["Cache-Control"]

    def test_odd_words_in_the_address_are_no_error(self, as_viewer: Client, page: str, file: str) -> None:
        odd = "?health=odd&sort=odd&code=odd&day=odd&by=odd&result=odd&state=odd&after=odd&q=%00"
        assert lines(as_viewer, f"{file}{odd}") == []

    def test_many_lines_take_as_many_queries_as_few(self, as_viewer: Client, page: str, file: str) -> None:
        counted = []
        for more in (2, 30):
            for _ in range(more):
                merchant = make_failing_merchant()
                make_request(merchant)
            cache.clear()
            with CaptureQueriesContext(connection) as captured:
                assert lines(as_viewer, file)
            counted.append(len(captured))
        assert counted[0] == counted[1]
        assert counted[1] <= 14

    def test_its_page_links_to_what_is_filtered(self, as_viewer: Client, page: str, file: str) -> None:
        def linked(html: str) -> str:
            [tag] = re.findall(r'<a [^>]*id="export"[^>]*>', html)
            return unescape(re.findall(r'href="([^"]+)"', tag)[0])

        words = {
            "/": "q=tide",
            "/syncs/": "result=failed",
            "/requests/": "merchant=tide",
            "/activity/": "merchant=tide",
        }
        query = words[page]
        whole = as_viewer.get(f"{page}?{query}").text
        part = as_viewer.get(f"{page}?{query}", headers={"HX-Request": "true"}).text
        assert linked(whole) == linked(part) == f"{file}?{query}"
        assert 'id="export"' in part
        assert part.count('hx-swap-oob="true"') > 0
        assert lines(as_viewer, linked(part)) == []


class TestRecords:
    @pytest.mark.parametrize(
        ("url", "what"),
        [
            ("/health.csv", "Exported Sync health"),
            (
                "/health.csv?q=&health=failing&sort=name",
                "Exported Sync health, filtered: Failing; by name",
            ),
            ("/health.csv?sort=-fuse&cols=fuse", "Exported Sync health; latest switched off first"),
            (
                "/health.csv?q=tide&code=5130&owner=merchant&success=never&snoozed=only",
                "Exported Sync health, filtered: “tide”, 5130 Could not write data, The merchant must act, "
                "Last success: never, Snoozed",
            ),
            (
                "/syncs.csv?by=the+schedule&day=2026-01-05&until=2026-01-07&result=failed&causes=all",
                "Exported All syncs, filtered: Schedule, inferred, 5 Jan 2026, up to 7 Jan 2026, "
                "Failed, all codes",
            ),
            (
                "/requests.csv?scope=7d&state=person&kind=historic",
                "Exported Requests, filtered: Last 7 days, Needs a person, Re-run",
            ),
            (
                "/activity.csv?by=sync+desk&what=asked&reason=given&request=12",
                "Exported Activity, filtered: by Sync Desk, Asked for a sync, With a reason, request 12",
            ),
            ("/syncs.csv", "Exported All syncs"),
            ("/requests.csv", "Exported Requests"),
            ("/activity.csv", "Exported Activity"),
        ],
    )
    def test_an_export_is_itself_an_entry(self, as_viewer: Client, viewer: User, url: str, what: str) -> None:
        lines(as_viewer, url)
        entry = Activity.objects.get(verb="list.exported")
        assert (entry.what, entry.actor) == (what, viewer)
        assert what in unescape(as_viewer.get("/activity/?what=exports").text)

    def test_nothing_is_entered_where_nothing_was_exported(self, as_viewer: Client) -> None:
        as_viewer.head("/health.csv")
        as_viewer.post("/health.csv")
        Client().get("/health.csv")
        assert not Activity.objects.filter(verb="list.exported").exists()
