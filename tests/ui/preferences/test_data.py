"""The page about the file of conversations: what it shows and wishes, and that nothing is replaced without a word."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton, QTreeWidgetItem, QWidget
from pytestqt.qtbot import QtBot
from tests.store.strategies import asked, opened

from sidelight import messages
from sidelight.chat.conversation import Conversation
from sidelight.chat.message import new_id
from sidelight.engine.safekeeping import Done, Kept, Put, Reopening, Safekeeping, Standing
from sidelight.engine.terms import Notice, store_notice
from sidelight.settings import Settings
from sidelight.store.backup import Backup, back_up
from sidelight.store.check import Checked, Damage
from sidelight.store.database import Store, StoreError
from sidelight.store.salvage import Salvaged, salvaged_of
from sidelight.ui.mailbox import Mailbox
from sidelight.ui.preferences import data_words, reopening
from sidelight.ui.preferences.data import DataPage
from sidelight.ui.preferences.data_words import DataValue
from sidelight.ui.preferences.keeping import Around, Keeping, Question
from sidelight.ui.preferences.remedies import remedy

NOW = 1_800_000_000.0
BACKUP = Backup(Path("/b/1.db"), NOW, 3, 2_000_000, (("conversations", 12), ("turns", 80)), proved=True)


def shown(qtbot: QtBot, value: DataValue) -> tuple[DataPage, list[str]]:
    page = DataPage()
    qtbot.addWidget(page)
    page.show_data(value)
    page.resize(600, 700)
    page.show()
    wishes: list[str] = []
    page.wished.connect(wishes.append)
    return page, wishes


def buttons(widget: QWidget) -> list[str]:
    return [b.text() for b in widget.findChildren(QPushButton) if b.isVisible()]


def row(page: DataPage, number: int) -> QTreeWidgetItem:
    item = page._tree.topLevelItem(number)
    assert item is not None
    return item


def press(widget: QWidget, label: str) -> None:
    next(b for b in widget.findChildren(QPushButton) if b.isVisible() and b.text() == label).click()


def test_backups_are_listed_and_one_is_chosen(qtbot: QtBot) -> None:
    unread = Backup(Path("/b/2.db"), NOW - 86_400, 3, 1000)
    page, wishes = shown(qtbot, DataValue(Path("/d/s.db"), Kept(172_000, (BACKUP, unread))))
    chosen: list[Backup] = []
    page.restore_wanted.connect(chosen.append)
    rows = [
        [row(page, n).text(column) for column in range(1, 5)] for n in range(page._tree.topLevelItemCount())
    ]
    assert rows == [["12", "80", "2.0 MB", "checked"], ["–", "–", "1.0 kB", "cannot be read"]]
    assert not page._restore.isEnabled()
    page._tree.setCurrentItem(row(page, 1))
    assert not page._restore.isEnabled()
    page._tree.setCurrentItem(row(page, 0))
    page._restore.click()
    assert chosen == [BACKUP]
    page.show_data(DataValue(Path("/d/s.db"), Kept(172_000, (BACKUP, unread), held=True)))
    assert page._restore.isEnabled()
    assert not page._back_up.isEnabled()
    for label in ("Check database", "Save a copy elsewhere…", "Open folder", "Restore another file…"):
        press(page, label)
    assert wishes == ["check", "copy", "folder", "other"]


def test_no_preference_is_changed_by_it(qtbot: QtBot) -> None:
    page, _ = shown(qtbot, DataValue(Path("/d/s.db")))
    told: list[object] = []
    page.changed.connect(told.append)
    page.show_value(Settings(theme="dark"))
    assert told == []


@pytest.mark.parametrize(
    ("code", "how", "offered"),
    [
        ("corrupt", "memory", ["Read what can be read", "Begin anew…"]),
        ("missing", "memory", ["Try again", "Begin anew…"]),
        ("newer", "memory", ["Open to read only"]),
        ("readonly", "read_only", ["Try again"]),
        ("full", "memory", ["Try again"]),
        ("locked", "memory", ["Try again"]),
        ("io", "memory", ["Try again"]),
    ],
)
def test_whatever_is_amiss_there_is_something_to_do(
    qtbot: QtBot, code: str, how: str, offered: list[str]
) -> None:
    error = StoreError(code, path="/d/s.db", reason="why")  # type: ignore[arg-type]
    standing = Standing(how, store_notice(error))  # type: ignore[arg-type]
    page, wishes = shown(qtbot, DataValue(Path("/d/s.db"), Kept(1), standing=standing, unsaved=2))
    assert page._card._text.text().startswith(messages.text(f"store.{code}", path="/d/s.db", reason="why"))
    assert "2 conversations are in memory alone." in page._card._text.text()
    assert buttons(page._card) == [*offered, "Save elsewhere…"]
    press(page._card, offered[0])
    assert len(wishes) == 1
    assert remedy(store_notice(error)) is not None


def test_a_notice_that_is_not_of_the_file_offers_nothing() -> None:
    assert remedy(Notice("engine.no_recording")) is None
    assert remedy(Notice("engine.not_replaced.full")) == ("What can be done…", "page")


@pytest.mark.parametrize(
    ("done", "text", "role"),
    [
        (Done("check", Checked((), 1200, 1200, True, 1.0)), "All is well: 1,200 rows", "ready"),
        (
            Done(
                "check",
                Checked((Damage("row", "turns", "a"), Damage("row", "replies", "b")), 5, 5, True, 1.0),
            ),
            "2 things are wrong (5 rows were compared):\nRows that are not what was written: 2 (replies, turns)",
            "error",
        ),
        (
            Done("check", Checked((Damage("file", reason="malformed"),), 0, 0, False, 1.0)),
            "The file cannot be read. (malformed)",
            "error",
        ),
        (
            Done(
                "salvage",
                Salvaged(
                    Path("x"),
                    (("conversations", 3), ("turns", 4)),
                    (("turns", "a"),),
                    (("deltas", 2),),
                    ("turns",),
                ),
            ),
            (
                "Read: 3 conversations, 4 prompts, 0 replies.\n1 row is not what was written, and was kept as it is.\n"
                "2 rows could not be used.\nParts of the file could not be read"
            ),
            "ready",
        ),
        (Done("back_up", BACKUP), "A backup was made, opened and counted: /b/1.db (2.0 MB)", "ready"),
        (Done("back_up", StoreError("locked")), "Another program holds the file", "error"),
        (Done("copy", None), "Stopped.", "muted"),
        (Done("put_away", Put(2)), "The file can be used again.", "ready"),
    ],
)
def test_what_came_of_a_work_is_said_in_words(done: Done, text: str, role: str) -> None:
    said = data_words.done(done)
    assert said is not None
    assert said.text.startswith(text)
    assert said.role == role


def test_what_takes_no_time_says_nothing() -> None:
    assert data_words.done(Done("let_go", None)) is None
    assert data_words.standing(DataValue(Path())) is None


class Stage:
    """The page over real work on a real file; the window's part is noted down."""

    def __init__(self, qtbot: QtBot, path: Path) -> None:
        self.qtbot = qtbot
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.page = DataPage()
        qtbot.addWidget(self.page)
        self.box: Mailbox[Callable[[], None]] = Mailbox(lambda call: call(), self.window)
        self.keep = Safekeeping(path, self.box.slot.put)
        self.reopened: list[Reopening] = []
        self.done: list[object] = []
        self.standing = Standing()
        self.streaming = False
        self.unsaved: tuple[Conversation, ...] = ()
        around = Around(
            standing=lambda: self.standing,
            damaged=lambda: False,
            streaming=lambda: self.streaming,
            unsaved=lambda: self.unsaved,
            contents=lambda _digests: _future({}),
            reopen=self.reopened.append,
            export=lambda: self.done.append("export"),
            open_folder=self.done.append,
        )
        self.keeping = Keeping(self.keep, around, self.window)
        self.keeping.show_on(self.page)
        self.page.show()
        self.idle()

    def idle(self) -> None:
        self.qtbot.waitUntil(lambda: self.keep.doing is None, timeout=20_000)

    def question(self) -> Question:
        return next(
            w
            for w in QApplication.topLevelWidgets()
            if isinstance(w, Question) and w.isVisible() and w.parent() in (self.page, self.window)
        )


def _future(value: dict[str, bytes]) -> Future[dict[str, bytes]]:
    made: Future[dict[str, bytes]] = Future()
    made.set_result(value)
    return made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with opened(tmp_path) as store:
        asked(store)
    return tmp_path / "sidelight.db"


@pytest.fixture
def stage(qtbot: QtBot, path: Path) -> Iterator[Stage]:
    made = Stage(qtbot, path)
    yield made
    made.keep.close()


def test_a_check_is_made_and_its_outcome_is_shown(stage: Stage) -> None:
    press(stage.page, "Check database")
    assert not stage.page._check.isEnabled()
    stage.idle()
    assert stage.page._said._text.text().startswith("All is well: ")
    assert stage.page._check.isEnabled()
    assert stage.page._progress.isHidden()


def test_a_backup_is_made_and_listed(stage: Stage) -> None:
    assert stage.page._tree.isHidden()
    press(stage.page, "Back up now")
    stage.idle()
    assert stage.page._tree.topLevelItemCount() == 1
    assert not stage.page._tree.isHidden()
    assert stage.page._said._text.text().startswith("A backup was made")


def test_nothing_is_restored_without_a_word(stage: Stage, path: Path) -> None:
    backup = back_up(path, NOW)
    assert backup is not None
    stage.keep.look()
    stage.idle()
    stage.page._tree.setCurrentItem(row(stage.page, 0))
    press(stage.page, "Restore backup…")
    question = stage.question()
    said = " ".join(label.text() for label in question.findChildren(type(stage.page._figures)))
    assert "Conversations in it: 1." in said
    assert str(path.parent) in said
    assert "memory" not in said
    question.reject()
    assert stage.reopened == []
    stage.unsaved = (Conversation(new_id()),)
    press(stage.page, "Restore backup…")
    question = stage.question()
    said = " ".join(label.text() for label in question.findChildren(type(stage.page._figures)))
    assert "1 conversation is in memory alone and will be lost." in said
    question.button.click()
    assert stage.reopened == [Reopening("restore", backup.path)]


@pytest.mark.parametrize(
    ("wish", "kind"), [("anew", "anew"), ("put_in_place", "salvaged")], ids=["anew", "salvaged"]
)
def test_nothing_is_replaced_without_a_word(stage: Stage, path: Path, wish: str, kind: str) -> None:
    stage.page.wished.emit(wish)
    assert stage.reopened == []
    stage.question().button.click()
    assert [w.kind for w in stage.reopened] == [kind]
    assert stage.reopened[0].source == (salvaged_of(path) if kind == "salvaged" else None)


def test_read_only_asks_only_where_something_would_be_lost(stage: Stage) -> None:
    stage.page.wished.emit("read_only")
    assert [w.kind for w in stage.reopened] == ["read_only"]
    stage.unsaved = (Conversation(new_id()),)
    stage.page.wished.emit("read_only")
    assert len(stage.reopened) == 1
    stage.question().button.click()
    assert len(stage.reopened) == 2


def test_try_again_waits_for_lanes_and_begins_anew_once_it_works(stage: Stage, path: Path) -> None:
    stage.streaming = True
    stage.page.wished.emit("again")
    assert stage.keep.doing is None
    stage.question().accept()
    stage.streaming = False
    away = path.with_name("away.db")
    path.rename(away)
    stage.page.wished.emit("again")
    stage.idle()
    assert stage.reopened == []
    assert "is gone or empty" in stage.page._said._text.text()
    away.rename(path)
    stage.page.wished.emit("again")
    stage.idle()
    assert [w.kind for w in stage.reopened] == ["again"]


def test_try_again_from_the_banner_says_why_it_failed(stage: Stage, path: Path) -> None:
    stage.keeping.show_on(None)
    path.rename(path.with_name("away.db"))
    stage.keeping.try_again()
    stage.idle()
    assert "is gone or empty" in stage.question().findChildren(type(stage.page._figures))[0].text()
    stage.question().accept()


def test_a_copy_and_another_file_are_asked_for_by_name(stage: Stage, tmp_path: Path) -> None:
    press(stage.page, "Save a copy elsewhere…")
    dialog = stage.page.findChild(QFileDialog)
    assert dialog is not None
    dialog.fileSelected.emit(str(tmp_path / "copy.db"))
    stage.idle()
    assert (tmp_path / "copy.db").exists()
    dialog.close()
    stage.page.wished.emit("other")
    other = stage.page.findChildren(QFileDialog)[-1]
    other.fileSelected.emit(str(tmp_path / "copy.db"))
    stage.question().button.click()
    assert stage.reopened == [Reopening("restore", tmp_path / "copy.db")]
    other.close()


def test_folder_and_export_are_the_windows_affair(stage: Stage, path: Path) -> None:
    stage.page.wished.emit("folder")
    stage.page.wished.emit("export")
    assert stage.done == [path.parent, "export"]


def test_files_are_put_in_place_while_a_bar_shows_how_far_it_is(qtbot: QtBot, path: Path) -> None:
    backup = back_up(path, NOW)
    assert backup is not None
    journals = path.with_name("journals")
    notice = reopening.carried_out(Reopening("restore", backup.path), path, journals)
    assert notice is not None
    assert notice.code == "engine.restored"
    with closing(Store.open(path)):
        notice = reopening.carried_out(Reopening("anew"), path, journals)
    assert notice is not None
    assert notice.code == "engine.not_replaced.locked"
    assert reopening.carried_out(Reopening("again"), path, journals) is None
