"""No markup is ever read in the window, and one function alone opens addresses: read off the sources, and tried."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QLabel, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from sidelight.ui import open_url as way_out
from sidelight.ui.widgets.plain import ElidedLabel, Label, plain_tip

UI = Path(__file__).resolve().parents[2] / "app" / "sidelight" / "ui"
SOURCES = sorted(p for p in UI.rglob("*.py") if "help" not in p.relative_to(UI).parts)

MARKUP = re.compile(r"setHtml|insertHtml|setMarkdown|appendHtml|RichText|AutoText|MarkdownText|QTextBrowser")
LABEL = re.compile(r"\bQLabel\(")
TIP = re.compile(r"\.setToolTip\((.*)\)")
WAY_OUT = re.compile(r"QDesktopServices|webbrowser|os\.startfile|xdg-open|setOpenExternalLinks")
BLOCKING = re.compile(
    r"\.exec\(|QMessageBox\.(question|warning|information|critical|about)\(|getOpenFileName|getText\("
)


def lines() -> list[tuple[str, str]]:
    return [
        (f"{p.relative_to(UI)}:{n}", line)
        for p in SOURCES
        for n, line in enumerate(p.read_text(encoding="utf-8").splitlines(), 1)
    ]


def test_there_is_no_sink_for_markup() -> None:
    assert [where for where, line in lines() if MARKUP.search(line)] == []


def test_labels_are_made_in_one_place_that_makes_them_plain(qtbot: QtBot) -> None:
    assert [w for w, line in lines() if LABEL.search(line) and "class Label(" not in line] == []
    for label in (Label("<b>x</b>"), ElidedLabel("<b>x</b>")):
        qtbot.addWidget(label)
        assert isinstance(label, QLabel)
        assert label.textFormat() is Qt.TextFormat.PlainText


def test_tooltips_hold_our_words_or_pass_through_plain_tip() -> None:
    for where, line in lines():
        if (found := TIP.search(line)) is not None:
            assert re.match(r"(\d, )?plain_tip\(|messages\.text\(|\"\"", found[1]), where


@given(st.text() | st.sampled_from(["<b>x</b>", "<img src=x>", "&lt;b>", " <qt>", "<?xml", "<!-- x"]))
def test_a_plain_tip_holds_nothing_that_could_begin_a_tag(text: str) -> None:
    tip = plain_tip(text)
    assert not re.search(r"<(?!\u2060)|&(?!\u2060)", tip)
    assert tip.replace("\u2060", "") == text.replace("\u2060", "")


def test_one_function_opens_addresses() -> None:
    assert {w.split(":")[0] for w, line in lines() if WAY_OUT.search(line)} == {"open_url.py"}


def test_no_dialog_nests_a_loop() -> None:
    found = [w for w, line in lines() if BLOCKING.search(line)]
    # QDrag.exec is the one way to drag, and begins and ends with the mouse button
    assert [w for w in found if not w.startswith("panes/compare/header.py")] == []


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://user@host/",
        "http:///x",
        "//host/share",
        "mailto:a@b.c",
        "",
    ],
)
def test_odd_addresses_are_refused_without_a_question(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    opened: list[object] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    parent = QWidget()
    qtbot.addWidget(parent)
    way_out.open_url(address, parent)
    assert parent.findChildren(QMessageBox) == []
    assert opened == []


def test_an_address_is_asked_about_in_plain_text_and_in_ascii(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(
        QDesktopServices, "openUrl", lambda url: opened.append(url.toEncoded().data().decode())
    )
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.show()
    way_out.open_url("https://exämple.org/<b>", parent)
    assert parent.findChildren(QMessageBox) == []  # "<" is refused
    way_out.open_url("https://exämple.org:8443/a", parent)
    (box,) = parent.findChildren(QMessageBox)
    assert box.textFormat() is Qt.TextFormat.PlainText
    assert box.informativeText() == "https://xn--exmple-cua.org:8443/a"
    box.buttons()[0].click()
    assert opened == ["https://xn--exmple-cua.org:8443/a"]
    box.close()
