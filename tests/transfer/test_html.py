"""The HTML page: one file that loads and runs nothing, and whose text is the text of the models."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.shared import SHARED
from tests.store.strategies import opened
from tests.transfer.chromium import PROGRAM, dumped, pictured
from tests.transfer.made import Profile, attached, fill, reply, sky

from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.message import Lane, Prompt
from sidelight.render.blocks import texts
from sidelight.render.markdown import parse
from sidelight.transfer.formats.html import POLICY
from sidelight.transfer.registry import by_id
from sidelight.transfer.source import Options, Source, Traces
from sidelight.workers.process import Worker

TAGS = """html head meta title style body p article h1 h2 h3 h4 h5 h6 section div dl dt dd details summary figure figcaption img
pre code blockquote ul ol li table thead tbody tr th td hr br em strong del a input span sub sup kbd svg g path rect ellipse
polygon"""
VOID = frozenset({"meta", "img", "hr", "br", "input"})
ATTRIBUTES = """html.lang meta.charset meta.http-equiv meta.content meta.name h1.dir div.class div.dir p.class dl.class
section.class details.class img.alt img.src code.class ol.start li.id li.value th.align td.align a.href span.class sup.class
input.type input.checked input.disabled svg.aria-hidden svg.style svg.xmlns svg.viewbox svg.fill path.d path.fill path.stroke
path.stroke-width rect.x rect.y rect.width rect.height rect.fill rect.stroke rect.stroke-width g.fill g.stroke"""
HOSTILE = """<script>document.title='ran'</script>
<img src="http://leak.example/i"> ![x](http://leak.example/m.png) <link rel=stylesheet href=http://leak.example/c>
<svg onload=alert(1)> </div></div></article> <style>@import url(http://leak.example/s)</style> <meta http-equiv=refresh
content="0;url=http://leak.example/r"> <iframe src=http://leak.example/f> [a](javascript:alert(1)) " onclick="x
$\\href{http://leak.example/h}{x}$ `</code></pre><script>` \x00\x1b[31m &lt;b&gt; <details open><summary>own</summary>
"""


def page(conversation: Conversation, traces: Traces = "folded", worker: Worker | None = None) -> str:
    source = Source([conversation.id], Options(traces), shown=conversation, worker=worker)
    return by_id("html").text(source)


@dataclass
class _Reader(HTMLParser):
    """What a page is made of, and the text of each frame of class "text"."""

    tags: set[str] = field(default_factory=set)
    sources: list[str] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    within: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.update([tag, *(f"{tag}.{name}" for name in found)])
        self.sources += [str(found[name]) for name in ("src", "srcset", "data") if name in found]
        self.ids += [str(found["id"])] if "id" in found else []
        self.targets += [str(found["href"])] if "href" in found else []
        if tag not in VOID:
            self.opened.append(tag)
            if self.within or "text" in str(found.get("class", "")).split():
                self.within += 1
                if self.within == 1:
                    self.frames.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.opened.pop() == tag
            self.within = max(0, self.within - 1)

    def handle_data(self, data: str) -> None:
        if self.within:
            self.frames[-1] += data


def read(text: str) -> _Reader:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader


def bare(text: str) -> str:
    """Without white space and the signs for what cannot be shown."""
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f\ufffd]+", "", text)


def meant(source: str) -> str:
    return bare("".join(t for block in parse(source, pages=1_000) for t in texts(block)))


def answers(*sources: str) -> Conversation:
    """One lane, an answer a turn."""
    turns = [
        Turn(f"t{n}", f"t{n - 1}" if n else None, Prompt("?"), (reply(f"r{n}", "l1", answer=x, trace=x),))
        for n, x in enumerate(sources)
    ]
    return Conversation("c", "Answers", (Lane("l1", "b", "m"),), tuple(turns), turns[-1].id)


def frames_of(conversation: Conversation) -> list[str]:
    """What ought to be read in the frames, in order."""
    return [
        x
        for turn in conversation.turns
        for x in (
            bare(turn.prompt.text),
            meant(turn.replies[0].trace_text),
            meant("Looking it up."),
            meant(turn.replies[0].answer_text),
        )
        if x
    ]


def test_only_known_tags_and_attributes_whatever_is_in_it() -> None:
    hostile = replace(sky(answer=HOSTILE, trace=HOSTILE), title=HOSTILE)
    lanes = tuple(replace(x, backend=HOSTILE, model=HOSTILE) for x in hostile.lanes)
    prompt = Prompt(HOSTILE, (attached(HOSTILE, b"x", HOSTILE),))
    turns = (replace(hostile.turns[0], prompt=prompt), *hostile.turns[1:])
    seen = read(page(replace(hostile, lanes=lanes, turns=turns)))
    assert seen.tags <= {*TAGS.split(), *ATTRIBUTES.split()}
    assert seen.opened == []
    assert seen.sources == []
    assert all(re.match(r"https?://|#fn-", x) for x in seen.targets)


MARKUP = """<img src=x> <script> </p> </div> </details> " ' & &lt; [a](http://b.c) ![d](http://e.f/g) ``` - > | --- # $ **
~~ ` <sub> </sub> x y"""
PARTS = st.sampled_from([*MARKUP.split(), " ", "\n", "\n\n"]) | st.text(max_size=3)


@settings(deadline=None)
@given(st.lists(PARTS, max_size=25).map("".join))
def test_the_text_of_a_frame_is_the_text_of_the_model(text: str) -> None:
    seen = read(page(answers(text)))
    assert [bare(x) for x in seen.frames if bare(x)] == frames_of(answers(text))


def test_the_policy_comes_before_everything_that_it_governs() -> None:
    text = page(sky())
    assert POLICY.startswith("default-src 'none'")
    assert text.index(POLICY) < text.index("<title>")
    assert "@import" not in text
    assert "url(" not in text


def test_footnotes_of_different_answers_have_different_places() -> None:
    seen = read(page(answers("a[^1]\n\n[^1]: b", "c[^1]\n\n[^1]: d")))
    assert len(seen.ids) == len(set(seen.ids)) == 4
    assert {x.removeprefix("#") for x in seen.targets} == set(seen.ids)


def test_traces_are_folded_shown_or_left_out() -> None:
    conversation = answers("Yes.")
    secret = replace(
        conversation,
        turns=(replace(conversation.turns[0], replies=(reply("r", "l1", trace="Hmm.", answer="Yes."),)),),
    )
    folded, shown, out = (page(secret, traces) for traces in ("folded", "in", "out"))
    assert "<summary>Trace: full, by model family, 800 tokens billed</summary>" in folded
    assert "<h4>Trace: full, by model family, 800 tokens billed</h4>" in shown
    assert "Hmm." in folded
    assert "Hmm." in shown
    assert "Hmm." not in out
    assert "The trace (4 characters) was left out" in out


def test_a_table_too_large_to_be_shown_is_there_as_it_was_written() -> None:
    table = "| a |\n|---|\n" + "".join(f"| row{n} |\n" for n in range(250))
    for text in (table, f"> {table}".replace("\n", "\n> "), "- x\n\n  " + table.replace("\n", "\n  ")):
        shown = page(answers(text))
        assert "row249" in shown
        assert "All of it, as it was written" in shown
    assert "All of it, as it was written" not in page(answers("| a |\n|---|\n| b |"))


def test_pictures_are_in_the_page_and_other_files_are_named(tmp_path: Path) -> None:
    picture = attached("sky.png", b"\x89PNG\r\n\x1a\n", "image/png")
    vector = attached("sky.svg", b"<svg onload='x'/>", "image/svg+xml")
    turn = Turn("t", None, Prompt("", (picture, vector)))
    files = {picture.digest: b"\x89PNG\r\n\x1a\n", vector.digest: b"<svg onload='x'/>"}
    with opened(tmp_path / "one") as store:
        fill(store, Profile((Conversation("c", turns=(turn,)),), files, {}))
        text = by_id("html").text(Source(["c"], store=store))
    assert read(text).sources == ["data:image/png;base64,iVBORw0KGgo="]
    assert "sky.svg (image/svg+xml, 17 bytes" in text


def test_formulas_are_pictures_with_their_source_beside_them() -> None:
    with closing(Worker()) as worker:
        text = page(answers("So $x^2$ and $\\nonsense{$.\n\n$$\n\\frac{a}{b}\n$$"), worker=worker)
    assert text.count("<svg aria-hidden") == 4  # in the trace and in the answer
    assert '<span class="source">$x^2$</span>' in text
    assert "$\\nonsense{$" in text
    assert "#000000" not in text
    seen = read(text)
    assert seen.tags <= {*TAGS.split(), *ATTRIBUTES.split()}
    assert bare("So$x^2$and$\\nonsense{$.$$\\frac{a}{b}$$") in map(bare, seen.frames)


# --- in a browser


class _Proxy:
    """Notes where it is asked to go, and goes nowhere."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.settimeout(2)
                line = connection.recv(4096).split(b"\r\n")[0].decode("latin-1")
                if not line:
                    return
                self.asked.append(line)
                connection.sendall(b"HTTP/1.1 404 no\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")

    def close(self) -> None:
        with suppress(OSError), socket.create_connection(self._listening.getsockname(), 2):
            pass  # wakes it, says nothing, and so ends it
        self._thread.join()
        self._listening.close()


@contextmanager
def proxy() -> Iterator[_Proxy]:
    with closing(_Proxy()) as listening:
        yield listening


needs_chromium = pytest.mark.skipif(PROGRAM is None, reason="there is no Chromium here")


@needs_chromium
def test_a_browser_asks_for_nothing_and_runs_nothing(tmp_path: Path) -> None:
    (tmp_path / "control.html").write_text('<title>x</title><img src="http://leak.example/control">')
    hostile = replace(sky(answer=HOSTILE, trace=HOSTILE), title=HOSTILE)
    (tmp_path / "page.html").write_text(page(hostile), encoding="utf-8")
    with proxy() as through:
        dumped(tmp_path / "control.html", proxy=through.address)
        leaked = [x for x in through.asked if "leak.example" in x]
        assert leaked == ["GET http://leak.example/control HTTP/1.1"]
        text = dumped(tmp_path / "page.html", proxy=through.address)
        assert [x for x in through.asked if "leak.example" in x] == leaked
    assert "<title>Sidelight</title>" in text
    assert "<script" not in text


@needs_chromium
def test_a_browser_reads_what_the_models_wrote(tmp_path: Path) -> None:
    sources = [
        HOSTILE,
        "# a\n\n- b\n  1. c\n\n> d\n\n| e | f |\n|---|---|\n| g | h |\n\n```py\n<i>\n```\n$x<y$",
    ]
    if SHARED is not None:
        lines = (SHARED / "answers" / "answers.jsonl").read_text(encoding="utf-8").splitlines()
        found = (json.loads(line)["markdown"] for line in lines)
        sources += [x for x in found if "[^" not in x]  # footnotes have numbers of their own
    conversation = answers(*sources)
    (tmp_path / "page.html").write_text(page(conversation), encoding="utf-8")
    seen = read(dumped(tmp_path / "page.html"))
    assert [bare(x) for x in seen.frames if bare(x)] == frames_of(conversation)


@needs_chromium
def test_a_browser_draws_it_at_every_width(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(page(sky()), encoding="utf-8")
    for width in (400, 1400):
        pictured(tmp_path / "page.html", tmp_path / f"{width}.png", width, 900)
        assert (tmp_path / f"{width}.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
