from base64 import b64decode

import pytest

from sandbox.platforms import PLATFORMS
from tests.sandbox.worlds import StoppedClock, a_merchant, call, read, world_at


@pytest.mark.parametrize("path", ["/config/integrations", "/integrations"])
def test_every_platform_is_an_integration_and_links_begin_without_config(path: str) -> None:
    page = read(world_at(StoppedClock()), path, pageSize="10")
    assert page["totalResults"] == len(PLATFORMS) > 10 == len(page["results"])
    assert page["_links"] == {
        "self": {"href": "/integrations"},
        "current": {"href": "/integrations?page=1&pageSize=10"},
        "next": {"href": "/integrations?page=2&pageSize=10"},
    }


def test_an_integration_tells_its_data_types_under_both_names() -> None:
    told = read(world_at(StoppedClock()), "/integrations/gbol")
    assert (told["name"], told["enabled"], told["sourceType"]) == ("Xero", True, "Accounting")
    assert all(feature["datatype"] == feature["dataType"] for feature in told["datatypeFeatures"])
    assert told["logoUrl"].startswith("data:image/svg+xml;base64,")


def test_a_connection_bears_the_ids_of_its_integration() -> None:
    world = world_at(StoppedClock())
    for link in read(world, f"/companies/{a_merchant(world, 'healthy')}/connections")["results"]:
        told = read(world, f"/integrations/{link['integrationKey']}")
        assert [told[name] for name in ("integrationId", "sourceId", "sourceType", "name")] == [
            link[name] for name in ("integrationId", "sourceId", "sourceType", "platformName")
        ]


@pytest.mark.parametrize("query", ["enabled=true", "enabled%3Dtrue", "enabled = True"])
def test_the_docs_filter_is_understood_though_it_is_encoded_twice(query: str) -> None:
    page = read(world_at(StoppedClock()), "/config/integrations", query=query, pageSize="100")
    assert {row["enabled"] for row in page["results"]} == {True}
    assert 0 < page["totalResults"] < len(PLATFORMS)


def test_integrations_are_filtered_and_ordered() -> None:
    world = world_at(StoppedClock())
    page = read(world, "/integrations", query="sourceType=Commerce&&isBeta=false", orderBy="-name")
    names = [row["name"] for row in page["results"]]
    assert names == sorted(names, reverse=True)
    assert "Shopify" in names
    assert "Xero" not in names
    assert call(world, "GET", "/integrations", query="datatypeFeatures.dataType=invoices")[0] == 400


@pytest.mark.parametrize("prefix", ["/config/integrations", "/integrations"])
def test_branding_has_images_of_its_own_and_perhaps_no_button(prefix: str) -> None:
    world = world_at(StoppedClock())
    shop, books = (read(world, f"{prefix}/{key}/branding") for key in ("fztf", "gbol"))
    assert shop["sourceId"] == PLATFORMS["fztf"].source_id
    assert (shop["button"].keys(), books["button"]) == ({"default", "hover"}, {})
    image = shop["logo"]["full"]["image"]
    assert "Shopify" in image["alt"]
    assert b">Shopify<" in b64decode(image["src"].partition(",")[2])


@pytest.mark.parametrize("path", ["/integrations/zzzz", "/config/integrations/zzzz/branding"])
def test_an_unknown_platform_is_a_404(path: str) -> None:
    assert call(world_at(StoppedClock()), "GET", path)[0] == 404
