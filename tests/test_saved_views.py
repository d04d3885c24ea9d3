"""Saved views: a list under a name, one's own or a colleague's, and the one that Sync health opens with."""

import re
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.db.utils import IntegrityError
from django.test import Client
from django.test.utils import CaptureQueriesContext

from syncs.models import Activity, SavedView, User
from syncs.operations import saved_views
from tests.conftest import signed_in
from tests.factories import make_failing_merchant, make_merchant, make_user
from tests.test_columns import hidden
from tests.test_health_page import names, page

pytestmark = pytest.mark.django_db

FAILING = "health=failing&code=5130&sort=name"


def save(client: Client, name: str = "Failing books", query: str = FAILING, **fields: str) -> str:
    """Where the answer leads; empty where the view was refused."""
    answer = client.post("/views/", {"page": "health", "name": name, "query": query} | fields)
    assert answer.status_code == (302 if answer.has_header("Location") else 422)
    return answer.headers.get("Location", "")


def only_view() -> SavedView:
    return SavedView.objects.get()


def menu(client: Client, listed: str = "health", query: str = "") -> list[str]:
    html = client.get(f"/views/menu/?{urlencode({'page': listed, 'query': query})}").text
    return re.findall(r'<a class="opt" href="([^"]+)"', html.replace("&amp;", "&"))


def open_first(client: Client, view: SavedView | None) -> int:
    return client.post(f"/views/{view.pk if view else 0}/open-first/").status_code


def told() -> list[str]:
    return list(Activity.objects.order_by("pk").values_list("what", flat=True))


def test_what_is_saved_opens_as_it_was(as_viewer: Client) -> None:
    make_failing_merchant(5130, name="Books")
    make_failing_merchant(5000, name="Codat")
    address = save(as_viewer)
    assert address == "/?health=failing&code=5130&sort=name&cols=all"
    html = page(as_viewer, address)
    assert names(html) == ["Books"]
    assert "Saved as “Failing books”." in html
    assert menu(as_viewer) == [address]
    assert told() == ["Saved the view “Failing books”"]


def test_it_keeps_the_columns_also_for_those_who_chose_others(viewer: User, lead: User) -> None:
    make_merchant()
    mine, theirs = signed_in(viewer), signed_in(lead)
    User.objects.filter(pk=viewer.pk).update(columns="fuse")
    address = save(mine, query="health=healthy", is_shared="on")
    assert hidden(page(theirs, address)) == ["platforms", "success", "days"]
    assert hidden(page(theirs)) == []


def test_own_views_are_seen_by_nobody_else_and_shared_ones_by_everybody(
    as_viewer: Client, as_lead: Client
) -> None:
    own = save(as_viewer, "My own")
    shared = save(as_viewer, "For all", "health=soon", is_shared="on")
    assert menu(as_viewer) == [shared, own]
    assert menu(as_lead) == [shared]
    assert "Vera Lund" in as_lead.get("/views/menu/?page=health").text
    assert "My own" not in as_lead.get("/views/").text


def test_the_open_one_is_named_on_the_button_and_marked_in_the_menu(as_viewer: Client) -> None:
    address = save(as_viewer)
    html = page(as_viewer, address)
    assert re.search(r'id="views".*?View: </span>Failing books', html, re.DOTALL)
    assert 'name="query"' not in html.split('id="views"')[1].split("</details>")[0], "it is saved already"
    marked = as_viewer.get(f"/views/menu/?page=health&{urlencode({'query': address[2:]})}").text
    assert 'aria-current="true"' in marked
    changed = page(as_viewer, address.replace("sort=name", "sort=fuse"))
    assert "Failing books" not in changed


def test_saved_is_what_the_list_understands_and_no_page_of_it(as_viewer: Client) -> None:
    save(as_viewer, query="health=banana&code=5130&code=x&after=abc&next=//evil&q=%00harb&success=7")
    assert only_view().query == "q=harb&code=5130&success=7&cols=all"


def test_all_merchants_may_be_saved_too(as_viewer: Client) -> None:
    assert save(as_viewer, query="") == "/?cols=all"


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\0b"])
def test_a_name_that_will_not_do_is_refused_beside_the_name_and_nothing_is_lost(
    as_viewer: Client, name: str
) -> None:
    answer = as_viewer.post("/views/", {"page": "health", "name": name, "query": FAILING, "is_shared": "on"})
    assert answer.status_code == 422
    assert 'class="err"' in answer.text
    assert f'name="query" value="{FAILING.replace("&", "&amp;")}"' in answer.text
    assert 'name="is_shared" checked' in answer.text
    assert not SavedView.objects.exists()


def test_a_name_is_taken_once_by_each_person_and_for_each_list(as_viewer: Client, as_lead: Client) -> None:
    assert save(as_viewer)
    refused = as_viewer.post("/views/", {"page": "health", "name": "Failing books", "query": ""})
    assert "You have a view of this name already." in refused.text
    assert save(as_lead)
    assert save(as_viewer, page="syncs", query="result=failed") == "/syncs/?result=failed"
    assert SavedView.objects.count() == 3


def test_on_demand_it_takes_the_place_of_ones_own_of_this_name(as_viewer: Client, as_lead: Client) -> None:
    save(as_lead)
    save(as_viewer)
    mine = SavedView.objects.get(owner__username="viewer")
    open_first(as_viewer, mine)
    assert save(as_viewer, query="health=soon", replaces="on", is_shared="on") == "/?health=soon&cols=all"
    mine.refresh_from_db()
    assert (mine.query, mine.is_shared) == ("health=soon&cols=all", True)
    assert as_viewer.get("/")["Location"] == "/?health=soon&cols=all"
    assert SavedView.objects.get(owner__username="lead").query.startswith(FAILING)
    assert told()[-2:] == [
        "Changed what the view “Failing books” lists",
        "Changed the view “Failing books”",
    ]
    assert save(as_viewer, "Another name", replaces="on"), "where there is none to replace, it is a new one"


@pytest.mark.parametrize(
    "query", ["", "?page=%00", "?page=banana&query=%00", "?page=health&query=" + "x" * 9000]
)
def test_a_menu_of_no_list_of_ours_is_empty_and_no_error(as_viewer: Client, query: str) -> None:
    assert "No saved views yet" in as_viewer.get(f"/views/menu/{query}").text


@pytest.mark.parametrize(
    "fields",
    [
        {"page": "banana"},
        {"page": ""},
        {"query": "q=" + "x" * 20_000},
        {"query": "&".join(f"a{n}=1" for n in range(1200))},
        {"query": urlencode({"q": "🦉" * 200, "commerce": "🦉" * 200})},
    ],
)
def test_what_no_page_of_ours_asks_is_refused_in_words(as_viewer: Client, fields: dict[str, str]) -> None:
    answer = as_viewer.post("/views/", {"page": "health", "name": "Odd", "query": ""} | fields)
    assert answer.status_code == 422
    assert 'class="err"' in answer.text
    assert not SavedView.objects.exists()


def test_nobody_saves_views_without_end(as_viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_views, "MOST", 2)
    assert save(as_viewer, "One")
    assert save(as_viewer, "Two")
    assert not save(as_viewer, "Three")


def test_sync_health_opens_with_the_view_that_somebody_chose_and_can_be_left(
    as_viewer: Client, as_lead: Client
) -> None:
    make_failing_merchant(5130, name="Books")
    make_merchant(name="Fine")
    address = save(as_viewer)
    assert open_first(as_viewer, only_view()) == 302
    opened = as_viewer.get("/")
    assert (opened.status_code, opened["Location"]) == (302, address)
    html = page(as_viewer, address)
    assert '<a class="opt" href="/?health=">All merchants</a>' in html
    assert names(page(as_viewer, "/?health=")) == ["Books", "Fine"]
    assert as_viewer.get("/?health=", headers={"HX-Request": "true"})["HX-Push-Url"] == "/?health="
    assert names(page(as_lead)) == ["Books", "Fine"], "to others it is as it was"
    assert open_first(as_viewer, None) == 302
    assert names(page(as_viewer)) == ["Books", "Fine"]
    assert told()[-2:] == [
        "Opens Sync health with the view “Failing books”",
        "Opens Sync health with all merchants",
    ]


def test_a_colleagues_shared_view_may_open_first_until_it_is_not_shared_any_more(
    as_viewer: Client, as_lead: Client, lead: User
) -> None:
    save(as_viewer, is_shared="on")
    view = only_view()
    open_first(as_lead, view)
    assert as_lead.get("/").status_code == 302
    as_viewer.post(f"/views/{view.pk}/", {"name": view.name})
    assert as_lead.get("/").status_code == 200
    lead.refresh_from_db()
    assert lead.default_view is None


def test_a_default_that_was_deleted_opens_all_merchants(as_viewer: Client, as_lead: Client) -> None:
    save(as_viewer, is_shared="on")
    view = only_view()
    for client in (as_viewer, as_lead):
        open_first(client, view)
    assert as_viewer.post(f"/views/{view.pk}/delete/")["Location"] == "/views/"
    assert [client.get("/").status_code for client in (as_viewer, as_lead)] == [200, 200]
    assert not SavedView.objects.exists()
    assert told()[-1] == "Deleted the view “Failing books”"


def test_a_view_whose_filters_are_gone_opens_without_them_and_says_so(as_viewer: Client) -> None:
    make_merchant(name="Fine", commerce="Clover")
    address = save(as_viewer, query="commerce=Clover")
    open_first(as_viewer, only_view())
    SavedView.objects.update(query="commerce=Gone+Shop&sort=banana&cols=banana,fuse")
    html = page(as_viewer, as_viewer.get("/")["Location"])
    assert names(html) == ["Fine"]
    assert html.count("It was ignored.") == 3
    assert address


def test_its_owner_renames_and_shares_it(as_viewer: Client, as_lead: Client) -> None:
    save(as_viewer)
    view = only_view()
    answer = as_viewer.post(f"/views/{view.pk}/", {"name": "Books that fail", "is_shared": "on"})
    assert answer["Location"] == "/views/"
    assert "Books that fail" in as_lead.get("/views/").text
    entry = Activity.objects.latest("pk")
    assert (entry.what, entry.before, entry.after) == (
        "Changed the view “Books that fail”",
        "Failing books, own",
        "Books that fail, shared",
    )
    as_viewer.post(f"/views/{view.pk}/", {"name": "Books that fail", "is_shared": "on"})
    assert Activity.objects.latest("pk") == entry, "what changes nothing is no entry"


@pytest.mark.parametrize(("name", "said"), [("", "Give the view a name."), ("Other", "of this name already")])
def test_a_new_name_that_will_not_do_is_refused_where_it_was_typed(
    as_viewer: Client, name: str, said: str
) -> None:
    save(as_viewer, "Other")
    save(as_viewer)
    view = SavedView.objects.get(name="Failing books")
    answer = as_viewer.post(f"/views/{view.pk}/", {"name": name})
    assert answer.status_code == 422
    assert said in answer.text.split(f'id="view-{view.pk}"')[1].split("</li>")[0]
    view.refresh_from_db()
    assert view.name == "Failing books"


@pytest.mark.parametrize("what", ["", "delete/", "open-first/"])
def test_nobody_touches_what_is_not_theirs(as_viewer: Client, as_admin: Client, what: str) -> None:
    save(as_viewer)
    view = only_view()
    answer = as_admin.post(f"/views/{view.pk}/{what}", {"name": "Mine now"})
    assert answer.status_code == 404
    assert "Traceback" not in answer.text
    assert only_view().name == "Failing books"


@pytest.mark.parametrize("what", ["", "delete/", "open-first/"])
def test_a_get_changes_nothing_and_leads_to_the_views(as_viewer: Client, what: str) -> None:
    save(as_viewer)
    assert as_viewer.get(f"/views/{only_view().pk}/{what}")["Location"] == "/views/"
    assert SavedView.objects.count() == 1


@pytest.mark.parametrize(
    "path", ["/views/", "/views/menu/", "/views/1/", "/views/1/delete/", "/views/0/open-first/"]
)
def test_a_stranger_is_sent_to_sign_in(path: str, db: None) -> None:
    assert Client().get(path)["Location"].startswith("/sign-in/")


def test_all_syncs_are_saved_with_a_span_that_ends_now(as_viewer: Client) -> None:
    assert save(as_viewer, page="syncs", query="last=7d&result=failed&day=banana") == (
        "/syncs/?last=7d&result=failed"
    )
    html = as_viewer.get("/syncs/?last=7d&result=failed").text
    assert 'name="query" value="last=7d&amp;result=failed"' in html
    assert menu(as_viewer, "syncs") == ["/syncs/?last=7d&result=failed"]
    assert menu(as_viewer, "health") == []
    open_first(as_viewer, only_view())
    assert as_viewer.get("/").status_code == 200, "Sync health opens with no list of syncs"


def test_views_cost_the_list_no_question_but_where_one_may_be_open(as_viewer: Client) -> None:
    def asked(url: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            page(as_viewer, url)
        return len(captured)

    plain = asked("/?health=failing")
    address = save(as_viewer, query="health=failing")
    for number in range(9):
        saved_views.save(make_user(), "health", f"View {number}", "health=soon", is_shared=True)
    page(as_viewer, address)
    assert asked("/?health=failing") == plain
    assert asked(address) == plain + 1
    with CaptureQueriesContext(connection) as captured:
        as_viewer.get("/views/menu/?page=health")
    assert len(captured) <= 3


@pytest.mark.parametrize("columns", [{"name": ""}, {"page": "requests"}])
def test_the_database_holds_no_view_without_a_name_or_a_list(viewer: User, columns: dict[str, str]) -> None:
    fields = {"owner": viewer, "page": "health", "name": "Some", "query": ""} | columns
    with pytest.raises(IntegrityError):
        SavedView.objects.create(**fields)
