"""The table of contents: which handler answers which method and path.

Where two patterns fit, the first counts: latest, lastSuccessful and list stand where a sync id can stand.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from sandbox.exchange import Answer, Refusal, Request
from sandbox.handlers import (
    companies,
    configuration,
    connections,
    control,
    faults,
    integrations,
    pulls,
    pushes,
    settings,
    syncs,
    weather,
    webhooks,
)
from sandbox.switches import Switches
from sandbox.world import World

Handler = Callable[[World, Request], Answer]
CONTROL = "/_sandbox/"


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    template: str
    handler: Handler
    asks_for: Literal["latest", "historic"] | None = None
    """The kind of sync that a POST to this route asks for; such POSTs go into the ledger."""
    v1: bool = False
    """A path of the version before this one: there only if a switch says so."""
    looks_at_all: Callable[[World, Request], bool] | None = None
    """Whether a request to this route looks for something among all companies; None where none does."""
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.template)
        object.__setattr__(self, "pattern", re.compile(pattern))


_SYNCS = "/companies/{companyId}/sync/commerce/syncs"
_CONNECTION = "/companies/{companyId}/connections/{connectionId}"
_CONFIGURATION = "/config/companies/{companyId}/sync/commerce"
_ACCOUNTS = "config/ui/accounts/platform/{platformKey}"
_FLOW = "/config/sync/commerce/{commerceKey}/{accountingKey}/start"
_TEXTS = "/sync/commerce/config/ui/text"
_V1 = "/meta/companies"

ROUTES = (
    Route("GET", "/meta/companies/{companyId}/sync/commerce/status", syncs.get_status),
    Route("GET", f"{_SYNCS}/latest/status", syncs.get_latest),
    Route("GET", f"{_SYNCS}/lastSuccessful/status", syncs.get_last_successful),
    Route("GET", f"{_SYNCS}/list/status", syncs.list_syncs),
    Route("GET", f"{_SYNCS}/{{syncId}}/status", syncs.get_by_id),
    Route("POST", "/companies/{companyId}/sync/commerce/latest", syncs.request_latest, "latest"),
    Route("POST", "/meta/companies/{companyId}/sync/commerce/historic", syncs.request_historic, "historic"),
    Route("GET", "/companies", companies.list_companies, looks_at_all=companies.chooses_among_all),
    Route("POST", "/companies", companies.create_company),
    Route("GET", "/companies/{companyId}", companies.get_company),
    Route("PATCH", "/companies/{companyId}", companies.update_company),
    Route("PUT", "/companies/{companyId}", companies.replace_company),
    Route("DELETE", "/companies/{companyId}", companies.delete_company),
    Route("GET", "/companies/{companyId}/connections", connections.list_connections),
    Route("POST", "/companies/{companyId}/connections", connections.create_connection),
    Route("GET", _CONNECTION, connections.get_connection),
    Route("PATCH", _CONNECTION, connections.update_connection),
    Route("DELETE", _CONNECTION, connections.delete_connection),
    Route("PUT", f"{_CONNECTION}/authorization", connections.authorize_connection),
    Route("GET", _CONFIGURATION, configuration.get_configuration),
    Route("POST", _CONFIGURATION, configuration.set_configuration),
    Route("GET", _FLOW, connections.get_sync_flow_url, looks_at_all=connections.is_asked_for_by_name),
    Route("GET", "/config/integrations", integrations.list_integrations),
    Route("GET", "/config/integrations/{platformKey}/branding", integrations.get_branding),
    Route("GET", "/integrations", integrations.list_integrations),
    Route("GET", "/integrations/{platformKey}", integrations.get_integration),
    Route("GET", "/integrations/{platformKey}/branding", integrations.get_branding),
    Route("GET", _TEXTS, settings.get_texts),
    Route("PATCH", _TEXTS, settings.update_texts),
    Route("GET", f"/clients/{{clientId}}/{_ACCOUNTS}", settings.get_visible_accounts),
    Route("GET", f"/sync/commerce/{_ACCOUNTS}", settings.get_visible_accounts),
    Route("POST", f"/sync/commerce/{_ACCOUNTS}", settings.update_visible_accounts),
    Route("GET", "/profile", settings.get_profile),
    Route("GET", "/companies/{companyId}/push", pushes.list_pushes),
    Route("GET", "/companies/{companyId}/push/{pushOperationKey}", pushes.get_push),
    Route("GET", "/companies/{companyId}/data/history", pulls.list_pulls),
    Route("GET", "/companies/{companyId}/data/history/{datasetId}", pulls.get_pull),
    Route("GET", "/companies/{companyId}/dataStatus", pulls.get_status),
    Route("POST", "/companies/{companyId}/data/all", pulls.refresh_all),
    Route("POST", "/companies/{companyId}/data/queue/{dataType}", pulls.refresh_one),
    Route("GET", _V1, companies.list_companies, v1=True, looks_at_all=companies.chooses_among_all),
    Route("POST", f"{_V1}/sync", companies.create_company, v1=True),
    Route("GET", f"{_V1}/{{companyId}}/connections", connections.list_connections, v1=True),
    Route("POST", f"{_V1}/{{companyId}}/connections", connections.create_connection, v1=True),
    Route(
        "PATCH", f"{_V1}/{{companyId}}/connections/{{connectionId}}", connections.update_connection, v1=True
    ),
    Route("GET", "/webhooks", webhooks.list_consumers),
    Route("POST", "/webhooks", webhooks.create_consumer),
    Route("DELETE", "/webhooks/{webhookId}", webhooks.delete_consumer),
    Route("GET", f"{CONTROL}kinds", control.list_kinds),
    Route("GET", f"{CONTROL}merchants", control.list_merchants),
    Route("GET", f"{CONTROL}quota", control.get_quota),
    Route("GET", f"{CONTROL}switches", control.list_switches),
    Route("POST", f"{CONTROL}switches", control.turn_switches),
    Route("POST", f"{CONTROL}companies/{{companyId}}/connections/{{connectionId}}", control.make_happen),
    Route("GET", f"{CONTROL}webhooks", webhooks.look_behind),
    Route("POST", f"{CONTROL}webhooks/{{webhookId}}/secret", webhooks.rotate_secret),
    Route("GET", f"{CONTROL}clock", control.get_clock),
    Route("POST", f"{CONTROL}clock", control.move_clock),
    Route("GET", f"{CONTROL}faults", faults.list_faults),
    Route("POST", f"{CONTROL}faults", faults.set_fault),
    Route("DELETE", f"{CONTROL}faults", faults.clear_faults),
    Route("DELETE", f"{CONTROL}faults/{{number}}", faults.clear_fault),
    Route("GET", f"{CONTROL}faults/kinds", faults.list_kinds),
    Route("GET", f"{CONTROL}outages", weather.list_outages),
    Route("POST", f"{CONTROL}outages", weather.add_outage),
    Route("DELETE", f"{CONTROL}outages", weather.clear_outages),
    Route("GET", f"{CONTROL}waves", weather.list_waves),
    Route("POST", f"{CONTROL}waves", weather.add_wave),
    Route("DELETE", f"{CONTROL}waves", weather.clear_waves),
)


def is_behind_the_scenes(path: str) -> bool:
    """What Codat does not have: no key, no quota, no faults."""
    return path.startswith(CONTROL)


def route_of(request: Request, switches: Switches) -> Route:
    """The route, with the parts of the path put into the request; raises Refusal (404 or 405)."""
    allowed = []
    for route in ROUTES:
        if route.v1 and switches.v1_paths == "gone":
            continue
        found = route.pattern.fullmatch(request.path)
        if found and route.method == request.method:
            request.params = {name: value.lower() for name, value in found.groupdict().items()}
            return route
        if found:
            allowed.append(route.method)
    if allowed:
        headers = {"Allow": ", ".join(sorted(set(allowed)))}
        raise Refusal(405, "The method is not allowed for this resource.", headers=headers)
    raise Refusal(404, f"No resource was found at {request.path}")
