"""Code from a reply becomes a file only where a person said so, and never in silence over another."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot
from tests.ui.house import script, stage


def test_code_is_saved_where_the_person_says(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path / "profile", [script(answer="Done.")], lanes=1) as (here, _):
        here.ask("hello")
        assert here.window._lanes is not None
        here.window._lanes.columns[0].save_wished.emit("h\u00e9\n", "code.py")
        (dialog,) = here.window.findChildren(QFileDialog)
        assert dialog.acceptMode() is QFileDialog.AcceptMode.AcceptSave
        assert not dialog.testOption(QFileDialog.Option.DontConfirmOverwrite)
        assert [Path(name).name for name in dialog.selectedFiles()] == ["code.py"]
        target = tmp_path / "code.py"
        dialog.fileSelected.emit(str(target))
        assert target.read_bytes() == "h\u00e9\n".encode()
        dialog.fileSelected.emit(str(tmp_path / "nowhere" / "code.py"))
        assert here.window.banner.isVisible(), "a failure is said"
        dialog.close()
