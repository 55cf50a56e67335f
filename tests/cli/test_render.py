"""`sidelight render`, as it is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def render(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "sidelight", "render", *arguments]
    return subprocess.run(command, input=given, capture_output=True, timeout=60, check=False)


def test_a_file_comes_out_as_html(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_text("# Ä\n\n$x$ <b>\n", encoding="utf-8")
    done = render(str(file))
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == '<h1>Ä</h1>\n<p><span class="math">$x$</span> &lt;b&gt;</p>\n'


def test_standard_input_and_only_githubs_markdown() -> None:
    assert render("-", given=b"\\(x\\)").stdout == b'<p><span class="math">\\(x\\)</span></p>\n'
    assert render("--gfm", "-", given=b"\\(x\\)").stdout == b"<p>(x)</p>\n"


def test_a_long_file_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "long.md"
    file.write_text("word *word*\n\n" * 7_000)
    assert render(str(file)).stdout.count(b"<p>") == 7_000


def test_odd_bytes_do_no_harm() -> None:
    done = render("-", given=b"a\xff\x1b[31mb\x00c\x9bd\r\ne")
    assert done.returncode == 0
    assert b"\x1b" not in done.stdout
    assert b"\x00" not in done.stdout


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    done = render(str(tmp_path / "nothing.md"))
    assert done.returncode == 1
    assert b"nothing.md cannot be read" in done.stderr
    assert render(str(tmp_path)).returncode == 1
