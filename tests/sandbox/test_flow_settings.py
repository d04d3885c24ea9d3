"""Texts and accounts of the sync flow's pages, and the client's profile."""

from pathlib import Path

import pytest

from tests.sandbox.worlds import StoppedClock, call, read, world_at

TEXTS = "/sync/commerce/config/ui/text"
ACCOUNTS = "config/ui/accounts/platform/fztf"
NEXT = "configure-misc-nextButton"


def test_texts_have_defaults_in_two_languages() -> None:
    world = world_at(StoppedClock())
    english, french = (read(world, TEXTS, locale=locale) for locale in ("en-us", "fr-fr"))
    assert english.keys() == french.keys()
    assert (english[NEXT]["text"], french[NEXT]["text"]) == ("Next", "Suivant")
    assert all(text.keys() == {"text", "required"} for text in english.values())


@pytest.mark.parametrize("query", [{}, {"locale": ""}, {"locale": "de-de"}])
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_texts_need_a_known_language(method: str, query: dict[str, str]) -> None:
    assert call(world_at(StoppedClock()), method, TEXTS, **query)[0] == 400


@pytest.mark.parametrize("given", ["Weiter", {"text": "Weiter"}, {"text": "Weiter", "required": None}])
def test_a_text_is_changed_by_either_shape_and_told_in_the_openapis(given: object) -> None:
    world = world_at(StoppedClock())
    before = read(world, TEXTS, locale="en-us")
    status, after = call(world, "PATCH", TEXTS, {NEXT: given}, locale="en-us")
    assert (status, after) == (
        200,
        {**before, NEXT: {"text": "Weiter", "required": before[NEXT]["required"]}},
    )
    assert read(world, TEXTS, locale="en-us") == after
    assert read(world, TEXTS, locale="fr-fr")[NEXT]["text"] == "Suivant"


@pytest.mark.parametrize("given", [None, {"text": None}])
def test_null_goes_back_to_the_default_and_an_empty_text_is_shown(given: object) -> None:
    world = world_at(StoppedClock())
    emptied = call(world, "PATCH", TEXTS, {NEXT: ""}, locale="en-us")[1]
    assert emptied[NEXT]["text"] == ""
    assert call(world, "PATCH", TEXTS, {NEXT: given}, locale="en-us")[1][NEXT]["text"] == "Next"


def test_required_is_kept_beside_the_text_and_an_unknown_key_is_kept_too() -> None:
    world = world_at(StoppedClock())
    given = {NEXT: {"required": False}, "my-own": {"text": None, "required": True}}
    told = call(world, "PATCH", TEXTS, given, locale="en-us")[1]
    assert told[NEXT] == {"text": "Next", "required": False}
    assert told["my-own"] == {"text": None, "required": True}


@pytest.mark.parametrize(
    "body", [{NEXT: 5}, {NEXT: []}, {NEXT: {"text": 5}}, {NEXT: {"required": "yes"}}, []]
)
def test_what_is_no_text_is_refused_and_changes_nothing(body: object) -> None:
    world = world_at(StoppedClock())
    assert call(world, "PATCH", TEXTS, body, locale="en-us")[0] == 400
    assert read(world, TEXTS, locale="en-us")[NEXT]["text"] == "Next"


def test_all_accounts_are_visible_until_some_are_chosen() -> None:
    world = world_at(StoppedClock())
    mine, docs = f"/clients/{world.client_id}/{ACCOUNTS}", f"/sync/commerce/{ACCOUNTS}"
    everything = read(world, mine)
    assert {"sales-accounts-sales", "payments-accounts-card"} < set(everything["visibleAccounts"])
    for chosen in (["sales-accounts-sales"], []):
        assert call(world, "POST", docs, {"visibleAccounts": chosen}) == (200, {"visibleAccounts": chosen})
        assert read(world, mine) == read(world, docs) == {"visibleAccounts": chosen}
    assert read(world, mine.replace("fztf", "fqly")) == everything
    assert call(world, "POST", docs, {})[1] == everything


@pytest.mark.parametrize("body", [{"visibleAccounts": "all"}, {"visibleAccounts": [1]}, []])
def test_what_is_no_list_of_accounts_is_refused(body: object) -> None:
    assert call(world_at(StoppedClock()), "POST", f"/sync/commerce/{ACCOUNTS}", body)[0] == 400


def test_an_unknown_platform_or_client_is_a_404() -> None:
    other = "846ed55c-974b-4392-a1f1-87b6fdbf3c5e"
    lenient, strict = (world_at(StoppedClock(), client_id="any"), world_at(StoppedClock(), client_id="own"))
    assert call(lenient, "POST", "/sync/commerce/config/ui/accounts/platform/zzzz", {})[0] == 404
    assert call(lenient, "GET", f"/clients/nobody/{ACCOUNTS}")[0] == 404
    assert call(lenient, "GET", f"/clients/{other}/{ACCOUNTS}")[0] == 200
    assert call(strict, "GET", f"/clients/{other}/{ACCOUNTS}")[0] == 404
    assert call(strict, "GET", f"/clients/{strict.client_id}/{ACCOUNTS}")[0] == 200


def test_settings_survive_a_restart(tmp_path: Path) -> None:
    world = world_at(StoppedClock(), data=tmp_path)
    call(world, "PATCH", TEXTS, {NEXT: "Onwards"}, locale="fr-fr")
    call(world, "POST", f"/sync/commerce/{ACCOUNTS}", {"visibleAccounts": []})
    world.store.close()
    again = world_at(StoppedClock(), data=tmp_path)
    assert read(again, TEXTS, locale="fr-fr")[NEXT]["text"] == "Onwards"
    assert read(again, f"/sync/commerce/{ACCOUNTS}") == {"visibleAccounts": []}


def test_the_profile_tells_the_client_and_no_key() -> None:
    told = read(world_at(StoppedClock()), "/profile")
    assert told["name"]
    assert told["redirectUrl"]
    assert "apiKey" not in told
