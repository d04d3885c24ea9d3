import re
from dataclasses import replace

import pytest

from syncs.codat.statuses import STATUSES, Outcome
from syncs.rules import playbook
from syncs.rules.entries import OWNER_WORDS, RERUN_WORDS
from syncs.rules.playbook import diagnose, never_synced
from tests.rules.work import in_a_second_of_work

ACCOUNT = "Account 090 is not in an Active state. (Archived)"
SAMPLES = {
    "two-connections": ["Company needs to have two valid data connections."],
    "fees-need-payments": ["To sync fees: \n - Payments section needs to exist"],
    "prepaid-account-twice": [
        "Payments config invalid. Prepaid Account should not match Prepaid Payment Account.",
        "Accounts config invalid. Prepaid account in Sales should not match PrepaidPayment in Payments.",
    ],
    "payout-account-twice": ["Payments config invalid. Card Account should not match Payout Account."],
    "no-sales-customer": ["No sales customer has been configured."],
    "sales-customer-not-offered": ["Selected customer not present in customer options."],
    "account-not-offered": ["Selected Account is not a valid option."],
    "no-grouping-period": ["No grouping period selected.", "Grouping period selected not from options."],
    "invoice-grouping": ["Invalid invoice level grouping selected."],
    "invoice-line-grouping": ["Invalid invoice line level grouping selected."],
    "payments-on-draft-invoices": ["Payments cannot be enabled if invoice status is set to draft."],
    "account-missing": ["Config contains required accounts without selections."],
    "no-sales-account": ["No Sales Account Present."],
    "no-schedule": ["No schedule selected frequency."],
    "schedule-not-offered": ["Selected schedule frequency not present in options."],
    "no-invoice-status": ["No selected invoice status."],
    "invoice-status-not-offered": ["Invalid invoice status selected (must be submitted or draft)."],
    "no-tax-rate": ["Tax rate is missing selected tax rate id."],
    "tax-rate-not-offered": ["Selected tax rate id for 20% tax-rate has no options."],
    "no-fees-supplier": [
        "No fees supplier has been configured.",
        "Selected supplier not present in supplier options.",
    ],
    "accounts-not-found": ["The following account(s) were not found (Payment account - Account Id): 090."],
    "account-archived": [ACCOUNT, "account   is not in an ACTIVE state (archived)"],
    "account-not-active": ["Account 090 is not in an Active state.", "Account is not in an Active state"],
    "customer-archived": ["Customer 3b9bf2ed is not in an Active state. (Archived)"],
    "customer-not-active": [
        "Customer is not in an Active state.",
        "Customer Till Sales is not in an Active state.",
    ],
    "customer-gone": ["Customer 3b9bf2ed does not exist."],
    "supplier-gone": ["Supplier does not exist."],
    "supplier-not-active": ["Supplier is not in an Active state."],
    "tax-rate-gone": ["Tax Rate 4f2a does not exist.", "The following Tax Rates are invalid: GST on Income."],
    "tax-not-mapped": ["Cannot match the tax id '23vwUg7OhGIZvEUHdee7fw' to a mapped account."],
    "company-gone": ["No company was found with ID 846ed55c-974b-4392-a1f1-87b6fdbf3c5e"],
    "overlap": ["Date overlaps with a previous sync date range."],
    "reconcile-by-hand": ["The order was changed. Please reconcile manually."],
}
LEADS = {
    4000: "A setting in this sync is not valid any more.",
    4040: "The merchant disconnected, so Codat cannot read or write.",
    4200: "A setting in this sync is not valid any more.",
    4220: "The merchant disconnected, so Codat cannot read or write.",
    4260: "The merchant's accounting plan has expired, so the books are read-only.",
    5000: "Codat had a server error. A re-run usually works.",
    5080: "Codat stopped this run because the days overlap an earlier sync.",
    5120: "Codat could not process the sales data.",
    5130: "The accounting software refused the data.",
}


def told(message, code=5130, data_pushed=False):
    return diagnose(code, message, data_pushed, "Shopify", "Xero")


@pytest.mark.parametrize(("entry", "message"), [(e, m) for e, messages in SAMPLES.items() for m in messages])
@pytest.mark.parametrize("code", [4000, 5130, 5999, None])
def test_a_message_finds_its_entry_under_any_code(entry, message, code):
    assert told(message, code).entry_id == entry
    assert told(message.upper().replace(" ", "  "), code).entry_id == entry


def test_every_pattern_has_a_sample():
    assert [entry.id for entry in playbook.ENTRIES if entry.pattern] == list(SAMPLES)


def test_an_archived_account_is_told_by_its_number_from_lead_to_message():
    diagnosis = told(ACCOUNT)
    assert diagnosis.lead == "Xero is refusing the sales because account 090 is archived."
    assert diagnosis.detail == "Codat reads the sales from Shopify, then Xero rejects them."
    assert (diagnosis.owner, diagnosis.owner_words) == ("merchant", "The merchant")
    assert (diagnosis.rerun, diagnosis.rerun_words) == ("after_fix", "Not until account 090 is fixed")
    assert (diagnosis.safe, diagnosis.safe_words) == (True, "Yes, nothing was written")
    assert diagnosis.steps[0] == (
        "Ask the merchant to restore account 090 in Xero, or pick another account in Codat's sync flow."
    )
    assert "because account 090 is archived" in diagnosis.message


@pytest.mark.parametrize(("code", "lead"), LEADS.items())
def test_without_a_known_message_the_code_speaks(code, lead):
    assert told("something else", code).lead == lead
    assert told("", code).lead == lead


@pytest.mark.parametrize(
    ("code", "entry", "rerun"),
    [
        (1000, "any-running", "already_running"),
        (1010, "code-long-running", "already_running"),
        (1999, "any-running", "already_running"),
        (2000, "any-synced", "not_needed"),
        (2040, "code-no-sales", "not_needed"),
        (2999, "any-synced", "not_needed"),
        (4999, "any-failed", "helps_now"),
        (5999, "any-failed", "helps_now"),
        (None, "any-unknown", "helps_now"),
        (7, "any-unknown", "helps_now"),
    ],
)
def test_codes_without_a_text_of_their_own_are_told_by_their_class(code, entry, rerun):
    diagnosis = told("", code)
    assert (diagnosis.entry_id, diagnosis.rerun) == (entry, rerun)


def test_a_stale_message_does_not_make_a_success_look_wrong():
    assert told(ACCOUNT, 2000).entry_id == "any-synced"
    assert told(ACCOUNT, 1000).entry_id == "any-running"


@pytest.mark.parametrize("code", [4000, 5000, 5080, 5130, 9999, None])
def test_whether_a_re_run_is_safe_comes_from_what_was_written_and_never_from_the_code(code):
    assert told("", code, data_pushed=False).safe is True
    assert told("", code, data_pushed=True).safe is False
    assert told("", code, data_pushed=None).safe is None
    assert told("", code, data_pushed=True).safe_words == "Some sales may already be written"


def test_while_a_sync_runs_nobody_can_tell_what_it_will_write():
    assert told("", 1000, data_pushed=False).safe is None


def all_diagnoses(commerce, accounting):
    messages = [message for samples in SAMPLES.values() for message in samples]
    yield from (diagnose(5130, message, None, commerce, accounting) for message in messages)
    yield from (diagnose(code, "", None, commerce, accounting) for code in [*STATUSES, 3000, 4999])
    for linked in [(False, False), (False, True), (True, False), (True, True)]:
        yield never_synced(commerce, accounting, *linked)
    cut = playbook.disconnected(None, commerce, accounting)
    yield from (cut, playbook.linked_again(cut, commerce, accounting))
    for failed_days in (0, 31):
        yield playbook.switched_off(commerce, accounting, failed_days)


@pytest.mark.parametrize(
    ("failed_days", "lead"),
    [
        (0, "This sync is switched off at Codat."),
        (30, "This sync is switched off at Codat."),
        (31, "Codat switched this sync off after 31 failed days in a row."),
        (90, "Codat switched this sync off after 31 failed days in a row."),
    ],
)
def test_only_a_fuse_that_burnt_down_tells_who_switched_a_sync_off(failed_days, lead):
    assert playbook.switched_off("Shopify", "Xero", failed_days).lead == lead


@pytest.mark.parametrize("platforms", [("Shopify", "Xero"), ("", "")])
def test_every_text_is_whole_sentences_without_a_placeholder_left(platforms):
    for diagnosis in all_diagnoses(*platforms):
        for text in (diagnosis.lead, diagnosis.detail, diagnosis.message, *diagnosis.steps):
            assert text[0].isupper(), diagnosis.entry_id
            assert text.endswith("."), diagnosis.entry_id
            assert not set(text) & set("{}"), diagnosis.entry_id
        assert not set(diagnosis.rerun_words) & set("{}"), diagnosis.entry_id
        assert diagnosis.owner in OWNER_WORDS
        assert diagnosis.rerun in RERUN_WORDS


def test_ids_are_unique_and_every_outcome_has_a_last_word():
    ids = [entry.id for entry in playbook.ENTRIES]
    assert len(set(ids)) == len(ids)
    assert {entry.outcome for entry in playbook.ENTRIES} - {None} == set(Outcome)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"owner": "somebody"}, KeyError),
        ({"pattern": "("}, re.error),
        ({"outcome": "?"}, ValueError),
        ({"fixed_by": "prayer"}, ValueError),
    ],
)
def test_an_entry_that_is_not_whole_is_refused(wrong, error):
    whole = {
        "id": "x",
        "lead": "A",
        "detail": "B",
        "owner": "us",
        "rerun": "no",
        "steps": [],
        "message_to_merchant": "C",
    }
    assert playbook.entry_of(whole, {}).owner_words == "Us"
    with pytest.raises(error):
        playbook.entry_of(whole | wrong, {})


def test_what_a_message_brings_along_is_never_read_as_a_placeholder():
    assert (
        "account {commerce} is archived"
        in told("Account {commerce} is not in an Active state. (Archived)").lead
    )


@pytest.mark.parametrize(
    ("linked", "lead"),
    [
        ((True, False), "This merchant has never synced. Zettle is linked, QuickBooks is not."),
        ((False, True), "This merchant has never synced. QuickBooks is linked, Zettle is not."),
        ((False, False), "This merchant has never synced. Neither Zettle nor QuickBooks is linked."),
    ],
)
def test_a_merchant_that_never_synced_is_told_what_is_missing(linked, lead):
    diagnosis = never_synced("Zettle", "QuickBooks", *linked)
    assert (diagnosis.lead, diagnosis.owner) == (lead, "merchant")
    assert diagnosis.safe_words == "Yes, nothing was ever written"


def test_with_both_linked_a_first_sync_is_ours_to_start():
    diagnosis = never_synced("Zettle", "QuickBooks", linked_commerce=True, linked_accounting=True)
    assert (diagnosis.owner, diagnosis.rerun) == ("us", "helps_now")


@pytest.mark.parametrize(
    "hostile",
    [
        "account " * 12_500,
        "account is " * 10_000,
        "Payments config invalid." * 5_000,
        "a" * 100_000,
        "\n" * 100_000,
    ],
)
def test_a_message_of_100_kb_makes_no_pattern_explode(hostile):
    with in_a_second_of_work():
        told(hostile)


def test_entries_that_somebody_brings_are_told_instead_of_the_built_in_ones():
    own = replace(playbook.ENTRIES[-2], id="own", lead="Ours.")
    assert diagnose(5130, ACCOUNT, None, "", "", entries=[own]).lead == "Ours."


@pytest.mark.parametrize("cause", ["disconnected", "two-connections"])
def test_what_linking_fixes_is_fixed_when_both_are_linked_again(cause):
    before = told("", 4040) if cause == "disconnected" else told(SAMPLES[cause][0], 4000)
    after = playbook.linked_again(before, "Shopify", "Xero")
    assert (before.rerun, after.rerun) == ("after_fix", "helps_now")
    assert after.safe_words == before.safe_words


def test_links_put_nothing_else_right():
    archived = told(ACCOUNT)
    assert playbook.linked_again(archived, "Shopify", "Xero") is archived


@pytest.mark.parametrize(
    ("code", "message", "is_general", "is_last_resort"),
    [(5130, ACCOUNT, False, False), (5130, "?", True, False), (5999, "?", True, True)],
)
def test_a_diagnosis_knows_whether_its_message_was_understood(code, message, is_general, is_last_resort):
    diagnosis = told(message, code)
    assert (diagnosis.is_general, diagnosis.is_last_resort) == (is_general, is_last_resort)
