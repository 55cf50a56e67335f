"""News of a newer version, from a server on loopback: what is believed, what is not, and all that is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from securesystemslib.signer import _key
from tests.faults.client import opened
from tests.faults.server import ExpectEof, FaultServer, Fin, Rst, Scenario, Seen, answer, head
from tests.net.releases import KEY, NOW, PATH, STRANGER, copy_of, news, signed, telling

from sidelight import paths
from sidelight.net import releases
from sidelight.net.client import Clocks
from sidelight.net.releases import Channel, Look, is_newer, read
from sidelight.settings import NetSetting

PUBLIC = KEY.public_key().public_bytes_raw().hex()
TLS = Path(__file__).parent / "tls"


@pytest.fixture(params=["library", "package"])
def verifier(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With `cryptography`, as where the tests run, and without it, as in a package."""
    if request.param == "package":
        monkeypatch.setattr(_key, "CRYPTO_IMPORT_ERROR", "left out")
    return str(request.param)


async def looked(
    scenarios: Sequence[Scenario] | Callable[[Seen], Scenario], *, not_before: int = 0, own: str = "0.1.0"
) -> tuple[Look, list[Seen]]:
    """What a copy of a version learns from a server that plays these, and what it asked."""
    with FaultServer(scenarios) as server:
        async with opened() as http:
            found = await releases.look(http, copy_of(server.url), now=NOW, not_before=not_before, own=own)
        return found, server.requests


async def test_a_newer_version(verifier: str) -> None:
    found, _ = await looked(telling(news("0.2.0", note="Faster.")))
    assert (found.state, found.why) == ("newer", None)
    assert found.release is not None
    assert (found.release.version, found.release.date, found.release.note) == (
        "0.2.0",
        "2027-01-10",
        "Faster.",
    )
    assert found.release.page == "https://sidelight.example/releases/tag/v0.2.0"


@pytest.mark.parametrize("version", ["0.1.0", "0.1", "0.0.9"])
async def test_the_same_version_and_an_older_one(version: str) -> None:
    found, _ = await looked(telling(news(version)))
    assert (found.state, found.why) == ("current", None)
    assert found.release is not None


async def test_all_that_is_sent() -> None:
    _, requests = await looked(telling(news()))
    assert [(r.method, r.path, r.body) for r in requests] == [
        ("GET", PATH, b""),
        ("GET", f"{PATH}.sig", b""),
    ]
    for request in requests:
        host = request.headers.pop("host")
        assert host.startswith("127.0.0.1:")
        assert request.headers == {"user-agent": "sidelight", "accept": "*/*", "accept-encoding": "identity"}


async def test_no_cookie_is_kept() -> None:
    files = telling(news())

    def baked(seen: Seen) -> Scenario:
        (plain,) = files(seen)
        assert isinstance(plain, bytes)
        return [plain.replace(b"\r\n", b"\r\nset-cookie: id=7; path=/\r\n", 1)]

    found, requests = await looked(baked)
    assert found.state == "newer"
    assert not any("cookie" in request.headers for request in requests)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"<html>Sign in to this network</html>",
        b"[]",
        b"\xff\xfe",
        b"[" * 5000,
        news("1.0rc1"),
        news("1"),
        news("1.0\n"),
        news("9" * 400 + ".0"),
        news("١.٢"),
        news(format="another/1"),
        news(date="soon"),
        news(signed=-1),
        news(signed="now"),
        news(expires=10**30),
        news(page="http://sidelight.example/"),
        news(page="javascript:alert(1)"),
        news(page="https://user@sidelight.example/"),
        news(page="https://["),
        news(page="https://x/" + "a" * 500),
        news(note="two\nlines"),
        news(note="\u202eturned"),
        news(note="long " * 100),
        json.dumps({"version": "0.2.0"}).encode(),
    ],
)
async def test_garbage_that_is_signed(said: bytes) -> None:
    found, _ = await looked(telling(said))
    assert found == Look("unknown", why="garbage")


@pytest.mark.parametrize(
    "signature",
    [
        signed(news(), STRANGER),
        signed(news("0.3.0")),
        signed(news())[:-3] + b"\n",
        b"",
        b"<html>404</html>",
        bytes(64).hex().encode(),
        b"f" * 128,
        b"Z" * 128,
        (b"\x01" + bytes(31)).hex().encode() + bytes(32).hex().encode(),
    ],
)
async def test_a_signature_that_is_not_ours(signature: bytes, verifier: str) -> None:
    found, _ = await looked(telling(news(), signature))
    assert found == Look("unknown", why="signature")


def test_a_byte_that_was_changed(verifier: str) -> None:
    said = news()
    signature = signed(said)
    for at in (0, len(said) // 2, len(said) - 1):
        changed = said[:at] + bytes([said[at] ^ 1]) + said[at + 1 :]
        assert read(changed, signature, PUBLIC, now=NOW).why == "signature"
    for key in ("0" * 64, "f" * 64, "not a key"):
        assert read(said, signature, key, now=NOW).why == "signature"


@pytest.mark.parametrize(
    ("public", "message", "signature"),
    [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ],
)
def test_vectors_of_rfc_8032(public: str, message: str, signature: str, verifier: str) -> None:
    said = bytes.fromhex(message)
    assert releases._is_signed(said, signature.encode(), public)
    assert not releases._is_signed(said + b"x", signature.encode(), public)


async def test_one_that_is_over() -> None:
    found, _ = await looked(telling(news(expires=NOW)))
    assert (found.state, found.why) == ("unknown", "expired")


async def test_one_that_was_rolled_back() -> None:
    old = telling(news("0.2.0", signed=NOW - 1000))
    found, _ = await looked(old, not_before=NOW - 999)
    assert (found.state, found.why) == ("unknown", "older")
    found, _ = await looked(old, not_before=NOW - 1000)
    assert found.state == "newer"


async def test_one_that_is_too_large() -> None:
    said = news(filler="x" * 20_000)
    found, requests = await looked(telling(said))
    assert found == Look("unknown", why="too_large")
    assert len(requests) == 1
    found, _ = await looked(telling(news(), b"0" * 2000))
    assert found == Look("unknown", why="too_large")


@pytest.mark.parametrize(
    "target", ["https://elsewhere.example/latest.json", "/other.json", "file:///etc/passwd"]
)
async def test_a_redirect_is_not_followed(target: str) -> None:
    found, requests = await looked([[head(302, f"location: {target}", "content-length: 0")]])
    assert found == Look("unknown", why="redirect")
    assert len(requests) == 1


async def test_a_server_that_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "_CLOCKS", Clocks(connect=5.0, first_payload=0.2))
    found, _ = await looked([[ExpectEof()]])
    assert found == Look("unknown", why="slow")
    found, _ = await looked([[head(200, "content-length: 500") + b"{", ExpectEof()]])
    assert found == Look("unknown", why="slow")


async def test_one_deadline_for_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "_DEADLINE", 0.2)
    found, _ = await looked([[ExpectEof()]])
    assert found == Look("unknown", why="slow")


@pytest.mark.parametrize("status", [403, 404, 500])
async def test_a_server_that_has_no_such_file(status: int) -> None:
    found, _ = await looked([answer(status, news())])
    assert found == Look("unknown", why="status", status=status)


@pytest.mark.parametrize(
    ("play", "kind"), [([Rst()], "cut"), ([Fin()], "cut"), ([b"SSH-2.0-x\r\n\r\n", Fin()], "protocol")]
)
async def test_a_connection_that_breaks(play: Scenario, kind: str) -> None:
    found, _ = await looked([play])
    assert found == Look("unknown", why="network", kind=kind)  # type: ignore[arg-type]  # of the table


async def test_a_server_that_is_not_there() -> None:
    with FaultServer([]) as server:
        gone = copy_of(server.url)
    async with opened() as http:
        found = await releases.look(http, gone, now=NOW)
    assert found == Look("unknown", why="network", kind="refused")


async def test_a_certificate_that_is_not_trusted() -> None:
    with FaultServer(telling(news()), tls=TLS / "trusted.pem") as server:
        async with opened() as http:
            found = await releases.look(http, copy_of(server.url), now=NOW)
        assert found == Look("unknown", why="network", kind="tls")
        assert server.requests == []
        async with opened(NetSetting(ca_file=str(TLS / "trusted.pem"))) as http:
            found = await releases.look(http, copy_of(server.url), now=NOW)
        assert found.state == "newer"


async def test_plain_http_is_refused_but_on_this_machine() -> None:
    """The proxy would be asked for any other host: it sees nothing."""
    with FaultServer(telling(news())) as proxy:
        async with opened(NetSetting(proxy=proxy.url)) as http:
            found = await releases.look(http, copy_of("http://sidelight.example"), now=NOW)
        assert found == Look("unknown", why="plain")
        assert proxy.connections == 0


async def test_the_proxy_of_the_preferences_is_used() -> None:
    with FaultServer([[head(403, "content-length: 0")]]) as proxy:
        async with opened(NetSetting(proxy=proxy.url)) as http:
            found = await releases.look(http, copy_of("https://sidelight.example"), now=NOW)
        assert found == Look("unknown", why="network", kind="proxy")
        assert [(r.method, r.path) for r in proxy.requests] == [("CONNECT", "sidelight.example:443")]


@pytest.mark.parametrize(
    "changes",
    [{"kind": "deb"}, {"kind": "pip"}, {"kind": "managed"}, {"key": ""}, {"key": "00"}, {"address": ""}],
)
async def test_a_copy_that_does_not_look_sends_nothing(changes: dict[str, str]) -> None:
    with FaultServer(telling(news())) as server:
        where = copy_of(server.url, **changes)
        assert not where.can_look
        async with opened() as http:
            assert await releases.look(http, where, now=NOW) == Look("unknown", why="channel")
        assert server.connections == 0


@pytest.mark.parametrize(
    ("published", "own", "newer"),
    [
        ("0.2.0", "0.1.9", True),
        ("0.10.0", "0.9.0", True),
        ("1.0", "0.99.99", True),
        ("0.2.0.1", "0.2.0", True),
        ("0.2.0", "0.2", False),
        ("0.2", "0.2.0", False),
        ("0.2.0", "0.2.0rc1", True),
        ("0.2.0", "0.2.0.dev3", True),
        ("0.1.9", "0.2.0rc1", False),
        ("0.1.0", "0.2.0", False),
    ],
)
def test_which_version_is_newer(published: str, own: str, newer: bool) -> None:
    assert is_newer(published, own) is newer


@pytest.mark.parametrize(
    ("published", "own"), [("0.2.0rc1", "0.1.0"), ("0.2.0", "unknown"), ("", "0.1.0"), ("v0.2.0", "0.1.0")]
)
def test_what_cannot_be_compared(published: str, own: str) -> None:
    with pytest.raises(ValueError, match="can be compared"):
        is_newer(published, own)


def test_a_version_of_our_own_that_cannot_be_compared_is_not_taken_for_old() -> None:
    said = news()
    assert read(said, signed(said), PUBLIC, now=NOW, own="local+build").why == "garbage"


# --- how a copy came here


def test_these_sources_look_for_nothing() -> None:
    assert releases.channel() == Channel("source")
    assert not releases.channel().can_look


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b'{"kind":"deb"}', Channel("deb")),
        (b'{"kind":"portable","address":"https://x/","key":""}', Channel("portable", "https://x/")),
        (b'{"kind":"snap"}', Channel("managed")),
        (b"{", Channel("managed")),
        (b"", Channel("managed")),
    ],
)
def test_what_a_package_says(
    said: bytes, expected: Channel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "channel.json"
    file.write_bytes(said)
    monkeypatch.setattr(releases, "resource", lambda name: file if name == "channel.json" else None)
    assert releases.channel() == expected


def test_a_package_without_a_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What pip installed has its resources in the package; a frozen program that says nothing is somebody's to renew."""
    (tmp_path / "sidelight" / "resources").mkdir(parents=True)
    monkeypatch.setattr(paths, "__file__", str(tmp_path / "sidelight" / "paths.py"))
    assert releases.channel() == Channel("pip")
    monkeypatch.setattr("sys.frozen", True, raising=False)
    assert releases.channel() == Channel("managed")
