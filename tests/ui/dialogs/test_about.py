from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from sidelight import __version__
from sidelight.ui.dialogs.about import AboutDialog, parts, versions


def test_it_names_versions_and_parts(qtbot: QtBot) -> None:
    dialog = AboutDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    listed = dialog.findChild(QPlainTextEdit)
    assert listed is not None
    assert "httpx" in listed.toPlainText()
    assert "PySide6" in listed.toPlainText()
    next(b for b in dialog.findChildren(QPushButton) if b.text() == "Copy versions").click()
    assert QGuiApplication.clipboard().text() == versions()
    assert versions().startswith(f"Sidelight {__version__}, Python ")


def test_each_part_has_a_licence() -> None:
    for line in parts().splitlines():
        name, _, licence = line.partition(": ")
        assert licence.strip(), name


def test_a_packaged_program_shows_its_own_notices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "licences").mkdir()
    (tmp_path / "licences" / "THIRD-PARTY.txt").write_text("Qt: LGPL-3.0", encoding="utf-8")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "sidelight"))
    assert parts() == "Qt: LGPL-3.0"
