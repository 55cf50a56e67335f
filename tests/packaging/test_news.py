"""News of a release: written and signed as copies read them, and each package says whether its copy looks for them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from tests.packaging.recipes import PACKAGING, ROOT, script
from tests.packaging.test_linux import needs, shop

from sidelight import __version__
from sidelight.net import releases
from sidelight.net.releases import Channel

identity = script("identity")
sign_release = script("sign_release")
PAGE = "https://sidelight.example/releases/tag/v1"
MARK = "lib/sidelight/lib/sidelight/resources/channel.json"


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """A new pair of keys, whose public half is that of the project for as long as the test lasts."""
    private, public = sign_release.new_key()
    monkeypatch.setenv("SIDELIGHT_RELEASE_KEY", private)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    monkeypatch.setattr(sign_release, "RELEASE_KEY", public)
    return private, public


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["sign_release.py", *arguments])
    code: int = sign_release.main()
    return code


def test_what_is_signed_is_believed(
    pair: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(monkeypatch, str(tmp_path), "--page", PAGE, "--note", "Faster; ‘quoted’.") == 0
    said, signature = (tmp_path / "latest.json").read_bytes(), (tmp_path / "latest.json.sig").read_bytes()
    signed = json.loads(said)["signed"]
    found = releases.read(said, signature, pair[1], now=signed, own="0.0.1")
    assert found.state == "newer"
    assert found.release is not None
    assert (found.release.version, found.release.date) == (__version__, "2027-01-15")
    assert (found.release.page, found.release.note) == (PAGE, "Faster; ‘quoted’.")
    assert releases.read(said, signature, pair[1], now=signed, own=__version__).state == "current"
    over = releases.read(said, signature, pair[1], now=signed + 400 * 86_400)
    assert over.why == "expired"
    assert pair[0].encode() not in said + signature


@pytest.mark.parametrize(
    ("arguments", "key", "words"),
    [
        (["--page", PAGE], "0" * 64, "not the private half"),
        (["--page", PAGE], "", "not 64 hexadecimal digits"),
        (["--page", "http://sidelight.example/"], None, "would not believe this: garbage"),
        (["--page", PAGE, "--note", "two\nlines"], None, "would not believe this: garbage"),
        (["--page", PAGE, "--days", "0"], None, "would not believe this: expired"),
    ],
)
def test_what_no_copy_would_believe_is_not_written(
    arguments: list[str],
    key: str | None,
    words: str,
    pair: tuple[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if key is not None:
        monkeypatch.setenv("SIDELIGHT_RELEASE_KEY", key)
    assert run(monkeypatch, str(tmp_path / "out"), *arguments) == 1
    told = capsys.readouterr()
    assert words in told.err
    assert pair[0] not in told.out + told.err
    assert not (tmp_path / "out").exists()


def test_a_new_key_is_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "key"
    assert run(monkeypatch, "--new-key", str(target)) == 0
    private, told = target.read_text(encoding="utf-8").strip(), capsys.readouterr().out
    assert len(bytes.fromhex(private)) == 32
    assert private not in told
    if sys.platform != "win32":
        assert target.stat().st_mode & 0o777 == 0o600
    public = told.split("'")[1]
    said = sign_release.news(PAGE, days=1, now=0)
    assert sign_release.sign(said, private, public, now=0)
    with pytest.raises(FileExistsError):
        run(monkeypatch, "--new-key", str(target))


def test_there_is_no_key_yet_or_a_whole_one() -> None:
    """A key of the tests, or half a setting, must not go out."""
    assert bool(identity.RELEASES) == bool(identity.RELEASE_KEY)
    portable = msgspec.json.decode(identity.channel("portable"), type=Channel)
    assert portable.can_look is bool(identity.RELEASE_KEY)
    from tests.net.releases import KEY

    assert KEY.public_key().public_bytes_raw().hex() != identity.RELEASE_KEY


@pytest.mark.parametrize("kind", ["deb", "rpm", "flatpak", "managed"])
def test_a_package_that_somebody_renews_has_no_address(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "RELEASES", "https://sidelight.example/latest.json")
    monkeypatch.setattr(identity, "RELEASE_KEY", "0" * 64)
    assert msgspec.json.decode(identity.channel(kind), type=Channel) == Channel(kind)  # type: ignore[arg-type]  # of the table
    assert msgspec.json.decode(identity.channel("portable"), type=Channel).can_look


@pytest.mark.parametrize(
    ("address", "key", "words"),
    [
        ("https://sidelight.example/latest.json", "", "without the other"),
        ("", "0" * 64, "without the other"),
        ("http://sidelight.example/latest.json", "0" * 64, "no https address"),
        ("https://sidelight.example/latest.json", "0" * 63, "not 64 hexadecimal digits"),
    ],
)
def test_a_release_with_half_a_setting_is_refused(
    address: str, key: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = script("check_release")
    monkeypatch.setattr(check, "RELEASES", address)
    monkeypatch.setattr(check, "RELEASE_KEY", key)
    assert any(words in sentence for sentence in check.obstacles("v0"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="for Linux")
def test_each_package_of_linux_says_who_renews_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs("dpkg-deb", "zstd")
    made = shop(tmp_path, monkeypatch)
    listed = {}
    made.deb(level=1)
    listed["deb"] = tmp_path / "work" / "deb" / "usr" / MARK
    made.archive()
    (listed["portable"],) = (tmp_path / "work" / "archive").glob(f"*/{MARK}")
    assert {kind: json.loads(file.read_text(encoding="utf-8"))["kind"] for kind, file in listed.items()} == {
        "deb": "deb",
        "portable": "portable",
    }
    (deb,) = (tmp_path / "out").glob("*.deb")
    inside = subprocess.run(["dpkg-deb", "-c", str(deb)], capture_output=True, text=True, check=True).stdout
    assert f"./usr/{MARK}" in inside
    rpm = (PACKAGING / "linux.py").read_text(encoding="utf-8")
    assert 'prefix="usr", kind="rpm"' in rpm


def test_the_flatpak_says_so_too() -> None:
    text = (PACKAGING / "flatpak" / "sidelight.yml.in").read_text(encoding="utf-8")
    assert f"""- echo '{{"kind":"flatpak"}}' > /app/{MARK}""" in text


def test_sources_carry_no_mark() -> None:
    """It would go into the wheel."""
    assert not (ROOT / "resources" / "channel.json").exists()
