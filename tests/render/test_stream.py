"""What a stream of text gives, however it is cut, is what parsing the whole gives."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.shared import SHARED

from sidelight.render.blocks import (
    Block,
    CodeBlock,
    ListBlock,
    More,
    Paragraph,
    Strong,
    Table,
    inline_text,
    texts,
)
from sidelight.render.markdown import MESSAGE, PIECE, parse
from sidelight.render.stream import BlockStream

_PARTS = st.sampled_from(
    [
        *("\n", "\n\n", "\r\n", "\r", " ", "    ", "\t"),
        *("# ", "- ", "* ", "1. ", "7) ", "> ", "  - ", "   ", "---\n", "===\n", "***\n", "+\n"),
        *("```\n", "```py\n", "~~~\n", "  ```\n", "`", "``"),
        *("| a | b |\n", "|---|:-:|\n", "| 1 | 2 |\n", "|", "-|-\n"),
        *(
            "**",
            "*",
            "_",
            "~~",
            "[",
            "](",
            ")",
            "![",
            "[a]: http://b.c\n",
            "[a]",
            "<http://d.e>",
            "\\",
            "&amp;",
        ),
        *("[^1]", "[^1]: ", ": ", "<details>\n", "<details><summary>s</summary>\n", "</details>\n"),
        *("<sub>", "</sub>", "<br>", "www.a.b "),
        *("$$\n", "$", "\\[", "\\]", "\\(", "x^2", "[ ] ", "[x] "),
        *("word ", "two words. ", "Ünïcode ", "中文。", "🎉", "\0", "\u2028", "a" * 60 + " "),
    ]
)
_MARKDOWN = st.lists(_PARTS | st.text(max_size=5), max_size=60).map("".join)


def _stream(text: str, cuts: list[int]) -> tuple[BlockStream, list[Block]]:
    """A stream fed in pieces; asserts on the way that nothing finished ever changes."""
    stream = BlockStream()
    finished: list[Block] = []
    at = 0
    for cut in [*sorted(c % (len(text) + 1) for c in cuts), len(text)]:
        stream.feed(text[at:cut])
        at = max(at, cut)
        assert isinstance(stream.tail, tuple)
        assert all(a is b for a, b in zip(finished, stream.finished, strict=False))
        assert len(stream.finished) >= len(finished)
        finished = list(stream.finished)
    return stream, finished


@settings(max_examples=200, deadline=None)
@given(_MARKDOWN, st.lists(st.integers(0, 10_000), max_size=30))
def test_any_prefix_sequence_ends_as_the_whole(text: str, cuts: list[int]) -> None:
    stream, _ = _stream(text, cuts)
    assert stream.finish() == parse(text)
    assert stream.tail == ()


class _Parsing(BlockStream):
    """A stream that parses its tail each time."""

    def _longer_tail(self, text: str) -> None:
        return None


_WORDS = st.sampled_from(
    [
        "wo",
        "rd ",
        "and",
        " so, ",
        "3.",
        " x",
        "www",
        ".a.b",
        "ttp",
        "amp;",
        "- y",
        "e#",
        "'q'",
        "中文",
        "🎉",
        "  ",
        "code()",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(_PARTS | _WORDS | _WORDS | _WORDS, max_size=40))
def test_a_tail_that_only_grew_is_what_parsing_gives(parts: list[str]) -> None:
    stream, parsing = BlockStream(), _Parsing()
    for part in parts:
        stream.feed(part)
        parsing.feed(part)
        assert stream.tail == parsing.tail
        assert stream.finished == parsing.finished


def test_words_are_added_without_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = BlockStream()
    stream.feed("1. one **two thr")
    assert stream.tail
    monkeypatch.setattr("sidelight.render.stream.parse_piece", None)
    stream.feed("ee fo")
    stream.feed("ur")
    assert [*texts(stream.tail[0])] == ["one two three four"]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(_MARKDOWN, min_size=1, max_size=4),
    st.integers(30, 200),
    st.lists(st.integers(0, 10**6), max_size=40),
)
def test_long_texts_too(parts: list[str], times: int, cuts: list[int]) -> None:
    """Long enough that open blocks are cut."""
    text = "".join(part * times for part in parts)[:20_000]
    stream, _ = _stream(text, cuts)
    assert stream.finish() == parse(text)


def test_every_prefix_of_one_text() -> None:
    text = "# A\n\ntext *b*\n- c\n  ```\n  d\n  ```\n\n| e | f |\n|---|---|\n| g | h |\n\n> i\n\n$$\nj\n$$\n"
    stream = BlockStream()
    for character in text:
        stream.feed(character)
        _ = stream.tail
    assert stream.finish() == parse(text)


@pytest.mark.skipif(SHARED is None, reason="the recorded answers are not beside the checkout")
def test_real_answers() -> None:
    assert SHARED is not None
    lines = (SHARED / "answers" / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    chance = random.Random(2)
    for line in lines[::3]:
        text = json.loads(line)["markdown"]
        stream, finished = _stream(text, [chance.randrange(len(text) + 1) for _ in range(20)])
        blocks = stream.finish()
        assert blocks == parse(text)
        kept = {id(block) for block in blocks}
        assert all(id(block) in kept for block in finished), "a finished block was made anew for nothing"


def test_finished_blocks_survive_the_end_as_objects() -> None:
    stream = BlockStream()
    stream.feed("one\n\ntwo\n\nthree [a]\n\n[a]: http://b.c\n")
    before = list(stream.finished)
    blocks = stream.finish()
    assert blocks[0] is before[0]
    assert blocks == parse("one\n\ntwo\n\nthree [a]\n\n[a]: http://b.c\n")


def test_replace_by_another_text_keeps_equal_blocks() -> None:
    stream = BlockStream()
    stream.feed("one\n\ntwo\n\nthree\n")
    first = stream.finished[0]
    stream.replace("one\n\nother\n\nthree\n")
    assert stream.finished[0] is first
    assert stream.finish() == parse("one\n\nother\n\nthree\n")


def test_feeding_a_finished_stream_is_an_error() -> None:
    stream = BlockStream()
    stream.finish()
    with pytest.raises(ValueError, match="finished"):
        stream.feed("more")


@pytest.mark.parametrize(
    "text",
    [
        "word and words, a sentence. " * 2000,
        "# title\n" + "word and words, a sentence. " * 2000,
        "- item\n" + "  nested line here\n\n" * 800,
        "1. item\n\n   ```py\n" + "   code line\n" * 1500 + "   ```\n",
        "1. x\n" + "   - inner item of some length\n" * 500,
        "| a | b |\n|---|---|\n" + "| cell text | **more** |\n" * 500,
        "> quote\n>\n" * 1500,
        "```py\n" + "code()\n" * 3000,
        "- item of a list\n" * 1000,
    ],
)
def test_the_open_tail_stays_short(text: str) -> None:
    """So that one more token never costs more than a few kilobytes of parsing."""
    stream = BlockStream()
    longest = 0
    for at in range(0, len(text), 50):
        stream.feed(text[at : at + 50])
        longest = max(longest, len(stream._whole) - stream._open.offset)
    assert longest < 2 * PIECE
    assert stream.finish() == parse(text)


def test_a_list_that_is_cut_goes_on_counting() -> None:
    stream = BlockStream()
    stream.feed("".join("1. an item that is long enough to fill a line of text\n" for _ in range(100)))
    lists = [b for b in (*stream.finished, *stream.tail) if isinstance(b, ListBlock)]
    assert len(lists) > 2
    assert all(later.continued for later in lists[1:])
    count = 1
    for block in lists:
        assert block.start == count
        count += len(block.items)


def test_the_cap_shows_while_streaming() -> None:
    stream = BlockStream()
    for _ in range(30):
        stream.feed("plain words " * 1000)
    assert isinstance(stream.tail[-1], More)
    assert stream.tail[-1].characters > 0
    blocks = stream.finish()
    assert isinstance(blocks[-1], More)
    assert blocks == parse("plain words " * 30_000)
    assert len(stream.text) > MESSAGE


def _tail(text: str) -> tuple[Block, ...]:
    stream = BlockStream()
    stream.feed(text)
    return stream.tail


def test_open_ends_look_closed() -> None:
    (bold,) = _tail("some **bold te")
    assert isinstance(bold, Paragraph)
    assert isinstance(bold.children[1], Strong)
    (code,) = _tail("```py\nprint(")
    assert code == CodeBlock("print(", "py", source_lines=(0, 2))
    (table,) = _tail("| a | b |\n|--")
    assert isinstance(table, Table)
    assert len(table.header) == 2
    (link,) = _tail("see [the notes](https://exa")
    assert isinstance(link, Paragraph)
    assert inline_text(link.children) == "see the notes"


@pytest.mark.parametrize("half", ["-", "--", "=", "#", "##", "1", "1.", "`", "``", "*", "**", ">", "|", "$"])
def test_half_a_marker_is_not_shown(half: str) -> None:
    """Otherwise a paragraph would flash as a heading at the first dash of a list."""
    assert _tail("some text\n" + half) == _tail("some text\n")


_CODE = ("a", "b = 1", "\n", "\n", "\n\n", "  ", "\t", "    x", "- y", "# z", " \n", "é", "}", "`", "~~~")


def test_code_that_grows_by_lines_is_what_is_parsed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = BlockStream._longer_code
    taken = 0

    def watched(stream: BlockStream, code: CodeBlock, text: str) -> tuple[Block, ...] | None:
        nonlocal taken
        longer = quick(stream, code, text)
        taken += longer is not None
        return longer

    monkeypatch.setattr(BlockStream, "_longer_code", watched)
    for seed in range(400):
        chance = random.Random(seed)
        marks = _CODE if seed % 3 else _CODE[:-2]
        text = chance.choice(("", "Before.\n\n", "- a\n\n", "> q\n\n")) + chance.choice(
            ("```", "~~~py", "```` x y")
        )
        text += "\n" + "".join(chance.choice(marks) for _ in range(chance.randrange(30)))
        stream, at = BlockStream(), 0
        while at < len(text):
            size = chance.randrange(1, 9)
            stream.feed(text[at : at + size])
            at += size
            anew = BlockStream()
            anew.feed(text[:at])
            assert [*stream.finished, *stream.tail] == [*anew.finished, *anew.tail], text[:at]
        assert stream.finish() == parse(text)
    assert taken > 500
