"""Origins, loopback and plain addresses, odd spellings included."""

from __future__ import annotations

import pytest

from sidelight.net import is_loopback, is_plain, origin_of


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://API.DeepSeek.com/v1/chat", "https://api.deepseek.com"),
        ("https://api.deepseek.com:443/", "https://api.deepseek.com"),
        ("http://localhost:8080/v1", "http://localhost:8080"),
        ("http://[::1]:80/x", "http://[::1]"),
        ("http://name:pw@host:81", "http://host:81"),
    ],
)
def test_origin(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url", ["", "api.deepseek.com", "file:///etc/passwd", "http://", "http://h:port", "//h/x"]
)
def test_no_origin(url: str) -> None:
    with pytest.raises(ValueError):
        origin_of(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:1",
        "http://LOCALHOST",
        "http://a.localhost",
        "http://127.9.9.9",
        "http://[::1]:1",
        "http://[::ffff:127.0.0.1]",
    ],
)
def test_this_machine(url: str) -> None:
    assert is_loopback(url)
    assert not is_plain(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost.evil.com",
        "http://0x7f000001",
        "http://2130706433",
        "http://127.0.0.1@evil.com",
        "http://10.0.0.1",
        "http://[::ffff:10.0.0.1]",
        "http://[bad",
    ],
)
def test_elsewhere(url: str) -> None:
    assert not is_loopback(url)


def test_plain() -> None:
    assert is_plain("http://192.168.0.2:8080")
    assert not is_plain("https://192.168.0.2:8080")
