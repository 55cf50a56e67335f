"""Formulas as pictures and code in colours, in the real view, with the real worker."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF
from PySide6.QtGui import QColor, QHelpEvent, QImage, QPainter, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from sidelight.render.blocks import Block
from sidelight.render.markdown import parse
from sidelight.render.maths import Formula, Refused
from sidelight.render.stream import BlockStream
from sidelight.ui.document.build import build
from sidelight.ui.document.document import BlockDocument, moved, text_between
from sidelight.ui.document.grow import grow
from sidelight.ui.document.marks import places_of
from sidelight.ui.document.pictures import OBJECT, Pictures, formula_in
from sidelight.ui.document.rows import Item
from sidelight.ui.document.selection import Point
from sidelight.ui.document.view import BlockView, TextRow
from sidelight.ui.theme import DARK, LIGHT, Palette

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.md"))
RED = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 -20 20 24"><rect x="0" y="-20" width="20" height="24" fill="{}"/></svg>'


def red(source: str, display: bool, colour: str) -> Formula | Refused | None:
    """A square with a foot for every formula but those that are not."""
    if source.startswith("no"):
        return Refused("source")
    return None if source.startswith("later") else Formula(RED.format("#ff0000"), 1.0, 1.0, 0.2)


@pytest.fixture
def pictures(qtbot: QtBot) -> Iterator[Pictures]:
    made = Pictures()
    yield made
    made.close()


@pytest.fixture
def view(qtbot: QtBot, pictures: Pictures) -> BlockView:
    made = BlockView()
    made.pictures = pictures
    qtbot.addWidget(made)
    made.resize(440, 500)
    with qtbot.waitExposed(made):
        made.show()
    return made


def rows(text: str) -> list[TextRow]:
    return [TextRow(f"a{i}", block) for i, block in enumerate(parse(text))]


def item(view: BlockView, key: str) -> Item:
    return view._stack.by_key[key]


def documents(view: BlockView) -> list[BlockDocument]:
    return [i.document for i in view._live if i.document is not None]


def settle(qtbot: QtBot, view: BlockView) -> None:
    """Until everything that was asked for has come."""

    def come() -> None:
        assert not any(d.waiting for d in documents(view))
        assert all(code.shown is code.block for d in documents(view) for code in d.codes)

    qtbot.waitUntil(come, timeout=30_000)


def image(document: BlockDocument, width: int = 400, ratio: float = 1.0) -> QImage:
    drawn = QImage(int(width * ratio), max(1, int(document.height() * ratio)), QImage.Format.Format_RGB32)
    drawn.setDevicePixelRatio(ratio)
    drawn.fill(QColor(LIGHT.surface))
    painter = QPainter(drawn)
    document.paint(painter, QRectF(0, 0, width, document.height()))
    painter.end()
    return drawn


def reds(drawn: QImage) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is red."""
    places = [
        (x, y) for y in range(drawn.height()) for x in range(drawn.width())
        if drawn.pixelColor(x, y).name() == "#ff0000"
    ]  # fmt: skip
    xs, ys = [x for x, _ in places], [y for _, y in places]
    return min(xs), min(ys), max(xs) + 1, max(ys) + 1


# --- formulas in a document


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("$x$", ("x", False)),
        ("\\(x\\)", ("x", False)),
        ("$$x$$", ("x", True)),
        ("\\[ x \\]", (" x ", True)),
        ("\\[ x", None),
        ("$$x$", None),
        ("\\[", None),
        ("x", None),
    ],
)
def test_a_formula_is_told_by_its_delimiters(text: str, inner: object) -> None:
    assert formula_in(text) == inner


@pytest.mark.parametrize("zoom", [1.0, 2.0])
@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_a_picture_stands_on_the_baseline(qtbot: QtBot, zoom: float, ratio: float) -> None:
    document = build(parse("some $x$ text")[0], LIGHT, zoom, 400, "answer", red)
    line = document.begin().layout().lineAt(0)
    base = document.documentLayout().blockBoundingRect(document.begin()).top() + line.y() + line.ascent()
    left, top, right, bottom = (n / ratio for n in reds(image(document, ratio=ratio)))
    em = document.look.unit
    assert right - left == pytest.approx(em, abs=1.5)
    assert top == pytest.approx(base - em, abs=1.5)
    assert bottom == pytest.approx(base + 0.2 * em, abs=1.5)


def test_two_formulas_side_by_side_are_two_pictures(qtbot: QtBot) -> None:
    document = build(parse("$a$$b$ and $a$")[0], LIGHT, 1.0, 400, "answer", red)
    assert document.begin().text() == f"{OBJECT}{OBJECT} and {OBJECT}"
    assert document.pictures() == [(0, "$a$"), (1, "$b$"), (7, "$a$")]


def test_a_formula_without_a_picture_says_why(qtbot: QtBot) -> None:
    document = build(parse("$no$ $later$")[0], LIGHT, 1.0, 400, "answer", red)
    assert document.toPlainText() == "$no$ $later$"
    tip = document.documentLayout().formatAt(QPointF(8, document.height() / 2)).toCharFormat().toolTip()
    assert "could not be read" in tip
    assert list(document.waiting) == [("later", False, LIGHT.text)]


def test_a_wide_formula_is_drawn_smaller_and_a_very_wide_one_is_not_drawn(qtbot: QtBot) -> None:
    def wide(em: float) -> BlockDocument:
        made = Formula(RED.format("#ff0000"), em, 1.0, 0.2)
        return build(parse("\\[ x \\]")[0], LIGHT, 1.0, 200, "answer", lambda *_: made)

    document = wide(20)
    left, _, right, _ = reds(image(document, 260))
    assert right <= 200
    assert right - left > 190
    assert wide(200).toPlainText() == "\\[x\\]"


def test_formulas_beyond_a_number_stay_source(qtbot: QtBot) -> None:
    text = "\n".join(f"- $a_{{{i}}}$" for i in range(450))
    found = [build(b, LIGHT, 1.0, 400, "answer", red) for b in parse(text)]
    assert max(len(d.pictures()) for d in found) <= 400
    assert all(d.pictures() for d in found)


def test_copied_text_has_the_source(qtbot: QtBot) -> None:
    document = build(parse("- so $a$ is\n- and $b$ too 🎉 $c$")[0], LIGHT, 1.0, 400, "answer", red)
    assert text_between(document, 0, document.characterCount() - 1) == "- so $a$ is\n- and $b$ too 🎉 $c$"
    begin = document.lastBlock().position()
    assert text_between(document, begin + 4, begin + 9) == "$b$ too"
    assert text_between(document, begin + 5, document.characterCount() - 1) == " too 🎉 $c$"


def test_what_is_found_in_a_formula_stands_where_its_picture_is(qtbot: QtBot) -> None:
    document = build(parse("x 🎉 $x+x$ x")[0], LIGHT, 1.0, 400, "answer", red)
    assert places_of(document, re.compile("x")) == [(0, 1), (5, 6), (5, 6), (7, 8)]
    assert places_of(document, re.compile(r"\$ x")) == [(5, 8)]


def test_places_move_with_the_pictures(qtbot: QtBot) -> None:
    block = parse("ab $xyz$ cd $e$ f")[0]
    source = build(block, LIGHT, 1.0, 400)
    drawn = build(block, LIGHT, 1.0, 400, "answer", red)
    text = source.toPlainText()
    for at in range(len(text)):
        there = moved(at, source.pictures(), drawn.pictures())
        assert drawn.toPlainText()[there:][:1] in (text[at], OBJECT, text[text.find("$", at) + 1 :][:1])
        if text[at] in "abcdf":
            assert moved(there, drawn.pictures(), source.pictures()) == at


GROWING = r"""Let $a$ be \(b\) and **$c$ or more**, $no$ picture, then

- one $\frac{1}{2}$ two $later$ and so on
- \[ x + y \] behind

\[
\text{Distance} = 6
\]

the end $z$"""


@pytest.mark.parametrize("step", [1, 5])
def test_a_document_with_pictures_that_grew_is_as_one_built_at_once(qtbot: QtBot, step: int) -> None:
    stream = BlockStream()
    before: Block | None = None
    document: BlockDocument | None = None
    grown = 0
    for at in range(0, len(GROWING), step):
        stream.feed(GROWING[at : at + step])
        block = stream.tail[-1] if stream.tail else None
        if block is not None:
            fresh = build(block, LIGHT, 1.0, 300, "answer", red)
            if document is not None and before is not None and grow(document, before, block) is not None:
                grown += 1
                assert document.toRawText() == fresh.toRawText(), GROWING[: at + step]
                assert document.pictures() == fresh.pictures()
                assert document.height() == fresh.height()
            else:
                document = fresh
        before = block
    assert grown > 10


def test_an_open_formula_is_not_asked_for(qtbot: QtBot) -> None:
    asked: list[str] = []

    def ask(source: str, display: bool, colour: str) -> None:
        asked.append(source)

    stream = BlockStream()
    for piece in ("\\[ a", " + b", " = c", " \\]"):
        stream.feed(piece)
        build(stream.tail[-1], LIGHT, 1.0, 300, "answer", ask)
    assert set(asked) == {"a + b = c"}


# --- in the view


def test_pictures_come_and_nothing_else_is_built_anew(qtbot: QtBot, view: BlockView) -> None:
    view.set_rows(rows("plain\n\nwith $x^2$ in it\n\n$$y$$"))
    before = [item(view, key).document for key in ("a0", "a1", "a2")]
    assert [d.toPlainText() for d in before if d is not None] == ["plain", "with $x^2$ in it", "$$y$$"]
    settle(qtbot, view)
    assert item(view, "a0").document is before[0]
    assert [d.pictures() for d in sorted(documents(view), key=lambda d: d.toPlainText())] == [
        [],
        [(5, "$x^2$")],
        [(0, "$$y$$")],
    ]
    assert view.accessible_text() == "plain\n\nwith $x^2$ in it\n\n$$y$$"


def test_the_reading_position_stays_when_pictures_come(qtbot: QtBot, view: BlockView) -> None:
    high = "$" + r"\frac{1}{" * 4 + "x" + "}" * 4 + "$"
    text = f"{high} one two three four five six seven eight nine ten eleven twelve. " * 12
    view.set_rows(rows(f"{text}\n\nlast paragraph\n\n" + "more text to come after it\n\n" * 40))
    view.follow = False
    view.verticalScrollBar().setValue(200)
    before = view._reading_place(view._anchor())  # type: ignore[arg-type]  # there are rows
    old = item(view, "a0").document
    assert before is not None
    assert old is not None
    assert not old.pictures()
    qtbot.waitUntil(lambda: bool(item(view, "a0").document.pictures()), timeout=30_000)  # type: ignore[union-attr]  # it stands
    after = view._reading_place(view._anchor())  # type: ignore[arg-type]  # there are rows
    assert after is not None
    document = item(view, "a0").document
    assert document is not None
    there = moved(before[0], [], document.pictures())
    assert document.line_top(there) == pytest.approx(document.line_top(after[0]), abs=1)
    assert after[1] == pytest.approx(before[1], abs=1.5)


def test_a_selection_stays_on_its_words(qtbot: QtBot, view: BlockView) -> None:
    view.set_rows(rows("the $x^2$ and *these words* stay"))
    row = item(view, "a0")
    text = view._document_of(row).toPlainText()
    view._select(Point(row, text.index("these")), Point(row, text.index(" stay")))
    assert view.selected_text() == "these words"
    qtbot.waitUntil(lambda: bool(row.document.pictures()), timeout=30_000)  # type: ignore[union-attr]  # it stands
    assert view.selected_text() == "these words"
    view.select_all()
    assert view.selected_text() == "the $x^2$ and these words stay"
    view.set_palette_and_zoom(DARK, 1.0)  # another colour, and so the source for a while
    assert view.selected_text() == "the $x^2$ and these words stay"


def test_a_formula_tells_its_source(qtbot: QtBot, view: BlockView) -> None:
    view.set_rows(rows("$\\sum_{i=1}^{n} i$ is a sum"))
    settle(qtbot, view)
    qtbot.waitUntil(lambda: bool(item(view, "a0").document.pictures()))  # type: ignore[union-attr]  # it stands
    left = view._column()[0]
    y = round(item(view, "a0").above + item(view, "a0").height / 2)
    where = QPoint(left + 8, y)
    QTest.mouseMove(view.viewport(), where)
    QApplication.sendEvent(
        view.viewport(), QHelpEvent(QEvent.Type.ToolTip, where, view.viewport().mapToGlobal(where))
    )
    qtbot.waitUntil(lambda: QToolTip.text() == "$\\sum_{i=1}^{n} i$")
    QToolTip.hideText()


def test_nothing_is_started_for_plain_text(qtbot: QtBot, view: BlockView, pictures: Pictures) -> None:
    view.set_rows(rows("plain\n\n```\ncode\n```\n\n| a |\n|---|\n| $5 |"))
    assert pictures._worker is None


# --- the colours of code


def colours_of(document: QTextDocument, position: int) -> dict[str, str]:
    """What is written in each colour, where one stands out."""
    block = document.findBlock(position)
    raw = block.text().encode("utf-16-le")
    return {
        raw[2 * f.start : 2 * (f.start + f.length)].decode("utf-16-le"): f.format.foreground().color().name()
        for f in block.layout().formats()
    }


def test_code_is_coloured_without_being_built_anew(qtbot: QtBot, view: BlockView) -> None:
    view.set_rows(rows('```python\ns = "🎉🎉"  # 🎉 note\nreturn None\n```\n\nend'))
    document = item(view, "a0").document
    assert document is not None
    height = document.height()
    settle(qtbot, view)
    assert item(view, "a0").document is document
    assert document.height() == height
    found = colours_of(document, document.codes[0].position)
    assert found['"🎉🎉"'] != found["# 🎉 note"]
    assert {"return", "None", "# 🎉 note"} <= set(found)
    view.set_palette_and_zoom(DARK, 1.0)
    settle(qtbot, view)
    dark = item(view, "a0").document
    assert dark is not None
    assert colours_of(dark, dark.codes[0].position)["return"] != found["return"]


def test_code_that_grows_is_coloured_and_in_the_end_wholly(qtbot: QtBot, view: BlockView) -> None:
    stream = BlockStream()
    for line in ("```python\n", "def one():\n", "    return 1\n", "def two():\n", "    return 22222\n"):
        stream.feed(line)
        view.set_rows([TextRow("a0", stream.tail[-1])] if stream.tail else [])
        QApplication.processEvents()
    settle(qtbot, view)
    document = item(view, "a0").document
    assert document is not None
    assert "22222" in colours_of(document, document.codes[0].position)


def test_code_out_of_sight_is_not_asked_for(qtbot: QtBot, view: BlockView, pictures: Pictures) -> None:
    view.set_rows(rows("text that fills\n\n" * 60 + "```python\nreturn\n```\n\nend"))
    view.follow = False
    view.verticalScrollBar().setValue(0)
    QApplication.processEvents()
    code = view._stack.items[60]
    view._document_of(code)
    view._colour_near()
    assert [c.asked for c in view._document_of(code).codes] == [None]


# --- the samples


_MARKUP = re.compile(r"^ *(?:> )*`{3}\w*|</?(?:details|summary|kbd|sub|sup)>|\]\(\S+\)", re.MULTILINE)


@pytest.mark.parametrize("zoom", [1.0, 2.0])
@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_samples_are_drawn_whole(qtbot: QtBot, view: BlockView, palette: Palette, zoom: float) -> None:
    assert len(SAMPLES) == 40
    view.resize(440, 3000)
    view.set_palette_and_zoom(palette, zoom)
    for sample in SAMPLES:
        source = sample.read_text(encoding="utf-8")
        view.set_rows([TextRow(f"{sample.stem}{i}", block) for i, block in enumerate(parse(source))])
        settle(qtbot, view)
        drawn = view.viewport().grab().toImage()
        left, width = view._column()
        high = range(0, int(view._stack.total), 3)
        inside = {drawn.pixelColor(x, y).name() for x in range(left, left + width, 5) for y in high}
        beside = {drawn.pixelColor(x, y).name() for x in range(left + width + 1, drawn.width()) for y in high}
        assert len(inside) > 3, sample.stem
        assert beside == {palette.surface}, sample.stem
        said = view.accessible_text()
        assert [w for w in re.findall(r"\w+", _MARKUP.sub("", source)) if w not in said] == [], sample.stem
