"""Codat's official SDK, pointed at the sandbox, is content with every answer."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from codat_sync_for_commerce import CodatSyncCommerce
from codat_sync_for_commerce.models import errors, shared

from sandbox.testing import Sandbox
from tests.openapi.proxy import Proxy, Record
from tests.sandbox.sdk import sdk_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def record() -> Record:
    return Record()


@pytest.fixture(scope="module")
def sdk(sandbox: Sandbox, record: Record) -> Iterator[CodatSyncCommerce]:
    with Proxy(sandbox.url, record) as proxy, sdk_of(sandbox, proxy.url) as sdk:
        yield sdk


@pytest.fixture(autouse=True)
def all_that_it_sends_is_right(record: Record) -> Iterator[None]:
    record.wrong.clear()
    yield
    assert record.wrong == []


def of_kind(sandbox: Sandbox, kind: str) -> dict[str, str]:
    return {"company_id": sandbox.merchants(kind)[0]["company_id"]}


def test_it_lists_and_creates_companies(sdk: CodatSyncCommerce) -> None:
    page = sdk.advanced_controls.list_companies(request={"page": 1, "page_size": 100})
    assert page.total_results == len(page.results) >= 40
    assert page.links.current.href == "/companies?page=1&pageSize=100"
    company = sdk.advanced_controls.create_company(request={"name": "Bank of Dave", "tags": {"a": "b"}})
    assert (company.name, company.tags) == ("Bank of Dave", {"a": "b"})


def test_it_follows_a_connection_from_its_creation_to_its_end(sdk: CodatSyncCommerce) -> None:
    company = sdk.advanced_controls.create_company(request={"name": "Fresh"})
    made = sdk.connections.create(
        request={"company_id": company.id, "request_body": {"platform_key": "gbol"}}
    )
    assert made.status == shared.DataConnectionStatus.PENDING_AUTH
    where = {"company_id": company.id, "connection_id": made.id}
    linked = sdk.connections.update_authorization(request={**where, "request_body": {"k": "v"}})
    assert linked.status == shared.DataConnectionStatus.LINKED
    unlinked = sdk.connections.update_connection(
        request={**where, "update_connection": {"status": shared.DataConnectionStatus.UNLINKED}}
    )
    assert unlinked.status == shared.DataConnectionStatus.UNLINKED
    listed = sdk.connections.list(request={"company_id": company.id})
    assert [link.id for link in listed.results] == [made.id]


def test_it_reads_every_company_with_every_kind_of_connection(
    sdk: CodatSyncCommerce, sandbox: Sandbox
) -> None:
    where = {"commerce_key": "ugxp", "accounting_key": "qhyg", "merchant_identifier": "Half linked"}
    sdk.connections.get_sync_flow_url(request=where)
    companies = sdk.advanced_controls.list_companies(request={"page_size": 5000}).results
    statuses = {link.status.value for company in companies for link in company.data_connections}
    assert statuses == {"Linked", "PendingAuth", "Deauthorized", "Unlinked"}


def test_it_reads_and_sets_the_configuration(sdk: CodatSyncCommerce, sandbox: Sandbox) -> None:
    for kind in ("healthy", "never_synced"):
        read = sdk.advanced_controls.get_configuration(request=of_kind(sandbox, kind))
        assert read.enable is read.configured is (kind == "healthy")
    told = sdk.advanced_controls.set_configuration(request=of_kind(sandbox, "healthy"))
    assert told.schedule.sync_hour is not None


def test_it_gets_a_sync_flow_url(sdk: CodatSyncCommerce) -> None:
    where = {"commerce_key": "fztf", "accounting_key": "gbol", "merchant_identifier": "A shop"}
    assert sdk.connections.get_sync_flow_url(request=where).url.startswith("https://sync-flow")


def test_it_lists_integrations_and_their_branding(sdk: CodatSyncCommerce) -> None:
    page = sdk.integrations.list(request={"page_size": 5, "query": "enabled=true", "order_by": "name"})
    assert page.links.next.href.startswith("/integrations?page=2")
    for found in page.results:
        assert found.enabled
        assert found.datatype_features
        images = sdk.integrations.get_branding(request={"platform_key": found.key})
        assert images.logo.full.image.src.startswith("data:image/")
    assert len(sdk.integrations.list(request={}).results) > 15
    with pytest.raises(errors.ErrorMessage):
        sdk.integrations.get_branding(request={"platform_key": "zzzz"})


def test_it_reads_and_changes_the_texts_of_the_flow(sdk: CodatSyncCommerce) -> None:
    where, key = {"locale": shared.Locale.EN_US}, "configure-misc-nextButton"
    assert sdk.sync_flow_settings.get_config_text_sync_flow(request=where)[key].text == "Next"
    given = {key: {"text": "Onwards", "required": True}}
    told = sdk.sync_flow_settings.update_config_text_sync_flow(request={**where, "request_body": given})
    assert (told[key].text, told[key].required) == ("Onwards", True)
    assert sdk.sync_flow_settings.get_config_text_sync_flow(request=where) == told


def test_it_reads_and_changes_the_accounts_of_the_flow(sdk: CodatSyncCommerce) -> None:
    url = sdk.connections.get_sync_flow_url(
        request={"commerce_key": "fztf", "accounting_key": "gbol", "merchant_identifier": "A shop"}
    ).url
    where = {"client_id": url.split("/")[3], "platform_key": "fztf"}
    shown = sdk.sync_flow_settings.get_visible_accounts(request=where).visible_accounts
    given = {"platform_key": "fztf", "visible_accounts": {"visible_accounts": shown[:2]}}
    told = sdk.sync_flow_settings.update_visible_accounts_sync_flow(request=given)
    assert told.visible_accounts == shown[:2]
    assert sdk.sync_flow_settings.get_visible_accounts(request=where) == told


@pytest.mark.parametrize("body", [None, {}, {"sync_to": f"{date.today()}T00:00:00Z"}])
def test_it_asks_for_a_sync_to_the_latest(
    sdk: CodatSyncCommerce, sandbox: Sandbox, body: dict | None
) -> None:
    where = of_kind(sandbox, "missing_customer")
    summary = sdk.sync.request(request={**where, "sync_to_latest_args": body})
    assert (summary.sync_status_code, summary.company_id) == (1000, where["company_id"])
    assert summary.sync_date_range_utc.start < summary.sync_date_range_utc.finish


def test_it_asks_for_a_range_and_is_refused_without_one(sdk: CodatSyncCommerce, sandbox: Sandbox) -> None:
    where = of_kind(sandbox, "missing_customer")
    start, finish = (f"{date.today() - timedelta(days=ago)}T00:00:00Z" for ago in (2, 1))
    days = {"date_range": {"start": start, "finish": finish}}
    summary = sdk.sync.request_for_date_range(request={**where, "sync_range": days})
    assert summary.sync_date_range_utc.start == start
    with pytest.raises(errors.ErrorMessage) as refused:
        sdk.sync.request_for_date_range(request=where)
    assert refused.value.data.status_code == 400


def test_it_reads_the_syncs_of_every_kind_of_merchant(sdk: CodatSyncCommerce, sandbox: Sandbox) -> None:
    kinds = [row["kind"] for row in sandbox.get("/_sandbox/kinds").json() if row["merchants"]]
    for where in (of_kind(sandbox, kind) for kind in kinds if kind != "never_synced"):
        rows = sdk.sync.list(request=where)
        latest = sdk.sync.get_latest_sync(request=where)
        status = sdk.sync.get_status(request=where)
        assert rows[0].sync_id == latest.sync_id == status.sync_id
        assert sdk.sync.get(request={**where, "sync_id": rows[5].sync_id}) == rows[5]
        assert sdk.sync.get_last_successful_sync(request=where).sync_status_code in (
            2000,
            2040,
        )


def test_it_is_told_of_a_wrong_company_and_a_wrong_key_in_its_own_errors(
    sdk: CodatSyncCommerce, sandbox: Sandbox
) -> None:
    with pytest.raises(errors.ErrorMessage) as missing:
        sdk.sync.get_status(request={"company_id": "846ed55c-974b-4392-a1f1-87b6fdbf3c5e"})
    assert missing.value.data.service == "ClientsApi"
    raw = CodatSyncCommerce(security=shared.Security(auth_header="test-key"), server_url=sandbox.url)
    with raw, pytest.raises(errors.ErrorMessage) as wrong:
        raw.advanced_controls.list_companies(request={})
    assert (wrong.value.data.status_code, wrong.value.data.error) == (401, "Unauthorized")
