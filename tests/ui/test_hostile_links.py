"""Ten thousand addresses a model might write, tried on the one function that opens any, with Qt's own reading of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMessageBox, QWidget
from pytestqt.qtbot import QtBot
from tests.render.corpus import ADDRESSES, links

from sidelight.render.links import is_safe
from sidelight.ui.open_url import open_url, shown_address

UI = Path(__file__).resolve().parents[2] / "app" / "sidelight" / "ui"


def test_none_off_the_list_reaches_the_system(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused without a question; and what is asked about is, as Qt reads it, http(s) with a host and no user."""
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    parent = QWidget()
    qtbot.addWidget(parent)
    refused = 0
    for address, _ in links(10_000):
        if is_safe(address):
            url = QUrl(shown_address(address))
            assert url.scheme() in ("http", "https"), address
            assert url.host(), address
            assert url.userInfo() == "", address
        else:
            refused += 1
            open_url(address, parent)
    assert refused > 5_000
    assert parent.findChildren(QMessageBox) == []
    assert opened == []
    assert not any(is_safe(address) for address in ADDRESSES if not address.startswith("http://0x"))


def test_one_place_calls_it() -> None:
    """So that nobody can forget a check that others make."""
    callers = [
        path.relative_to(UI).as_posix()
        for path in sorted(UI.rglob("*.py"))
        if path.name != "open_url.py" and re.search(r"\bopen_url\(", path.read_text(encoding="utf-8"))
    ]
    assert callers == ["help/window.py", "main_window.py"]
