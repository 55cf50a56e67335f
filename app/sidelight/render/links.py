"""Which address may become a link. Deciding only; opening one is the business of one function in ui.

Qt and urllib read odd addresses differently (`//host/s`, `http:///etc/x`, `C:\\x`), so whatever is odd is refused:
research on hostile model output, section 2.1.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

__all__ = ["is_safe"]

_LIMIT = 2048
_HOST = re.compile(r"\[[0-9A-Fa-f:.]+\]|[\w\-]+(\.[\w\-]+)*\.?")


def is_safe(address: str) -> bool:
    """Whether an address is plain http or https with a host, no user name, and nothing invisible in it."""
    if len(address) > _LIMIT or not address.lower().startswith(("http://", "https://")):
        return False
    if any(c.isspace() or c in '\\"<>`' or unicodedata.category(c)[0] == "C" for c in address):
        return False
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    netloc = parts.netloc
    host = netloc if netloc.endswith("]") else re.sub(r":\d*$", "", netloc)
    return "@" not in netloc and _HOST.fullmatch(host) is not None
