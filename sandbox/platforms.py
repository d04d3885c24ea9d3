"""The commerce and accounting platforms that can be linked, by Codat's four-letter keys (Codat docs)."""

from dataclasses import dataclass
from typing import Literal

from sandbox.dice import digest, guid
from sandbox.exchange import Refusal


@dataclass(frozen=True, slots=True)
class Platform:
    key: str
    name: str
    side: Literal["Commerce", "Accounting"]
    source_id: str
    integration_id: str


def _named(side: Literal["Commerce", "Accounting"], **names: str) -> dict[str, Platform]:
    return {
        key: Platform(key, name, side, guid(digest("source", key)), guid(digest("integration", key)))
        for key, name in names.items()
    }


COMMERCE = _named(
    "Commerce",
    fqly="Clover",
    ldgh="Lightspeed K",
    fztf="Shopify",
    ugxp="Zettle",
    zsth="Square",
    exgd="Stripe",
    ltpp="WooCommerce",
    vqzp="BigCommerce",
    qkdj="Amazon Seller Central",
    aiwb="Commerce Sandbox",
    lqai="Partner Commerce",
)
ACCOUNTING = _named(
    "Accounting",
    gbol="Xero",
    qhyg="QuickBooks Online",
    ndsk="QuickBooks Online Sandbox",
    fbrh="FreeAgent",
    pdvj="MYOB",
    qudb="Exact (Netherlands)",
    pbbf="Exact (UK)",
    tgff="Sage Business Cloud Accounting",
    mqjo="Sandbox",
)
PLATFORMS = COMMERCE | ACCOUNTING


def platform_of(key: str) -> Platform:
    """Raises Refusal (404) for a key that no platform bears."""
    if key not in PLATFORMS:
        raise Refusal(404, f"No integration was found with platform key {key}")
    return PLATFORMS[key]
