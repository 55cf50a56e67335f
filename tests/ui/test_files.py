"""Files that go with a prompt, in the window: pasted, dropped, chosen, shown, removed, kept with the draft, and sent."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import msgspec
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QColor, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot
from tests.faults.server import Scenario, Seen, answer
from tests.ui.house import Stage, script, stage
from tests.workers.pdf_files import pdf_of

from sidelight.chat.message import Attachment
from sidelight.settings import Settings
from sidelight.ui.widgets.attachment import AttachmentCard


def picture(path: Path, colour: str = "#226688") -> Path:
    image = QImage(64, 48, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    assert image.save(str(path))
    return path


def files(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def cards(here: Stage) -> list[AttachmentCard]:
    found = here.window.composer.findChildren(AttachmentCard)
    return [card for card in found if not card.isHidden()]


def names(here: Stage) -> list[str]:
    return [attachment.name for attachment, _ in here.window.composer.files]


def test_a_picture_is_pasted_and_every_lane_is_sent_it(qtbot: QtBot, tmp_path: Path) -> None:
    path = picture(tmp_path / "photo.png")
    with stage(qtbot, tmp_path, [script()]) as (here, server):
        composer = here.window.composer
        QGuiApplication.clipboard().setMimeData(files(path))
        composer.edit.paste()
        here.until(lambda: names(here) == ["photo.png"])
        (card,) = cards(here)
        assert card.accessibleName().startswith("photo.png, ")
        assert "64 × 48" in card.facts.text()
        assert "as it is" in card.toolTip()
        here.ask("What is it?")
        assert names(here) == []
        assert cards(here) == []
        lanes = here.window._lanes
        assert lanes is not None
        for column in lanes.columns:
            (shown,) = column.findChildren(AttachmentCard)
            assert shown.accessibleName().startswith("photo.png, ")
        turn = here.session.conversation.path[-1]
        content = path.read_bytes()
        (attachment,) = turn.prompt.attachments
        assert attachment == Attachment(attachment.digest, "photo.png", "image/png", len(content))
        asked = [json.loads(seen.body) for seen in server.requests if seen.method == "POST"]
        assert len(asked) == 2
        for body in asked:
            (image,) = [p for p in body["messages"][-1]["content"] if p["type"] == "image_url"]
            assert base64.b64decode(image["image_url"]["url"].partition(",")[2]) == content


def test_a_file_alone_is_a_prompt(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("# Plan\nTo do.\n")
    with stage(qtbot, tmp_path, [script()]) as (here, server):
        here.window.composer.offer((tmp_path / "notes.md",))
        here.until(lambda: names(here) == ["notes.md"])
        here.window.send()
        here.until(lambda: bool(here.session.conversation.turns) and not here.session.streaming)
        body = json.loads(next(seen.body for seen in server.requests if seen.method == "POST"))
        assert "# Plan\nTo do." in json.dumps(body, ensure_ascii=False).replace("\\n", "\n")
        assert here.session.conversation.title == "notes.md"


def test_of_a_pdf_its_text_goes_to_the_model_under_its_name(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "paper.pdf").write_bytes(pdf_of("Grüße.", "The end."))
    with stage(qtbot, tmp_path, [script()], lanes=1) as (here, server):
        here.window.composer.offer((tmp_path / "paper.pdf",))
        here.until(lambda: names(here) == ["paper.pdf (text, 2 pages)"])
        here.ask("What does it say?")
        body = json.loads(next(seen.body for seen in server.requests if seen.method == "POST"))
    sent = body["messages"][-1]["content"]
    assert sent.startswith("paper.pdf (text, 2 pages):\n```\nText of a PDF of 2 pages.")
    assert "[page 1]\nGrüße.\n\n[page 2]\nThe end.\n```\n\nWhat does it say?" in sent


def test_what_cannot_go_along_is_refused_in_words(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "paper.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "tool").write_bytes(b"\x7fELF\x00")
    (tmp_path / "ok.txt").write_text("x")
    with stage(qtbot, tmp_path, [script()]) as (here, _server):
        composer = here.window.composer
        composer.offer((tmp_path / "paper.pdf", tmp_path / "tool", tmp_path / "ok.txt"))
        here.until(lambda: names(here) == ["ok.txt"])
        assert composer._refused.isVisible()
        assert composer._refused.text().splitlines() == [
            "paper.pdf is a damaged PDF: no text could be taken out of it.",
            "tool is neither a picture (PNG, JPEG, WebP, GIF), a PDF, nor text in UTF-8.",
        ]
        here.ask("Go on.")
        assert composer._refused.isHidden()


def test_files_are_dropped_chosen_and_removed(qtbot: QtBot, tmp_path: Path) -> None:
    one, two = picture(tmp_path / "one.png"), picture(tmp_path / "two.png", "#aa2211")
    with stage(qtbot, tmp_path, [script()]) as (here, _server):
        composer = here.window.composer
        mime = files(one)
        drop = QDropEvent(
            QPoint(5, 5),
            Qt.DropAction.CopyAction,
            mime,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        composer.dropEvent(drop)
        here.until(lambda: names(here) == ["one.png"])
        here.window.actions_by_id["attach"].trigger()
        (dialog,) = composer.findChildren(QFileDialog)
        dialog.filesSelected.emit([str(two), str(one)])
        dialog.close()
        here.until(lambda: names(here) == ["one.png", "two.png"])  # the first one once
        here.until(lambda: len(cards(here)) == 2)
        cards(here)[0].removed.emit()
        assert names(here) == ["two.png"]


def test_nothing_is_sent_while_a_file_is_read(qtbot: QtBot, tmp_path: Path) -> None:
    path = picture(tmp_path / "photo.png")
    with stage(qtbot, tmp_path, [script()]) as (here, _server):
        composer = here.window.composer
        composer.edit.setPlainText("What is it?")
        composer.offer((path,))
        with qtbot.assertNotEmitted(composer.sent):
            composer.submit()
        assert composer._hint.text() == "A file is still being read."
        here.until(lambda: names(here) == ["photo.png"])
        here.ask("What is it?")


def test_files_stay_with_the_draft_of_their_conversation(qtbot: QtBot, tmp_path: Path) -> None:
    one, two = picture(tmp_path / "one.png"), picture(tmp_path / "two.png", "#aa2211")
    with stage(qtbot, tmp_path, [script()]) as (here, _server):
        here.ask("First.")
        first = here.session.conversation.id
        here.window.composer.offer((one,))
        here.until(lambda: names(here) == ["one.png"])
        here.window.composer.offer((two,))
        here.window.new_conversation()  # before the second was read
        here.until(lambda: here.window.composer._value.conversation != first)
        assert names(here) == []
        here.until(lambda: not here.window.composer._reading[first])
        here.session.open(first)
        here.until(lambda: names(here) == ["one.png", "two.png"])
        here.until(lambda: len(cards(here)) == 2)


def test_more_files_than_may_go_along_are_left_out_and_that_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    for n in range(11):
        (tmp_path / f"{n:02d}.txt").write_text(str(n))
    with stage(qtbot, tmp_path, [script()]) as (here, _server):
        here.window.composer.offer(tuple(sorted(tmp_path.glob("*.txt"))))
        here.until(lambda: len(names(here)) == 10)
        assert here.window.composer._refused.text() == "No more than 10 files can go with a prompt."


def test_a_model_that_takes_no_pictures_is_named_before_anything_is_sent(
    qtbot: QtBot, tmp_path: Path
) -> None:
    def choose(seen: Seen) -> Scenario:
        assert seen.path == "/api/tags"
        models = [
            {"model": "model-0", "capabilities": ["completion"]},
            {"model": "model-1", "capabilities": ["completion", "vision"]},
        ]
        return answer(200, json.dumps({"models": models}).encode(), "content-type: application/json")

    with stage(qtbot, tmp_path, choose) as (here, server):
        here.session.change_settings(_speaking(here, "ollama", server.url))
        here.session.ask_models("srv")
        here.window.composer.offer((picture(tmp_path / "photo.png"),))
        here.until(lambda: any("not seen by model-0" in card.facts.text() for card in cards(here)))
        (card,) = cards(here)
        assert card.facts.property("role") == "warning"


def _speaking(here: Stage, provider: str, address: str) -> Settings:
    settings = here.session.settings
    changed = msgspec.structs.replace(settings.backends[0], provider=provider, base_url=address)
    return msgspec.structs.replace(settings, backends=(changed,))
