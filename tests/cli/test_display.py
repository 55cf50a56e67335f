"""Why a window cannot open: one sentence, with the command to type."""

from __future__ import annotations

from pathlib import Path

import pytest

from sidelight.cli import display

EGL = "ImportError: libEGL.so.1: cannot open shared object file: No such file or directory"
CURSOR = """qt.core.plugin.loader: In /x/plugins/platformthemes/libqgtk3.so:
  "Cannot load library /x/platformthemes/libqgtk3.so: libgtk-3.so.0: cannot open shared object file: No such file"
qt.qpa.plugin: From 6.5.0, xcb-cursor0 or libxcb-cursor0 is needed to load the Qt xcb platform plugin.
qt.qpa.plugin: Could not load the Qt platform plugin "xcb" in "" even though it was found."""
ICCCM = """"Cannot load library /x/platformthemes/libqgtk3.so: libgtk-3.so.0: cannot open shared object file"
"Cannot load library /x/plugins/platforms/libqxcb.so: libxcb-icccm.so.4: cannot open shared object file" """
REFUSED = "qt.qpa.xcb: could not connect to display :77"


@pytest.mark.parametrize(
    ("installer", "command"),
    [("apt-get", "sudo apt install libegl1 "), ("dnf", "sudo dnf install "), ("pacman", "sudo pacman -S ")],
)
def test_a_missing_library_names_it_and_the_command(installer: str, command: str) -> None:
    sentence = display.explain(EGL, installer)
    assert sentence is not None
    assert "libEGL.so.1" in sentence
    assert command in sentence


def test_without_a_known_installer_the_library_is_named() -> None:
    sentence = display.explain(EGL, "")
    assert sentence is not None
    assert "libEGL.so.1" in sentence
    assert "sudo" not in sentence


@pytest.mark.parametrize(("told", "library"), [(CURSOR, "libxcb-cursor.so.0"), (ICCCM, "libxcb-icccm.so.4")])
def test_plugins_that_qt_can_do_without_are_not_blamed(told: str, library: str) -> None:
    sentence = display.explain(told, "apt-get")
    assert sentence is not None
    assert library in sentence
    assert "gtk" not in sentence


def test_a_display_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":77")
    sentence = display.explain(REFUSED)
    assert sentence is not None
    assert ":77" in sentence


def test_what_is_not_known_is_not_explained() -> None:
    assert display.explain("ImportError: No module named 'PySide6'") is None


@pytest.mark.parametrize(
    ("environ", "platform", "blocked"),
    [
        ({}, "linux", True),
        ({"DISPLAY": ":0"}, "linux", False),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", False),
        ({"QT_QPA_PLATFORM": "offscreen"}, "linux", False),
        ({}, "darwin", False),
        ({}, "win32", False),
    ],
)
def test_no_display_is_seen_without_trying(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], platform: str, blocked: bool
) -> None:
    monkeypatch.setattr(display, "_LINKERS_LIST", Path("/nowhere"))
    assert (display.obstacle(environ, platform) is not None) is blocked


def test_a_list_of_the_linker_without_a_library_asks_for_a_trial(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(display, "_LINKERS_LIST", tmp_path / "ld.so.cache")
    monkeypatch.setattr(display, "trial", lambda: "tried")
    assert display.obstacle({"DISPLAY": ":0"}, "linux") is None, "no list, no suspicion"
    (tmp_path / "ld.so.cache").write_bytes(b"\0libEGL.so.1\0")
    assert display.obstacle({"DISPLAY": ":0"}, "linux") == "tried"
    (tmp_path / "ld.so.cache").write_bytes(b"\0libEGL.so.1\0libxcb-cursor.so.0\0")
    assert display.obstacle({"DISPLAY": ":0"}, "linux") is None


def test_a_trial_that_opens() -> None:
    assert display.trial() is None


def test_a_trial_that_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    monkeypatch.setenv("DISPLAY", ":7777")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    sentence = display.trial()
    assert sentence is not None
    assert "\n" not in sentence
