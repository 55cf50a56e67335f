"""The one HTTP client: deadlines, caps, TLS, proxies, redirects. Bytes only; knows no backend.

Importing this package is cheap: httpx comes with the first `Http`.
"""

from sidelight.net.address import is_loopback, is_plain, origin_of
from sidelight.net.errors import NetError

__all__ = ["NetError", "is_loopback", "is_plain", "origin_of"]
