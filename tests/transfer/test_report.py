"""Every reason and every lack that the importers can name has its sentence, with the parameters it wants."""

from __future__ import annotations

import ast
import string
from pathlib import Path

from sidelight import messages
from sidelight.transfer.importers import limits, registry
from sidelight.transfer.intake import Fate

IMPORTERS = Path(__file__).resolve().parents[2] / "app" / "sidelight" / "transfer"


def calls(name: str) -> list[tuple[str, set[str]]]:
    """The constant first argument of each call of this name, and the names of the others."""
    found = []
    for path in sorted(IMPORTERS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == name and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.append((first.value, {k.arg for k in node.keywords if k.arg is not None}))
    return found


def test_every_refusal_has_a_sentence() -> None:
    used = calls("Refusal")
    assert len({code for code, _ in used}) > 20
    for code, given in used:
        sentence = messages.CATALOGUE[f"transfer.refused.{code}"]
        wanted = {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
        assert wanted <= given, code


def test_every_lack_has_a_sentence() -> None:
    codes = {code for code, _ in calls("lack")} | {code for code, _ in calls("Lack")}
    assert codes == {
        code.removeprefix("transfer.lack.") for code in messages.PLURALS if code.startswith("transfer.lack.")
    }


def test_every_format_has_a_name_and_every_fate_a_sentence() -> None:
    assert {f"transfer.source.{form}" for form in registry.FORMATS} == {
        code for code in messages.CATALOGUE if code.startswith("transfer.source.")
    }
    for fate in Fate.__args__:  # type: ignore[attr-defined]  # a Literal has them
        assert {f"transfer.{fate}", f"transfer.refused.{fate}"} & {*messages.CATALOGUE, *messages.PLURALS}


def test_the_limits_and_the_formats_are_those_that_are_described() -> None:
    described = (Path(__file__).resolve().parents[2] / "docs" / "import.md").read_text(encoding="utf-8")
    for number in (
        f"{limits.LARGEST_FILE // 10**9} GB",
        f"{limits.LARGEST_ITEM // 10**6} MB",
        f"{limits.LARGEST_ATTACHMENT // 10**6} MB",
        f"{limits.DEEPEST} levels",
        f"| {limits.MOST_VALUES:,} |",
        f"| {limits.MOST_MESSAGES:,} |",
        f"{limits.LONGEST_TEXT:,} characters",
        f"| {limits.MOST_CONVERSATIONS:,} |",
        f"| {limits.MOST_MEMBERS:,} |",
        f"{limits.STEEPEST} to 1",
    ):
        assert number in described
    for form in registry.ITEMS:
        name = (
            messages.text(f"transfer.source.{form.FORMAT}")
            .removesuffix(" export")
            .removesuffix(" conversation")
        )
        assert f"\n### {name}\n" in described
