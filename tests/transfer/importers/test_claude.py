"""Claude's list of messages: blocks, thoughts, files whose text is there, branches where they are told."""

from __future__ import annotations

from tests.transfer.importers.sources import claude, claude_message, converted, replies, said, told

from sidelight.chat.reply import Certainty, Trace, TraceKind, trace_of
from sidelight.transfer.importers import claude as form
from sidelight.transfer.importers.item import Aside, Lack


def test_a_plain_conversation_names_no_model() -> None:
    aside = Aside()
    made = converted(
        form,
        claude(
            claude_message("h1", "human", said("Why?"), words="Why?"),
            claude_message("a1", "assistant", said("Light."), said("And air."), words="Light. And air."),
            claude_message("h2", "human", said("And?")),
        ),
        aside,
    )
    assert told(made) == [("Why?", ["Light.\n\nAnd air."]), ("And?", [])]
    assert [(x.backend, x.model) for x in made.lanes] == [("claude-export", "unknown")]
    (reply,) = replies(made)
    assert reply.identity.served_model is None
    assert made.created == 1_762_077_599.0
    assert Lack("system") in aside.lacks


def test_before_there_were_blocks_the_text_stood_by_itself() -> None:
    made = converted(
        form,
        claude(
            {**claude_message("h1", "human", words="Why?"), "content": []},
            {k: v for k, v in claude_message("a1", "assistant", words="Light.").items() if k != "content"},
        ),
    )
    assert told(made) == [("Why?", ["Light."])]


def test_thoughts_are_no_more_than_a_summary_as_far_as_is_known() -> None:
    thinking = {"type": "thinking", "thinking": "I look at light.", "summaries": [{"summary": "Light"}]}
    tool = {"type": "tool_use", "name": "web_search", "input": {}}
    made = converted(
        form,
        claude(
            claude_message("h1", "human", said("Why?")),
            claude_message("a1", "assistant", thinking, tool, {"type": "tool_result"}, said("Light.")),
        ),
        aside := Aside(),
    )
    (reply,) = replies(made)
    assert reply.trace_text == "I look at light."
    assert trace_of(reply) == Trace(TraceKind.SUMMARY, Certainty.GUESSED)
    assert aside.lacks.count(Lack("tool")) == 2


def test_where_a_model_is_named_the_family_decides() -> None:
    thinking = {"type": "thinking", "thinking": "I look at light."}
    made = converted(
        form,
        claude(
            claude_message("h1", "human", said("Why?")),
            claude_message("a1", "assistant", thinking, said("Light.")),
            model="claude-opus-4-1-20250805",
        ),
    )
    (reply,) = replies(made)
    assert reply.identity.served_model == "claude-opus-4-1-20250805"
    assert trace_of(reply) == Trace(TraceKind.SUMMARY, Certainty.BY_FAMILY)


def test_the_text_of_a_file_is_taken_and_a_file_that_is_but_named_is_told() -> None:
    paste = {"file_name": "", "file_type": "txt", "file_size": 9, "extracted_content": "long paste"}
    paper = {"file_name": "C:\\papers\\sky.pdf", "file_type": "pdf", "extracted_content": "the paper"}
    made = converted(
        form,
        claude(
            claude_message(
                "h1",
                "human",
                attachments=[paste, paper],
                files=[{"file_name": "photo.png", "file_uuid": "f1"}],
            ),
            claude_message("a1", "assistant", said("Light.")),
        ),
        aside := Aside(),
    )
    prompt = made.turns[0].prompt
    assert [(a.name, a.media_type) for a in prompt.attachments] == [
        ("attachment.txt", "text/plain"),
        ("sky.pdf", "text/plain"),
    ]
    assert sorted(aside.contents.values()) == [b"long paste", b"the paper"]
    assert Lack("file", "photo.png") in aside.lacks


def test_branches_where_the_export_tells_what_follows_what() -> None:
    root = "00000000-0000-4000-8000-000000000000"
    item = claude(
        claude_message("h1", "human", said("Why?"), parent_message_uuid=root),
        claude_message("a1", "assistant", said("First."), parent_message_uuid="h1"),
        claude_message("a2", "assistant", said("Second."), parent_message_uuid="h1"),
        claude_message("h2", "human", said("And?"), parent_message_uuid="a1"),
        claude_message("h3", "human", said("Why not?"), parent_message_uuid=root),
    )
    made = converted(form, {**item, "current_leaf_message_uuid": "h2"})
    assert told(made) == [("Why?", ["Second.", "First."]), ("And?", [])]
    assert [t.parent for t in made.turns] == [None, made.turns[0].id, None]
