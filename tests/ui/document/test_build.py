"""Documents say what the blocks say, load nothing, and can be painted."""

from __future__ import annotations

import ast
import json
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QRectF, QUrl
from PySide6.QtGui import QColor, QImage, QPainter, QTextDocument
from pytestqt.qtbot import QtBot
from tests.shared import SHARED

import sidelight
from sidelight.render.blocks import Block, texts
from sidelight.render.markdown import parse
from sidelight.render.stream import BlockStream
from sidelight.ui.document.build import build
from sidelight.ui.document.columns import as_needed, share_out
from sidelight.ui.document.document import BlockDocument, text_between
from sidelight.ui.document.grow import grow
from sidelight.ui.document.letters import Role, letters
from sidelight.ui.theme import DARK, LIGHT

SAMPLE = """# Title

A *b* **c** ~~d~~ `e` [f](https://g.h) $i$ and
two lines.

1. one
   - two

     ```py
     three
     ```
2. ```
   four
   ```

- [x] five

> six
> > seven

| a | b |
|---|--:|
| 1 | **2** |

---

```rust
fn main() {
}
```

\\[ x \\]
"""


@pytest.fixture(autouse=True)
def _application(qtbot: QtBot) -> None:
    """Fonts need an application."""


def lines(document: QTextDocument) -> list[str]:
    found = []
    block = document.begin()
    while block.isValid():
        found.append(block.text().replace("\u2028", "\n"))
        block = block.next()
    return found


def image(document: BlockDocument, width: int = 400) -> QImage:
    drawn = QImage(width, max(1, int(document.height())), QImage.Format.Format_RGB32)
    drawn.fill(QColor(LIGHT.surface))
    painter = QPainter(drawn)
    document.paint(painter, QRectF(0, 0, width, document.height()))
    painter.end()
    return drawn


def _read(block: Block) -> list[str]:
    return [t for t in texts(block) if t]


@pytest.mark.parametrize("block", parse(SAMPLE), ids=lambda b: type(b).__name__)
def test_a_document_reads_as_its_block(block: Block) -> None:
    document = build(block, LIGHT, 1.0, 400)
    shown = [t for t in lines(document) if t]
    assert shown == _read(block)


@pytest.mark.skipif(SHARED is None, reason="the recorded answers are not beside the checkout")
def test_real_answers_read_as_their_blocks() -> None:
    assert SHARED is not None
    for line in (SHARED / "answers" / "answers.jsonl").read_text(encoding="utf-8").splitlines()[::6]:
        for block in parse(json.loads(line)["markdown"]):
            if type(block).__name__ != "Table":
                assert [t for t in lines(build(block, DARK, 1.0, 500)) if t] == _read(block)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("role", ["trace", "answer", "prompt"])
def test_everything_paints(palette: object, role: str) -> None:
    for block in parse(SAMPLE):
        document = build(block, palette, 2.0, 300, role)  # type: ignore[arg-type]  # parametrised
        assert document.height() > 0
        image(document, 300)


def test_a_document_loads_nothing(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    QImage(5, 5, QImage.Format.Format_RGB32).save(str(picture))
    document = BlockDocument(letters(LIGHT, 1.0, "answer"))
    for kind in QTextDocument.ResourceType:
        loaded = document.resource(kind, QUrl.fromLocalFile(str(picture)))
        assert not loaded or (isinstance(loaded, QImage) and loaded.isNull())


def test_no_html_sink_here() -> None:
    """Nor anywhere else in ui but the help window, which shows bundled files."""
    root = Path(sidelight.__file__).parent
    for path in (root / "ui").rglob("*.py"):
        if "help" in path.relative_to(root).parts:
            continue
        names = {
            n.attr
            for n in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(n, ast.Attribute)
        }
        assert not names & {"setHtml", "insertHtml", "setMarkdown", "appendHtml", "fromHtml"}, path


def test_wide_tables_are_wider_than_their_place_and_read_the_same() -> None:
    header = "|" + "|".join(f" heading{i} " for i in range(9)) + "|\n" + "|---" * 9 + "|\n"
    (block,) = parse(header + "|" + "|".join(f" value{i} " for i in range(9)) + "|\n")
    wide, narrow = build(block, LIGHT, 1.0, 2000), build(block, LIGHT, 1.0, 300)
    assert [t for t in lines(wide) if t] == _read(block)
    assert [t for t in lines(narrow) if t] == _read(block)
    assert wide.overflow == 0
    assert narrow.overflow > 200
    assert narrow.table_rect(0).right() <= 300


def test_code_that_is_not_wrapped_is_as_wide_as_its_longest_line() -> None:
    (block,) = parse("```\n" + "word " * 80 + "\nshort\n```\n")
    wrapped, whole = build(block, LIGHT, 1.0, 300), build(block, LIGHT, 1.0, 300, wrap=False)
    assert wrapped.overflow == 0
    assert whole.overflow > 1000
    assert whole.height() < wrapped.height() / 3
    assert whole.panel_rect(0).right() == 300


def test_columns_keep_their_words() -> None:
    def measure(text: str) -> float:
        return 10.0 * len(text)

    assert share_out([["ab"], ["cdef gh"]], 200, 10, measure) == [30, 80]
    assert share_out([["ab"], ["cdef ghij klmn"]], 170, 10, measure) == [30, 140]
    assert share_out([["abcdef"], ["cdef gh"]], 140, 10, measure) is None
    assert as_needed([["abcdef"], ["word " * 20]], 10, measure) == [70, 310]


def test_copying_a_part_keeps_markers() -> None:
    (block,) = parse("1. one\n2. two\n   - three\n")
    document = build(block, LIGHT, 1.0, 400)
    assert text_between(document, 0, document.characterCount() - 1) == "1. one\n2. two\n- three"
    assert text_between(document, 1, 6) == "ne\n2. tw"


def test_right_to_left_lists_are_indented_from_the_right() -> None:
    (block,) = parse("- بند أول\n")
    document = build(block, LIGHT, 1.0, 400)
    form = document.begin().blockFormat()
    assert form.rightMargin() > 0
    assert form.leftMargin() == 0


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10_000,
        "a\u0634" * 5_000,
        "\u202ea\u202c" * 3_300,
        "a" + "\u0301" * 9_999,
        "\U0001f468\u200d" * 3_000,
        "中" * 10_000,
        "*a* " * 500,
        "\ufdd0\ufdd1\ufffc\u2029" * 500,
        "```\n" + "y" * 250_000 + "\n```",
        "&" * 10_000,
        "- a\n" * 400,
        "|a|b|\n|-|-|\n" + "|c|d|\n" * 200,
    ],
    ids=[
        "word",
        "directions",
        "overrides",
        "marks",
        "joined",
        "cjk",
        "emphasis",
        "qt's own",
        "code",
        "and",
        "list",
        "table",
    ],
)
def test_hostile_blocks_lay_out_quickly(text: str) -> None:
    """One screenful of what the caps let through, in processor time."""
    blocks = parse(text)[:2]
    begin = time.thread_time()
    for block in blocks:
        image(build(block, LIGHT, 1.0, 440))
    assert time.thread_time() - begin < 0.6


def test_the_ground_of_code_lies_within_its_document() -> None:
    """Qt leaves out the margin above a first block, and the ground would cover what stands before."""
    named, bare = (build(parse(f"```{name}\nx = 1\n```")[0], LIGHT, 1.0, 440) for name in ("python", ""))
    assert bare.height() >= 2 * bare.pad + bare.begin().layout().boundingRect().height()
    assert named.height() > bare.height()
    ink = image(named)
    assert ink.pixelColor(200, 3) == QColor(LIGHT.raised)


# --- growing


def look(document: BlockDocument) -> list[object]:
    """All that shows: letters with their formats, indents, heights, and what is painted beside them."""
    found: list[object] = [
        document.height(),
        document.markers,
        document.panels,
        document.bars,
        document.rules,
    ]
    block = document.begin()
    while block.isValid():
        runs: list[tuple[str, object]] = []
        at = block.begin()
        while not at.atEnd():
            form = at.fragment().charFormat()
            style = (
                form.font().toString(),
                form.foreground().color().name(),
                form.background(),
                form.anchorHref(),
            )
            runs.append((at.fragment().text(), style))
            at += 1
        margins = (block.blockFormat().leftMargin(), block.blockFormat().rightMargin())
        found.append((runs, margins, block.layout().lineCount()))
        block = block.next()
    return found


GROWING = (
    SAMPLE + "\nLong text that wraps, **bold `code` and _more_** of it, 🎉 and [a](http://b.c) link. " * 4
)


@pytest.mark.parametrize("step", [1, 7])
@pytest.mark.parametrize("role", ["answer", "trace"])
def test_a_document_that_grew_looks_like_one_built_at_once(step: int, role: Role) -> None:
    stream = BlockStream()
    before: Block | None = None
    document: BlockDocument | None = None
    grown = 0
    for at in range(0, len(GROWING), step):
        stream.feed(GROWING[at : at + step])
        block = stream.tail[-1] if stream.tail else None
        if block is not None:
            fresh = build(block, LIGHT, 1.0, 300, role)
            fresh.height()
            if document is not None and before is not None and grow(document, before, block) is not None:
                grown += 1
                assert look(document) == look(fresh), GROWING[: at + step][-60:]
            else:
                document = fresh
        before = block
    assert grown > len(GROWING) / step / 3


LISTS = """1. first **item** of a list, with enough words in it to wrap at this width
   - inner
   - inner with `code`
     1. deeper
     2. deeper still

        ```py
        code in it
        ```
   - inner again

   > quoted
2. second, with $x^2$ in it
   1. other
3. [ ] task
   - [x] done

     more of it
4. ```
   code at once
   ```
5. last, مرحبا
"""


@pytest.mark.parametrize("step", [1, 7, 40])
@pytest.mark.parametrize("text", [LISTS, "- a\n" + LISTS.replace("\n", "\n  ").join(["  ", ""])])
def test_a_list_that_went_on_looks_like_one_built_at_once(step: int, text: str) -> None:
    before: Block | None = None
    document: BlockDocument | None = None
    grown = built = 0
    for at in range(0, len(text), step):
        blocks = parse(text[: at + step])
        block = blocks[-1] if blocks else None
        if block is not None:
            fresh = build(block, LIGHT, 1.0, 300)
            fresh.height()
            if document is not None and before is not None and grow(document, before, block) is not None:
                grown += 1
                assert look(document) == look(fresh), text[: at + step][-60:]
                assert marks_of(document) == marks_of(fresh), text[: at + step][-60:]
                assert document.height() == fresh.height(), text[: at + step][-60:]
            else:
                document = fresh
                built += 1
        before = block
    assert grown > 2 * built or step == 40


def marks_of(document: BlockDocument) -> list[object]:
    """What is painted beside the text."""
    pieces = [(code.position, code.block.text) for code in document.codes]
    return [document.markers, document.panels, document.bars, document.rules, pieces]


def test_what_grew_is_told() -> None:
    one, other = (parse(t)[0] for t in ("a **bo**", "a **bold** x"))
    document = build(one, LIGHT, 1.0, 300)
    assert grow(document, one, other) == 4
    assert document.toPlainText() == "a bold x"
    assert grow(document, other, one) == 4
    assert document.toPlainText() == "a bo"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("- a", "- a\n\n- b"),
        ("- a\n- b", "- x\n- b\n- c"),
        ("9. a", "9. a\n10. b"),
        ("- a\n- | b |\n  |---|", "- a\n- | b |\n  |---|\n- c"),
        ("- a", "- a\n- " + "b" * 2100),
        ("- a", "1. a"),
        ("- a\n- b", "- x\n- bc"),
        ("# a", "## ab"),
        ("```\na\n```", "```py\na\n```"),
        ("| a |\n|---|\n| b |", "| a |\n|---|\n| bc |"),
        ("1 ", "1 א"),
        ("a", "a" * 2100),
    ],
)
def test_what_changed_elsewhere_is_built_anew(before: str, after: str) -> None:
    one, other = parse(before)[0], parse(after)[0]
    document = build(one, LIGHT, 1.0, 300)
    text = document.toPlainText()
    assert grow(document, one, other) is None
    assert document.toPlainText() == text
