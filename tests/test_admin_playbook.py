"""The playbook in the admin: entries are written, tried on a message, put in order; what has none queues up."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from syncs.models import Activity, Merchant, PlaybookEntry, User
from syncs.operations import describing, diagnosing
from syncs.rules.entries import ENTRIES
from tests.conftest import signed_in
from tests.factories import make_failing_merchant, make_merchant, make_user
from tests.playbooks import make_entry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("playbook"), pytest.mark.sqlite]
LIST = "/admin/syncs/playbookentry/"
ADD = f"{LIST}add/"
PREVIEW = f"{LIST}preview/"
UNDESCRIBED = f"{LIST}undescribed/"
SEALED = "Ledger 8812734 is sealed for 2026."
WHOLE = {
    "slug": "ledger-sealed",
    "place": "5",
    "is_active": "on",
    "pattern": r"ledger (?P<ledger>.{1,80}) is sealed",
    "codes": "5130",
    "outcome": "",
    "lead": "{accounting} refuses the sales because {ledger} is sealed.",
    "detail": "Nothing of {commerce} can be written.",
    "owner": "merchant",
    "owner_words": "",
    "rerun": "after_fix",
    "rerun_words": "Not until {ledger} is open",
    "fixed_by": "told",
    "steps": "Ask the merchant to open {ledger}.\nThen re-run since last success.",
    "message": "Hello, please open {ledger} in {accounting}.",
}


def of(entry: PlaybookEntry) -> str:
    return f"{LIST}{entry.pk}/change/"


def typed(entry: PlaybookEntry) -> dict[str, Any]:
    """The form as the page brings it."""
    found = {name: getattr(entry, name) for name in WHOLE if name not in {"slug", "is_active"}}
    return found | {name: "on" for name in ("is_active", "says_all") if getattr(entry, name)}


def errors(response: Any) -> str:
    """What stands beside the fields; nothing was saved."""
    assert response.status_code == 200
    return " ".join(re.findall(r'<ul class="errorlist".*?</ul>', response.text, re.DOTALL))


def test_an_admin_writes_an_entry_which_is_told_at_once_and_recorded(
    as_admin: Client, as_viewer: Client, admin_user: User
) -> None:
    merchant = make_failing_merchant(5130, SEALED)
    assert as_admin.post(ADD, WHOLE).status_code == 302
    page = as_viewer.get(f"/merchants/{merchant.company_id}/").text
    assert "Xero refuses the sales because ledger 8812734 is sealed." in page
    entry = PlaybookEntry.objects.get(slug="ledger-sealed")
    assert entry.edited_by == admin_user
    record = Activity.objects.get(verb="playbook.added")
    assert (record.actor, record.what) == (admin_user, "Wrote the playbook entry ledger-sealed")


def test_a_change_is_recorded_with_what_stood_there_before(as_admin: Client, admin_user: User) -> None:
    entry = PlaybookEntry.objects.get(slug="account-archived")
    as_admin.post(of(entry), typed(entry) | {"lead": "Account {account} is in the archive."})
    record = Activity.objects.get(verb="playbook.changed")
    assert record.what == "Changed the playbook entry account-archived: lead"
    assert (record.before, record.after) == (entry.lead, "Account {account} is in the archive.")
    assert record.actor == admin_user
    assert "Playbook" in as_admin.get("/activity/?what=playbook").text


def test_saving_without_a_change_leaves_no_record(as_admin: Client) -> None:
    entry = PlaybookEntry.objects.get(slug="account-archived")
    assert as_admin.post(of(entry), typed(entry)).status_code == 302
    assert not Activity.objects.filter(verb__startswith="playbook.").exists()
    assert PlaybookEntry.objects.get(pk=entry.pk).edited_at is None


@pytest.mark.parametrize("slug", [entry.id for entry in ENTRIES])
def test_every_built_in_entry_passes_the_form_as_it_is(as_admin: Client, slug: str) -> None:
    entry = PlaybookEntry.objects.get(slug=slug)
    assert as_admin.post(of(entry), typed(entry) | {"place": "7"}).status_code == 302
    assert set(diagnosing.entries()) == set(ENTRIES)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"pattern": "("}, "This is no pattern: missing )"),
        ({"pattern": "(a+)+"}, "What stands in brackets may not be repeated"),
        ({"pattern": "a.*b.*c"}, "This pattern could take long on a long message."),
        ({"pattern": ".*"}, "This pattern fits every message."),
        ({"pattern": "", "codes": ""}, "Say when this entry fits: write a pattern, codes or both."),
        ({"codes": "4000, four"}, "“four” is not a status code. Write them as 4000, 4200."),
        ({"codes": "²²²²"}, "is not a status code."),
        ({"codes": "2000"}, "Under 2000 nothing has failed: no pattern is looked for there."),
        ({"outcome": "failed"}, "A class of result is for entries without a pattern and codes."),
        ({"lead": "{acounting} refuses."}, "{acounting} is not a placeholder. Did you mean {accounting}?"),
        ({"steps": "Open {legder}."}, "{legder} is not a placeholder. Did you mean {ledger}?"),
        (
            {"message": "Hello {name}"},
            "{name} is not a placeholder. Those that are: {commerce}, {accounting}",
        ),
        ({"pattern": "sealed"}, "{ledger} is not a placeholder."),
        ({"lead": "{accounting refuses."}, "“{” stands without its “}” in “{accounting refu"),
        ({"steps": "Open it}."}, "“}” stands without its “{” in “Open it}.”."),
        ({"owner": "the cat"}, "“the cat” is nobody who can act. Choose the merchant, us, Codat or nobody."),
        ({"slug": "account-archived"}, "There is an entry of this name already."),
        ({"lead": ""}, "This field is required."),
        ({"place": "-1"}, "greater than or equal to 0"),
    ],
)
def test_what_could_not_be_told_is_refused_with_a_sentence(
    as_admin: Client, wrong: dict[str, str], sentence: str
) -> None:
    told = errors(as_admin.post(ADD, WHOLE | wrong)).replace("&#x27;", "'").replace("&quot;", '"')
    assert sentence in told
    assert PlaybookEntry.objects.count() == len(ENTRIES)


@pytest.mark.parametrize("role", ["viewer", "support", "lead"])
@pytest.mark.parametrize("path", [LIST, ADD, PREVIEW, UNDESCRIBED])
def test_other_roles_are_kept_out(role: str, path: str) -> None:
    assert signed_in(make_user(role)).get(path, follow=True).status_code == 403


def test_an_entry_keeps_its_name_and_is_never_removed(as_admin: Client) -> None:
    entry = PlaybookEntry.objects.get(slug="account-archived")
    as_admin.post(of(entry), typed(entry) | {"slug": "another", "lead": "New."})
    assert PlaybookEntry.objects.get(pk=entry.pk).slug == "account-archived"
    assert as_admin.post(f"{LIST}{entry.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_list_stands_in_the_order_in_which_entries_are_tried(as_admin: Client) -> None:
    make_entry("second", place=3)
    make_entry("first", place=2, pattern="opened")
    found = re.findall(r'change/">([\w-]+)</a>', as_admin.get(LIST).text)
    assert found == ["first", "second", *(entry.id for entry in ENTRIES)]


def test_an_entry_that_is_never_reached_is_told(as_admin: Client) -> None:
    assert "Never reached" not in as_admin.get(LIST).text
    make_entry("sealed", place=1, pattern="sealed")
    make_entry("ledger-sealed", place=2, pattern="ledger is sealed")
    assert "Never reached: sealed stands before it." in as_admin.get(LIST).text
    PlaybookEntry.objects.filter(slug="sealed").update(is_active=False)
    assert "Never reached" not in as_admin.get(LIST).text


def test_the_list_counts_the_merchants_that_each_entry_tells_of_now(as_admin: Client) -> None:
    make_entry()
    for message in (SEALED, SEALED, "Another ledger is sealed"):
        make_failing_merchant(5130, message)
    make_failing_merchant(5130, SEALED, archived_at=timezone.now())
    assert '<td class="field-merchants_now">3</td>' in as_admin.get(f"{LIST}?q=ours").text


def test_a_new_entry_is_offered_a_place_before_those_for_a_mere_code(as_admin: Client) -> None:
    place = int(re.findall(r'name="place" value="(\d+)"', as_admin.get(ADD).text)[0])
    places = dict(PlaybookEntry.objects.values_list("slug", "place"))
    assert places["reconcile-by-hand"] < place < places["code-settings"]


# The preview


def previewed(client: Client, **data: Any) -> str:
    sample = {"sample": SEALED, "sample_code": "5130", "commerce": "Zettle", "accounting": "Sage"}
    response = client.post(PREVIEW, WHOLE | sample | data)
    assert response.status_code == 200
    return str(response.text)


def test_the_preview_tells_the_form_as_the_merchants_page_would_and_saves_nothing(as_admin: Client) -> None:
    page = previewed(as_admin)
    assert "Sage refuses the sales because ledger 8812734 is sealed." in page
    assert "Not until ledger 8812734 is open" in page
    assert '<section class="card diag t-bad"' in page
    assert "panel.css" in page
    assert PlaybookEntry.objects.count() == len(ENTRIES)


def test_without_a_message_the_preview_tells_what_it_would_say_of_any(as_admin: Client) -> None:
    page = previewed(as_admin, sample="")
    assert "Give it a message of Codat" in page
    assert "Sage refuses the sales because the ledger is sealed." in page


def test_the_preview_may_stand_in_a_frame_of_ours_and_nothing_else_may(as_admin: Client) -> None:
    answer = as_admin.get(PREVIEW)
    assert "frame-ancestors 'self'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    other = as_admin.get(LIST)
    assert "frame-ancestors 'none'" in other["Content-Security-Policy"]
    assert other["X-Frame-Options"] == "DENY"


def test_the_preview_says_what_could_not_be_saved(as_admin: Client) -> None:
    page = previewed(as_admin, lead="{acounting} refuses.")
    assert "This entry could not be saved yet." in page
    assert "{acounting} is not a placeholder. Did you mean {accounting}?" in page


def test_the_preview_shows_what_there_is_and_names_what_is_missing(as_admin: Client) -> None:
    page = previewed(as_admin, owner="", detail="", slug="")
    assert "Still missing: “Name”, “More about it”, “Who must act”." in page
    assert "Sage refuses the sales because ledger 8812734 is sealed." in page
    assert "Not until ledger 8812734 is open" in page
    assert "Not written yet" in page
    assert SEALED in page
    assert "not in the books" not in page, "that is told of a merchant, and there is none"
    page = previewed(as_admin, lead="", rerun="", rerun_words="", pattern="(", sample="")
    assert "Still missing: “What is wrong”, “Will a re-run help?”." in page
    assert "Pattern: This is no pattern: missing )" in page
    assert page.count("Not written yet") == 2
    assert "Nothing of Zettle can be written." in page


def test_the_preview_shows_a_text_with_its_mistake(as_admin: Client) -> None:
    page = previewed(as_admin, lead="{acounting} refuses {ledger}, {")
    assert "{acounting} refuses ledger 8812734, {" in page
    assert "What is wrong: “{” stands without its “}”" in page
    assert "What is wrong: “{” stands without its “}”" in previewed(as_admin, pattern="", codes="", lead="{")


def test_of_an_empty_form_there_is_nothing_to_show(as_admin: Client) -> None:
    page = as_admin.post(PREVIEW, {"sample": "", "sample_code": "", "commerce": "", "accounting": ""}).text
    assert "Still missing: “Name”, “Place”, “What is wrong”," in page
    assert "What there is of it reads:" not in page
    assert "card diag" not in page


@pytest.mark.parametrize(
    "wrong", [{"fixed_by": "x"}, {"outcome": "x", "codes": "x"}, {"place": "x"}, {"owner": "x"}]
)
def test_a_choice_that_is_none_breaks_no_preview(as_admin: Client, wrong: dict[str, str]) -> None:
    for sample in ({}, {"sample_code": "abc"}, {"sample": "x" * 5001}):
        page = previewed(as_admin, **wrong, **sample)
        assert "This entry could not be saved yet." in page
        assert "is sealed" in page


def test_the_preview_says_who_stands_before_it(as_admin: Client) -> None:
    make_entry(place=1)
    page = previewed(as_admin)
    assert "“ours” stands before this entry and takes this message." in page
    assert "ledger 8812734 is sealed" in page


def test_the_preview_says_that_it_does_not_fit_and_what_does(as_admin: Client) -> None:
    page = previewed(as_admin, sample="Account 090 is not in an Active state. (Archived)")
    assert "This entry does not fit this message.</b> “account-archived” tells of it:" in page
    assert "Sage is refusing the sales because account 090 is archived." in page


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"sample_code": "abc"}, "The code is not one of Codat&#x27;s"),
        ({"sample": "x" * 5001}, "too long to be tried"),
        ({"entry": "99999999999999999999"}, "ledger 8812734 is sealed"),
        ({"entry": "\x00"}, "ledger 8812734 is sealed"),
    ],
)
def test_odd_input_breaks_no_preview(as_admin: Client, data: dict[str, str], sentence: str) -> None:
    assert sentence in previewed(as_admin, **data).replace("Codat's", "Codat&#x27;s")


def test_the_page_of_an_entry_opens_with_the_preview_of_a_message_that_it_tells_of(as_admin: Client) -> None:
    entry = make_entry()
    make_failing_merchant(5130, SEALED)
    page = as_admin.get(of(entry)).text
    assert SEALED in page
    src = re.findall(r'<iframe name="preview" title="Preview" src="([^"]*)"', page)[0]
    assert "The ledger is sealed." in as_admin.get(src.replace("&amp;", "&")).text


# What has no entry yet


def rows(page: str) -> list[list[str]]:
    body = page.split("<tbody>")[1].split("</tbody>", maxsplit=1)[0] if "<tbody>" in page else ""
    return [re.findall(r"<td>(.*?)</td>", row, re.DOTALL)[:3] for row in body.split("<tr>")[1:]]


def test_causes_without_an_entry_queue_up_by_the_merchants_they_strike_now(as_admin: Client) -> None:
    assert "Every cause that is known has an entry." in as_admin.get(UNDESCRIBED).text
    make_failing_merchant(5130, "One odd thing")
    for _ in range(2):
        make_failing_merchant(4999, "Two odd things")
    make_failing_merchant(4998, "")
    make_failing_merchant(5000, "The code says all of this")
    make_failing_merchant(5120, "")
    make_failing_merchant(5130, "Account 090 is not in an Active state. (Archived)")
    healed = make_failing_merchant(5130, "An odd thing of the past")
    Merchant.objects.filter(pk=healed.pk).update(last_cause=None, health="healthy", last_code=2000)
    assert rows(as_admin.get(UNDESCRIBED).text) == [
        ["2", "4999", "Two odd things"],
        ["1", "4998", "No message"],
        ["1", "5130", "One odd thing"],
        ["0", "5130", "An odd thing of the past"],
    ]
    assert f'<a href="{UNDESCRIBED}">Causes without an entry</a>' in as_admin.get(LIST).text


def test_the_queue_leads_to_a_form_that_knows_the_code_and_a_pattern_for_the_message(
    as_admin: Client,
) -> None:
    cause = make_failing_merchant(4999, SEALED).last_cause
    assert cause
    cause.message = "ledger … is sealed for 2026"
    cause.save()
    page = as_admin.get(UNDESCRIBED).text
    link = re.findall(r'href="([^"]*cause=\d+)"', page)[0]
    form = as_admin.get(link).text
    assert 'name="pattern" value="ledger.{1,300}is sealed for 2026"' in form
    assert 'name="codes" value="4999"' in form
    assert 'name="slug" value="ledger-is-sealed-for-2026"' in form
    assert SEALED in form


def test_what_is_written_leaves_the_queue(as_admin: Client) -> None:
    make_failing_merchant(5130, SEALED)
    assert len(describing.undescribed()) == 1
    as_admin.post(ADD, WHOLE)
    assert describing.undescribed() == []


@pytest.mark.parametrize("cause", ["0", "-1", "x", "9" * 30, "\x00"])
def test_a_cause_that_there_is_not_opens_an_empty_form(as_admin: Client, cause: str) -> None:
    assert 'name="codes" value' not in as_admin.get(ADD, {"cause": cause}).text


def test_an_unknown_failure_leads_an_admin_to_the_form_and_nobody_else(
    as_admin: Client, as_lead: Client
) -> None:
    merchant = make_failing_merchant(5130, SEALED)
    link = f'href="{ADD}?cause={merchant.last_cause_id}"'
    page = f"/merchants/{merchant.company_id}/"
    assert link in as_admin.get(page).text
    assert link not in as_lead.get(page).text


@pytest.mark.parametrize(("code", "message"), [(5130, "Account is not in an Active state"), (5000, "")])
def test_what_is_known_leads_nowhere(as_admin: Client, code: int, message: str) -> None:
    merchant = make_failing_merchant(code, message)
    assert "?cause=" not in as_admin.get(f"/merchants/{merchant.company_id}/").text
    assert "?cause=" not in as_admin.get(f"/merchants/{make_merchant().company_id}/").text
