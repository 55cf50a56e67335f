"""PDF by the dialog and by the terminal, over a real profile and the program's own child."""

from __future__ import annotations

import io
from pathlib import Path

import pypdf
from pytestqt.qtbot import QtBot
from tests.transfer.made import Profile, attached, fill, sky
from tests.ui.dialogs.test_export import choose, dialog
from tests.ui.house import script, stage

from sidelight import cli
from sidelight.main import open_house
from sidelight.paths import standard_paths
from sidelight.store.database import Store


def text(content: bytes) -> str:
    return " ".join(" ".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(content)).pages).split())


def test_pages_are_written_by_the_dialog(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script("Let me think.", "It is $2^2$ of course.")]) as (here, _):
        here.ask("What is 2 + 2?")
        made = dialog(here, tmp_path / "out.pdf")
        choose(made, "this", "pdf")
        made._traces.setCurrentIndex(made._traces.findData("in"))
        made.open()
        made.accept()
        here.until(lambda: made._writer is None, 60)
        assert made._said.text().startswith(f"Written to {tmp_path / 'out.pdf'}")
        made.close()
    said = text((tmp_path / "out.pdf").read_bytes())
    assert "What is 2 + 2?" in said
    assert said.count("Let me think.") == 2
    assert "Lane 2 · srv/model-1" in said


def test_pages_are_written_by_the_terminal(profile: Path, tmp_path: Path) -> None:
    paths = standard_paths({"SIDELIGHT_PROFILE": str(profile)})
    paths.make()
    store = Store.open(paths.database)
    conversation = sky()
    fill(store, Profile((conversation,), {attached("x", b"notes").digest: b"notes"}, {}))
    store.close()
    target = tmp_path / "a.pdf"
    cli.run(["export", "--all", "-o", str(target)], open_house)
    assert conversation.title in text(target.read_bytes())
