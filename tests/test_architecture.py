"""The rules of the house hold, and each of them has been seen to fail.

Import contracts: a violation is planted in a copy of the tree, and exactly the contracts it breaks must say so. Rules
about calls are read off the syntax trees, and each reader is shown a snippet that it must object to.
"""

from __future__ import annotations

import ast
import functools
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "app" / "sidelight"


# --- import contracts


@dataclass(frozen=True)
class Plant:
    """Files to add to the tree (or, with a leading +, text to append to one) and the contracts that must break."""

    breaks: frozenset[str]
    files: Mapping[str, str]


def plant(breaks: str, **files: str) -> Plant:
    """`breaks` holds contract ids; a file's name is written with __ for /."""
    named = {name.replace("__", "/") + ".py": text for name, text in files.items()}
    return Plant(frozenset(breaks.split()), named)


LATE = "def late() -> None:\n    from {} import {}\n"
TYPING = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from {} import {}\n"

PLANTS: dict[str, Plant] = {
    "upwards": plant("floors", **{"+messages": LATE.format("sidelight", "settings")}),
    "between neighbours": plant("floors", render__planted="import sidelight.local\n"),
    "between neighbours, late": plant("floors", render__planted=LATE.format("sidelight", "local")),
    "between neighbours, for typing": plant("floors", render__planted=TYPING.format("sidelight", "local")),
    "a new module on no floor": plant("floors", planted=""),
    "a circle": plant(
        "circles",
        render__planted_a="from sidelight.render import planted_b\n",
        render__planted_b="from sidelight.render import planted_a\n",
    ),
    "a circle, late": plant(
        "circles",
        render__planted_a="from sidelight.render import planted_b\n",
        render__planted_b=LATE.format("sidelight.render", "planted_a"),
    ),
    "a circle, for typing": plant(
        "circles",
        render__planted_a="from sidelight.render import planted_b\n",
        render__planted_b=TYPING.format("sidelight.render", "planted_a"),
    ),
    "a pane knows its neighbour": plant(
        "panes",
        ui__panes__planted_a="from sidelight.ui.panes import planted_b\n",
        ui__panes__planted_b="",
    ),
    "a provider knows another": plant(
        "providers",
        backends__providers__planted_a="from sidelight.backends.providers import planted_b\n",
        backends__providers__planted_b="",
    ),
    "a format knows another": plant(
        "formats",
        transfer__formats__planted_a="from sidelight.transfer.formats import planted_b\n",
        transfer__formats__planted_b="",
    ),
    "the terminal reaches Qt by a detour": plant(
        "floors qt",
        cli__planted=LATE.format("sidelight.ui", "planted"),
        ui__planted="import PySide6.QtCore\n",
    ),
    "the engine imports Qt": plant("qt door-qt", engine__planted="from PySide6 import QtCore\n"),
    "main imports Qt itself": plant("door-qt", **{"+main": LATE.format("PySide6", "QtCore")}),
    "qasync outside ui": plant("door-qt", **{"+main": LATE.format("qasync", "QEventLoop")}),
    "httpx outside net": plant("door-http", local__planted="import httpx\n"),
    "sqlite3 outside store": plant("door-sqlite", render__planted="import sqlite3\n"),
    "keyring outside keys": plant("door-keyring", store__planted="import keyring.backend\n"),
    "a Markdown parser outside render": plant("door-markdown-it", store__planted="import markdown_it\n"),
    "highlighting outside render": plant("door-markdown-it", ui__planted="import pygments.lexers\n"),
    "Python-Markdown outside the guide": plant("door-markdown", ui__planted="import markdown\n"),
    "a reader of PDF outside the process that can be ended": plant(
        "door-pypdf", ui__planted="import pypdf\n"
    ),
    "signatures outside net": plant("door-signatures", engine__planted="import securesystemslib.signer\n"),
    "a format of import that knows another one": plant(
        "importers",
        **{"+transfer__importers__claude": LATE.format("sidelight.transfer.importers.llm", "conversations")},
    ),
    "the engine's library outside local": plant("door-engine", engine__planted="import xllamacpp\n"),
}


_LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def contracts() -> list[dict[str, Any]]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        listed: list[dict[str, Any]] = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    return listed


def broken(tree: Path) -> set[str]:
    """The ids of the contracts that a copy of the tree breaks."""
    done = subprocess.run(
        [sys.executable, "-c", _LINT, "--no-cache"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree / "app"), "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    verdicts = {
        c["id"]: re.search(re.escape(c["name"]) + r" (KEPT|BROKEN)", done.stdout) for c in contracts()
    }
    missing = [i for i, verdict in verdicts.items() if verdict is None]
    assert not missing, f"no verdict on {missing}:\n{done.stdout}\n{done.stderr}"
    return {i for i, verdict in verdicts.items() if verdict is not None and verdict.group(1) == "BROKEN"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the contracts look at."""
    shutil.copytree(APP, tmp_path / "app" / "sidelight", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.one_python
def test_the_tree_breaks_no_contract(tree: Path) -> None:
    assert broken(tree) == set()


@pytest.mark.one_python
@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_violation_is_caught(name: str, tree: Path) -> None:
    for relative, text in PLANTS[name].files.items():
        file = tree / "app" / "sidelight" / relative.removeprefix("+")
        before = file.read_text(encoding="utf-8") + "\n\n" if relative.startswith("+") else ""
        file.write_text(before + text, encoding="utf-8")
    assert broken(tree) == PLANTS[name].breaks


def test_every_contract_has_been_seen_to_fail() -> None:
    assert {c["id"] for c in contracts()} == set().union(*(p.breaks for p in PLANTS.values()))


def test_the_qt_contract_names_every_floor_but_those_that_may_reach_qt() -> None:
    listed = next(c for c in contracts() if c["id"] == "qt")["source_modules"]
    here = {f"sidelight.{p.stem}" for p in APP.glob("*.py")} | {
        f"sidelight.{p.parent.name}" for p in APP.glob("*/__init__.py")
    }
    may = {"sidelight.__init__", "sidelight.__main__", "sidelight.main", "sidelight.ui"}
    assert set(listed) == here - may


def test_every_folder_of_code_is_a_package() -> None:
    """The contracts do not see a folder without an __init__.py."""
    bare = [p for p in APP.rglob("*.py") if not (p.parent / "__init__.py").is_file()]
    assert bare == []


def test_main_starts_the_window_by_a_late_import() -> None:
    at_once = [
        node
        for node in ast.parse((APP / "main.py").read_text(encoding="utf-8")).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        and "sidelight.ui" in ast.unparse(node).replace(" import ", ".")
    ]
    assert at_once == []
    done = subprocess.run(
        [sys.executable, "-c", "import sys, sidelight.main; print('PySide6' in sys.modules)"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "app")},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == "False"


def test_chat_needs_the_standard_library_only() -> None:
    foreign = [
        (path.name, name)
        for path in sorted((APP / "chat").glob("*.py"))
        for name in imported(ast.parse(path.read_text(encoding="utf-8")))
        if not name.startswith("sidelight.chat") and name.partition(".")[0] not in sys.stdlib_module_names
    ]
    assert foreign == []
    assert list(imported(ast.parse("import msgspec\nfrom sidelight import paths\n"))) == [
        "msgspec",
        "sidelight",
    ]


def imported(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


# --- rules about calls


Finder = Callable[[ast.Module], Iterator[int]]


def calls(*names: str) -> Finder:
    """Lines that call, or hand on, a function or method of one of these names."""

    def find(module: ast.Module) -> Iterator[int]:
        for node in ast.walk(module):
            if isinstance(node, ast.Attribute | ast.Name):
                name = node.attr if isinstance(node, ast.Attribute) else node.id
                if name in names:
                    yield node.lineno

    return find


HTML_SINKS = calls("setHtml", "insertHtml", "setMarkdown", "insertMarkdown", "fromHtml", "fromMarkdown")
RICH_TEXT = calls("RichText", "AutoText", "MarkdownText")
PRINTS = calls("print")
URL_OPENERS = calls("openUrl", "startfile", "webbrowser")


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def found(find: Finder, outside: str) -> list[str]:
    """Where a rule is broken: file:line, leaving out what lies below the folder `outside`."""
    return [
        f"{path.relative_to(APP)}:{line}"
        for path in sorted(APP.rglob("*.py"))
        if not path.relative_to(APP).as_posix().startswith(outside)
        for line in find(parsed(path))
    ]


def test_there_is_no_html_sink_outside_the_guide() -> None:
    assert found(HTML_SINKS, outside="ui/help/") == []
    assert found(RICH_TEXT, outside="ui/help/") == []


def test_every_label_and_box_says_that_it_is_plain_text() -> None:
    """Qt guesses by default, so a model's <b> would be obeyed."""
    assert found(careless_labels, outside="ui/help/") == []


def careless_labels(module: ast.Module) -> Iterator[int]:
    """Labels and message boxes in a module that nowhere asks for plain text; boxes by a static call always."""
    plain = any(True for _ in calls("PlainText")(module))
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name.endswith(("QLabel", "QMessageBox")) and not plain:
                yield node.lineno
            if re.search(r"QMessageBox\.(about|critical|information|question|warning)$", name):
                yield node.lineno


def test_every_tooltip_is_plain_text() -> None:
    """A tooltip cannot be told to be plain: it is a sentence of ours, or went through plain_tip."""
    assert found(careless_tips, outside="ui/help/") == []


def careless_tips(module: ast.Module) -> Iterator[int]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("setToolTip", "setWhatsThis")):
            made_by = {ast.unparse(x.func) for x in ast.walk(node) if isinstance(x, ast.Call)}
            if not made_by & {"plain_tip", "text", "messages.text"}:
                yield node.lineno


def test_nothing_prints_but_the_terminal() -> None:
    assert found(PRINTS, outside="cli/") == []


def test_one_place_hands_urls_to_the_system() -> None:
    places = found(URL_OPENERS, outside="nowhere")
    assert len(places) <= 1, places
    assert all(x.startswith("ui/") for x in places)


@pytest.mark.parametrize(
    ("find", "snippet"),
    [
        (HTML_SINKS, "def f(x):\n    x.setHtml('<b>')"),
        (HTML_SINKS, "sink = document.insertHtml"),
        (RICH_TEXT, "label.setTextFormat(Qt.TextFormat.RichText)"),
        (PRINTS, "print('here')"),
        (URL_OPENERS, "QDesktopServices.openUrl(url)"),
        (URL_OPENERS, "import webbrowser\nwebbrowser.open(url)"),
        (careless_labels, "QtWidgets.QLabel(text)"),
        (careless_labels, "QMessageBox(parent)"),
        (careless_labels, "QMessageBox.warning(parent, title, text)"),
        (careless_tips, "self.setToolTip(model.title)"),
    ],
)
def test_the_readers_object(find: Finder, snippet: str) -> None:
    assert list(find(ast.parse(snippet)))


def test_the_readers_accept_plain_text() -> None:
    snippet = "label = QLabel(text)\nlabel.setTextFormat(Qt.TextFormat.PlainText)\nlabel.setToolTip(plain_tip(text))"
    assert not list(careless_labels(ast.parse(snippet)))
    assert not list(careless_tips(ast.parse(snippet)))
