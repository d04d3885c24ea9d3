"""`probe_codat`, as a person at a prompt meets it."""

import builtins
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone
from pytest_django import Settings

from syncs.management.commands import probe_codat as command
from syncs.models import Freeze
from syncs.operations import freezing
from syncs.operations.probing import Pace
from tests.factories import make_merchant, make_request
from tests.probes import QUICK, Account
from tests.probes import account as account
from tests.probes import process as process
from tests.probes import spare_companies as spare_companies
from tests.upstream import CANARY

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(autouse=True)
def codat(account: Account, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CODAT_API_URL = account.sandbox.url
    monkeypatch.setattr(command, "codat_client", lambda: account.client)
    monkeypatch.setattr(command, "Pace", lambda wait: Pace(wait, QUICK.pause, QUICK.quiet))


def types(monkeypatch: pytest.MonkeyPatch, text: str | type[BaseException]) -> None:
    def typed(prompt: str) -> str:
        if isinstance(text, str):
            return text
        raise text

    monkeypatch.setattr(builtins, "input", typed)


def said(company_id: str, *words: str) -> str:
    out = StringIO()
    call_command("probe_codat", f"--company={company_id}", *words, stdout=out)
    return out.getvalue()


def ended(company_id: str, *words: str) -> tuple[str, str]:
    """What it said, and the sentence with which it ended early."""
    out = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("probe_codat", f"--company={company_id}", *words, stdout=out)
    return out.getvalue(), str(error.value)


def name_of(account: Account, company_id: str) -> str:
    return str(account.sandbox.get(f"/companies/{company_id}").json()["name"])


def test_it_says_what_it_will_do_before_it_asks(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    types(monkeypatch, "no")
    company_id = account.company()
    told, why = ended(company_id)
    assert "up to 4 POSTs" in told
    assert "WRITE SALES INTO THIS COMPANY'S BOOKS" in told
    assert name_of(account, company_id) in told
    assert "sales from 2001-01-01 00:00 to 2001-01-02 00:00 UTC" in told
    assert "all sales since its last successful sync" in told
    assert why == "That is not the company's name or id. Nothing was sent."
    assert account.posts(company_id) == []


@pytest.mark.parametrize("answer", ["", "y", "yes", "Another Shop", EOFError, KeyboardInterrupt])
def test_only_the_company_itself_is_consent(
    account: Account, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    types(monkeypatch, answer)
    company_id = account.company()
    assert "Nothing was sent." in ended(company_id)[1]
    assert account.posts(company_id) == []


@pytest.mark.parametrize("typed", ["name", "id"])
def test_after_consent_it_probes_and_names_the_setting(
    account: Account, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    company_id = account.company()
    types(monkeypatch, company_id.upper() if typed == "id" else f" {name_of(account, company_id)} ")
    told = said(company_id)
    assert "    CODAT_IDEMPOTENCY_VERIFIED=true    (it is false now)" in told
    assert "    4 POSTs were sent." in told
    assert "--switch idempotent_posts=both --switch commerce_sync_id=differs" in told
    assert CANARY not in told


@pytest.mark.parametrize(
    ("turned", "now", "line"),
    [
        ("caches_errors", True, "CODAT_IDEMPOTENCY_VERIFIED=true    (as it is now)"),
        ("off", True, "CODAT_IDEMPOTENCY_VERIFIED=false    (it is true now)"),
        ("off", False, "CODAT_IDEMPOTENCY_VERIFIED=false    (as it is now)"),
    ],
)
def test_the_setting_is_compared_with_the_one_that_holds(
    account: Account, settings: Settings, turned: str, now: bool, line: str
) -> None:
    account.turn(idempotency=turned)
    settings.CODAT_IDEMPOTENCY_VERIFIED = now
    assert line in said(account.company(), "--yes")


def test_one_post_alone_settles_nothing(account: Account) -> None:
    company_id = account.company()
    told = said(company_id, "--yes", "--only=historic", "--from=2005-03-01", "--to=2005-03-02")
    assert "None: not both POSTs were judged" in told
    assert "honoured on the latest POST?\n    not known\n    Not tried." in told
    bodies = {line["body"] for line in account.posts(company_id)}
    assert bodies == {'{"dateRange":{"start":"2005-03-01T00:00:00Z","finish":"2005-03-03T00:00:00Z"}}'}


def test_an_uncertain_post_is_told_with_the_report(account: Account) -> None:
    company_id = account.company()
    account.sandbox.fault("drop_after", method="POST", company_id=company_id)
    told, why = ended(company_id, "--yes")
    assert "The first POST brought no sync to compare with." in told
    assert "    1 POST was sent.\n    Perhaps a sync by the historic POST 1" in told
    assert "It may have started a sync" in why


@pytest.mark.parametrize("when", ["POST 1", "Waiting", "POST 2", "Watching"])
def test_an_interrupted_probe_tells_what_it_found(
    account: Account, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    out = StringIO()
    write = out.write

    def interrupted(text: str) -> int:
        if when in text and "What was found" not in text:
            raise KeyboardInterrupt
        return write(text)

    monkeypatch.setattr(out, "write", interrupted)
    with pytest.raises(CommandError, match="Interrupted"):
        call_command("probe_codat", f"--company={account.company()}", "--yes", "--only=historic", stdout=out)
    assert "What was found" in out.getvalue()
    answer = "perhaps (likely)" if when == "Watching" else "not known"
    assert f"honoured on the historic POST?\n    {answer}" in out.getvalue()
    under_way = "was under way when the probe was broken off"
    assert (under_way in " ".join(out.getvalue().split())) is when.startswith("POST")


@pytest.mark.parametrize("wrong", ["", "42", "../companies", "8a210b68698811eda1eb0242ac120002", "{}"])
def test_what_is_no_company_id_is_refused(wrong: str) -> None:
    assert ended(wrong)[1].startswith("This is not the id of a company.")


def test_an_unknown_company_is_refused() -> None:
    assert "No company was found" in ended("846ed55c-974b-4392-a1f1-87b6fdbf3c5e", "--yes")[1]


def test_a_merchant_with_a_request_under_way_is_left_alone(account: Account) -> None:
    company_id = account.company()
    make_request(make_merchant(company_id=company_id))
    assert "has a sync request under way here" in ended(company_id, "--yes")[1]
    assert account.posts(company_id) == []


def test_while_sending_is_frozen_nothing_is_probed(account: Account) -> None:
    company_id = account.company()
    freezing.freeze(Freeze.Cause.PERSON, now=timezone.now(), reason="Codat asked us to pause")
    assert ended(company_id, "--yes")[1].startswith("Sending is frozen here.")
    assert account.posts(company_id) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--from=yesterday"], "'yesterday' is not a day. Write it as 2026-01-31."),
        (["--from=2026-02-30"], "is not a day"),
        (["--to=2020-01-01"], "--to needs --from."),
        (["--from=2020-01-02", "--to=2020-01-01"], "the first before the last"),
        (["--from=1999-12-31"], "from 2000 on"),
        (["--from=2999-01-01"], "days that are over"),
        (["--from=2020-01-01", "--to=2020-03-01"], "no more than 31 days"),
        (["--wait=0"], "not a number of seconds from 1 to 3600"),
        (["--wait=soon"], "not a number of seconds"),
        (["--only=both"], "invalid choice"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(account: Account, words: list[str], sentence: str) -> None:
    company_id = account.company()
    assert sentence in ended(company_id, "--yes", *words)[1]
    assert account.posts(company_id) == []


@pytest.mark.parametrize("url", ["https://api.codat.io", "http://127.0.0.1.example.com", "http://10.0.0.1"])
def test_a_real_account_is_never_probed_unasked(account: Account, settings: Settings, url: str) -> None:
    settings.CODAT_API_URL = url
    assert ended(account.company(), "--yes")[1].startswith("--yes is only for an imitation of Codat")


def test_a_database_without_tables_is_told_in_a_sentence(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_tables(*_: Any, **__: Any) -> None:
        raise OperationalError("no such table: syncs_syncrequest")

    monkeypatch.setattr(command, "planned", no_tables)
    assert ended(account.company(), "--yes")[1] == (
        "The database cannot be used: no such table: syncs_syncrequest. Has it been migrated?"
    )


def test_without_a_key_it_says_so(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, account: Account
) -> None:
    from syncs import clients

    monkeypatch.setattr(command, "codat_client", clients.codat_client.__wrapped__)
    settings.CODAT_API_KEY = ""
    assert ended(account.company())[1].startswith("CODAT_API_KEY is not set.")
