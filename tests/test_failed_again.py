"""A re-run that fails: again with the same error, with another one, and who can help then."""

import pytest
from django.test import Client
from django.utils import timezone

from syncs.models import SyncRequest
from syncs.views import proofs
from tests.factories import make_merchant, make_outage, make_sync
from tests.proofs import ARCHIVED, by_schedule, day, decided, failing, of_merchant, of_request, page, rerun

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def test_the_same_error_again_says_so_and_that_the_merchant_must_act(as_support: Client) -> None:
    result = "Failed again with the same error (5130)"
    request = rerun(failing(), day(5), day(1), 5130, ARCHIVED, result=result)
    for html in (page(as_support, of_merchant(request)), page(as_support, of_request(request))):
        assert "Failed again with the same error (5130)" in html
        assert "Another press will probably fail the same way. The merchant must act first." in html
        proved = html[html.index("Another press") :].partition("</div>")[0]
        assert "Copy message" in proved
        assert f"/merchants/{request.merchant.company_id}/for-codat/" in proved
        assert "Copy all for Codat&#x27;s support" in proved or "Copy all for Codat's support" in proved


def test_codats_own_error_again_is_a_case_for_codats_support() -> None:
    merchant = make_merchant(health="failing")
    by_schedule(merchant, 1, 2000)
    by_schedule(merchant, 0, 5000, "Internal error")
    proved = proofs.of(rerun(merchant, day(1), day(1), 5000, "Internal error"))
    assert proved is not None
    assert proved.for_codat
    assert proved.message == ""
    assert proved.advice.endswith("It is a case for Codat's support.")


def test_while_codat_looks_down_for_the_platform_it_is_a_case_for_nobody() -> None:
    merchant = failing()
    merchant.syncs.update(code=5000, cause=None)
    merchant.last_code, merchant.last_cause_id = 5000, None
    merchant.save()
    make_outage()
    proof = proofs._failed_again(merchant, merchant.syncs.newest_first()[0], merchant.syncs.newest_first()[1])
    assert proof is not None
    assert proof.sentence == "Failed again with the same error (5000)."
    assert proof.advice == "Codat looks down for Shopify merchants. Wait until that is over."
    assert not proof.for_codat


def test_another_error_than_before_is_told_as_another() -> None:
    merchant = failing()
    proved = proofs.of(rerun(merchant, day(5), day(1), 5000, "Internal error"))
    assert proved is not None
    assert proved.sentence == (
        "Before: failed with “Could not write data” (5130). Now: failed with “Codat server error” (5000)."
    )
    assert not proved.for_codat


def test_the_first_failure_after_a_success_is_no_repetition() -> None:
    merchant = make_merchant()
    by_schedule(merchant, 1, 2000)
    assert proofs.of(rerun(merchant, day(1), day(1), 5130, ARCHIVED)) is None


def test_a_failure_that_is_mended_since_asks_nobody_to_escalate() -> None:
    request = rerun(failing(), day(5), day(1), 5130, ARCHIVED)
    make_sync(request.merchant, 2000, timezone.now())
    decided(request.merchant)
    assert proofs.of(SyncRequest.objects.get(pk=request.pk)) is None
