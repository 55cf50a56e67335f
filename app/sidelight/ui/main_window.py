"""The main window: conversations left, lanes in the middle, composer below; it joins values to panes and wishes to the session.

Every command of `actions.COMMANDS` is a method here. A method asks the session and returns; what it changes comes back
through the bridge. Its parts with a memory of their own stand in `ui/window/`. It begins as a bare frame, which is the first
paint, and is furnished when there is a session: nothing but the frame is imported at the top.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sidelight import messages
from sidelight.ui.frame import Frame
from sidelight.ui.widgets.icon import app_icon

if TYPE_CHECKING:
    from PySide6.QtGui import QCloseEvent
    from PySide6.QtWidgets import QWidget

    from sidelight.engine.safekeeping import Reopening
    from sidelight.engine.session import Session
    from sidelight.engine.terms import Notice
    from sidelight.settings import BackendSetting, Settings
    from sidelight.store.search import Found
    from sidelight.ui.actions import Situation
    from sidelight.ui.document.pictures import Pictures
    from sidelight.ui.panes.compare.pane import LanesPane
    from sidelight.ui.panes.compare.values import Compared
    from sidelight.ui.panes.composer.values import ComposerValue
    from sidelight.ui.panes.history.groups import HistoryValue
    from sidelight.ui.panes.welcome.pane import WelcomeValue
    from sidelight.ui.theme import Palette

__all__ = ["MainWindow"]


class MainWindow(Frame):
    """The one window of a profile. Furnished, it is a `bridge.Surface`."""

    def __init__(
        self,
        session: Session | None,
        palette: Palette,
        database: Path,
        pictures: Pictures | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """`database` is where the profile keeps conversations, or would; without `pictures` lanes show sources.

        Without a session it is a frame, into which can be written, until it is furnished.
        """
        super().__init__(parent)
        self._database = database
        self._pictures = pictures
        self._palette = palette
        self._zoom = 1.0
        self._shown_notice: Notice | None = None
        self._situation: Situation | None = None
        self._furnished = False
        self.closed = False
        self.reopening: Reopening | None = None
        """What is to be done once this window is closed, before the next one."""
        if session is not None:
            self.setWindowIcon(app_icon())
            self.put_back(session.settings.window)
            for _ in self.furnish(session):
                pass
            self.composer.catch_up()

    # --- furnishing

    def furnish(self, session: Session, pictures: Pictures | None = None) -> Iterator[None]:
        """Put everything into the frame, in steps: each is short enough to be done between two events."""
        from sidelight.ui.actions import add_menus

        self._session = session
        self._pictures = pictures or self._pictures
        self._put_history()
        yield
        self._put_welcome()
        yield
        self._make_words()
        self.composer.complete()
        yield
        self._make_parts()
        yield
        add_menus(self, self.actions_by_id, self._menu_button)
        self.show_situation()  # before buttons follow commands: none lights up for a moment
        self._connect()
        self._furnished = True

    def _make_words(self) -> None:
        """What is said in the bar and above the lanes, once there is something to say."""
        from sidelight.chat.conversation import ContextRule
        from sidelight.ui.widgets.banner import Banner
        from sidelight.ui.widgets.plain import ElidedLabel

        for place, rule in enumerate((ContextRule.OWN, ContextRule.CHOSEN, ContextRule.NONE)):
            self._rule.setItemData(place, rule)
        self._title.setUpdatesEnabled(True)
        self._unlike = ElidedLabel(role="muted")
        self._unlike.hide()
        self._bar.insertWidget(self._bar.indexOf(self._rule), self._unlike)
        self.banner = Banner(messages.text("ui.dismiss"))
        self._column.insertWidget(1, self.banner)

    def _put_history(self) -> None:
        from sidelight.ui.panes.history.pane import HistoryPane

        ground, self.history = self._sidebar, HistoryPane()
        shown = not ground.isHidden()
        self.history.setMinimumWidth(ground.minimumWidth())
        self._splitter.replaceWidget(0, self.history)
        self.history.setVisible(shown)  # only now: without a parent it would be a window
        self._splitter.setStretchFactor(0, 0)
        self._sidebar = self.history
        ground.deleteLater()

    def _put_welcome(self) -> None:
        from sidelight.ui.panes.welcome.pane import WelcomePane

        self.welcome = WelcomePane()
        self._stack.addWidget(self.welcome)

    def _make_parts(self) -> None:
        from sidelight.ui.actions import make_actions
        from sidelight.ui.shelf import Shelf
        from sidelight.ui.spending import Purse
        from sidelight.ui.window.asking import Asking
        from sidelight.ui.window.details import Details
        from sidelight.ui.window.dialogs import Dialogs
        from sidelight.ui.window.lanes import Lanes
        from sidelight.ui.window.remarks import Remarks

        session = self._session
        self.actions_by_id = make_actions(self)
        self._purse = purse = Purse(session, self.composer, self)
        self._asking = Asking(session, purse, self.composer, self)
        self.dialogs = Dialogs(session, purse, self._database, self.actions_by_id, self, self.reopen)
        self.shelf = Shelf(session, self.history, self.dialogs.open_export, self)
        self.dialogs.hit_chosen.connect(self.shelf.open_hit)
        self.dialogs.page_wanted.connect(self._on_link)
        self.remarks = Remarks(
            session, self._unlike, lambda said: self.banner.say(said, level="warning"), self
        )
        self.details = Details(session, self.remarks, self._splitter, self._save_stream, self._details_width)
        self.details.set_palette_and_zoom(self._palette, self._zoom)
        self.lanes = Lanes(session, purse, self.dialogs, self.details, self.composer.say, self)

    def _connect(self) -> None:
        from sidelight.chat.conversation import ContextRule

        session = self._session
        for button, command in (
            (self._sidebar_button, "sidebar"),
            (self._traces_button, "traces"),
            (self._add_button, "add_lane"),
        ):
            button.give(self.actions_by_id[command])
        for button in self._buttons:
            button.follow()
        self._menu_button.setPopupMode(self._menu_button.ToolButtonPopupMode.InstantPopup)
        self.composer.sent.connect(self._asking.send)
        self.composer.stopped.connect(self.stop)
        self.composer.files_offered.connect(self._asking.read)
        self.composer.lane_clicked.connect(self.dialogs.open_lane_settings)
        self.composer.add_clicked.connect(self.add_lane)
        self.history.opened.connect(session.open)
        self.history.renamed.connect(session.rename)
        self.history.hidden.connect(self._on_hidden)
        self.history.asked_new.connect(self.new_conversation)
        self.history.searched.connect(session.search)
        self.welcome.fetch_wanted.connect(session.fetch_weights)
        self.welcome.cancel_wanted.connect(session.cancel_weights)
        self.welcome.server_wanted.connect(self.lanes.use_server)
        self.welcome.look_wanted.connect(session.find_servers)
        self.welcome.key_wanted.connect(self.open_key_dialog)
        self.welcome.address_wanted.connect(lambda: self.open_address_dialog())
        self.welcome.prompt_chosen.connect(self.composer.take_back)
        self.banner.closed.connect(self._on_notice_read)
        self.banner.acted.connect(self._on_acted)
        self._rule.activated.connect(lambda _index: session.set_rule(ContextRule(self._rule.currentData())))

    @property
    def _lanes(self) -> LanesPane | None:
        """The pane with the lanes, once there was a reply."""
        return self.lanes.pane if self._furnished else None

    # --- Surface

    @property
    def in_sight(self) -> bool:
        """Whether anything of the window can be seen."""
        handle = self.windowHandle()
        return self.isVisible() and not self.isMinimized() and handle.isExposed()

    def show_lanes(self, value: Compared) -> None:
        """Draw the lanes, or the empty state where nothing was asked yet."""
        conversation = value.conversation
        self.remarks.soon()
        title = " ".join(conversation.title.split())
        self._title.setText(
            messages.text("ui.temporary.title", title=title) if self._session.temporary else title
        )
        self._rule.setCurrentIndex(max(0, self._rule.findData(conversation.rule)))
        if not conversation.turns:
            self._stack.setCurrentWidget(self.welcome)
            self.details.draw()
            return
        lanes = self._lanes or self._make_lanes()
        self._stack.setCurrentWidget(lanes)  # at its size before there is anything in it to be laid out
        lanes.show_value(value)
        self.details.draw()

    @property
    def rests(self) -> bool:
        """Whether nothing comes and nothing is still to be drawn."""
        return not self._session.streaming and (self._lanes is None or self._lanes.rests)

    def prepare(self) -> Iterator[None]:
        """Make what the first conversation needs, before it is opened, a step at a time."""
        import sidelight.ui.document.document

        yield
        import sidelight.ui.document.piece_view

        yield
        import sidelight.ui.panes.compare.pane  # noqa: F401

        yield
        yield from (self._lanes or self._make_lanes()).stock()
        from sidelight.ui.document.rehearsal import rehearse

        yield from rehearse(self._palette, self._zoom)

    def _make_lanes(self) -> LanesPane:
        """The pane, by which the parser and its friends are imported: long after the first paint."""
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication

        from sidelight.ui.panes.compare.pane import LanesPane

        lanes = LanesPane(self._palette, self._session.elapsed, self._pictures)
        lanes.set_palette_and_zoom(self._palette, self._zoom)
        self.lanes.take(lanes)
        lanes.link_clicked.connect(self._on_link)
        lanes.save_wished.connect(self._save_code)
        lanes.looked.connect(self._on_looked)
        self.remarks.look_at(lanes)
        self.details.look_at(lanes)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._on_focus)
        if self._details_wanted:
            QTimer.singleShot(0, self, lambda: self._show_details(True))
        self._stack.addWidget(lanes)
        return lanes

    def show_composer(self, value: ComposerValue) -> None:
        """Draw the composer."""
        self.composer.show_value(value)
        self._purse.notice()

    def show_history(self, value: HistoryValue) -> None:
        """Draw the list of conversations."""
        self.history.show_value(value)

    def show_found(self, found: Found | None, indexed: float) -> None:
        """Draw what was found where it was asked for."""
        self.history.show_found(found, indexed)
        self.dialogs.show_found(found)

    def show_place(self, turn: str, reply: str) -> None:
        """Bring a turn into sight in every lane, and a reply in its own."""
        self.lanes.show_place(turn, reply, self.shelf.sought(turn, reply))

    def show_draft(self) -> None:
        """Show what was written in an earlier life of the program."""
        self._asking.show_draft()

    def show_welcome(self, value: WelcomeValue) -> None:
        """Draw the empty state."""
        self.welcome.show_value(value)

    def show_notices(self, notices: tuple[Notice, ...]) -> None:
        """Say the newest notice."""
        self._shown_notice = notices[-1] if notices else None
        if self._shown_notice is None:
            self.banner.say("")
            return
        from sidelight.ui.preferences.remedies import remedy

        notice, found = self._shown_notice, remedy(self._shown_notice)
        label = found[0] if found is not None else messages.text(notice.action) if notice.action else ""
        self.banner.say(messages.text(notice.code, **dict(notice.params)), level=notice.level, action=label)

    def show_outside(self) -> None:
        """Open dialogs draw what is new outside."""
        self.dialogs.show_outside()

    def show_newness(self) -> None:
        """Open dialogs say what is known of newer versions."""
        self.dialogs.show_newness()

    def show_settings(self, settings: Settings) -> None:
        """Open dialogs draw them; theme and zoom come from `application`, the rest with the values of the panes."""
        self.dialogs.show_settings(settings)

    def set_palette_and_zoom(self, palette: Palette, zoom: float) -> None:
        """Take another theme or size."""
        self._palette, self._zoom = palette, zoom
        self.set_zoom(zoom)
        if self._lanes is not None:
            self._lanes.set_palette_and_zoom(palette, zoom)
        if self._furnished:
            self.details.set_palette_and_zoom(palette, zoom)

    def show_situation(self) -> None:
        """Say anew which commands can be given."""
        from sidelight.chat.conversation import failed_lanes
        from sidelight.ui.actions import COMMANDS, Situation

        session = self._session
        conversation = session.conversation
        path = conversation.path
        situation = Situation(
            streaming=conversation.id in session.streaming_conversations,
            lanes=len(conversation.lanes),
            turns=len(path),
            failed=bool(path) and bool(failed_lanes(path[-1], conversation.lanes)),
            listed=any(s.id == conversation.id for s in session.history()),
        )
        if situation == self._situation:
            return
        self._situation = situation
        for command in COMMANDS:
            self.actions_by_id[command.id].setEnabled(situation.allows(command.when))

    def move_clocks(self) -> None:
        """Move the clocks of lanes that are busy."""
        if self._lanes is not None and self._stack.currentWidget() is self._lanes:
            self._lanes.tick()
            self.remarks.soon()

    # --- commands: conversation

    def new_conversation(self) -> None:
        """Begin another conversation."""
        self._session.new()
        self.composer.setFocus()

    def send(self) -> None:
        """Send what is in the composer."""
        self.composer.submit()

    def attach_files(self) -> None:
        """Choose files that go with the prompt."""
        self.composer.choose_files()

    def stop(self) -> None:
        """Stop all lanes."""
        self._session.stop()

    def retry(self) -> None:
        """Ask the current lane again."""
        self.lanes.retry()

    def retry_failed(self) -> None:
        """Ask all lanes again that failed."""
        self._purse.within_limit(lambda over_limit: self._session.retry_failed(over_limit=over_limit))

    def copy_answer(self) -> None:
        """Copy the newest answer of the current lane."""
        from PySide6.QtGui import QGuiApplication

        column = self._lanes.current if self._lanes is not None else None
        if column is not None and column.newest is not None:
            QGuiApplication.clipboard().setText(column.newest.answer_text)

    def copy_conversation(self) -> None:
        """Copy all of the conversation as Markdown, traces folded."""
        from PySide6.QtGui import QGuiApplication

        from sidelight.ui.exporting import Copier

        copier = Copier(self)
        copier.done.connect(lambda text: QGuiApplication.clipboard().setText(text))
        copier.begin(self._session.conversation, self._session.own_prices)

    def export_conversations(self) -> None:
        """Write conversations into a file."""
        self.dialogs.open_export()

    def import_conversations(self) -> None:
        """Take conversations in from files."""
        self.dialogs.open_import()

    def edit_prompt(self) -> None:
        """Change the newest prompt and send it as a new branch."""
        if self._session.conversation.leaf is not None:
            self.dialogs.open_edit(self._session.conversation.leaf)

    def show_branches(self) -> None:
        """Show the map of branches."""
        self.dialogs.open_branches()

    def open_help(self) -> None:
        """Show the guide."""
        self.dialogs.open_help(self._palette, self._zoom)

    def open_about(self) -> None:
        """Say what this program is, and whose parts it holds."""
        self.dialogs.open_about()

    def new_temporary(self) -> None:
        """Begin a conversation that is never written."""
        self._session.new(temporary=True)
        self.composer.setFocus()

    def rename_conversation(self) -> None:
        """Edit the title in the list."""
        self._show_sidebar(True)
        self.history.rename_current()

    def pin_conversation(self) -> None:
        """Pin the conversation shown, or unpin it."""
        self.history.pin_current()

    def tag_conversation(self) -> None:
        """Give the conversation shown other tags."""
        self.history.tag_current()

    def show_trash(self) -> None:
        """Show what was deleted in the list."""
        self._show_sidebar(True)
        self.history.show_trash()

    def delete_conversation(self) -> None:
        """Delete the conversation shown; it can be taken back for a few seconds."""
        self._show_sidebar(True)
        self.history.delete_current()

    def _on_hidden(self, conversation: str) -> None:
        if conversation == self._session.conversation.id:
            self._session.stop()
            self._session.new()

    # --- commands: lanes

    def add_lane(self) -> None:
        """Choose a model for one more lane."""
        self.lanes.add()

    def choose_model(self) -> None:
        """Another model for the current lane."""
        self.lanes.wish_for_current("model")

    def lane_settings(self) -> None:
        """Parameters of the current lane."""
        self.lanes.wish_for_current("settings")

    def remove_lane(self) -> None:
        """Take the current lane away."""
        self.lanes.wish_for_current("remove")

    def focus_lane(self, step: int) -> None:
        """Go to the lane on the left or right."""
        if self._lanes is not None:
            self._lanes.focus_lane(step)

    def move_lane(self, step: int) -> None:
        """Let the current lane change places."""
        if self._lanes is not None:
            self._lanes.move_current(step)

    def maximise(self, place: int) -> None:
        """Give one lane the whole room, or give it back; `place` counts from 1."""
        if self._lanes is not None:
            self._lanes.maximise(place - 1)

    def save_lanes(self) -> None:
        """New conversations begin with these lanes."""
        self._session.save_lanes_as_default()
        self.composer.say(messages.text("ui.lanes.saved"))

    # --- the reply that is looked at

    def _on_looked(self) -> None:
        self.remarks.soon()
        self.details.draw()

    def _on_focus(self, _old: QWidget | None, _now: QWidget | None) -> None:
        """The lane that has the focus is the one whose details are shown; asking keeps it in mind."""
        if self.isVisible() and self._lanes is not None and self._lanes.current is not None:
            self.details.draw()

    def toggle_details(self) -> None:
        """Show or hide the inspector."""
        self._show_details(not self.details.is_open)

    def _show_details(self, shown: bool) -> None:
        self._details_wanted = False
        self.details.show(shown)

    def _save_stream(self, name: str, content: Callable[[], bytes]) -> None:
        self._save("ui.details.save", name, content)

    def _save_code(self, code: str, name: str) -> None:
        self._save("ui.document.save", name, lambda: code.encode("utf-8", "replace"))

    def _save(self, title: str, name: str, content: Callable[[], bytes]) -> None:
        from sidelight.ui.window.saving import save_as

        save_as(self, title, name, content, lambda said: self.banner.say(said, level="error"))

    # --- commands: view

    def toggle_traces(self) -> None:
        """Open all traces, or close them."""
        if self._lanes is not None:
            self._lanes.toggle_traces()

    def find_words(self) -> None:
        """Find words in the conversation."""
        if self._lanes is not None:
            self._lanes.open_find()

    def find_next(self, step: int) -> None:
        """Go to the next match (1) or the one before (-1)."""
        if self._lanes is not None:
            self._lanes.find_next(step)

    def toggle_sidebar(self) -> None:
        """Show or hide the list of conversations."""
        self._show_sidebar(not self.history.isVisibleTo(self))

    def _show_sidebar(self, shown: bool) -> None:
        self._sidebar.setVisible(shown)

    def search_history(self) -> None:
        """Go to the search field of the list."""
        self._show_sidebar(True)
        self.history.focus_search()

    def focus_composer(self) -> None:
        """Go to the composer."""
        self.composer.setFocus()

    def zoom(self, step: int) -> None:
        """Larger, smaller, or (0) as designed."""
        import msgspec

        settings = self._session.settings
        zoom = 100 if step == 0 else min(max(settings.zoom + 10 * step, 100), 300)
        if zoom != settings.zoom:
            self._session.change_settings(msgspec.structs.replace(settings, zoom=zoom))

    # --- commands: app

    def open_menu(self) -> None:
        """Open the menu."""
        self._menu_button.showMenu()

    def open_palette(self) -> None:
        """Find a command or a conversation by a few letters."""
        self.dialogs.open_palette()

    def open_preferences(self) -> None:
        """The preferences window; a second call raises it."""
        self.dialogs.open_preferences()

    def open_keys(self) -> None:
        """The list of keys."""
        self.dialogs.open_keys()

    def open_key_dialog(self, backend: str = "") -> None:
        """Take a key for a backend."""
        self.dialogs.open_key(backend)

    def open_address_dialog(self, setting: BackendSetting | None = None) -> None:
        """Take the address of a server, a new one or one there is."""
        self.dialogs.open_address(setting)

    def _on_link(self, address: str, above: QWidget | None = None) -> None:
        from sidelight.ui.open_url import open_url

        open_url(address, above or self)

    def _on_acted(self) -> None:
        """Do what the banner offers."""
        from sidelight.ui.preferences.remedies import remedy

        if self._shown_notice is None:
            return
        found = remedy(self._shown_notice)
        if found is not None:
            self.dialogs.remedy(found[1])
        elif self._shown_notice.action:
            if self._shown_notice.action == "engine.newer.open":
                self.dialogs.open_release()
            self._session.act(self._shown_notice)

    def reopen(self, wish: Reopening) -> None:
        """End this session; the next one begins once the wish is carried out."""
        self.reopening = wish
        self.close()

    def _on_notice_read(self) -> None:
        if self._shown_notice is not None:
            self._session.dismiss(self._shown_notice)

    # --- place on the screen

    def _place(self) -> str:
        opened = self.details.is_open or self._details_wanted
        parts = [
            base64.b64encode(self.saveGeometry().data()).decode(),
            base64.b64encode(self._splitter.saveState().data()).decode(),
            "shown" if self.history.isVisibleTo(self) else "hidden",
            f"{self.details.width}+{'open' if opened else 'closed'}",
            str(self.composer.room_of_lanes),
        ]
        return " ".join(parts)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember where it stood; what streams is kept by the session."""
        if self._furnished:
            import msgspec

            self.history.finish_deleting()
            self.composer.keep_draft()
            settings = self._session.settings
            self._session.change_settings(msgspec.structs.replace(settings, window=self._place()))
        super().closeEvent(event)
        self.closed = event.isAccepted()
