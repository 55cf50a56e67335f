"""The main window: conversations left, lanes in the middle, composer below; it joins values to panes and wishes to the session.

Every command of `actions.COMMANDS` is a method here. A method asks the session and returns; what it changes comes back
through the bridge. What the first paint does not need (lanes, dialogs, preferences) is imported when it is first used.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QByteArray, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from sidelight import messages
from sidelight.chat.conversation import ContextRule, failed_lanes
from sidelight.engine.session import Session
from sidelight.engine.terms import EMBEDDED, Change, Notice
from sidelight.secrets import Secret
from sidelight.settings import BackendSetting, PresetSetting, Settings
from sidelight.ui import bridge, wording
from sidelight.ui.actions import COMMANDS, GROUPS, Situation, make_actions
from sidelight.ui.panes.compare.values import Compared, Remark
from sidelight.ui.panes.composer.pane import ComposerPane, ComposerValue
from sidelight.ui.panes.history.pane import HistoryPane, HistoryValue
from sidelight.ui.panes.welcome.pane import WelcomePane, WelcomeValue
from sidelight.ui.spending import Purse
from sidelight.ui.theme import Palette
from sidelight.ui.widgets.banner import Banner
from sidelight.ui.widgets.icon import IconButton, app_icon
from sidelight.ui.widgets.plain import ElidedLabel

if TYPE_CHECKING:
    from sidelight.chat.conversation import Turn
    from sidelight.chat.message import Attachment, Lane, TagRule
    from sidelight.chat.reply import Reply
    from sidelight.store.search import Found
    from sidelight.ui.attaching import Source
    from sidelight.ui.dialogs.access import KeyDialog
    from sidelight.ui.dialogs.model_picker import ModelPicker
    from sidelight.ui.dialogs.palette import CommandPalette
    from sidelight.ui.document.pictures import Pictures
    from sidelight.ui.evidence import Evidence, Known
    from sidelight.ui.examining import Reader
    from sidelight.ui.panes.compare.pane import LanesPane
    from sidelight.ui.panes.inspect.pane import InspectPane
    from sidelight.ui.panes.inspect.wire import Looked
    from sidelight.ui.preferences.window import PreferencesWindow

__all__ = ["MainWindow"]

_DETAILS_WIDTH = 340
"""Pixels of the inspector at 100 % zoom, before anybody has moved its edge."""


class MainWindow(QMainWindow):
    """The one window of a profile. It is a `bridge.Surface`."""

    def __init__(
        self,
        session: Session,
        palette: Palette,
        database: Path,
        pictures: Pictures | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """`database` is where the profile keeps conversations, or would; without `pictures` lanes show sources."""
        super().__init__(parent)
        self._session = session
        self._database = database
        self._pictures = pictures
        self._palette = palette
        self._zoom = 1.0
        self._picker: ModelPicker | None = None
        self._preferences: PreferencesWindow | None = None
        self._palette_dialog: CommandPalette | None = None
        self._key_dialog: KeyDialog | None = None
        self._reader: Reader | None = None
        self._shown_notice: Notice | None = None
        self._situation: Situation | None = None
        self.setWindowTitle(messages.text("app.name"))
        self.setWindowIcon(app_icon())
        self.actions_by_id = make_actions(self)
        self.history = HistoryPane()
        self.welcome = WelcomePane()
        self.composer = ComposerPane()
        self._purse = Purse(session, self.composer, self)
        self.banner = Banner(messages.text("ui.dismiss"))
        self._lanes: LanesPane | None = None
        self._evidence: Evidence | None = None
        self._details: InspectPane | None = None
        self._details_width = 0
        self._details_open = self._details_wanted = False
        self._details_drawn: object = None
        self._details_of: tuple[str, Reply] | None = None
        self._wire: tuple[str, Looked] = ("", None)
        self._remarking = QTimer(self)
        self._remarking.setSingleShot(True)
        self._remarking.setInterval(0)
        self._unlike = ElidedLabel(role="muted")
        self._unlike.hide()
        self._title = ElidedLabel(role="strong")
        self._rule = QComboBox()
        self._stack = QStackedWidget()
        self._build()
        self._connect()
        self._build_menu()
        self.resize(1280, 800)
        self._restore(session.settings.window)
        self.composer.setFocus()

    # --- building

    def _build(self) -> None:
        bar = QFrame()
        bar.setProperty("role", "topbar")
        self._menu_button = IconButton("menu", messages.text("ui.menu"))
        self._menu_button.setPopupMode(IconButton.ToolButtonPopupMode.InstantPopup)
        sidebar = IconButton("sidebar", messages.text("ui.sidebar"))
        sidebar.give(self.actions_by_id["sidebar"])
        traces = IconButton("traces", messages.text("ui.traces"))
        traces.give(self.actions_by_id["traces"])
        add = IconButton("plus", messages.text("ui.lane.add"))
        add.give(self.actions_by_id["add_lane"])
        self._rule.addItem(messages.text("ui.rule.own"), ContextRule.OWN)
        self._rule.addItem(messages.text("ui.rule.none"), ContextRule.NONE)
        self._rule.setAccessibleName(messages.text("ui.rule"))
        self._rule.setToolTip(messages.text("ui.rule"))
        self._rule.setProperty("role", "flat")
        self._rule.setMinimumWidth(64)
        row = QHBoxLayout(bar)
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(4)
        row.addWidget(self._menu_button)
        row.addWidget(sidebar)
        row.addSpacing(8)
        row.addWidget(self._title, 1)
        row.addWidget(self._unlike)
        row.addWidget(self._rule)
        row.addWidget(traces)
        row.addWidget(add)
        self._stack.addWidget(self.welcome)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget, stretch in ((bar, 0), (self.banner, 0), (self._stack, 1), (self.composer, 0)):
            column.addWidget(widget, stretch)
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setHandleWidth(1)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(self.history)
        self._splitter.addWidget(middle)
        self._splitter.setStretchFactor(0, 0)
        self._splitter.setStretchFactor(1, 1)
        self._splitter.setSizes([256, 1024])
        self.setCentralWidget(self._splitter)

    def _build_menu(self) -> None:
        menus = []
        for group, title in GROUPS:
            menu = QMenu(messages.text(title), self)
            for command in COMMANDS:
                if command.group == group and not command.id.startswith("maximise_"):
                    menu.addAction(self.actions_by_id[command.id])
            menus.append(menu)
        if sys.platform == "darwin":
            for menu in menus:
                self.menuBar().addMenu(menu)
            self._menu_button.hide()
            return
        top = QMenu(self)
        for menu in menus:
            top.addMenu(menu)
        self._menu_button.setMenu(top)

    def _connect(self) -> None:
        session = self._session
        self.composer.sent.connect(self._send)
        self.composer.stopped.connect(self.stop)
        self.composer.files_offered.connect(self._read_files)
        self.composer.lane_clicked.connect(self._open_lane_settings)
        self.composer.add_clicked.connect(self.add_lane)
        self.history.opened.connect(session.open)
        self.history.renamed.connect(session.rename)
        self.history.hidden.connect(self._on_hidden)
        self.history.deleted.connect(session.delete)
        self.history.asked_new.connect(self.new_conversation)
        self.history.searched.connect(session.search)
        self.history.hit_opened.connect(session.open)
        self.welcome.fetch_wanted.connect(session.fetch_weights)
        self.welcome.cancel_wanted.connect(session.cancel_weights)
        self.welcome.server_wanted.connect(lambda backend: self._open_picker(backend, "", self._first_lane()))
        self.welcome.look_wanted.connect(session.find_servers)
        self.welcome.key_wanted.connect(self.open_key_dialog)
        self.welcome.address_wanted.connect(lambda: self.open_address_dialog())
        self.welcome.prompt_chosen.connect(self.composer.take_back)
        self.banner.closed.connect(self._on_notice_read)
        self._remarking.timeout.connect(self._remark)
        self._rule.activated.connect(lambda _index: session.set_rule(ContextRule(self._rule.currentData())))

    # --- Surface

    @property
    def visible_lanes(self) -> int:
        """How many lanes are in sight."""
        return self._lanes.visible_lanes if self._lanes is not None else 0

    @property
    def in_sight(self) -> bool:
        """Whether anything of the window can be seen."""
        handle = self.windowHandle()
        return self.isVisible() and not self.isMinimized() and handle.isExposed()

    def show_lanes(self, value: Compared) -> None:
        """Draw the lanes, or the empty state where nothing was asked yet."""
        conversation = value.conversation
        self._remark_soon()
        self._title.setText(" ".join(conversation.title.split()))
        self._rule.setCurrentIndex(max(0, self._rule.findData(conversation.rule)))
        if not conversation.turns:
            self._stack.setCurrentWidget(self.welcome)
            self._draw_details()
            return
        lanes = self._lanes or self._make_lanes()
        lanes.show_value(value)
        self._stack.setCurrentWidget(lanes)
        self._draw_details()

    def _make_lanes(self) -> LanesPane:
        """The pane is made with the first reply: only now are the parser and its friends imported."""
        from sidelight.ui.panes.compare.pane import LanesPane

        lanes = LanesPane(self._palette, self._session.elapsed, self._pictures)
        lanes.set_palette_and_zoom(self._palette, self._zoom)
        lanes.lane_wished.connect(self._on_lane_wish)
        lanes.turn_wished.connect(self._on_turn_wish)
        lanes.lane_moved.connect(self._session.move_lane)
        lanes.link_clicked.connect(self._on_link)
        lanes.save_wished.connect(self._save_code)
        lanes.looked.connect(self._on_looked)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._on_focus)
        if self._details_wanted:
            QTimer.singleShot(0, self, lambda: self._show_details(True))
        self._stack.addWidget(lanes)
        self._lanes = lanes
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
        if self._palette_dialog is not None:
            self._palette_dialog.show_found(found)

    def show_place(self, turn: str, reply: str) -> None:
        """Bring a turn into sight in every lane, and a reply in its own."""
        if self._lanes is None:
            return
        for column in self._lanes.columns:
            column.view.scroll_to_row(f"{turn}.prompt")
        found = self._session.conversation.turn(turn)
        for answer in found.replies if found is not None else ():
            if answer.id == reply:
                self._lanes.focus_on(answer.lane)

    def show_welcome(self, value: WelcomeValue) -> None:
        """Draw the empty state."""
        self.welcome.show_value(value)

    def show_notices(self, notices: tuple[Notice, ...]) -> None:
        """Say the newest notice."""
        self._shown_notice = notices[-1] if notices else None
        if self._shown_notice is None:
            self.banner.say("")
        else:
            notice = self._shown_notice
            self.banner.say(messages.text(notice.code, **dict(notice.params)), level=notice.level)

    def show_outside(self) -> None:
        """Open dialogs draw what is new outside."""
        if self._picker is None and self._preferences is None and self._key_dialog is None:
            return
        from sidelight.ui import places

        if self._picker is not None:
            self._picker.show_value(places.picker_value(self._session))
        if self._key_dialog is not None:
            self._key_dialog.show_value(places.keyed_backends(self._session))
        if self._preferences is not None:
            self._preferences.show_outside(places.known_backends(self._session), self._session.weights())

    def show_settings(self, settings: Settings) -> None:
        """Open dialogs draw them; theme and zoom come from `application`, the rest with the values of the panes."""
        if self._preferences is not None:
            self._preferences.show_settings(settings)

    def set_palette_and_zoom(self, palette: Palette, zoom: float) -> None:
        """Take another theme or size."""
        self._palette, self._zoom = palette, zoom
        self.history.setMinimumWidth(round(120 * zoom))
        if self._lanes is not None:
            self._lanes.set_palette_and_zoom(palette, zoom)
        if self._details is not None:
            self._details.set_palette_and_zoom(palette, zoom)

    def show_situation(self) -> None:
        """Say anew which commands can be given."""
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
            self._remark_soon()

    # --- commands: conversation

    def new_conversation(self) -> None:
        """Begin another conversation."""
        self._session.new()
        self.composer.setFocus()

    def send(self) -> None:
        """Send what is in the composer."""
        self.composer.submit()

    def _send(self, prompt: str) -> None:
        files = self.composer.files
        self._purse.within_limit(lambda over_limit: self._ask(prompt, files, over_limit))

    def _ask(self, prompt: str, files: tuple[tuple[Attachment, bytes], ...], over_limit: bool) -> None:
        self._session.send(prompt, files, over_limit=over_limit)
        self.composer.clear()
        self.composer.setFocus()

    def attach_files(self) -> None:
        """Choose files that go with the prompt."""
        self.composer.choose_files()

    def _read_files(self, conversation: str, sources: tuple[Source, ...]) -> None:
        from sidelight.ui.examining import Reader

        if self._reader is None:
            self._reader = Reader(self)
            self._reader.done.connect(self.composer.take_files)
        self._reader.read(conversation, sources)

    def stop(self) -> None:
        """Stop all lanes."""
        self._session.stop()

    def retry(self) -> None:
        """Ask the current lane again."""
        column = self._lanes.current if self._lanes is not None else None
        leaf = self._session.conversation.leaf
        if column is not None and leaf is not None:
            self._retry(column.lane.id, leaf)

    def _retry(self, lane: str, turn: str) -> None:
        self._purse.within_limit(lambda over_limit: self._ask_again(lane, turn, over_limit))

    def _ask_again(self, lane: str, turn: str, over_limit: bool) -> None:
        self._session.retry(turn, [lane], over_limit=over_limit)
        if self._lanes is not None:
            self._lanes.show_newest_version(turn, lane)

    def retry_failed(self) -> None:
        """Ask all lanes again that failed."""
        self._purse.within_limit(lambda over_limit: self._session.retry_failed(over_limit=over_limit))

    def copy_answer(self) -> None:
        """Copy the newest answer of the current lane."""
        column = self._lanes.current if self._lanes is not None else None
        if column is not None and column.newest is not None:
            QGuiApplication.clipboard().setText(column.newest.answer_text)

    def copy_conversation(self) -> None:
        """Copy all of the conversation as Markdown, traces folded."""
        from sidelight.ui.exporting import Copier

        copier = Copier(self)
        copier.done.connect(lambda text: QGuiApplication.clipboard().setText(text))
        copier.begin(self._session.conversation, self._session.own_prices)

    def export_conversations(self) -> None:
        """Write conversations into a file."""
        from sidelight.ui.dialogs.export import ExportDialog
        from sidelight.ui.exporting import Place

        place = Place(self._database, self._session.own_prices)
        ExportDialog(self._session.conversation, self._session.history(), place, self).open()

    def rename_conversation(self) -> None:
        """Edit the title in the list."""
        self._show_sidebar(True)
        self.history.rename_current()

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
        last = self._session.conversation.lanes[-1:]
        backend, model = (last[0].backend, last[0].model) if last else (EMBEDDED, "")
        self._open_picker(backend, model, None)

    def choose_model(self) -> None:
        """Another model for the current lane."""
        lane = self._current_lane()
        if lane is not None:
            self._on_lane_wish(lane, "model")

    def lane_settings(self) -> None:
        """Parameters of the current lane."""
        lane = self._current_lane()
        if lane is not None:
            self._open_lane_settings(lane)

    def remove_lane(self) -> None:
        """Take the current lane away."""
        lane = self._current_lane()
        if lane is not None:
            self._session.remove_lane(lane)

    def _current_lane(self) -> str | None:
        column = self._lanes.current if self._lanes is not None else None
        lanes = self._session.conversation.lanes
        if column is not None and self._session.conversation.lane(column.lane.id) is not None:
            return column.lane.id
        return lanes[0].id if lanes else None

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

    def _on_lane_wish(self, lane: str, wish: str) -> None:
        found = self._session.conversation.lane(lane)
        if found is None:
            return
        match wish:
            case "details":
                if self._lanes is not None:
                    self._lanes.focus_on(lane)
                self._show_details(True)
            case "stop":
                self._session.stop(lane)
            case "hurry":
                for reply in (r for turn in self._session.conversation.path for r in turn.versions(lane)):
                    if reply.progress is not None and reply.progress.stage == "again":
                        self._session.hurry(reply.id)
            case "settings":
                self._open_lane_settings(lane)
            case "model":
                self._open_picker(found.backend, found.model, lane)
            case "duplicate":
                self._session.add_lane(found.backend, found.model, found.parameters)
            case "remove":
                self._session.remove_lane(lane)
            case _:
                raise ValueError(wish)

    def _on_turn_wish(self, lane: str, turn: str, wish: str) -> None:
        match wish:
            case "retry" | "ask":
                self._retry(lane, turn)
            case "drop_oldest":
                self._purse.within_limit(lambda over_limit: self._ask_shorter(lane, turn, over_limit))
            case "key":
                found = self._session.conversation.lane(lane)
                self.open_key_dialog(found.backend if found is not None else "")
            case "model" | "settings":
                self._on_lane_wish(lane, wish)
            case "preferences":
                self.open_preferences()
            case _:
                raise ValueError(wish)

    def _ask_shorter(self, lane: str, turn: str, over_limit: bool) -> None:
        if not self._session.retry_shorter(turn, lane, over_limit=over_limit):
            self.composer.say(messages.text("ui.drop_oldest.useless"))

    def _open_picker(self, backend: str, model: str, lane: str | None) -> None:
        """Choose a model: for a lane, or for a new one."""
        from sidelight.ui import places
        from sidelight.ui.dialogs.model_picker import ModelPicker

        picker = ModelPicker(backend, model, self)
        session = self._session
        picker.models_wanted.connect(session.ask_models)
        picker.fits_wanted.connect(session.ask_fits)
        picker.servers_wanted.connect(session.find_servers)
        picker.fetch_wanted.connect(session.fetch_weights)
        picker.cancel_wanted.connect(session.cancel_weights)
        picker.key_wanted.connect(self.open_key_dialog)
        picker.address_wanted.connect(lambda: self.open_address_dialog())
        picker.file_added.connect(self._add_file)
        picker.chosen.connect(lambda b, m: self._on_picked(lane, b, m))
        picker.finished.connect(self._on_picker_closed)
        self._picker = picker
        picker.show_value(places.picker_value(session))
        picker.open()

    def _first_lane(self) -> str | None:
        """The lane that a server which was just found is for: the first one, unless that can answer already."""
        session = self._session
        first = session.conversation.lanes[:1]
        return first[0].id if first and not bridge.can_answer(session, first[0]) else None

    def _on_picker_closed(self) -> None:
        self._picker = None

    def _on_picked(self, lane: str | None, backend: str, model: str) -> None:
        found = self._session.conversation.lane(lane) if lane is not None else None
        if found is None:
            self._session.add_lane(backend, model)
        else:
            self._session.change_lane(replace(found, backend=backend, model=model))

    def _add_file(self, path: str) -> None:
        settings = self._session.settings
        if path and path not in settings.gguf:
            self._session.change_settings(msgspec.structs.replace(settings, gguf=(*settings.gguf, path)))

    def _open_lane_settings(self, lane: str) -> None:
        from sidelight.ui.dialogs.lane_settings import LaneSettings

        found = self._session.conversation.lane(lane)
        if found is None:
            return
        name = bridge.lane_name(self._session, found)
        dialog = LaneSettings(found, name, self._session.settings.presets, self)
        dialog.changed.connect(self._session.change_lane)
        dialog.presets_changed.connect(self._keep_presets)
        dialog.open()

    def _keep_presets(self, presets: tuple[PresetSetting, ...]) -> None:
        self._session.change_settings(msgspec.structs.replace(self._session.settings, presets=presets))

    # --- what is known of replies

    def _look_up(self) -> Evidence:
        """Made at first use, which imports and reads the registry of models."""
        if self._evidence is None:
            from sidelight.ui.evidence import Evidence

            self._evidence = Evidence(self._session.own_prices)
            if self._evidence.trouble is not None:
                self.banner.say(self._evidence.trouble.text, level="warning")
        return self._evidence

    def _remark_soon(self) -> None:
        """Look at replies once all have ended, after this event: nothing of it belongs into a frame."""
        session = self._session
        if session.conversation.id not in session.streaming_conversations:
            self._remarking.start()
        elif self._unlike.text():
            self._say_unlike("")  # that was the turn before

    def _remark(self) -> None:
        """Tell the lanes what was found out about their newest replies, and point out traces of unlike kinds."""
        session = self._session
        conversation, lanes = session.conversation, self._lanes
        if conversation.id in session.streaming_conversations or not conversation.turns or lanes is None:
            self._say_unlike("")
            return
        if self._evidence is None:
            self._look_up()
            self._remarking.start()  # the other half of the work in another event, so that no frame is late
            return
        shown: list[Reply] = []
        path = conversation.path
        for column in lanes.columns:
            reply = column.newest
            if reply is not None and reply.state.is_final:
                shown.append(reply)
                known = self._known(column.lane, path, reply)
                remark = Remark(wording.cost_mark(known.cost), "\n".join(known.warnings))
                column.show_remark(reply.id, remark)
        self._say_unlike(wording.unlike(shown))

    def _say_unlike(self, note: str) -> None:
        self._unlike.setText(note)
        self._unlike.setVisible(bool(note))

    def _known(self, lane: Lane, turns: tuple[Turn, ...], reply: Reply) -> Known:
        return self._look_up().of(lane, self._session.about(lane.backend), turns, reply)

    def _on_looked(self) -> None:
        self._remark_soon()
        self._draw_details()

    def _on_focus(self, _old: QWidget | None, _now: QWidget | None) -> None:
        """The lane that has the focus is the one whose details are shown; asking keeps it in mind."""
        if self.isVisible() and self._lanes is not None and self._lanes.current is not None:
            self._draw_details()

    def _draw_details(self) -> None:
        """Show the details of the current lane's reply, if they are open and show another one, or an older stage of it."""
        pane = self._details
        if pane is None or not self._details_open:
            return
        from sidelight.ui.panes.inspect.sections import Subject, as_asked, inspected
        from sidelight.ui.panes.inspect.values import stage

        session = self._session
        conversation, lanes = session.conversation, self._lanes
        column = lanes.current if lanes is not None else None
        reply = column.newest if column is not None else None
        if column is None or reply is None or not conversation.turns:
            pane.show_value(None)
            self._details_drawn = self._details_of = None
            return
        lane, wire = as_asked(column.lane, reply), self._look_up_wire(reply)
        name = bridge.lane_name(session, lane)
        wanted = (stage(reply), lane, conversation.rule, name, wire)
        if wanted == self._details_drawn:
            return
        self._details_drawn = wanted
        self._details_of = (conversation.path[-1].id, reply)
        subject = Subject(
            conversation,
            conversation.path[-1].id,
            lane,
            reply,
            self._known(lane, conversation.path, reply),
            name,
            bridge.backend_title(session, lane.backend),
            here=lane.backend == EMBEDDED,
            wire=wire,
        )
        pane.show_value(inspected(subject))

    def _look_up_wire(self, reply: Reply) -> Looked:
        """What went over the wire for a reply; asked for once it has ended, told by a change of "recorded"."""
        source = reply.reread or reply.id
        if not reply.state.is_final or reply.notes is None:
            return None
        if self._session.live(reply.id):  # what is recorded is kept at its very end
            return "looking"
        if self._wire[0] != source:
            self._wire = (source, "looking")
            self._session.ask_recorded(source)
        return self._wire[1]

    def _on_session_change(self, change: Change) -> None:
        if change.kind == "recorded" and change.reply == self._wire[0]:
            from sidelight.ui.panes.inspect.wire import wire_of

            found = self._session.recorded(change.reply)
            self._wire = (change.reply, None if found is None else wire_of(found))
            self._draw_details()

    def _on_details_wish(self, wish: str) -> None:
        recorded = self._session.recorded(self._wire[0])
        if recorded is None:
            return
        match wish:
            case "copy_stream":
                QGuiApplication.clipboard().setText(recorded.unpacked().decode("utf-8", "replace"))
            case "save_stream":
                name = f"stream-{self._wire[0][:8]}.txt"
                self._ask_path("ui.details.save", name, lambda path: self._save(path, recorded.unpacked()))
            case _:
                raise ValueError(wish)

    def _save_code(self, code: str, name: str) -> None:
        content = code.encode("utf-8", "replace")
        self._ask_path("ui.document.save", name, lambda path: self._save(path, content))

    def _ask_path(self, title: str, name: str, then: Callable[[str], None]) -> None:
        """Ask for a file, which is not taken without a question where there is one already."""
        dialog = QFileDialog(self, messages.text(title))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(Path(name).suffix.lstrip("."))
        dialog.selectFile(name)
        dialog.fileSelected.connect(then)
        dialog.open()

    def _save(self, path: str, content: bytes) -> None:
        try:
            Path(path).write_bytes(content)
        except OSError as error:
            reason = error.strerror or str(error)
            self.banner.say(messages.text("ui.details.save.failed", path=path, reason=reason), level="error")

    def _reread(self, rule: TagRule) -> None:
        """Read the stream of the reply that is looked at once more, and look at what that gives."""
        if self._details_of is not None and self._lanes is not None:
            turn, reply = self._details_of
            self._session.reread(turn, reply.id, rule)
            self._lanes.show_newest_version(turn, reply.lane)

    def toggle_details(self) -> None:
        """Show or hide the inspector."""
        self._show_details(not self._details_open)

    def _show_details(self, shown: bool) -> None:
        if shown == self._details_open:
            self._draw_details()
            return
        self._details_open, self._details_wanted = shown, False
        if not shown:
            assert self._details is not None
            self._details_width = self._width_of_details()
            self._details.hide()
            return
        left, middle = self._splitter.sizes()[:2]  # before the pane takes what it likes
        pane = self._details or self._make_details()
        pane.show()
        wide = self._details_width or round(_DETAILS_WIDTH * self._zoom)
        self._splitter.setSizes([left, max(1, middle - wide), wide])
        self._draw_details()

    def _width_of_details(self) -> int:
        """As it stands, or as it last stood."""
        sizes = self._splitter.sizes()
        return sizes[2] if len(sizes) > 2 and sizes[2] else self._details_width

    def _make_details(self) -> InspectPane:
        from sidelight.ui.panes.inspect.pane import InspectPane

        pane = InspectPane(self._palette, self._zoom)
        pane.closed.connect(lambda: self._show_details(False))
        pane.wished.connect(self._on_details_wish)
        pane.reread.connect(self._reread)
        self._session.subscribe(self._on_session_change)
        self._splitter.addWidget(pane)
        self._splitter.setStretchFactor(2, 0)
        self._details = pane
        return pane

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
        self.history.setVisible(shown)

    def search_history(self) -> None:
        """Go to the search field of the list."""
        self._show_sidebar(True)
        self.history.focus_search()

    def focus_composer(self) -> None:
        """Go to the composer."""
        self.composer.setFocus()

    def zoom(self, step: int) -> None:
        """Larger, smaller, or (0) as designed."""
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
        from sidelight.ui.dialogs.palette import Choice, CommandPalette

        choices = [
            Choice(
                "command",
                c.id,
                c.caption,
                action.shortcut().toString(action.shortcut().SequenceFormat.NativeText),
            )
            for c in COMMANDS
            if (action := self.actions_by_id[c.id]).isEnabled() and c.id != "palette"
        ]
        choices += [
            Choice(
                "conversation",
                s.id,
                " ".join(s.title.split()) or messages.text("ui.history.untitled"),
                messages.text("ui.palette.conversation"),
            )
            for s in self._session.history()
        ]
        palette = CommandPalette(choices, self)
        palette.chosen.connect(self._on_palette)
        palette.searched.connect(self._session.search)
        palette.hit_chosen.connect(self._session.open)
        palette.destroyed.connect(self._on_palette_gone)
        self._palette_dialog = palette
        palette.open()

    def _on_palette_gone(self) -> None:
        self._palette_dialog = None

    def _on_palette(self, kind: str, identifier: str) -> None:
        if kind == "conversation":
            self._session.open(identifier)
        else:
            QTimer.singleShot(0, self.actions_by_id[identifier].trigger)

    def open_preferences(self) -> None:
        """The preferences window; a second call raises it."""
        from sidelight.ui import places
        from sidelight.ui.preferences.window import PreferencesWindow

        if self._preferences is None:
            window = PreferencesWindow(self)
            window.changed.connect(self._session.change_settings)
            window.backends.key_wanted.connect(self.open_key_dialog)
            window.backends.test_wanted.connect(self._session.ask_models)
            window.backends.address_wanted.connect(self.open_address_dialog)
            window.local.fetch_wanted.connect(self._session.fetch_weights)
            window.local.cancel_wanted.connect(self._session.cancel_weights)
            window.finished.connect(self._on_preferences_closed)
            self._purse.show_on(window.spending)
            window.show_value(
                self._session.settings, places.known_backends(self._session), self._session.weights()
            )
            self._preferences = window
        self._preferences.show()
        self._preferences.raise_()
        self._preferences.activateWindow()

    def _on_preferences_closed(self) -> None:
        self._preferences = None
        self._purse.show_on(None)

    def open_keys(self) -> None:
        """The list of keys."""
        from sidelight.ui.dialogs.keys import KeyList

        KeyList(self).open()

    def open_key_dialog(self, backend: str = "") -> None:
        """Take a key for a backend."""
        from sidelight.ui import places
        from sidelight.ui.dialogs.access import KeyDialog

        session = self._session
        dialog = KeyDialog(places.keyed_backends(session), backend, self._above)
        dialog.given.connect(self._on_key)
        dialog.forgotten.connect(lambda chosen: session.set_key(chosen, None))
        dialog.test_wanted.connect(session.ask_models)
        dialog.finished.connect(self._on_key_dialog_closed)
        self._key_dialog = dialog
        dialog.open()

    def _on_key_dialog_closed(self) -> None:
        self._key_dialog = None

    def _on_key(self, backend: str, key: Secret) -> None:
        self._session.set_key(backend, key)
        self._session.ask_models(backend)

    def open_address_dialog(self, setting: BackendSetting | None = None) -> None:
        """Take the address of a server, a new one or one there is."""
        from sidelight.ui.dialogs.access import AddressDialog

        dialog = AddressDialog(setting, self._above)
        dialog.given.connect(self._on_address)
        dialog.open()

    def _on_address(self, setting: BackendSetting) -> None:
        settings = self._session.settings
        backends = {b.id: b for b in settings.backends} | {setting.id: setting}
        self._session.change_settings(msgspec.structs.replace(settings, backends=tuple(backends.values())))
        self._session.ask_models(setting.id)

    @property
    def _above(self) -> QWidget:
        """What a dialog opens above: the dialog that asked for it, else the window."""
        return self._picker or self._preferences or self

    def _on_link(self, address: str) -> None:
        from sidelight.ui.open_url import open_url

        open_url(address, self)

    def _on_notice_read(self) -> None:
        if self._shown_notice is not None:
            self._session.dismiss(self._shown_notice)

    # --- place on the screen

    def _restore(self, saved: str) -> None:
        if not saved:
            return
        geometry, _, rest = saved.partition(" ")
        splitter, sidebar, details = (*rest.split(" "), "", "")[:3]
        self.restoreGeometry(QByteArray.fromBase64(geometry.encode()))
        self._splitter.restoreState(QByteArray.fromBase64(splitter.encode()))
        self.history.setVisible(sidebar != "hidden")
        width, _, opened = details.partition("+")
        self._details_width = int(width) if width.isdecimal() else 0
        self._details_wanted = opened == "open"

    def _place(self) -> str:
        parts = [
            base64.b64encode(self.saveGeometry().data()).decode(),
            base64.b64encode(self._splitter.saveState().data()).decode(),
            "shown" if self.history.isVisibleTo(self) else "hidden",
            f"{self._width_of_details()}+{'open' if self._details_open or self._details_wanted else 'closed'}",
        ]
        return " ".join(parts)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember where it stood; what streams is kept by the session."""
        self.history.finish_deleting()
        settings = self._session.settings
        self._session.change_settings(msgspec.structs.replace(settings, window=self._place()))
        super().closeEvent(event)
