from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}


@register(Tags.security, deploy=True)
def codat_key_is_set(**_: Any) -> list[CheckMessage]:
    if settings.CODAT_API_KEY:
        return []
    return [
        Error("CODAT_API_KEY is not set.", hint="Codat's portal shows it under Developers.", id="syncs.E001")
    ]


@register(Tags.security)
def sandbox_stays_at_home(**_: Any) -> list[CheckMessage]:
    """Demo users have their name as password: they must not be reachable from another machine."""
    strangers = [host for host in settings.ALLOWED_HOSTS if host not in LOOPBACK]
    if not settings.SANDBOX or not strangers:
        return []
    return [Error(f"With the sandbox, ALLOWED_HOSTS may not name {', '.join(strangers)}.", id="syncs.E002")]
