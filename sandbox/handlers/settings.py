"""The client's own settings: texts and accounts of the sync flow (OpenAPI of Sync for Commerce), profile (Platform)."""

from uuid import UUID

from sandbox import flow
from sandbox.exchange import NOT_VALID, Answer, Refusal, Request, ok
from sandbox.platforms import platform_of
from sandbox.world import World


def get_texts(world: World, request: Request) -> Answer:
    return ok(flow.texts(world.store, _locale(request)))


def update_texts(world: World, request: Request) -> Answer:
    locale = _locale(request)
    flow.change_texts(world.store, locale, request.json_object())
    return ok(flow.texts(world.store, locale))


def get_visible_accounts(world: World, request: Request) -> Answer:
    """The OpenAPI's path names the client, the docs' path does not: both are known."""
    _is_ours(world, request.params.get("clientId", world.client_id))
    return _accounts(world, platform_of(request.params["platformKey"]).key)


def update_visible_accounts(world: World, request: Request) -> Answer:
    key = platform_of(request.params["platformKey"]).key
    flow.show_accounts(world.store, key, request.json_object().get("visibleAccounts"))
    return _accounts(world, key)


def get_profile(world: World, request: Request) -> Answer:
    """Without the deprecated `apiKey`: an imitation has no reason to tell a key."""
    return ok(
        {
            "name": "Sandbox",
            "logoUrl": "https://sandbox.example/logo.png",
            "iconUrl": "https://sandbox.example/icon.ico",
            "redirectUrl": "https://sandbox.example/{companyId}",
            "whiteListUrls": [],
        }
    )


def _locale(request: Request) -> str:
    """Required; en-us or fr-fr."""
    if "locale" not in request.query:
        raise Refusal(400, NOT_VALID)
    return request.query["locale"].lower()


def _is_ours(world: World, client_id: str) -> None:
    try:
        known = str(UUID(client_id)) == world.client_id or world.switches.client_id == "any"
    except ValueError:
        known = False
    if not known:
        raise Refusal(404, f"No client was found with ID {client_id}", service="ClientsApi")


def _accounts(world: World, key: str) -> Answer:
    return ok({"visibleAccounts": flow.visible_accounts(world.store, key)})
