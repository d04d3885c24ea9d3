"""Integrations and their branding as Codat tells them (OpenAPI, Integration and Branding).

The logos are drawn here: an imitation must not hang on anybody's web server. Enabled are the platforms that the docs
list for Sync for Commerce, and Codat's own sandboxes; what a client has enabled is really its own choice.
"""

from base64 import b64encode
from typing import Any

from sandbox.datatypes import WRITTEN, supported
from sandbox.dice import digest
from sandbox.platforms import Platform
from sandbox.query import Kind

Json = dict[str, Any]

FIELDS: dict[str, Kind] = {
    "key": "text",
    "name": "text",
    "enabled": "truth",
    "sourceId": "text",
    "sourceType": "text",
    "integrationId": "text",
    "isOfflineConnector": "truth",
    "isBeta": "truth",
    "dataProvidedBy": "text",
}
_ENABLED = frozenset(
    (
        "qudb",
        "pbbf",
        "fbrh",
        "pdvj",
        "qhyg",
        "gbol",
        "fqly",
        "ldgh",
        "fztf",
        "ugxp",
        "lqai",
        "aiwb",
        "mqjo",
        "ndsk",
    )
)
_COMING_SOON = "tgff"


def integration(platform: Platform) -> Json:
    return {
        "key": platform.key,
        "logoUrl": _drawn(platform, wide=False),
        "name": platform.name,
        "enabled": platform.key in _ENABLED,
        "sourceId": platform.source_id,
        "integrationId": platform.integration_id,
        "sourceType": platform.side,
        "isOfflineConnector": False,
        "isBeta": platform.key == _COMING_SOON,
        "dataProvidedBy": platform.name,
        "datatypeFeatures": [_features(name) for name in supported(platform)],
    }


def branding(platform: Platform) -> Json:
    """The docs' sample has a button without images: so have accounting platforms here, and shops have both."""
    button = {}
    if platform.side == "Commerce":
        alt = f"Connect to {platform.name}"
        button = {
            state: _image(_drawn(platform, wide=True, state=state), alt) for state in ("default", "hover")
        }
    return {
        "logo": {
            "full": _image(_drawn(platform, wide=True), f"{platform.name} full icon"),
            "square": _image(_drawn(platform, wide=False), f"{platform.name} square icon"),
        },
        "button": button,
        "sourceId": platform.source_id,
    }


def _features(name: str) -> Json:
    """The OpenAPI describes `dataType` and demands `datatype`, the docs' samples have the latter: both are told."""
    kinds = ("Get", "Post") if name in WRITTEN else ("Get",)
    return {
        "datatype": name,
        "dataType": name,
        "supportedFeatures": [{"featureType": kind, "featureState": "Release"} for kind in kinds],
    }


def _image(source: str, alt: str) -> Json:
    return {"image": {"src": source, "alt": alt}}


def _drawn(platform: Platform, *, wide: bool, state: str = "default") -> str:
    """A tile in a colour of its own with the platform's name or first letter, as a data URI."""
    hue = int.from_bytes(digest(platform.key, size=2), "big") % 360
    width, text = (240, platform.name) if wide else (64, platform.name[0])
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="64">'
        f'<rect width="{width}" height="64" rx="8" fill="hsl({hue} 45% {30 if state == "hover" else 38}%)"/>'
        f'<text x="{width // 2}" y="42" font-family="sans-serif" font-size="{20 if wide else 32}" fill="white" '
        f'text-anchor="middle">{text}</text></svg>'
    )
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"
