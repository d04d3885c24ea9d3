"""Integrations: list, read, branding (OpenAPI of Sync for Commerce under /config, and of the Platform without)."""

from sandbox.catalogue import FIELDS, branding, integration
from sandbox.exchange import Answer, Request, ok
from sandbox.listing import listed
from sandbox.platforms import PLATFORMS, platform_of
from sandbox.world import World


def list_integrations(world: World, request: Request) -> Answer:
    """Its links begin with /integrations, under /config too (Codat docs, sample)."""
    rows = [integration(platform) for platform in PLATFORMS.values()]
    return ok(listed(request, rows, FIELDS, path="/integrations"))


def get_integration(world: World, request: Request) -> Answer:
    return ok(integration(platform_of(request.params["platformKey"])))


def get_branding(world: World, request: Request) -> Answer:
    return ok(branding(platform_of(request.params["platformKey"])))
