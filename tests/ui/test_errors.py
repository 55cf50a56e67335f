"""The tree of failures: every code that the program can give has words of its own, and docs/errors.md draws exactly these."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from sidelight import messages
from sidelight.backends.wire import failures
from sidelight.chat.events import Failed, FailureKind
from sidelight.net.errors import NetError, NetErrorKind
from sidelight.ui import wording

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app" / "sidelight"
ENGINE = ("local/engine.py", "engine/embedded.py")
"""Where codes of the engine on this machine stand; what they say of no kind is the server's failure."""
CLOCKS = ("first_payload", "silence")


def in_calls(module: ast.Module) -> Iterator[tuple[FailureKind | None, str]]:
    """Kinds and codes that stand in calls of `Failed`, or of `replace` with a code."""
    for node in ast.walk(module):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) not in ("Failed", "replace"):
            continue
        given = {k.arg: k.value for k in node.keywords}
        if ast.unparse(node.func) == "Failed":
            given |= dict(zip(("kind", "message", "code"), node.args, strict=False))
        code, kind = given.get("code"), given.get("kind")
        if isinstance(code, ast.Constant) and isinstance(code.value, str):
            named = ast.unparse(kind) if kind is not None else ""
            yield FailureKind[named.removeprefix("FailureKind.")] if named else None, code.value


def network() -> Iterator[tuple[FailureKind, str]]:
    for kind in get_args(NetErrorKind):
        for said in CLOCKS if kind == "timeout" else ("",):
            failed = failures.from_net(NetError(kind, said))
            assert failed.code is not None
            yield failed.kind, failed.code


@cache
def emitted() -> frozenset[tuple[FailureKind, str]]:
    """Every code of ours, with its kind."""
    found: set[tuple[FailureKind, str]] = set(network())
    local: set[str] = set()
    for path in APP.rglob("*.py"):
        place = path.relative_to(APP).as_posix()
        if place.startswith(("workers/", "ui/")):  # the one has a Failed of its own, the other none at all
            continue
        module = ast.parse(path.read_text(encoding="utf-8"))
        found |= {(kind or FailureKind.SERVER, code) for kind, code in in_calls(module)}
        if place in ENGINE:
            texts = (n.value for n in ast.walk(module) if isinstance(n, ast.Constant))
            local |= {t for t in texts if isinstance(t, str) and re.fullmatch(r"local\.\w+", t)}
    named = {code for _, code in found}
    return frozenset(found | {(FailureKind.SERVER, code) for code in local - named})


def said(kind: FailureKind, code: str | None) -> wording.FailureWords:
    sentence = messages.CATALOGUE.get(code or "", "")
    names = [name for _, name, _, _ in string.Formatter().parse(sentence) if name]
    return wording.failure(Failed(kind, code=code, details=tuple((name, f"‹{name}›") for name in names)))


def drawn() -> str:
    """The tree as docs/errors.md has it."""
    lines: list[str] = []
    for kind in FailureKind:
        leaves = sorted(code for owner, code in emitted() if owner is kind)
        lines += [kind.value, *_words(kind, None, "│    " if leaves else "     ")]
        for code in leaves:
            last = code == leaves[-1]
            lines.append(("└─ " if last else "├─ ") + code)
            lines += _words(kind, code, "     " if last else "│    ")
    return "\n".join(lines)


def _words(kind: FailureKind, code: str | None, margin: str) -> list[str]:
    words = said(kind, code)
    step = [f"{margin}→ {words.step}"] if words.step else []
    return [margin + words.cause, *step]


def test_the_readers_see() -> None:
    snippet = 'Failed(FailureKind.AUTH, code="a")\nFailed(FailureKind.SERVER, "x", "b")\nreplace(event, code="local.c")'
    assert list(in_calls(ast.parse(snippet))) == [
        (FailureKind.AUTH, "a"),
        (FailureKind.SERVER, "b"),
        (None, "local.c"),
    ]
    codes = {code for _, code in emitted()}
    assert {"eof", "cut", "dns", "silence", "no_key", "fault", "local.died", "local.no_avx2"} <= codes


def test_every_code_of_ours_says_more_than_its_kind() -> None:
    silent = [leaf for leaf in emitted() if said(*leaf).cause == said(leaf[0], None).cause]
    assert silent == []


@pytest.mark.parametrize("leaf", sorted(emitted()), ids=str)
def test_every_leaf_says_what_happened_and_what_to_do(leaf: tuple[FailureKind, str]) -> None:
    words = said(*leaf)
    assert words.cause.endswith((".", "›"))
    whole = f"{words.cause} {words.step}"
    assert len(re.findall(r"[.›](?: |$)", whole)) >= 2, whole


def test_a_sentence_of_a_code_needs_nothing_filled_in_unless_the_engine_here_brings_it_along() -> None:
    filled = {code for code, sentence in messages.CATALOGUE.items() if "{" in sentence}
    assert [code for code in filled if code.startswith("failed.")] == []


def test_no_leaf_has_words_that_nobody_needs() -> None:
    kinds = {(kind, code) for kind, code in wording._LEAVES}
    assert kinds - emitted() == set()


def test_a_code_of_a_servers_own_that_looks_like_ours_says_no_more_than_its_kind() -> None:
    assert said(FailureKind.BAD_REQUEST, "too_large") == said(FailureKind.BAD_REQUEST, None)
    for code in ("app.name", "cli.wait", "local.engine_failed", "local.no.such"):
        assert wording.failure(Failed(FailureKind.SERVER, code=code)) == said(FailureKind.SERVER, None)


def test_the_drawing_is_the_tree() -> None:
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    assert drawn() in text, drawn()
