"""The catalogue: every code that is used exists, every code is used, and parameters match. Read off the syntax trees."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sidelight import messages

pytestmark = pytest.mark.one_python

APP = Path(__file__).resolve().parent.parent / "app" / "sidelight"
SOURCES = sorted(p for p in APP.rglob("*.py") if p.name != "messages.py")
CODES = {**messages.CATALOGUE, **{code: one + many for code, (one, many) in messages.PLURALS.items()}}
SECTIONS = {code.partition(".")[0] for code in CODES}


@dataclass(frozen=True)
class Use:
    """A call of messages.text or messages.plural with a code that stands there. `parameters` None: passed on as **."""

    where: str
    code: str
    parameters: frozenset[str] | None


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in SOURCES:
        yield path.relative_to(APP).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def uses(where: str, module: ast.Module) -> Iterator[Use]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and _is_ours(node.func) and node.args:
            passed_on = any(k.arg is None for k in node.keywords)
            names = frozenset(k.arg for k in node.keywords if k.arg is not None)
            if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
                yield Use(f"{where}:{node.lineno}", node.args[0].value, None if passed_on else names)


def _is_ours(function: ast.expr) -> bool:
    return ast.unparse(function) in ("messages.text", "messages.plural")


def mentioned(module: ast.Module) -> Iterator[str]:
    """Every text of the form section.word, and `section.` at the start of an f-string as a pattern."""
    for node in ast.walk(module):
        if isinstance(node, ast.JoinedStr):
            pattern = "".join(
                re.escape(str(v.value)) if isinstance(v, ast.Constant) else r"[\w.]+" for v in node.values
            )
            yield from (code for code in CODES if re.fullmatch(pattern, code))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_every_code_that_is_used_exists() -> None:
    unknown = [u for where, tree in trees() for u in uses(where, tree) if u.code not in CODES]
    assert unknown == []


def test_every_code_is_used() -> None:
    used = {code for _, tree in trees() for code in mentioned(tree)}
    assert sorted(CODES.keys() - used) == []


def test_parameters_match() -> None:
    wrong = []
    for where, tree in trees():
        for use in uses(where, tree):
            if use.code in CODES and use.parameters is not None:
                wanted = placeholders(CODES[use.code])
                if use.code in messages.PLURALS:
                    wanted = wanted - {"n"}
                if wanted != use.parameters:
                    wrong.append((use.where, use.code, sorted(wanted ^ use.parameters)))
    assert wrong == []


def test_the_readers_see() -> None:
    snippet = ast.parse(
        'messages.text("no.such", a=1)\nf"failed.{kind}"\nx = "app.name"\nmessages.text(code, **rest)'
    )
    assert list(uses("x", snippet)) == [Use("x:1", "no.such", frozenset({"a"}))]
    seen = set(mentioned(snippet))
    assert {"app.name", "failed.auth"} <= seen
    assert "state.complete" not in seen


def test_codes_are_sorted_within_their_section() -> None:
    for section in SECTIONS:
        codes = [code for code in messages.CATALOGUE if code.startswith(f"{section}.")]
        assert codes == sorted(codes)


@pytest.mark.parametrize("code", messages.CATALOGUE)
def test_every_sentence_can_be_filled(code: str) -> None:
    sentence = messages.CATALOGUE[code]
    values = dict.fromkeys(placeholders(sentence), 1)
    assert messages.text(code, **values)
    assert sentence == sentence.strip()


def test_an_unknown_code_is_an_error() -> None:
    with pytest.raises(KeyError):
        messages.text("no.such")


def test_plurals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(messages.PLURALS, "test.turns", ("{n} turn in {place}", "{n} turns in {place}"))
    assert messages.plural("test.turns", 1, place="x") == "1 turn in x"
    assert messages.plural("test.turns", 3, place="x") == "3 turns in x"


def test_a_translation_replaces_the_sentence(tmp_path: Path) -> None:
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo

    catalog = Catalog(locale="de")
    catalog.add(messages.CATALOGUE["state.complete"], "vollständig")
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "sidelight.mo").open("wb") as file:
        write_mo(file, catalog)
    try:
        messages.use_language("de", tmp_path)
        assert messages.text("state.complete") == "vollständig"
        assert messages.text("state.failed") == "failed"
        messages.use_language("xx", tmp_path)
        assert messages.text("state.complete") == "complete"
    finally:
        messages.use_language("en", tmp_path)
