"""The one exception of the network, with its kind. What a person reads is made of it elsewhere."""

from __future__ import annotations

from typing import Literal, TypeAlias

__all__ = ["NetError", "NetErrorKind"]

NetErrorKind: TypeAlias = Literal[
    "dns", "refused", "connect", "tls", "timeout", "cut", "protocol", "too_large", "redirect", "proxy"
]
"""`connect`: no connection came about (unreachable, or not within the connect clock); `timeout`: a clock of ours
ran out on an open connection; `cut`: the connection ended too early; `redirect`: the server wants another host."""


class NetError(Exception):
    """A request failed on the way. `message` is a short technical text without any query, header or body.

    Of a `redirect` it is the host the server pointed at, of a `timeout` the clock that ran out
    ("first_payload" or "silence"). `location` is where a redirect points, whole: for the one caller that follows
    redirects in the open (weights from a hub, no key on board), never to be shown.
    """

    def __init__(self, kind: NetErrorKind, message: str = "", location: str = "") -> None:
        super().__init__(kind, message)
        self.kind: NetErrorKind = kind
        self.message = message
        self.location = location
