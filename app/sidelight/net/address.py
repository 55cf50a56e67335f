"""What can be said of a URL without the network: its origin, whether it stays on this machine, whether it is plain."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

__all__ = ["is_loopback", "is_plain", "origin_of"]


def origin_of(url: str) -> str:
    """Scheme, host and port that is not the default ("https://api.deepseek.com"). Raises ValueError for no http URL."""
    parts = urlsplit(url)
    host, port = parts.hostname, parts.port
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("not an http or https address")
    if ":" in host:
        host = f"[{host}]"
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, default) else "")


def is_loopback(url: str) -> bool:
    """Whether the host is this machine: localhost, 127.0.0.0/8 or ::1. Odd spellings of them count as elsewhere."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback


def is_plain(url: str) -> bool:
    """Whether what is sent there can be read on the way: http to a host that is not this machine."""
    return urlsplit(url).scheme == "http" and not is_loopback(url)
