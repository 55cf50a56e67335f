"""The inspector: what each section says of real replies, and how the pane shows it at any width, theme and zoom."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QPushButton
from pytestqt.qtbot import QtBot
from tests.ui import made
from tests.ui.panes.test_wire import recorded

from sidelight.backends.base import About
from sidelight.chat.conversation import ContextRule, Conversation, Turn
from sidelight.chat.events import (
    AnswerDelta,
    Failed,
    FailureKind,
    Finished,
    FinishReason,
    Note,
    Opaque,
    Progress,
    ReasoningDelta,
    Stamped,
    Started,
    Usage,
)
from sidelight.chat.message import Lane, Parameters, Prompt
from sidelight.chat.reply import Asked, Certainty, Identity, Reply, Timing, TraceClaim, TraceKind, fold_all
from sidelight.ui.evidence import Evidence
from sidelight.ui.panes.inspect.pane import InspectPane, SectionView
from sidelight.ui.panes.inspect.sections import Subject, as_asked, inspected
from sidelight.ui.panes.inspect.text import Box, SectionText, cut
from sidelight.ui.panes.inspect.timeline import TimelineView
from sidelight.ui.panes.inspect.tools import Tools
from sidelight.ui.panes.inspect.values import Inspected, Line, Section, Timeline, stage
from sidelight.ui.panes.inspect.wire import Looked, wire_of
from sidelight.ui.theme import DARK, LIGHT, Palette

OLLAMA = About("b", "Ollama", "ollama", "http://localhost:11434", local=True, needs_key=False)
DEEPSEEK = About("b", "DeepSeek", "deepseek", "https://api.deepseek.com")
ROUTER = About("b", "OpenRouter", "openrouter", "https://openrouter.ai")
ASKED_AT = 1_793_790_000.0
DEFAULTS = Parameters()
FAMILY = TraceClaim(TraceKind.FULL, Certainty.BY_FAMILY)
SUMMARY = TraceClaim(TraceKind.SUMMARY, Certainty.BY_FAMILY)

DISTILLED: made.Timed = (
    (Started(served_model="deepseek-r1:7b"), 0.3),
    *made.DONE[1:5],
    (Usage(prompt=200, output_total=340), 10.5),
    made.DONE[-1],
)
BUFFERED: made.Timed = (
    (
        Started(
            "id-1",
            served_model="deepseek-v4-pro",
            fingerprint="fp_1",
            headers=(("x-request-id", "req-1"), ("x-ratelimit-remaining-requests", "4999")),
        ),
        31.0,
    ),
    (ReasoningDelta(made.TRACE), 31.0),
    (AnswerDelta(made.ANSWER * 20), 31.2),
    (AnswerDelta("Done."), 38.0),
    (Usage(prompt=1200, cached=1000, output_total=1400, reasoning=800, cost=0.0041), 38.5),
    (Finished(FinishReason.STOP, "stop"), 38.5),
)


def subject(
    events: made.Timed,
    asked: str,
    about: About,
    claim: TraceClaim = FAMILY,
    parameters: Parameters = DEFAULTS,
    **more: object,
) -> Subject:
    """A reply to a second turn, the first of which was answered with "Ten cents."."""
    lane = Lane("l0", "b", asked, parameters)
    identity = Identity(str(more.get("requested", asked)))
    fresh = Reply("r1", "l0", claim=claim, identity=identity, timing=Timing(asked_at=ASKED_AT))
    fresh = replace(fresh, dropped_turns=int(str(more.get("dropped", 0))))
    reply = fold_all(fresh, [Stamped.now(event, at) for event, at in events])
    turns = (
        Turn("t0", None, Prompt("First?"), (made.reply(made.PLAIN, identifier="r0"),)),
        Turn("t1", "t0", Prompt("Second?"), (reply,)),
    )
    conversation = Conversation("c", "x", (lane,), turns, "t1")
    known = Evidence().of(lane, about, conversation.path, reply)
    return Subject(conversation, "t1", lane, reply, known, asked, about.title)


def section(value: Inspected, identifier: str) -> Section:
    return next(s for s in value.sections if s.id == identifier)


def line(of: Section, label: str) -> Line:
    return next(x for x in of.lines if x.label == label)


# --- identity


def test_a_distillation_reads_as_one_with_each_field_marked() -> None:
    identity = section(inspected(subject(DISTILLED, "deepseek-r1:7b", OLLAMA)), "identity")
    claim, verdict = identity.sentences
    assert claim.text == "R1-Distill-Qwen-7B: a Qwen2.5-Math model taught by R1, not R1"
    assert verdict.text == "Claimed, and echoed by the server"
    assert [x.label for x in identity.lines[:2]] == ["Asked for", "Served"]
    served = line(identity, "Served")
    assert (served.value, served.mark) == ("deepseek-r1:7b", "reported")
    assert served.note == "this server may repeat whatever name it is sent"
    assert (line(identity, "Base model").value, line(identity, "Base model").mark) == (
        "Qwen2.5-Math-7B",
        "looked up",
    )
    assert line(identity, "Context (tokens)").value == "131,072"
    assert (
        line(identity, "Unknown").value == "Fingerprint, Active parameters (billions), Quantisation, Digest"
    )


def test_a_conflict_is_a_warning() -> None:
    events: made.Timed = ((Started(served_model="gpt-oss-120b"), 0.3), *made.PLAIN)
    identity = section(inspected(subject(events, "deepseek/deepseek-r1", ROUTER)), "identity")
    assert [s.text for s in identity.sentences if s.tone == "warning"] == [
        "deepseek/deepseek-r1 was asked for, but gpt-oss-120b answered."
    ]


def test_a_response_that_named_no_model_says_so() -> None:
    events: made.Timed = ((Started("id"), 0.1), *made.PLAIN)
    served = line(section(inspected(subject(events, "gpt-5", ROUTER)), "identity"), "Served")
    assert (served.value, served.mark, served.note) == ("unknown", "", "the response named no model")


def test_before_the_response_nothing_is_said_of_it() -> None:
    value = inspected(subject(made.QUEUED, "gpt-5", ROUTER))
    assert "Served" in line(section(value, "identity"), "Unknown").value
    assert [x.text for x in section(value, "response").lines] == ["State: queued"]


# --- trace


@pytest.mark.parametrize(
    ("events", "claim", "value", "note"),
    [
        (BUFFERED, FAMILY, "100 % (800 of 800 tokens)", ""),
        (made.HIDDEN, FAMILY, "0 % (0 of 812 tokens)", ""),
        (DISTILLED, FAMILY, "unknown", "The server counts no reasoning tokens."),
        (
            BUFFERED,
            made.FULL,
            "100 % (800 of 800 tokens)",
            "",
        ),
        (
            BUFFERED,
            TraceClaim(TraceKind.FULL, Certainty.GUESSED),
            "unknown",
            "800 tokens billed; how many of them are shown cannot be told.",
        ),
        (made.PLAIN, FAMILY, "nothing was billed as reasoning", ""),
    ],
)
def test_visibility(events: made.Timed, claim: TraceClaim, value: str, note: str) -> None:
    seen = line(section(inspected(subject(events, "m", ROUTER, claim)), "trace"), "Shown of what was billed")
    assert (seen.value, seen.note) == (value, note)


def test_a_share_that_is_estimated_is_marked_so() -> None:
    trace = section(inspected(subject(BUFFERED, "m", ROUTER, SUMMARY)), "trace")
    assert line(trace, "Shown of what was billed").value.startswith("≈")
    assert line(trace, "Kind").value == "summary"


def test_elicited_and_encrypted_are_told_apart() -> None:
    both = (*made.DONE, (Opaque("encrypted", "{}"), 10.5))
    trace = section(inspected(subject(both, "m", ROUTER, made.ELICITED)), "trace")
    assert (line(trace, "Elicited").value, line(trace, "Partly encrypted").value) == ("yes", "yes")


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (made.QUEUED, "No thoughts so far."),
        (made.REFUSED, "It failed before anything came, so nothing is known of a trace."),
    ],
)
def test_nothing_is_said_of_a_trace_of_which_nothing_is_known(events: made.Timed, said: str) -> None:
    trace = section(inspected(subject(events, "m", ROUTER)), "trace")
    assert [s.text for s in trace.sentences] == [said]
    assert trace.lines == ()


# --- timing


def test_thoughts_that_were_held_back_are_said_to_be() -> None:
    timing = section(inspected(subject(BUFFERED, "deepseek-v4-pro", DEEPSEEK)), "timing")
    assert [s.text for s in timing.sentences] == ["Thoughts arrived at once after 31 s"]
    assert line(timing, "First thought").value == "after 31.0 s"
    assert line(timing, "First answer").value == "after 31.2 s"
    assert line(timing, "Done").value == "after 38.5 s"
    assert timing.timeline is not None
    assert (timing.timeline.end, timing.timeline.thoughts, timing.timeline.answer) == (
        38.5,
        (31.0, 31.0),
        (31.2, 38.0),
    )


def test_no_time_is_ever_zero() -> None:
    events: made.Timed = ((ReasoningDelta("x"), 0.0), (AnswerDelta("y"), 0.01), made.PLAIN[-1])
    for made_of in (events, BUFFERED, made.HIDDEN, made.QUEUED, made.REFUSED):
        assert "0.0 s" not in inspected(subject(made_of, "m", ROUTER)).text.replace("30.0 s", "")


def test_the_moments_stand_in_their_order() -> None:
    events = ((Progress("headers"), 0.4), (Progress("bytes"), 0.9), *BUFFERED)
    timing = section(inspected(subject(events, "m", ROUTER)), "timing")
    assert [(x.label, x.value) for x in timing.lines[1:]] == [
        ("Sent", "the clock begins"),
        ("Accepted, headers", "after 0.4 s"),
        ("First byte", "after 0.9 s"),
        ("First event", "after 31.0 s"),
        ("First thought", "after 31.0 s"),
        ("Last thought", "after 31.0 s"),
        ("First answer", "after 31.2 s"),
        ("Done", "after 38.5 s"),
    ]
    assert timing.timeline is not None
    assert timing.timeline.marks[:3] == (0.4, 0.9, 31.0)
    older = section(inspected(subject(BUFFERED, "m", ROUTER)), "timing")
    assert line(older, "First byte").value == "unknown"
    refused = section(inspected(subject(made.REFUSED, "m", ROUTER)), "timing")
    assert line(refused, "First byte").value == "did not come"


def test_what_did_not_happen_is_said() -> None:
    timing = section(inspected(subject(made.HIDDEN, "m", ROUTER)), "timing")
    assert line(timing, "First thought").value == "did not come"
    assert [s.text for s in timing.sentences] == ["Silent for 9 s, then answered"]
    live = section(inspected(subject(made.THINKING, "m", ROUTER)), "timing")
    assert line(live, "Last thought").value == line(live, "Done").value == "not yet"
    assert live.timeline is None


# --- tokens and cost


def test_tokens_and_cost_are_split_and_both_figures_stand_beside_each_other() -> None:
    tokens = section(inspected(subject(BUFFERED, "deepseek-v4-pro", DEEPSEEK)), "tokens")
    assert {x.label: x.value for x in tokens.lines} == {
        "Prompt": "200 tokens · $0.00013",
        "Prompt, from the cache": "1,000 tokens · $0.000022",
        "Trace, shown": "800 tokens · $0.0016",
        "Trace, hidden": "0 tokens",
        "Answer": "600 tokens · $0.0012",
        "All output": "1,400 tokens",
        "Cost, computed": "≈ $0.0029",
        "Cost, as stated": "$0.0041",
    }
    assert line(tokens, "Cost, computed").note == "By the prices of DeepSeek API pricing page (2026-11)."
    assert line(tokens, "Cost, as stated").mark == "reported"


def test_what_is_not_known_of_the_cost_says_so() -> None:
    tokens = section(inspected(subject(DISTILLED, "deepseek-r1:7b", OLLAMA)), "tokens")
    computed = line(tokens, "Cost, computed")
    assert (computed.value, computed.note) == ("unknown", "The price of this model is not known.")
    assert line(tokens, "Cost, as stated").value == "not stated"
    assert line(tokens, "Answer").value == "unknown"
    uncounted = section(inspected(subject(made.PLAIN, "m", ROUTER)), "tokens")
    assert [s.text for s in uncounted.sentences] == ["The server counted no tokens."]


def test_the_engine_here_bills_nobody() -> None:
    here = replace(subject(DISTILLED, "deepseek-r1:7b", OLLAMA), here=True)
    computed = line(section(inspected(here), "tokens"), "Cost, computed")
    assert computed.value == "nobody bills for it: it ran on this machine"


# --- what it was sent


def test_the_messages_are_those_of_the_lane_and_turn() -> None:
    asked = Parameters(system="Be brief.", temperature=0.6, effort="high", stop=("###",), extra='{"a": 1}')
    sent = section(inspected(subject(made.PLAIN, "m", ROUTER, parameters=asked)), "sent")
    assert sent.body == (
        "[system]\nBe brief.\n\n[user]\nFirst?\n\n[assistant]\nTen cents.\n\n[user]\nSecond?"
    )
    values = {x.label: x.value for x in sent.lines}
    assert values["Temperature"] == "0.6"
    assert values["Thinking effort"] == "High"
    assert values["Stop at"] == '"###"'
    assert values["Extra JSON"] == '{"a": 1}'
    assert values["Messages"] == "4 · 32 characters"


def test_dropped_turns_and_a_lane_that_asks_another_model_now_are_said() -> None:
    sent = section(inspected(subject(made.PLAIN, "m", ROUTER, dropped=1, requested="older")), "sent")
    warnings = [s.text for s in sent.sentences if s.tone == "warning"]
    assert warnings[0].startswith("This lane asks for another model by now")
    assert warnings[1] == "The oldest turn was left out, so that the rest fits."
    assert sent.body == "[user]\nSecond?"


@pytest.mark.parametrize("rule", list(ContextRule))
def test_every_rule_has_words(rule: ContextRule) -> None:
    of = subject(made.PLAIN, "m", ROUTER)
    told = replace(of, conversation=replace(of.conversation, rule=rule))
    assert line(section(inspected(told), "sent"), "Earlier turns").value


def looked_up(
    wire: Looked, *notes: Note, parameters: Parameters = DEFAULTS, events: made.Timed = BUFFERED
) -> Subject:
    """A reply that says where it was asked, and what of it was recorded."""
    of = subject(events, "deepseek-v4-pro", DEEPSEEK, parameters=parameters)
    asked = Asked("b", "deepseek", "api.deepseek.com", parameters)
    return replace(of, reply=replace(of.reply, asked=asked, notes=notes), wire=wire)


def test_the_exact_request_is_shown_and_what_became_of_each_setting() -> None:
    body = '{"model":"deepseek-v4-pro","messages":[]}'
    of = looked_up(
        wire_of(recorded(b"data: x", body)),
        Note("temperature", "ignored", "not_by_this_model"),
        Note("effort", "sent", '{"reasoning_effort":"high"}'),
        parameters=Parameters(temperature=0.6, effort="high"),
    )
    sent = section(inspected(of), "sent")
    assert sent.sentences == ()
    assert (line(sent, "Temperature").value, line(sent, "Temperature").mark) == ("0.6", "ignored")
    assert line(sent, "Temperature").note.startswith("This model refuses it")
    assert line(sent, "Thinking effort").mark == "sent"
    assert line(sent, "Request").value == "POST https://x.example/v1"
    assert line(sent, "authorization").value == "***"
    assert sent.body == '{\n  "model": "deepseek-v4-pro",\n  "messages": []\n}'
    assert sent.whole == body
    assert sent.tools == ("copy",)


@pytest.mark.parametrize(
    ("wire", "sent_says", "stream_says"),
    [
        ("looking", "Looking up what was recorded…", "Looking up what was recorded…"),
        (None, "The request itself is not kept.", "Nothing is recorded: this reply is older than recordings"),
    ],
)
def test_what_is_not_known_of_the_request_is_said(wire: Looked, sent_says: str, stream_says: str) -> None:
    value = inspected(looked_up(wire, Note("seed", "sent", "seed"), parameters=Parameters(seed=7)))
    sent, stream = section(value, "sent"), section(value, "stream")
    assert sent.sentences[0].text.startswith(sent_says)
    assert stream.sentences[0].text.startswith(stream_says)
    assert line(sent, "Seed").mark == "sent"
    assert stream.tools == ()


def test_a_reply_for_which_nothing_was_sent_says_so() -> None:
    failed: made.Timed = ((Failed(FailureKind.AUTH, code="no_key"), 0.0),)
    of = looked_up(None, events=failed)
    value = inspected(replace(of, reply=replace(of.reply, notes=None)))
    assert line(section(value, "timing"), "Sent").value == "not sent"
    assert [s.text for s in section(value, "sent").sentences] == ["Nothing was sent."]
    assert [s.text for s in section(value, "stream").sentences] == ["Nothing was sent, so nothing came."]


def test_while_it_streams_the_request_waits_for_the_end() -> None:
    value = inspected(looked_up(None, events=made.THINKING))
    assert section(value, "sent").sentences[0].text == "The exact request is shown once the reply has ended."
    assert section(value, "stream").sentences[0].text == "It is shown once the reply has ended."


@pytest.mark.parametrize(
    ("wire", "said"),
    [
        (wire_of(recorded(b"data: x\n\n")), ["All 9 B of it, as it came."]),
        (
            wire_of(recorded(b"data: x\n" * 20_000)),
            ["The first 64 kB of 160 kB. Copy and Save as… take all of it."],
        ),
        (
            wire_of(recorded(b"data: x\n", whole=False)),
            ["Only the beginning was kept: the whole was larger than 8 B."],
        ),
        (wire_of(recorded()), ["No byte of an answer came."]),
        (wire_of(replace(recorded(), stream=b"?")), ["What was recorded is damaged and cannot be read."]),
    ],
)
def test_a_stream_says_how_much_of_it_is_there(wire: Looked, said: list[str]) -> None:
    stream = section(inspected(looked_up(wire)), "stream")
    assert [s.text for s in stream.sentences] == said
    assert bool(stream.body) is bool(stream.tools)


def test_a_version_that_was_read_again_says_that_nothing_was_sent_or_paid() -> None:
    of = looked_up(wire_of(recorded(b"data: x")))
    source = of.reply
    asked = replace(source.asked, parameters=Parameters(tags="inside")) if source.asked else None
    reply = replace(
        source, id="r2", version=2, reread=source.id, asked=asked, timing=Timing(ASKED_AT, done=3.0)
    )
    (first, turn) = of.conversation.turns
    conversation = replace(of.conversation, turns=(first, replace(turn, replies=(source, reply))))
    known = Evidence().of(of.lane, DEEPSEEK, conversation.path, reply)
    value = inspected(replace(of, reply=reply, conversation=conversation, known=known))
    assert section(value, "sent").sentences[0].text == (
        "Nothing was sent or paid for this version. It is what came for version 1, read again"
        " (All is trace up to a closing tag). That version was sent this:"
    )
    tokens = section(value, "tokens")
    assert line(tokens, "Cost, computed").value == "nothing: it was read again, and nobody was asked"
    assert line(tokens, "Cost, as stated").value == "not stated"
    assert "$" not in tokens.text
    assert line(section(value, "timing"), "First thought").value == "unknown"


def test_the_lane_is_looked_at_as_it_was_when_it_was_asked() -> None:
    now = Lane("l0", "other", "other-model", Parameters(seed=1))
    reply = looked_up(None).reply
    then = as_asked(now, reply)
    assert (then.backend, then.model, then.parameters) == ("b", "deepseek-v4-pro", DEFAULTS)
    assert as_asked(now, replace(reply, asked=None)) is now


# --- what came with it


def test_headers_and_ids_are_shown_as_they_came() -> None:
    response = section(inspected(subject(BUFFERED, "deepseek-v4-pro", DEEPSEEK)), "response")
    assert {x.label: x.value for x in response.lines} == {
        "State": "complete · stop",
        "Response id": "id-1",
        "x-request-id": "req-1",
        "x-ratelimit-remaining-requests": "4999",
    }
    failed: made.Timed = ((Failed(FailureKind.RATE_LIMIT, code="429"), 0.2),)
    assert line(section(inspected(subject(failed, "m", ROUTER)), "response"), "State").value == "failed · 429"


# --- how often it is drawn anew


def test_a_live_reply_counts_as_the_same_until_something_comes_that_comes_once() -> None:
    thinking = made.reply(made.THINKING)
    longer = fold_all(thinking, [Stamped.now(ReasoningDelta(" more"), 9.0)])
    answering = fold_all(longer, [Stamped.now(AnswerDelta("x"), 9.5)])
    assert stage(thinking) == stage(longer)
    assert stage(longer) != stage(answering)
    done = made.reply(made.DONE)
    assert stage(done) is done


# --- the pane


@pytest.fixture
def pane(qtbot: QtBot) -> InspectPane:
    made_pane = InspectPane(LIGHT, 1.0)
    qtbot.addWidget(made_pane)
    made_pane.resize(340, 900)
    made_pane.show()
    return made_pane


def texts(pane: InspectPane) -> list[SectionText]:
    return [x for x in pane.findChildren(SectionText) if x.isVisibleTo(pane)]


LONG = "accounts/" + "x" * 120


@pytest.mark.parametrize(
    ("width", "palette", "zoom"),
    [(300, LIGHT, 1.0), (340, DARK, 1.0), (300, DARK, 2.0), (420, LIGHT, 1.5), (900, LIGHT, 2.0)],
)
def test_everything_is_in_sight_at_every_width_and_zoom(
    qtbot: QtBot, pane: InspectPane, width: int, palette: Palette, zoom: float
) -> None:
    pane.resize(width, 900)
    pane.set_palette_and_zoom(palette, zoom)
    events: made.Timed = ((Started(served_model=LONG), 0.2), *BUFFERED)
    wire = wire_of(recorded(LONG.encode() * 900, f'{{"a": "{LONG}"}}'))
    pane.show_value(inspected(looked_up(wire, Note(LONG, "refused by the server"), events=events)))
    qtbot.wait(10)
    assert pane.width() == width
    inside = pane._scroll.widget()
    assert inside is not None
    assert inside.width() <= pane._scroll.viewport().width()
    for text in texts(pane):
        size = text.document().size()
        assert size.width() <= text.viewport().width()
        assert text.height() >= size.height()
        assert text.verticalScrollBar().maximum() == 0
    assert texts(pane)[0].wide is (width / zoom > 270)


def test_all_of_it_can_be_selected_and_copied_as_text(qtbot: QtBot, pane: InspectPane) -> None:
    value = inspected(subject(BUFFERED, "deepseek-v4-pro", DEEPSEEK))
    pane.show_value(value)
    for part, text in zip(value.sections, texts(pane), strict=True):
        text.selectAll()
        text.copy()
        copied = QGuiApplication.clipboard().text()
        for x in part.lines:
            assert x.label in copied
            assert x.value in copied
    box = pane._parts["sent"]._box
    assert box is not None
    assert "[user]\nSecond?" in box.toPlainText()
    qtbot.mouseClick(pane._copy, Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    assert copied == value.text
    assert "Served: deepseek-v4-pro (reported)" in copied


def test_tools_copy_what_is_here_and_wish_for_what_is_not(qtbot: QtBot, pane: InspectPane) -> None:
    pane.resize(340, 3000)
    pane.show_value(inspected(looked_up(wire_of(recorded(b"data: x", '{"a":1}')))))
    sent, stream = (pane._parts[name].findChild(Tools) for name in ("sent", "stream"))
    assert sent is not None
    assert stream is not None
    shown = [b.text() for b in pane.findChildren(QPushButton) if b.isVisibleTo(pane)]
    assert shown == ["Copy", "Copy", "Save as…", "Read again"]
    qtbot.mouseClick(sent._copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == '{"a":1}'
    for button, wish in ((stream._copy, "copy_stream"), (stream._save, "save_stream")):
        with qtbot.waitSignal(pane.wished) as heard:
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert heard.args == [wish]
    rules = stream.findChild(QComboBox)
    assert rules is not None
    rules.setCurrentIndex(rules.findData("leave"))
    with qtbot.waitSignal(pane.reread) as heard:
        qtbot.mouseClick(stream._read, Qt.MouseButton.LeftButton)
    assert heard.args == ["leave"]


def test_a_section_without_a_text_has_no_box_any_more(pane: InspectPane) -> None:
    pane.show_value(inspected(looked_up(wire_of(recorded(b"data: x", '{"a":1}')))))
    pane.show_value(inspected(looked_up("looking")))
    assert [b for b in pane.findChildren(Box) if b.isVisibleTo(pane)] == []
    assert [t for t in pane.findChildren(Tools) if t.isVisibleTo(pane)] == []


def test_markup_of_strangers_stays_text(pane: InspectPane) -> None:
    hostile = "<img src=http://x/y><b>r1</b>"
    events: made.Timed = (
        (Started(hostile, served_model=hostile, headers=(("x-request-id", "<script>"),)), 0.2),
        *made.PLAIN,
    )
    pane.show_value(inspected(subject(events, hostile, ROUTER)))
    words = "\n".join(t.toPlainText() for t in texts(pane))
    assert hostile in words
    assert "<script>" in words


def test_names_without_end_are_cut() -> None:
    events: made.Timed = ((Started(served_model="y" * 1_000_000), 0.2), *made.PLAIN)
    served = line(section(inspected(subject(events, "m", ROUTER)), "identity"), "Served")
    assert len(served.value) < 500


def test_a_text_that_would_stop_the_window_is_cut_and_says_so() -> None:
    assert cut("short\ntext") == "short\ntext"
    long = cut("a" * 500_000)
    assert len(long) < 11_000
    assert long.endswith("… 490,000 more characters are not shown here. Copy takes all of it.")


def test_nothing_to_show_says_so_and_another_reply_takes_the_place(pane: InspectPane) -> None:
    assert pane._nothing.isVisibleTo(pane)
    assert not pane._copy.isEnabled()
    pane.show_value(inspected(subject(BUFFERED, "deepseek-v4-pro", DEEPSEEK)))
    views = pane.findChildren(SectionView)
    pane.show_value(inspected(subject(DISTILLED, "deepseek-r1:7b", OLLAMA)))
    assert pane.findChildren(SectionView) == views
    assert "deepseek-v4-pro" not in texts(pane)[0].toPlainText()
    pane.show_value(None)
    assert texts(pane) == []


def test_escape_and_the_button_wish_it_closed(qtbot: QtBot, pane: InspectPane) -> None:
    pane.show_value(inspected(subject(BUFFERED, "deepseek-v4-pro", DEEPSEEK)))
    with qtbot.waitSignal(pane.closed):
        qtbot.keyClick(texts(pane)[0], Qt.Key.Key_Escape)
    with qtbot.waitSignal(pane.closed):
        qtbot.mouseClick(pane._close, Qt.MouseButton.LeftButton)


def test_the_line_of_time_is_true_to_scale_and_shows_what_came_at_once(qtbot: QtBot) -> None:
    view = TimelineView()
    qtbot.addWidget(view)
    view.resize(202, 40)
    view.show_value(Timeline(40.0, (31.0, 38.0), (31.0, 31.0), (32.0, 38.0), "40 s in all"), LIGHT)
    view.show()
    assert view.stretch(0.0, 40.0) == (1.0, 201.0)
    assert view.stretch(10.0, 20.0) == (51.0, 101.0)
    left, right = view.stretch(31.0, 31.0)
    assert (left, right - left) == (156.0, 3.0)
    assert view.stretch(40.0, 40.0) == (198.0, 201.0)
    assert view.accessibleName() == "40 s in all"
    middle = round(0.5 * view.fontMetrics().height())
    picture = view.grab().toImage()
    assert picture.pixelColor(157, middle).name() == LIGHT.accent
    assert picture.pixelColor(175, middle).name() == LIGHT.text
    assert picture.pixelColor(80, 2).name() not in (LIGHT.accent, LIGHT.text)
