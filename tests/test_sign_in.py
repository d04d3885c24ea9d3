import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from django.conf import settings
from django.test import Client, RequestFactory

from syncs.models import User
from syncs.views.account import client_address
from tests.factories import make_merchant, make_request, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def priya() -> User:
    return make_user("support", "priya")


def sign_in(client: Client, word: str = "priya", **data: str):
    return client.post("/sign-in/", {"username": "priya", "password": word} | data)


def test_the_right_password_leads_to_sync_health(client: Client, priya: User) -> None:
    response = sign_in(client)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(priya.pk)


def test_it_leads_back_to_the_page_that_was_asked_for(client: Client, priya: User) -> None:
    asked = client.get("/requests/?kind=latest")
    assert asked["Location"] == "/sign-in/?next=/requests/%3Fkind%3Dlatest"
    assert b'name="next" value="/requests/?kind=latest"' in client.get(asked["Location"]).content
    assert sign_in(client, next="/requests/?kind=latest")["Location"] == "/requests/?kind=latest"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "https:evil.example",
    ],
)
def test_it_never_leads_to_another_site(client: Client, priya: User, elsewhere: str) -> None:
    assert elsewhere.encode() not in client.get("/sign-in/", {"next": elsewhere}).content
    assert sign_in(client, next=elsewhere)["Location"] == "/"


def test_who_is_signed_in_already_is_sent_on(as_support: Client) -> None:
    assert as_support.get("/sign-in/")["Location"] == "/"
    assert as_support.get("/sign-in/?next=/activity/")["Location"] == "/activity/"


@pytest.mark.parametrize("word", ["foo", "health", "0", "{{x}}"])
def test_a_word_that_is_no_path_leads_to_the_first_page(as_support: Client, word: str) -> None:
    assert as_support.get("/sign-in/", {"next": word})["Location"] == "/"


def test_a_wrong_password_says_how_many_tries_are_left(client: Client, priya: User) -> None:
    response = sign_in(client, "wrong")
    assert response.status_code == 422
    assert "Name or password is not right. 4 tries left, then 15 min pause." in response.text
    assert 'value="priya"' in response.text
    for _ in range(2):
        sign_in(client, "wrong")
    assert "1 try left, then 15 min pause." in sign_in(client, "wrong").text


def test_an_unknown_name_reads_like_a_wrong_password(client: Client) -> None:
    response = client.post("/sign-in/", {"username": "nobody", "password": "x"})
    assert "Name or password is not right. 4 tries left, then 15 min pause." in response.text


def test_an_empty_form_costs_no_try(client: Client, priya: User) -> None:
    assert "Write both your name and your password." in client.post("/sign-in/", {}).text
    assert "4 tries left" in sign_in(client, "wrong").text


def test_a_success_gives_all_tries_back(client: Client, priya: User) -> None:
    sign_in(client, "wrong")
    sign_in(client)
    assert "4 tries left" in sign_in(Client(), "wrong").text


def lock(client: Client):
    for _ in range(4):
        sign_in(client, "wrong")
    return sign_in(client, "wrong")


def test_the_fifth_wrong_password_pauses_for_15_minutes_and_says_until_when(
    client: Client, priya: User
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        response = lock(client)
        assert response.status_code == 429
        assert "Sign-in goes on in 15 min, at 12:15 (GMT)." in response.text
        assert sign_in(client).status_code == 429
        assert "_auth_user_id" not in client.session
        clock.shift(timedelta(minutes=14))
        assert "Sign-in goes on in 1 min, at 12:15 (GMT)." in sign_in(client).text
        clock.shift(timedelta(minutes=1, seconds=1))
        assert sign_in(client).status_code == 302


def test_a_pause_holds_for_one_name_from_one_address_only(client: Client, priya: User) -> None:
    mei = make_user("lead", "mei")
    lock(client)
    assert (
        Client(REMOTE_ADDR="10.0.0.9")
        .post("/sign-in/", {"username": "priya", "password": "priya"})
        .status_code
        == 302
    )
    assert client.post("/sign-in/", {"username": mei.username, "password": "mei"}).status_code == 302


def test_another_browser_is_no_way_around_the_pause(client: Client, priya: User) -> None:
    lock(client)
    assert sign_in(Client(HTTP_USER_AGENT="another")).status_code == 429


def test_a_forged_address_is_no_way_around_the_pause(client: Client, priya: User) -> None:
    lock(client)
    assert sign_in(Client(HTTP_X_FORWARDED_FOR="8.8.8.8")).status_code == 429


@pytest.mark.parametrize(
    ("behind_proxy", "forwarded", "counts"),
    [
        (False, "8.8.8.8", "10.1.1.1"),
        (True, "8.8.8.8, 9.9.9.9", "9.9.9.9"),
        (True, "9.9.9.9, not-an-address", "10.1.1.1"),
        (True, "", "10.1.1.1"),
        (True, "2001:db8::1", "2001:db8::1"),
    ],
)
def test_only_our_own_proxys_word_about_the_address_counts(settings, behind_proxy, forwarded, counts) -> None:
    settings.BEHIND_PROXY = behind_proxy
    request = RequestFactory().get("/", REMOTE_ADDR="10.1.1.1", HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == counts


def test_an_ended_session_is_said_and_leads_back(client: Client, priya: User) -> None:
    response = client.get("/requests/", HTTP_REFERER="http://testserver/activity/")
    assert response["Location"] == "/sign-in/?next=/requests/&ended=1"
    page = client.get(response["Location"]).text
    assert "Your session ended. Sign in again and you are back where you were." in page
    assert "was not sent" not in page


def test_a_fragment_takes_the_whole_page_to_sign_in(client: Client) -> None:
    response = client.get(
        "/requests/", HTTP_HX_REQUEST="true", HTTP_HX_CURRENT_URL="http://testserver/requests/?kind=latest"
    )
    assert response["HX-Redirect"] == "/sign-in/?next=/requests/%3Fkind%3Dlatest&ended=1"
    assert response.content == b""


@pytest.mark.parametrize(
    "headers", [{"HTTP_REFERER": "http://testserver/requests/?day=today"}, {"htmx": "yes"}]
)
def test_a_press_after_the_session_ended_is_not_lost_silently(client: Client, priya: User, headers) -> None:
    if headers.pop("htmx", None):
        headers = {"HTTP_HX_REQUEST": "true", "HTTP_HX_CURRENT_URL": "http://testserver/requests/?day=today"}
    queued = make_request(make_merchant())
    response = client.post(f"/requests/{queued.pk}/cancel/", **headers)
    sign_in_page = response.headers.get("HX-Redirect") or response["Location"]
    page = client.get(sign_in_page).text
    assert "What you pressed was not sent." in page
    hidden = dict(re.findall(r'name="(next|ended)" value="([^"]*)"', page))
    back = sign_in(client, **hidden)["Location"]
    assert back == "/requests/?day=today"
    assert "what you pressed was not sent" in client.get(back).text
    assert "what you pressed was not sent" not in client.get(back).text
    queued.refresh_from_db()
    assert queued.state == "queued"


@pytest.mark.parametrize(("kind", "run"), [("range", "historic"), ("latest", "latest")])
def test_what_was_typed_for_a_rerun_is_there_again(client: Client, priya: User, kind: str, run: str) -> None:
    merchant = make_merchant()
    page = f"/merchants/{merchant.company_id}/"
    typed = {
        "first_day": "2026-11-02",
        "last_day": "2026-11-03",
        "reason": "Ticket 4820 & more",
        "form_token": "x",
    }
    headers = {"HTTP_HX_REQUEST": "true", "HTTP_HX_CURRENT_URL": f"http://testserver{page}?run=latest"}
    response = client.post(f"{page}rerun/{kind}/review/", typed, **headers)
    hidden = dict(
        re.findall(r'name="(next|ended)" value="([^"]*)"', client.get(response["HX-Redirect"]).text)
    )
    back = sign_in(client, **{name: unescape(value) for name, value in hidden.items()})["Location"]
    assert back.startswith(f"{page}?run={run}&")
    form = client.get(back).context["form"]
    assert form.initial["reason"] == "Ticket 4820 & more"
    assert str(form.initial["first_day"]) == "2026-11-02"


def test_what_is_too_long_for_an_address_leads_to_the_page_without_it(client: Client) -> None:
    merchant = make_merchant()
    page = f"/merchants/{merchant.company_id}/"
    headers = {"HTTP_HX_REQUEST": "true", "HTTP_HX_CURRENT_URL": f"http://testserver{page}"}
    for reason, is_kept in (("Ж" * 500, True), ("Ж" * 3000, False)):
        response = client.post(f"{page}rerun/latest/review/", {"reason": reason}, **headers)
        assert len(response["HX-Redirect"]) < 8000
        assert ("reason" in response["HX-Redirect"]) is is_kept


def test_a_press_from_nowhere_leads_to_the_start(client: Client, priya: User) -> None:
    response = client.post("/profile/", {}, HTTP_REFERER="https://evil.example/requests/")
    assert response["Location"] == "/sign-in/?next=/&ended=unsent"


def test_signing_out_takes_a_post(as_support: Client) -> None:
    assert as_support.get("/sign-out/").status_code == 405
    assert as_support.post("/sign-out/")["Location"] == "/sign-in/"
    assert as_support.get("/profile/").status_code == 302


def test_a_form_of_another_site_cannot_sign_in_or_out(priya: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert sign_in(strict).status_code == 403
    assert strict.post("/sign-out/").status_code == 403


def test_the_session_cookie_is_out_of_reach_for_scripts_and_other_sites(client: Client, priya: User) -> None:
    cookie = sign_in(client).cookies["syncdesk"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert cookie["max-age"] == settings.SESSION_COOKIE_AGE == 12 * 3600


def test_the_password_is_in_no_table_and_no_log(client: Client, priya: User, caplog) -> None:
    from axes.models import AccessAttempt

    client.post("/sign-in/", {"username": "priya", "password": "canary-7731"})
    assert "canary-7731" not in str(AccessAttempt.objects.values().get()) + caplog.text


def test_every_page_asks_for_a_sign_in(client: Client) -> None:
    sync_request = make_request(make_merchant())
    for page in ("/requests/", f"/requests/{sync_request.pk}/", "/activity/", "/profile/"):
        assert client.get(page)["Location"] == f"/sign-in/?next={page}"
