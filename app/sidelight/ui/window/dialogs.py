"""The dialogs of the main window: made when asked for, fed with what the session knows, and joined to its wishes.

Not what they look like (`ui.dialogs`, `ui.preferences`), which is imported with each first use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from sidelight import messages
from sidelight.engine.session import Session
from sidelight.secrets import Secret
from sidelight.settings import BackendSetting, PresetSetting, Settings
from sidelight.ui import bridge
from sidelight.ui.actions import COMMANDS
from sidelight.ui.spending import Purse

if TYPE_CHECKING:
    from sidelight.engine.safekeeping import Reopening
    from sidelight.store.search import Found
    from sidelight.ui.dialogs.about import AboutDialog
    from sidelight.ui.dialogs.access import KeyDialog
    from sidelight.ui.dialogs.model_picker import ModelPicker
    from sidelight.ui.dialogs.palette import CommandPalette
    from sidelight.ui.help.window import HelpWindow
    from sidelight.ui.preferences.keeping import Keeping
    from sidelight.ui.preferences.remedies import Remedy
    from sidelight.ui.preferences.window import PreferencesWindow
    from sidelight.ui.theme import Palette

__all__ = ["Dialogs"]


class Dialogs(QObject):
    """`database` is where the profile keeps conversations, or would; `actions` are the commands by their ids.

    `reopen` ends the session and begins the next one, once what is wished was carried out. `hit_chosen`, from the palette,
    carries a conversation, a turn and a reply ("": the prompt). `page_wanted` carries an address, and what to ask above
    whether it is to be opened.
    """

    hit_chosen = Signal(str, str, str)
    page_wanted = Signal(str, QWidget)

    def __init__(
        self,
        session: Session,
        purse: Purse,
        database: Path,
        actions: Mapping[str, QAction],
        window: QWidget,
        reopen: Callable[[Reopening], None],
    ) -> None:
        super().__init__(window)
        self._session = session
        self._purse = purse
        self._database = database
        self._actions = actions
        self._window = window
        self._reopen = reopen
        self.picker: ModelPicker | None = None
        self.preferences: PreferencesWindow | None = None
        self.key: KeyDialog | None = None
        self._about: AboutDialog | None = None
        self._palette: CommandPalette | None = None
        self._keeping: Keeping | None = None
        self._help: HelpWindow | None = None

    # --- news for those that are open

    def show_found(self, found: Found | None) -> None:
        """The palette searches messages too."""
        if self._palette is not None:
            self._palette.show_found(found)

    def show_outside(self) -> None:
        """Backends, models, keys or weights are news."""
        if self.picker is None and self.preferences is None and self.key is None:
            return
        from sidelight.ui import places

        if self.picker is not None:
            self.picker.show_value(places.picker_value(self._session))
        if self.key is not None:
            self.key.show_value(places.keyed_backends(self._session))
        if self.preferences is not None:
            self.preferences.show_outside(places.known_backends(self._session), self._session.weights())

    def show_newness(self) -> None:
        """What is known of newer versions is news."""
        if self._about is not None:
            self._about.show_newness(self._session.versions.newness)
        if self.preferences is not None:
            self.preferences.network.show_newness(self._session.versions.newness)

    def show_settings(self, settings: Settings) -> None:
        """The preferences are news."""
        if self.preferences is not None:
            self.preferences.show_settings(settings)

    # --- commands and conversations

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
            if (action := self._actions[c.id]).isEnabled() and c.id != "palette"
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
        palette = CommandPalette(choices, self._window)
        palette.chosen.connect(self._on_palette)
        palette.searched.connect(self._session.search)
        palette.hit_chosen.connect(self.hit_chosen)
        palette.destroyed.connect(self._on_palette_gone)
        self._palette = palette
        palette.open()

    def _on_palette_gone(self) -> None:
        self._palette = None

    def _on_palette(self, kind: str, identifier: str) -> None:
        if kind == "conversation":
            self._session.open(identifier)
        else:
            QTimer.singleShot(0, self._actions[identifier].trigger)

    def open_keys(self) -> None:
        """The list of keys."""
        from sidelight.ui.dialogs.keys import KeyList

        KeyList(self._window).open()

    def open_import(self) -> None:
        """Take conversations in from files."""
        from sidelight.ui.dialogs.importing import ImportDialog

        dialog = ImportDialog(self._database, self._window)
        dialog.taken.connect(self._session.refresh_history)
        dialog.stored.connect(self._session.look_again)
        dialog.open()

    def open_help(self, palette: Palette, zoom: float) -> None:
        """Show the guide; a second call raises it."""
        from sidelight.ui.help.window import HelpWindow

        if self._help is None:
            self._help = HelpWindow(palette, zoom, self._window)
            self._help.destroyed.connect(self._on_help_gone)
        self._help.show()
        self._help.raise_()
        self._help.activateWindow()

    def _on_help_gone(self) -> None:
        self._help = None

    def open_about(self) -> None:
        """Say what this program is, whether there is a newer one, and whose parts it holds."""
        from sidelight.ui.dialogs.about import AboutDialog

        dialog = AboutDialog(self._window)
        dialog.show_newness(self._session.versions.newness)
        dialog.look_wanted.connect(lambda: self._session.versions.look())
        dialog.page_wanted.connect(self._open_page)
        dialog.finished.connect(self._on_about_closed)
        self._about = dialog
        dialog.open()

    def _on_about_closed(self) -> None:
        self._about = None

    def open_release(self) -> None:
        """The page of the newer version that was found, in the system's browser."""
        look = self._session.versions.newness.look
        if look is not None and look.release is not None:
            self._open_page(look.release.page)

    def _open_page(self, address: str) -> None:
        self.page_wanted.emit(address, self._about or self._above)

    def open_branches(self) -> None:
        """Show the map of branches of the conversation that is shown."""
        from sidelight.ui.dialogs.branches import BranchMap

        found = BranchMap(self._session.conversation, self._window)
        found.chosen.connect(self._session.go_to)
        found.open()

    def open_edit(self, turn_id: str) -> None:
        """Change a prompt; what is sent begins a branch."""
        from sidelight.ui.dialogs.branches import EditPrompt

        turn = self._session.conversation.turn(turn_id)
        if turn is None:
            return
        dialog = EditPrompt(turn, self._window, enter_sends=self._session.settings.enter_sends)
        dialog.sent.connect(
            lambda text: self._purse.within_limit(
                lambda over_limit: self._session.edit(turn_id, text, over_limit=over_limit)
            )
        )
        dialog.open()

    def open_export(self, chosen: str = "", *, everything: bool = False) -> None:
        """Write conversations into a file: the one of this id to begin with, the one shown unless told."""
        from sidelight.ui.dialogs.export import ExportDialog
        from sidelight.ui.exporting import Place

        session = self._session
        unsaved = session.in_memory_alone()
        digests = frozenset(a.digest for c in unsaved for t in c.turns for a in t.prompt.attachments)
        coming = session.contents(digests) if digests else None
        place = Place(
            self._database, session.own_prices, unsaved, lambda: {} if coming is None else coming.result(30)
        )
        shown, listed = session.conversation, session.history()
        ExportDialog(shown, listed, place, self._above, everything=everything, chosen=chosen).open()

    # --- preferences, keys, addresses

    def open_preferences(self) -> None:
        """The preferences window; a second call raises it."""
        from sidelight.ui import places
        from sidelight.ui.preferences.window import PreferencesWindow

        if self.preferences is None:
            session, window = self._session, PreferencesWindow(self._window)
            window.changed.connect(session.change_settings)
            window.backends.key_wanted.connect(self.open_key)
            window.backends.test_wanted.connect(session.ask_models)
            window.backends.address_wanted.connect(self.open_address)
            window.local.fetch_wanted.connect(session.fetch_weights)
            window.local.cancel_wanted.connect(session.cancel_weights)
            window.network.look_wanted.connect(lambda: session.versions.look())
            window.network.page_wanted.connect(self._open_page)
            window.finished.connect(self._on_preferences_closed)
            self._purse.show_on(window.spending)
            self._keep().show_on(window.data)
            window.show_value(session.settings, places.known_backends(session), session.weights())
            window.network.show_newness(session.versions.newness)
            self.preferences = window
        self.preferences.show()
        self.preferences.raise_()
        self.preferences.activateWindow()

    def _on_preferences_closed(self) -> None:
        self.preferences = None
        self._purse.show_on(None)
        self._keep().show_on(None)

    def remedy(self, remedy: Remedy) -> None:
        """Do what a banner offers against trouble with the file of conversations."""
        match remedy:
            case "again":
                self._keep().try_again()
            case "read_only":
                self._keep().read_only()
            case "page":
                self.open_preferences()
                assert self.preferences is not None
                self.preferences.turn_to(self.preferences.data)

    def _keep(self) -> Keeping:
        """Made when first needed."""
        if self._keeping is None:
            from sidelight.ui.open_url import open_folder
            from sidelight.ui.preferences.keeping import Around, Keeping

            session = self._session
            around = Around(
                standing=lambda: session.standing,
                damaged=lambda: session.damaged,
                streaming=lambda: bool(session.streaming_conversations),
                unsaved=session.in_memory_alone,
                contents=session.contents,
                reopen=self._reopen,
                export=lambda: self.open_export(everything=True),
                open_folder=open_folder,
            )
            keep = session.safekeeping(self._database, self._database.with_name("journals"))
            self._keeping = Keeping(keep, around, self._window)
        return self._keeping

    def open_key(self, backend: str = "") -> None:
        """Take a key for a backend."""
        from sidelight.ui import places
        from sidelight.ui.dialogs.access import KeyDialog

        session = self._session
        dialog = KeyDialog(places.keyed_backends(session), backend, self._above)
        dialog.given.connect(self._on_key)
        dialog.forgotten.connect(lambda chosen: session.set_key(chosen, None))
        dialog.test_wanted.connect(session.ask_models)
        dialog.finished.connect(self._on_key_closed)
        self.key = dialog
        dialog.open()

    def _on_key_closed(self) -> None:
        self.key = None

    def _on_key(self, backend: str, key: Secret) -> None:
        self._session.set_key(backend, key)
        self._session.ask_models(backend)

    def open_address(self, setting: BackendSetting | None = None) -> None:
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
        return self.picker or self.preferences or self._window

    # --- lanes

    def open_picker(self, backend: str, model: str, lane: str | None) -> None:
        """Choose a model: for a lane, or for a new one."""
        from sidelight.ui import places
        from sidelight.ui.dialogs.model_picker import ModelPicker

        picker = ModelPicker(backend, model, self._window)
        session = self._session
        picker.models_wanted.connect(session.ask_models)
        picker.fits_wanted.connect(session.ask_fits)
        picker.servers_wanted.connect(session.find_servers)
        picker.fetch_wanted.connect(session.fetch_weights)
        picker.cancel_wanted.connect(session.cancel_weights)
        picker.key_wanted.connect(self.open_key)
        picker.address_wanted.connect(lambda: self.open_address())
        picker.file_added.connect(self._add_file)
        picker.chosen.connect(lambda b, m: self.on_picked(lane, b, m))
        picker.finished.connect(self._on_picker_closed)
        self.picker = picker
        picker.show_value(places.picker_value(session))
        picker.open()

    def _on_picker_closed(self) -> None:
        self.picker = None

    def on_picked(self, lane: str | None, backend: str, model: str) -> None:
        """Give a lane another model; without a lane, or where it is gone, make one."""
        found = self._session.conversation.lane(lane) if lane is not None else None
        if found is None:
            self._session.add_lane(backend, model)
        else:
            self._session.change_lane(replace(found, backend=backend, model=model))

    def _add_file(self, path: str) -> None:
        settings = self._session.settings
        if path and path not in settings.gguf:
            self._session.change_settings(msgspec.structs.replace(settings, gguf=(*settings.gguf, path)))

    def open_lane_settings(self, lane: str) -> None:
        """Parameters of a lane; nothing where it is gone."""
        from sidelight.ui.dialogs.lane_settings import LaneSettings

        session = self._session
        found = session.conversation.lane(lane)
        if found is None:
            return
        name = bridge.lane_name(session, found)
        dialog = LaneSettings(found, name, session.settings.presets, self._window)
        dialog.changed.connect(session.change_lane)
        dialog.presets_changed.connect(self._keep_presets)
        dialog.open()

    def _keep_presets(self, presets: tuple[PresetSetting, ...]) -> None:
        self._session.change_settings(msgspec.structs.replace(self._session.settings, presets=presets))
