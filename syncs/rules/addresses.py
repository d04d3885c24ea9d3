"""Addresses that a person typed: of the panel, and of those who are told."""

import ipaddress
from urllib.parse import SplitResult, urlsplit

LONGEST = 500
# Well-known prefixes that carry an IPv4 address of somebody's own network through IPv6.
NAT64 = ipaddress.ip_network("64:ff9b::/96")
NOT_PUBLIC = "It leads into this machine's own network, where no webhook may go."


def checked_panel_url(url: str) -> str:
    """Raises ValueError, without repeating what may hold a password."""
    parts = _split(url)
    if parts is None or parts.scheme not in {"http", "https"} or parts.query:
        raise ValueError("It must look like https://panel.example.com, without a user or a query.")
    return url


def checked_webhook(url: str, *, may_be_local: bool) -> str:
    """As far as its text tells; where its name leads is looked at when it is used. Raises ValueError."""
    parts, schemes = _split(url), {"https", "http"} if may_be_local else {"https"}
    if parts is None or parts.scheme not in schemes or len(url) > LONGEST or not url.isprintable():
        raise ValueError("A webhook's address begins with https:// and names no user.")
    if not may_be_local and _is_local_name(parts.hostname or ""):
        raise ValueError(NOT_PUBLIC)
    return url


def is_public(address: str) -> bool:
    """Whether this IP address is one of the whole internet's, whatever it is written as."""
    try:
        ip = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def _is_local_name(host: str) -> bool:
    name = host.rstrip(".").lower()
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return "." not in name or name.endswith((".localhost", ".local", ".internal"))
    return not is_public(name)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        extras = parts.username is not None or parts.password is not None or parts.fragment
        is_sound = bool(parts.hostname) and parts.port != 0 and not extras and not any(map(str.isspace, url))
    except ValueError:
        return None
    return parts if is_sound else None
