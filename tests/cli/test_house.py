"""The log of a command."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from sidelight.cli.house import logging_to


@pytest.mark.logs("went wrong")
def test_the_log_goes_to_the_profile_without_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger("sidelight.somewhere")
    with logging_to(tmp_path):
        log.error("went wrong with %s", "sk-canary-1234567890abcdef")
    written = (tmp_path / "sidelight.log").read_text(encoding="utf-8")
    assert "sidelight.somewhere went wrong with ***" in written
    assert capsys.readouterr().err == ""
    assert not logging.getLogger("sidelight").handlers


def test_no_log_no_file(tmp_path: Path) -> None:
    with logging_to(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []
