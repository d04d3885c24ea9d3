"""The health list by who must act and by cause, and what strikes many merchants at once."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.models import Merchant, PlaybookEntry
from syncs.operations import describing
from syncs.operations.diagnosing import diagnose
from tests.factories import make_failing_merchant, make_merchant
from tests.playbooks import make_entry
from tests.test_health_page import names, page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("playbook")]
ARCHIVED = "Account 090 is not in an Active state. (Archived)"
CUT = ("Linked", "Deauthorized")
NOBODY = ("PendingAuth", "PendingAuth")


@pytest.fixture
def village() -> None:
    make_merchant(name="Healthy")
    make_merchant(name="Unseen", health="unseen", refreshed_at=None)
    make_failing_merchant(5130, ARCHIVED, name="Archived account")
    make_failing_merchant(4000, "No grouping period selected.", name="Our setting")
    make_failing_merchant(5080, "", name="Overlap")
    make_failing_merchant(5000, "", name="Server error")
    make_failing_merchant(4999, "Odd", name="Unknown")
    make_failing_merchant(4040, "", name="Disconnected", statuses=CUT)
    make_failing_merchant(4040, "", name="Linked again")
    make_failing_merchant(4260, "", name="Plan expired")
    make_merchant(name="Cut after a success", health="needs_reconnect", statuses=CUT)
    make_merchant(name="Never linked", health="never_synced", last_code=None, statuses=NOBODY)
    make_merchant(name="Never, though linked", health="never_synced", last_code=None)
    make_failing_merchant(5130, ARCHIVED, name="Off", health="switched_off")


OWNED = {
    "merchant": [
        *("Archived account", "Cut after a success", "Disconnected", "Never linked", "Plan expired"),
    ],
    "us": ["Linked again", "Never, though linked", "Our setting", "Overlap", "Unknown"],
    "codat": ["Server error"],
}


@pytest.mark.usefixtures("village")
@pytest.mark.parametrize(("owner", "theirs"), OWNED.items())
def test_the_list_by_who_must_act(as_viewer: Client, owner: str, theirs: list[str]) -> None:
    html = page(as_viewer, f"/?owner={owner}")
    assert sorted(names(html)) == theirs
    assert f'<option value="{owner}" selected>' in html
    assert f"{len(theirs)} merchant" in html


@pytest.mark.usefixtures("village")
def test_the_list_says_the_same_as_each_merchants_page() -> None:
    for merchant in Merchant.objects.prefetch_related("connections"):
        found = diagnose(merchant)
        told = {
            owner
            for owner in OWNED
            if Merchant.objects.filter(describing.who_waits_for(owner), pk=merchant.pk)
        }
        assert told == ({found.owner} if found else set()), merchant.name


@pytest.mark.usefixtures("village")
def test_who_is_switched_off_waits_for_the_merchant_too(as_viewer: Client) -> None:
    assert names(page(as_viewer, "/?health=switched_off&owner=merchant")) == ["Off"]
    assert names(page(as_viewer, "/?health=switched_off&owner=us")) == []


def test_who_must_act_follows_the_playbook(as_viewer: Client) -> None:
    make_failing_merchant(5130, "The ledger is sealed", name="Sealed")
    assert names(page(as_viewer, "/?owner=codat")) == []
    make_entry(owner="codat")
    assert names(page(as_viewer, "/?owner=codat")) == ["Sealed"]
    PlaybookEntry.objects.filter(slug="ours").update(owner="us")
    assert names(page(as_viewer, "/?owner=us")) == ["Sealed"]


def test_a_cause_lists_the_merchants_that_it_strikes_now(as_viewer: Client) -> None:
    struck = make_failing_merchant(5130, ARCHIVED, name="Struck")
    make_failing_merchant(5130, ARCHIVED, name="Off", health="switched_off")
    make_failing_merchant(5130, ARCHIVED, name="Gone", archived_at=timezone.now())
    make_failing_merchant(5130, "Another", name="Another")
    html = page(as_viewer, f"/?cause={struck.last_cause_id}")
    assert names(html) == ["Struck"]
    assert "Cause: Account 090 is not in an active state. (archived)</span>" in html
    assert 'id="cause" href="/"' in html


def test_filters_and_pages_keep_each_other(as_viewer: Client) -> None:
    cause = make_failing_merchant(5130, ARCHIVED).last_cause_id
    html = page(as_viewer, f"/?cause={cause}&owner=merchant&by=cause&code=5130")
    toolbar = html.split('id="filters"')[1].split("</form>")[0]
    for kept in (f'name="cause" value="{cause}"', 'name="by" value="cause"'):
        assert f'<input type="hidden" {kept}>' in toolbar
    assert f"/health.csv?code=5130&amp;cause={cause}&amp;owner=merchant&amp;by=cause" in html
    assert "health/live/?code=5130&amp;cause=" in html


@pytest.mark.parametrize("name", ["cause", "owner", "by"])
@pytest.mark.parametrize("value", ["banana", "99999", "²²²²", "0", "-1", "'; --", "<script>", "9" * 40])
def test_an_unknown_value_is_ignored_with_a_note(as_viewer: Client, name: str, value: str) -> None:
    make_merchant(name="Still here")
    html = page(as_viewer, f"/?{name}={value}")
    assert names(html) == ["Still here"]
    assert "It was ignored." in html


def test_why_syncs_fail_is_told_by_cause_too(as_viewer: Client) -> None:
    for message, count in ((ARCHIVED, 3), ("Odd thing", 2), ("", 1)):
        for _ in range(count):
            struck = make_failing_merchant(5130, message)
    html = page(as_viewer)
    assert 'id="by-cause" href="/?by=cause"' in html
    by_cause = page(as_viewer, "/?by=cause").split('id="reasons"')[1].split("</section>")[0]
    assert re.findall(r'<span class="num">(\d+)<', by_cause) == ["3", "2", "1"]
    assert f'href="/?cause={struck.last_cause_id}&amp;by=cause"' in by_cause
    assert "No message" in by_cause
    assert 'id="by-code" href="/"' in by_cause


def test_by_cause_nothing_fails_where_nothing_does(as_viewer: Client) -> None:
    make_merchant()
    assert "Nothing is failing." in page(as_viewer, "/?by=cause").split('id="reasons"')[1]


def test_a_poll_tells_causes_that_strike_more_merchants_by_now(as_viewer: Client) -> None:
    make_failing_merchant(5130, ARCHIVED)
    html = page(as_viewer, "/?by=cause")
    live = re.findall(r'hx-get="(/health/live/[^"]*)"', html)[0].replace("&amp;", "&")
    assert as_viewer.get(live).status_code == 204
    make_failing_merchant(5130, ARCHIVED)
    news = as_viewer.get(live).text
    assert re.findall(r'<span class="num">(\d+)<', news.split('id="reasons"')[1])[0] == "2"


def test_the_file_holds_what_is_filtered_and_says_who_must_act(as_viewer: Client) -> None:
    make_failing_merchant(5130, ARCHIVED, name="Theirs")
    make_failing_merchant(5000, "", name="Codats")
    file = b"".join(as_viewer.get("/health.csv?owner=merchant")).decode()  # type: ignore[arg-type]
    assert "Who must act" in file
    assert "Theirs" in file
    assert ",The merchant," in file
    assert "Codats" not in file


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        page(client, url)
    return len(captured)


def test_no_filter_takes_more_queries_where_there_are_more_causes_and_merchants(as_viewer: Client) -> None:
    def all_of_them(cause: int | None) -> list[int]:
        urls = ["/", "/?owner=merchant", f"/?cause={cause}", "/?by=cause"]
        return [queries(as_viewer, url) for url in urls]

    for number in range(3):
        cause = make_failing_merchant(5130, f"Thing {number} is archived").last_cause_id
    few = all_of_them(cause)
    for number in range(60):
        make_failing_merchant(5130, f"Thing {number} is not there")
    assert all_of_them(cause) == few
    plain, by_owner, of_a_cause, by_cause = few
    assert by_owner - plain <= 5
    assert max(of_a_cause, by_cause) - plain <= 2
