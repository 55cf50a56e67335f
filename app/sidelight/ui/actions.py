"""Every command as one table: menu, list of keys and palette read it. No command exists elsewhere.

`call` names a method of the main window; `when` names a condition of `Situation`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QToolButton, QWidget

from sidelight import messages

__all__ = ["COMMANDS", "GROUPS", "Command", "Situation", "add_menus", "make_actions"]

When = Literal["always", "streaming", "idle", "lanes", "several", "turns", "failed", "listed"]
Group = Literal["conversation", "lanes", "view", "app"]


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides whether a command can be given."""

    streaming: bool = False
    lanes: int = 0
    turns: int = 0
    failed: bool = False
    listed: bool = False

    def allows(self, when: When) -> bool:
        """Whether the condition holds."""
        match when:
            case "always":
                return True
            case "streaming":
                return self.streaming
            case "idle":
                return not self.streaming
            case "lanes":
                return self.lanes > 0
            case "several":
                return self.lanes > 1
            case "turns":
                return self.turns > 0 and self.lanes > 0
            case "failed":
                return self.failed
            case "listed":
                return self.listed


@dataclass(frozen=True, slots=True)
class Command:
    """`label` is a code of messages.py; `keys` are shortcuts, the first one is shown; `argument` goes to `call`."""

    id: str
    label: str
    group: Group
    call: str
    keys: tuple[str, ...] = ()
    when: When = "always"
    argument: int | None = None
    role: QAction.MenuRole = QAction.MenuRole.NoRole

    @property
    def caption(self) -> str:
        """What a person reads."""
        return (
            messages.text(self.label) if self.argument is None else messages.text(self.label, n=self.argument)
        )


GROUPS: Final[tuple[tuple[Group, str], ...]] = (
    ("conversation", "ui.group.conversation"),
    ("lanes", "ui.group.lanes"),
    ("view", "ui.group.view"),
    ("app", "ui.group.app"),
)

COMMANDS: Final[tuple[Command, ...]] = (
    Command("new", "ui.new", "conversation", "new_conversation", ("Ctrl+N",)),
    Command("send", "ui.send", "conversation", "send", ("Ctrl+Return", "Ctrl+Enter"), "idle"),
    Command("attach", "ui.attach", "conversation", "attach_files", ("Ctrl+Shift+A",)),
    Command("stop", "ui.stop.all", "conversation", "stop", ("Esc",), "streaming"),
    Command("retry", "ui.retry_lane", "conversation", "retry", ("Ctrl+R",), "turns"),
    Command("retry_failed", "ui.retry_failed", "conversation", "retry_failed", ("Ctrl+Shift+R",), "failed"),
    Command("copy", "ui.copy_answer", "conversation", "copy_answer", ("Ctrl+Shift+C",), "turns"),
    Command("copy_markdown", "ui.copy_markdown", "conversation", "copy_conversation", (), "turns"),
    Command("export", "ui.export", "conversation", "export_conversations", ("Ctrl+Shift+E",)),
    Command("import", "ui.import", "conversation", "import_conversations", ("Ctrl+Shift+I",)),
    Command("edit_prompt", "ui.edit.last", "conversation", "edit_prompt", ("Ctrl+Up",), "turns"),
    Command("branches", "ui.prompt.branches", "conversation", "show_branches", ("Ctrl+Shift+B",), "turns"),
    Command("temporary", "ui.temporary", "conversation", "new_temporary", ("Ctrl+Shift+N",)),
    Command("rename", "ui.rename", "conversation", "rename_conversation", ("F2",), "listed"),
    Command("pin", "ui.history.pin_or_unpin", "conversation", "pin_conversation", (), "listed"),
    Command("tags", "ui.tagging.edit", "conversation", "tag_conversation", ("Ctrl+Shift+T",), "listed"),
    Command("delete", "ui.delete", "conversation", "delete_conversation", ("Ctrl+Shift+Del",), "listed"),
    Command("add_lane", "ui.lane.add", "lanes", "add_lane", ("Ctrl+L",)),
    Command("lane_model", "ui.lane.model", "lanes", "choose_model", ("Ctrl+M",), "lanes"),
    Command("lane_settings", "ui.lane.settings", "lanes", "lane_settings", ("Ctrl+E",), "lanes"),
    Command("remove_lane", "ui.lane.remove", "lanes", "remove_lane", ("Ctrl+Shift+W",), "lanes"),
    Command("lane_before", "ui.lane.before", "lanes", "focus_lane", ("Alt+Left",), "several", -1),
    Command("lane_after", "ui.lane.after", "lanes", "focus_lane", ("Alt+Right",), "several", 1),
    Command("lane_left", "ui.lane.left", "lanes", "move_lane", ("Alt+Shift+Left",), "several", -1),
    Command("lane_right", "ui.lane.right", "lanes", "move_lane", ("Alt+Shift+Right",), "several", 1),
    Command("save_lanes", "ui.lanes.save", "lanes", "save_lanes", (), "lanes"),
    *(
        Command(f"maximise_{n}", "ui.lane.maximise_n", "lanes", "maximise", (f"Ctrl+{n}",), "several", n)
        for n in range(1, 10)
    ),
    Command("traces", "ui.traces", "view", "toggle_traces", ("Ctrl+T",), "turns"),
    Command("find", "ui.find", "view", "find_words", ("Ctrl+F",), "turns"),
    Command("find_next", "ui.find.next", "view", "find_next", ("F3",), "turns", 1),
    Command("find_previous", "ui.find.previous", "view", "find_next", ("Shift+F3",), "turns", -1),
    Command("sidebar", "ui.sidebar", "view", "toggle_sidebar", ("Ctrl+B",)),
    Command("details", "ui.lane.details", "view", "toggle_details", ("Ctrl+I",)),
    Command("search_history", "ui.history.search", "view", "search_history", ("Ctrl+Shift+F",)),
    Command("trash", "ui.trash", "view", "show_trash"),
    Command("composer", "ui.composer.focus", "view", "focus_composer", ("Ctrl+J",)),
    Command("zoom_in", "ui.zoom.in", "view", "zoom", ("Ctrl++", "Ctrl+="), argument=1),
    Command("zoom_out", "ui.zoom.out", "view", "zoom", ("Ctrl+-",), argument=-1),
    Command("zoom_reset", "ui.zoom.reset", "view", "zoom", ("Ctrl+0",), argument=0),
    Command("palette", "ui.palette", "app", "open_palette", ("Ctrl+K",)),
    Command(
        "preferences",
        "ui.preferences",
        "app",
        "open_preferences",
        ("Ctrl+,",),
        role=QAction.MenuRole.PreferencesRole,
    ),
    Command("menu", "ui.menu", "app", "open_menu", ("F10",)),
    Command("help", "ui.help", "app", "open_help", ("F1",)),
    Command("keys", "ui.keys", "app", "open_keys", ("Ctrl+/",)),
    Command("about", "ui.about", "app", "open_about", role=QAction.MenuRole.AboutRole),
    Command("quit", "ui.quit", "app", "close", ("Ctrl+Q",), role=QAction.MenuRole.QuitRole),
)


def make_actions(window: QWidget) -> dict[str, QAction]:
    """One QAction for each command, calling the window's method; added to the window so that the keys work."""
    made: dict[str, QAction] = {}
    for command in COMMANDS:
        action = QAction(command.caption, window)
        action.setObjectName(command.id)
        action.setShortcuts([QKeySequence(k) for k in command.keys])
        action.setMenuRole(command.role)
        action.triggered.connect(_caller(window, command))
        window.addAction(action)
        made[command.id] = action
    return made


def add_menus(window: QMainWindow, actions: Mapping[str, QAction], button: QToolButton) -> None:
    """Give the commands a menu for each group: in the bar that a Mac has for them, elsewhere in one menu of `button`."""
    menus = []
    for group, title in GROUPS:
        menu = QMenu(messages.text(title), window)
        for command in COMMANDS:
            if command.group == group and not command.id.startswith("maximise_"):
                menu.addAction(actions[command.id])
        menus.append(menu)
    if sys.platform == "darwin":
        for menu in menus:
            window.menuBar().addMenu(menu)
        return
    top = QMenu(window)
    for menu in menus:
        top.addMenu(menu)
    button.setMenu(top)


def _caller(window: QWidget, command: Command) -> Callable[[], None]:
    def call() -> None:
        method = getattr(window, command.call)
        if command.argument is None:
            method()
        else:
            method(command.argument)

    return call
