"""HTML: one page that needs nothing but itself. Lanes side by side, traces folded, formulas as pictures within the page.

No script, and a policy in the page that forbids the browser to load anything. Whatever a person or a model wrote stands in
a frame (class "text"), so that it cannot pass for the page's own words.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence

from sidelight import messages
from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.message import Attachment, Lane
from sidelight.chat.reply import Reply
from sidelight.render.blocks import Block, ListBlock, Quote, Table
from sidelight.render.html import html, plain
from sidelight.render.markdown import parse
from sidelight.transfer import facts
from sidelight.transfer.source import Source

__all__ = ["POLICY", "pieces"]

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""Styles are the page's own and can load nothing under this."""
_ALL = 1_000_000
"""Pages of a text: all of it."""
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})

_STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --quiet: #59636e; --page: #ffffff; --frame: #d1d9e0; --panel: #f6f8fa;
  --accent: #0b57d0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --quiet: #9aa4af; --page: #15181c; --frame: #3a424b;
  --panel: #1e2329; --accent: #8ab4f8; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem clamp(0.75rem, 3vw, 2.5rem); color: var(--ink); background: var(--page);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0.5rem 0; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 0.75rem; }
h3 { font-size: 1rem; margin: 0; }
h4 { font-size: 0.85rem; margin: 1rem 0 0.35rem; color: var(--quiet); font-weight: 600; }
article + article { border-top: 3px solid var(--frame); margin-top: 4rem; padding-top: 2rem; }
a { color: var(--accent); }
.quiet, summary, figcaption { color: var(--quiet); font-size: 0.85rem; }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: 0.15rem 1rem; margin: 0.5rem 0; font-size: 0.85rem; }
dl.facts dt { color: var(--quiet); max-width: 20rem; }
.lane p.quiet { margin: 0.35rem 0; }
dl.facts dd { margin: 0; min-width: 0; }
.text { border: 1px solid var(--frame); border-radius: 8px; padding: 0.75rem 1rem; background: var(--page); contain: content; }
.text > :first-child { margin-top: 0; } .text > :last-child { margin-bottom: 0; }
.text h1, .text h2, .text h3, .text h4, .text h5, .text h6 { font-size: 1.05rem; margin: 1.1rem 0 0.4rem; color: inherit; }
.text h1 { font-size: 1.25rem; } .text h2 { font-size: 1.15rem; }
.prompt { white-space: pre-wrap; background: var(--panel); max-width: 60rem; }
.trace { color: var(--quiet); font-size: 0.92rem; }
.lanes { display: grid; grid-auto-flow: column; grid-auto-columns: minmax(20rem, 1fr); gap: 1rem; overflow-x: auto;
  margin-top: 1rem; padding-bottom: 0.5rem; align-items: start; }
.lane { background: var(--panel); border: 1px solid var(--frame); border-radius: 10px; padding: 0.9rem 1rem; min-width: 0;
  max-width: 60rem; }
details { margin: 0.5rem 0; } summary { cursor: pointer; padding: 0.2rem 0; }
details.older { margin-top: 1rem; border-top: 1px solid var(--frame); padding-top: 0.5rem; }
pre { overflow-x: auto; background: var(--panel); border: 1px solid var(--frame); border-radius: 6px; padding: 0.7rem 0.9rem;
  overflow-wrap: normal; }
code, pre { font: 0.9em/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; tab-size: 4; }
pre code { font-size: 1em; }
blockquote { margin: 0.75rem 0; padding-left: 1rem; border-left: 3px solid var(--frame); color: var(--quiet); }
table { display: block; overflow-x: auto; border-collapse: collapse; max-width: 100%; width: max-content; }
th, td { border: 1px solid var(--frame); padding: 0.3rem 0.6rem; overflow-wrap: normal; }
p.math { overflow-x: auto; overflow-y: hidden; text-align: center; padding: 0.3rem 0; }
.source { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: pre; }
svg { max-width: none; }
figure { margin: 0.75rem 0; } figure img { display: block; max-width: min(100%, 30rem); max-height: 30rem; border-radius: 6px; }
@media (max-width: 44rem) {
  .lanes { grid-auto-flow: row; grid-auto-columns: auto; grid-template-columns: minmax(0, 1fr); }
  dl.facts { grid-template-columns: 1fr; gap: 0; } dl.facts dd { margin-bottom: 0.35rem; }
}
@media print {
  :root { color-scheme: light; --ink: #000; --quiet: #444; --page: #fff; --panel: #fff; --frame: #bbb; --accent: #000; }
  body { padding: 0; font-size: 10pt; }
  .lanes { display: block; overflow: visible; } .lane { max-width: none; margin-bottom: 1rem; }
  .text { contain: none; } pre, table { white-space: pre-wrap; overflow: visible; } table { display: table; width: auto; }
  details::details-content { content-visibility: visible; block-size: auto; }
  h2, h3, h4, summary { break-after: avoid; } pre, tr, figure { break-inside: avoid; }
}
"""


def pieces(source: Source) -> Iterator[str]:
    """The page, a conversation after another."""
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{plain(messages.text('app.name'))}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<p class="quiet">{plain(messages.text("transfer.about.html"))}</p>\n'
    )
    for number, conversation in enumerate(source.conversations(), 1):
        yield from _Page(source, conversation, number).pieces()
    yield "</body>\n</html>\n"


class _Page:
    """One conversation."""

    def __init__(self, source: Source, conversation: Conversation, number: int) -> None:
        """`number` is its place on the page."""
        self._source = source
        self._conversation = conversation
        self._outline = facts.Outline(conversation)
        self._number = number
        self._texts = 0

    def pieces(self) -> Iterator[str]:
        """Its article."""
        title = self._conversation.title or messages.text("ui.history.untitled")
        yield f'<article>\n<h1 dir="auto">{plain(title)}</h1>\n{_facts(self._outline.about())}'
        for turn in self._conversation.turns:
            yield f"<section>\n<h2>{plain(self._outline.title(turn))}</h2>\n"
            if turn.prompt.text:
                yield f'<div class="text prompt" dir="auto">{plain(turn.prompt.text)}</div>\n'
            for file in turn.prompt.attachments:
                yield self._file(file)
            yield from self._lanes(turn)
            yield "</section>\n"
        yield "</article>\n"

    def _lanes(self, turn: Turn) -> Iterator[str]:
        yield '<div class="lanes">\n'
        for number, lane, (newest, *older) in self._outline.lanes(turn):
            yield f'<section class="lane">\n<h3>{plain(facts.name(lane, newest))}</h3>\n'
            yield f'<p class="quiet">{plain(_standing(number, newest, bool(older)))}</p>\n'
            yield self._reply(newest)
            for reply in older:
                yield f'<details class="older">\n<summary>{plain(_older(lane, reply))}</summary>\n{self._reply(reply)}</details>\n'
            yield "</section>\n"
        yield "</div>\n"

    def _reply(self, reply: Reply) -> str:
        written = [self._trace(reply)] if reply.trace_text.strip() else [_quiet(facts.trace_title(reply))]
        spoken = list(facts.parts(reply))
        written += [f"<h4>{plain(p.title)}</h4>\n{self._text(p.text, 'text answer')}" for p in spoken]
        if not spoken:
            written.append(_quiet(messages.text("transfer.no_answer")))
        lines = _facts(facts.lines(reply, self._source.prices))
        title = ", ".join((messages.text("transfer.details"), *facts.figures(reply)))
        written.append(f"<details>\n<summary>{plain(title)}</summary>\n{lines}</details>\n")
        return "".join(written)

    def _trace(self, reply: Reply) -> str:
        title = facts.trace_title(reply)
        if self._source.options.traces == "out":
            left_out = messages.text("transfer.trace.out", n=f"{len(reply.trace_text):,}")
            return _quiet(title) + _quiet(left_out)
        text = self._text(reply.trace_text, "text trace")
        if self._source.options.traces == "in":
            return f"<h4>{plain(title)}</h4>\n{text}"
        return f"<details>\n<summary>{plain(title)}</summary>\n{text}</details>\n"

    def _text(self, text: str, kind: str) -> str:
        """A model's Markdown. Its footnotes have ids of their own on the page."""
        self._texts += 1
        notes = f"fn-{self._number}-{self._texts}"
        blocks = parse(text, pages=_ALL)
        inner = html(blocks, notes=notes, picture=self._formula)
        frame = f'<div class="{kind}" dir="auto">\n{inner}</div>\n'
        if not _is_cut(blocks):
            return frame
        title = plain(messages.text("transfer.as_written"))
        return f"{frame}<details>\n<summary>{title}</summary>\n<pre>\n{plain(text)}</pre>\n</details>\n"

    def _formula(self, latex: str, display: bool) -> str:
        """An SVG picture that stands on the line of its text. Its source follows it, for whoever copies or listens."""
        made = self._source.formula(latex, display)
        if made is None:
            return ""
        place = f"width:{made.width:.3f}em;height:{made.ascent + made.descent:.3f}em;vertical-align:{-made.descent:.3f}em"
        return made.svg.replace("<svg ", f'<svg aria-hidden="true" style="{place}" ', 1)

    def _file(self, file: Attachment) -> str:
        caption = f"<figcaption>{plain(file.name)} ({plain(facts.attachment(file))})</figcaption>"
        content = self._source.content(file.digest) if file.media_type in _PICTURES else None
        if content is None:
            return f"<figure>{caption}</figure>\n"
        data = base64.b64encode(content).decode()
        return f'<figure><img alt="" src="data:{file.media_type};base64,{data}">{caption}</figure>\n'


def _is_cut(blocks: Sequence[Block]) -> bool:
    """Whether a table is so large that not all of it is shown."""
    for block in blocks:
        match block:
            case Table(hidden=hidden) if any(hidden):
                return True
            case Quote(inner) if _is_cut(inner):
                return True
            case ListBlock(items) if any(_is_cut(item.blocks) for item in items):
                return True
    return False


def _standing(number: int, reply: Reply, several: bool) -> str:
    said = messages.text("transfer.lane", n=number)
    if several:
        said += ", " + messages.text("transfer.version", n=reply.version)
    return f"{said}, {facts.state(reply)}"


def _older(lane: Lane | None, reply: Reply) -> str:
    return f"{messages.text('transfer.version', n=reply.version)}: {facts.name(lane, reply)}"


def _quiet(sentence: str) -> str:
    return f'<p class="quiet">{plain(sentence)}</p>\n'


def _facts(lines: Iterator[facts.Line]) -> str:
    rows = "".join(f"<dt>{plain(x.title)}</dt><dd>{plain(x.value)}</dd>\n" for x in lines)
    return f'<dl class="facts">\n{rows}</dl>\n'
