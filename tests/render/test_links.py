"""Which addresses may be links."""

from __future__ import annotations

import pytest

from sidelight.render.links import is_safe


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com",
        "HTTP://example.com:8080/a?b=c#d",
        "http://localhost",
        "http://[::1]:8080/",
        "https://xn--bcher-kva.example/",
        "https://bücher.example/ä",
        "http://192.168.0.1/",
        "https://en.wikipedia.org/wiki/A_(b)",
    ],
)
def test_good(address: str) -> None:
    assert is_safe(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "file://host/share",
        "ftp://a.b/",
        "//host/s",
        "\\\\host\\share",
        "C:\\x",
        "http:///etc/x",
        "http://",
        "https:evil.com",
        "http://user@host/",
        "http://user:pw@host/",
        "http://good.com\\@evil.com/",
        "http://good.com@evil.com",
        "http://a b.com/",
        "http://a.com/\u202etxt",
        "http://a.com/\u200b",
        "http://a.com/\x00",
        "http://a.com/\n",
        "http://a.com:99999/",
        "http://a.com:x/",
        "http://%61.com/",
        "http://a.com/" + "x" * 3000,
        " http://a.com",
        "https://a..com/",
    ],
)
def test_bad(address: str) -> None:
    assert not is_safe(address)
