"""All operations of Codat's official SDK, through the judging proxy: none is left out, and each ends as documented."""

from collections.abc import Iterator

import pytest
from codat_sync_for_commerce import CodatSyncCommerce
from codat_sync_for_commerce.models import errors

from sandbox.testing import Sandbox
from tests.openapi import documents
from tests.openapi.proxy import Proxy, Record
from tests.sandbox.sdk import CALLS, Known, operations_of, sdk_of

pytestmark = pytest.mark.slow

FAULTS = {400: "overlap", **{status: str(status) for status in (401, 402, 403, 404, 408, 409, 429, 500, 503)}}
IDS = {each.id: each for each in documents.operations() if each.document == "commerce"}


@pytest.fixture(scope="module")
def record() -> Record:
    return Record()


@pytest.fixture(scope="module")
def sdk(sandbox: Sandbox, record: Record) -> Iterator[CodatSyncCommerce]:
    with Proxy(sandbox.url, record) as proxy, sdk_of(sandbox, proxy.url) as sdk:
        yield sdk


@pytest.fixture
def known(sandbox: Sandbox) -> Known:
    return Known.to(sandbox)


@pytest.fixture(autouse=True)
def nothing_passed_yet(sandbox: Sandbox, record: Record) -> Iterator[None]:
    record.exchanges.clear()
    record.wrong.clear()
    yield
    sandbox.clear_faults()


def test_none_is_left_out(sdk: CodatSyncCommerce) -> None:
    assert CALLS.keys() == operations_of(sdk)
    assert len(CALLS) == len(IDS) == 22


@pytest.mark.parametrize("name", CALLS)
def test_it_is_content_and_sends_and_gets_what_the_documents_say(
    sdk: CodatSyncCommerce, record: Record, known: Known, name: str
) -> None:
    assert CALLS[name](sdk, known) is not None
    [exchange] = record.exchanges
    assert exchange.status == 200
    assert record.wrong == []


def test_together_they_are_the_operations_of_the_document(
    sdk: CodatSyncCommerce, record: Record, known: Known
) -> None:
    for call in CALLS.values():
        call(sdk, known)
    assert {each.operation_id for each in record.exchanges} == IDS.keys()


@pytest.mark.parametrize("name", CALLS)
def test_it_raises_codats_own_words_for_each_declared_status_and_others_without(
    sandbox: Sandbox, sdk: CodatSyncCommerce, record: Record, known: Known, name: str
) -> None:
    declared = set()
    for status, fault in FAULTS.items():
        sandbox.fault(fault, count=1)
        with pytest.raises((errors.ErrorMessage, errors.SDKError)) as raised:
            CALLS[name](sdk, known)
        assert record.exchanges[-1].status == status
        if isinstance(raised.value, errors.ErrorMessage):
            declared.add(status)
            data = raised.value.data
            assert (data.status_code, bool(data.error), data.can_be_retried) == (status, True, "Unknown")
        else:
            assert raised.value.status_code == status
    assert declared == IDS[record.exchanges[-1].operation_id].answers.keys() - {200}
