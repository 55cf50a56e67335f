"""Joins the session's safekeeping to the page that shows it, and asks before anything is replaced.

Not the work (`engine.safekeeping`) and not the page that is drawn. What needs the file closed is a wish that the window
hands on: it ends, and begins anew.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from sidelight import messages
from sidelight.chat.conversation import Conversation
from sidelight.engine.safekeeping import Put, Reopening, Safekeeping, Standing
from sidelight.store.backup import Backup
from sidelight.store.salvage import salvaged_of
from sidelight.ui import wording
from sidelight.ui.dialogs.base import Dialog
from sidelight.ui.preferences.data import DataPage, when
from sidelight.ui.preferences.data_words import DataValue
from sidelight.ui.widgets.file_dialog import ask_for_file, ask_where_to_save
from sidelight.ui.widgets.plain import Label

__all__ = ["Around", "Keeping", "Question"]

_CONTENTS_WITHIN = 30.0
"""Seconds for the files of prompts in memory."""


@dataclass(frozen=True, slots=True)
class Around:
    """What is asked of the session and wished of the window.

    `unsaved`: conversations that are in memory alone; `contents` of the files of their prompts, by digest. `reopen` ends
    this session and begins the next. `export` asks where to write what is in memory.
    """

    standing: Callable[[], Standing]
    damaged: Callable[[], bool]
    streaming: Callable[[], bool]
    unsaved: Callable[[], tuple[Conversation, ...]]
    contents: Callable[[frozenset[str]], Future[dict[str, bytes]]]
    reopen: Callable[[Reopening], None]
    export: Callable[[], None]
    open_folder: Callable[[Path], None]


class Keeping(QObject):
    """Stays as long as the window; `show_on` names the page while there is one."""

    def __init__(self, safekeeping: Safekeeping, around: Around, window: QWidget) -> None:
        super().__init__(window)
        self._safekeeping = safekeeping
        self._around = around
        self._window = window
        self._page: DataPage | None = None
        self._again = False
        safekeeping.changed = self._on_changed

    def show_on(self, page: DataPage | None) -> None:
        """The page of the preferences, None when it is closed."""
        self._page = page
        if page is not None:
            page.wished.connect(self._on_wish)
            page.restore_wanted.connect(self._ask_restore)
            self._safekeeping.look()
            self.draw()

    def draw(self) -> None:
        """Draw what there is now."""
        if self._page is not None:
            keep, around = self._safekeeping, self._around
            self._page.show_data(
                DataValue(
                    keep.path,
                    keep.kept,
                    keep.doing,
                    keep.done,
                    around.standing(),
                    len(around.unsaved()),
                    around.damaged(),
                )
            )

    def try_again(self) -> None:
        """Try the file once more; what is in memory goes into it, and the session begins anew."""
        if self._around.streaming():
            self._say("engine.still_streaming")
            return
        kept = self._around.unsaved()
        digests = frozenset(a.digest for c in kept for t in c.turns for a in t.prompt.attachments)
        coming = self._around.contents(digests)
        self._again = True
        self._safekeeping.put_away(kept, lambda: coming.result(_CONTENTS_WITHIN))

    def read_only(self) -> None:
        """Open the file to be read only."""
        wish = Reopening("read_only")
        if self._around.unsaved():
            self._ask("ui.data.do.read_only", (), wish)
        else:
            self._around.reopen(wish)

    def _on_changed(self) -> None:
        self.draw()
        done = self._safekeeping.done
        if self._again and self._safekeeping.doing is None and done is not None and done.work == "put_away":
            self._again = False
            if isinstance(done.result, Put):
                self._around.reopen(Reopening("again"))
            elif self._page is None:
                self._say_failed()

    def _on_wish(self, wish: str) -> None:
        keep = self._safekeeping
        match wish:
            case "again":
                self.try_again()
            case "read_only":
                self.read_only()
            case "export":
                self._around.export()
            case "folder":
                self._around.open_folder(keep.path.parent)
            case "check":
                keep.check()
            case "back_up":
                keep.back_up()
            case "salvage":
                keep.salvage()
            case "let_go":
                keep.let_go()
            case "stop":
                keep.stop()
            case "anew":
                self._ask("ui.data.do.anew", (messages.text("ui.data.ask.anew"),), Reopening("anew"))
            case "put_in_place":
                sentence = messages.text("ui.data.ask.salvaged")
                self._ask(
                    "ui.data.do.put_in_place", (sentence,), Reopening("salvaged", salvaged_of(keep.path))
                )
            case "copy":
                self._ask_path()
            case "other":
                self._ask_file()
            case _:
                raise ValueError(wish)

    def _ask_restore(self, backup: Backup) -> None:
        count = wording.count(dict(backup.rows).get("conversations", 0))
        sentence = messages.text("ui.data.ask.restore", when=when(backup), conversations=count)
        self._ask("ui.data.restore", (sentence,), Reopening("restore", backup.path))

    def _on_file(self, path: str) -> None:
        sentence = messages.text("ui.data.ask.restore_file", path=path)
        self._ask("ui.data.restore", (sentence,), Reopening("restore", Path(path)))

    def _ask(self, title: str, sentences: tuple[str, ...], wish: Reopening) -> None:
        """Say what will happen, and do it once it is agreed to."""
        told = list(sentences)
        if wish.kind != "read_only":
            told.append(messages.text("ui.data.ask.aside", folder=self._safekeeping.path.parent))
        told.append(messages.text("ui.data.ask.window"))
        unsaved = len(self._around.unsaved())
        warning = messages.plural("ui.data.ask.lose", unsaved) if unsaved else ""
        question = Question(messages.text(title), told, warning, self._above)
        question.agreed.connect(lambda: self._around.reopen(wish))
        question.open()

    def _ask_path(self) -> None:
        ask_where_to_save(
            self._above,
            messages.text("ui.data.copy").rstrip("…"),
            "Sidelight-conversations.db",
            lambda path: self._safekeeping.save_copy(Path(path)),
        )

    def _ask_file(self) -> None:
        ask_for_file(self._above, messages.text("ui.data.restore_other").rstrip("…"), self._on_file)

    def _say(self, code: str) -> None:
        Question(messages.text("ui.data.do.again"), [messages.text(code)], "", self._above, ask=False).open()

    def _say_failed(self) -> None:
        from sidelight.ui.preferences import data_words

        done = self._safekeeping.done
        said = None if done is None else data_words.done(done)
        if said is not None:
            Question(messages.text("ui.data.do.again"), [said.text], "", self._above, ask=False).open()

    @property
    def _above(self) -> QWidget:
        return self._window if self._page is None else self._page.window()


class Question(Dialog):
    """Says what will happen and asks for a word; with `ask` off it only says. `agreed` when it may happen."""

    agreed = Signal()

    def __init__(
        self, title: str, sentences: list[str], warning: str, parent: QWidget, *, ask: bool = True
    ) -> None:
        super().__init__(title.rstrip("…"), parent)
        for sentence in sentences:
            self.column.addWidget(Label(sentence, wrap=True))
        if warning:
            self.column.addWidget(Label(warning, "error", wrap=True))
        self.column.addStretch(1)
        accept = title.rstrip("…") if ask else messages.text("ui.close")
        self.button = self.add_buttons(accept, cancel=ask)
        if ask:
            self.accepted.connect(self.agreed)
        self.size_in_letters(64)
