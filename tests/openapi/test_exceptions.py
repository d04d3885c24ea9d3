"""The exceptions to Codat's documents: each fits what they say today, and none goes further than its reason."""

import json

import pytest

from tests.openapi import documents
from tests.openapi.documents import other_path
from tests.openapi.exceptions import AMENDMENTS, UNDECLARED, Amendment, Undeclared
from tests.openapi.reduce import DATA
from tests.openapi.test_judge import COMPANY, answered, truth


@pytest.mark.parametrize("amendment", AMENDMENTS, ids=lambda each: each.name)
def test_each_exception_fits_the_document_and_is_noticed_when_it_does_no_longer(amendment: Amendment) -> None:
    for place in amendment.places:
        documents.amend(json.loads(DATA.read_text("utf-8")), place, amendment)
        renewed = json.loads(DATA.read_text("utf-8"))
        documents.amend(renewed, place, amendment)
        with pytest.raises(ValueError, match=amendment.name):
            documents.amend(renewed, place, amendment)


@pytest.mark.parametrize("undeclared", UNDECLARED, ids=lambda each: str(each.status))
def test_no_excepted_status_is_declared_by_what_it_is_excepted_for(undeclared: Undeclared) -> None:
    concerned = [
        each
        for each in documents.operations()
        if each.method in undeclared.methods
        and (each.id in undeclared.operations or not undeclared.operations)
    ]
    assert {each.id for each in concerned} >= undeclared.operations
    declaring = {each.id for each in concerned if undeclared.status in each.answers}
    assert declaring <= {"set-configuration"}, "which declares a 409 of its own"


@pytest.mark.parametrize("path", ["latest", "lastSuccessful"])
def test_of_a_company_that_never_synced_nothing_and_null_may_be_told_and_elsewhere_not(path: str) -> None:
    target = f"/companies/{COMPANY}/sync/commerce/syncs/{path}/status"
    assert answered(target, b"", 204) == answered(target, None) == []
    assert answered(f"/companies/{COMPANY}/sync/commerce/syncs/{COMPANY}/status", b"", 204)
    assert answered(f"/companies/{COMPANY}", None)


@pytest.mark.parametrize(
    ("target", "known_as"),
    [
        ("/meta/companies?page=1", "/companies?page=1"),
        ("/meta/companies/sync", "/companies"),
        (f"/meta/companies/{COMPANY}/connections/{COMPANY}", f"/companies/{COMPANY}/connections/{COMPANY}"),
        (f"/companies/{COMPANY}", f"/companies/{COMPANY}"),
    ],
)
def test_an_old_path_is_judged_as_its_successor(target: str, known_as: str) -> None:
    assert other_path(target) == known_as


def test_at_an_old_path_only_a_success_is_judged_as_that_of_its_successor() -> None:
    page = truth("/companies")[1]
    assert answered("/meta/companies", page) == []
    assert answered("/meta/companies", page | {"pageSize": "many"})
    assert answered("/meta/companies", {"statusCode": 404}, 404) == []
