"""DeepSeek's tree of messages, made of fragments or, before that, of a content and a reasoning."""

from __future__ import annotations

from tests.transfer.importers.sources import converted, deepseek, deepseek_node, fragments, replies, told

from sidelight.chat.reply import Certainty, ReplyState, Trace, TraceKind, trace_of
from sidelight.transfer.importers import chatgpt
from sidelight.transfer.importers import deepseek as form
from sidelight.transfer.importers.item import Aside, Lack


def test_thoughts_are_the_models_own() -> None:
    item = deepseek(
        deepseek_node("root", None),
        deepseek_node("1", "root", fragments(("REQUEST", "Why?"))),
        deepseek_node(
            "2", "1", fragments(("SEARCH", "x"), ("THINK", "I look at light."), ("RESPONSE", "Light."))
        ),
        deepseek_node("3", "1", fragments(("RESPONSE", "Air."), model="deepseek-chat")),
    )
    made = converted(form, item, aside := Aside())
    assert not chatgpt.fits(item)
    assert told(made) == [("Why?", ["Light.", "Air."])]
    thought, plain = replies(made)
    assert trace_of(thought) == Trace(TraceKind.FULL, Certainty.BY_FAMILY)
    assert trace_of(plain).kind is TraceKind.NONE
    assert [r.identity.served_model for r in (thought, plain)] == ["deepseek-reasoner", "deepseek-chat"]
    assert made.created == 1_743_281_376.505
    assert Lack("tool") in aside.lacks


def test_before_there_were_fragments() -> None:
    def old(content: str, **more: object) -> dict[str, object]:
        return {
            "content": content,
            "model": "deepseek-r1",
            "inserted_at": "2025-02-01T00:00:00+08:00",
            **more,
        }

    made = converted(
        form,
        deepseek(
            deepseek_node("root", None),
            deepseek_node("1", "root", old("Why?")),
            deepseek_node("2", "1", old("Light.", reasoning_content="I look at light.")),
            deepseek_node("3", "2", old("And?")),
            deepseek_node("4", "3", old("Air.")),
        ),
    )
    assert told(made) == [("Why?", ["Light."]), ("And?", ["Air."])]
    assert [r.trace_text for r in replies(made)] == ["I look at light.", ""]
    with_roles = converted(
        form,
        deepseek(
            deepseek_node("1", None, old("Why?", role="USER", files=[{"file_name": "a.pdf"}])),
            deepseek_node("2", "1", old("Light.", role="ASSISTANT", status="WIP")),
        ),
        aside := Aside(),
    )
    assert told(with_roles) == [("Why?", ["Light."])]
    assert [r.state for r in replies(with_roles)] == [ReplyState.INTERRUPTED]
    assert Lack("file", "a.pdf") in aside.lacks
