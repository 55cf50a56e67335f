"""ChatGPT's tree of messages: branches, versions, thoughts, tools, pictures, and what older exports had."""

from __future__ import annotations

from tests.transfer.importers.sources import (
    PNG,
    chatgpt,
    chatgpt_node,
    chatgpt_plain,
    converted,
    replies,
    told,
)

from sidelight.chat.conversation import ContextRule
from sidelight.chat.reply import Certainty, ReplyState, Trace, TraceKind, trace_of
from sidelight.transfer.importers import chatgpt as form
from sidelight.transfer.importers.item import Aside, Lack


def test_a_plain_conversation() -> None:
    aside = Aside()
    made = converted(form, chatgpt_plain(), aside)
    assert (made.title, made.created, made.rule) == ("Sky", 1_699_999_999.5, ContextRule.OWN)
    assert told(made) == [("Why is the sky blue?", ["It scatters."])]
    (reply,) = replies(made)
    assert reply.state is ReplyState.COMPLETE
    assert reply.identity.served_model == "gpt-4o"
    assert reply.identity.requested_model == ""
    assert [(x.backend, x.model) for x in made.lanes] == [("chatgpt-export", "gpt-4o")]
    assert made.turns[0].created == 1_700_000_000.0
    assert reply.timing.asked_at is None  # it was not asked here: no money of today's was spent on it
    assert aside.lacks == [Lack("system")]


def test_the_same_export_gives_the_same_ids_and_another_account_others() -> None:
    one, again = converted(form, chatgpt_plain()), converted(form, chatgpt_plain())
    assert one == again
    other = converted(form, {**chatgpt_plain(), "conversation_id": "chat-2"})
    assert one.id != other.id
    assert one.turns[0].id != other.turns[0].id
    old = chatgpt_plain()
    del old["conversation_id"]  # 2023
    assert converted(form, old).id == one.id


def test_a_question_written_anew_is_a_branch_and_an_answer_given_anew_a_version() -> None:
    made = converted(
        form,
        chatgpt(
            chatgpt_node("root", None),
            chatgpt_node("u1", "root", "user", "Why?", at=1.7e9),
            chatgpt_node("a1", "u1", "assistant", "First.", at=1.7e9 + 1, metadata={"model_slug": "gpt-4o"}),
            chatgpt_node("a2", "u1", "assistant", "Second.", at=1.7e9 + 2, metadata={"model_slug": "o3"}),
            chatgpt_node("u2", "a1", "user", "And?", at=1.7e9 + 3),
            chatgpt_node("b1", "u2", "assistant", "Thus.", at=1.7e9 + 4),
            chatgpt_node("u3", "a2", "user", "Or?", at=1.7e9 + 5),
            current="b1",
        ),
    )
    # The version that the shown branch goes on from is the newest one, as everywhere in Sidelight.
    assert told(made) == [("Why?", ["Second.", "First."]), ("And?", ["Thus."])]
    assert [t.prompt.text for t in made.turns] == ["Why?", "And?", "Or?"]
    assert made.turns[1].parent == made.turns[2].parent == made.turns[0].id
    assert [r.version for r in made.turns[0].replies] == [1, 2]
    assert [r.identity.served_model for r in made.turns[0].replies] == ["o3", "gpt-4o"]
    assert len(made.lanes) == 1


def test_thoughts_and_their_recap_are_a_summary_and_one_reply_with_the_answer() -> None:
    model = {"model_slug": "o3"}
    thoughts = {
        "content_type": "thoughts",
        "thoughts": [
            {"summary": "Light", "content": "I look at light."},
            {"summary": "", "content": "And air."},
        ],
        "source_analysis_msg_id": "x",
    }
    made = converted(
        form,
        chatgpt(
            chatgpt_node("u1", None, "user", "Why?"),
            chatgpt_node("t1", "u1", "assistant", thoughts, metadata=model),
            chatgpt_node(
                "c1",
                "t1",
                "assistant",
                {"content_type": "code", "language": "python", "text": "1 + 1"},
                recipient="python",
                metadata=model,
            ),
            chatgpt_node("x1", "c1", "tool", {"content_type": "execution_output", "text": "2"}),
            chatgpt_node(
                "r1",
                "x1",
                "assistant",
                {"content_type": "reasoning_recap", "content": "Thought for 8s"},
                metadata=model,
            ),
            chatgpt_node("a1", "r1", "assistant", "It scatters.", metadata=model),
        ),
        aside := Aside(),
    )
    (reply,) = replies(made)
    assert reply.trace_text == "Light\n\nI look at light.\n\nAnd air.\n\nThought for 8s"
    assert trace_of(reply) == Trace(TraceKind.SUMMARY, Certainty.REPORTED)
    assert reply.answer_text == "It scatters."
    assert [s.text for s in reply.segments if s.phase == "commentary"] == ["```python\n1 + 1\n```"]
    assert Lack("tool") in aside.lacks


def test_pictures_come_from_the_archive_and_what_is_not_there_is_named() -> None:
    parts = [
        {"content_type": "image_asset_pointer", "asset_pointer": "sediment://file_00aa#x", "size_bytes": 3},
        {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-Bb"},
        {"content_type": "audio_transcription", "text": "spoken words"},
        "What is this?",
    ]
    attachments = [
        {"id": "file_00aa", "name": "../../sky.png", "size": 3, "mime_type": "image/png"},
        {"id": "file-Cc", "name": "notes.pdf", "size": 9, "mime_type": "application/pdf"},
    ]
    picture = {"content_type": "multimodal_text", "parts": [parts[0]]}
    aside = Aside(lambda prefix: PNG if prefix == "file_00aa" else None)
    made = converted(
        form,
        chatgpt(
            chatgpt_node(
                "u1",
                None,
                "user",
                {"content_type": "multimodal_text", "parts": parts},
                metadata={"attachments": attachments},
            ),
            chatgpt_node("a1", "u1", "assistant", "A picture."),
            chatgpt_node("d1", "a1", "tool", picture),
        ),
        aside,
    )
    prompt = made.turns[0].prompt
    assert prompt.text == "spoken words\nWhat is this?"
    assert [(a.name, a.media_type, a.size) for a in prompt.attachments] == [
        ("sky.png", "image/png", len(PNG))
    ]
    assert aside.contents == {prompt.attachments[0].digest: PNG}
    assert aside.lacks[:3] == [Lack("file", "file-Bb"), Lack("file", "notes.pdf"), Lack("made", "file_00aa")]


def test_what_the_person_told_every_conversation_is_kept_with_the_replies_and_not_sent_again() -> None:
    context = {
        "content_type": "user_editable_context",
        "user_profile": "I am a physicist.",
        "user_instructions": "Be brief.",
    }
    made = converted(
        form,
        chatgpt(
            chatgpt_node("c", None, "user", context, metadata={"is_user_system_message": True}),
            chatgpt_node("u1", "c", "user", "Why?"),
            chatgpt_node("a1", "u1", "assistant", "Light."),
        ),
        aside := Aside(),
    )
    (reply,) = replies(made)
    assert reply.asked is not None
    assert reply.asked.parameters.system == "I am a physicist.\n\nBe brief."
    assert made.lanes[0].parameters.system == ""
    assert Lack("system") not in aside.lacks


def test_how_a_reply_ended() -> None:
    made = converted(
        form,
        chatgpt(
            chatgpt_node("u1", None, "user", "Why?"),
            chatgpt_node("a1", "u1", "assistant", "1", metadata={"finish_details": {"type": "interrupted"}}),
            chatgpt_node("a2", "u1", "assistant", "2", status="in_progress"),
            chatgpt_node("a3", "u1", "assistant", "3", metadata={"finish_details": {"type": "max_tokens"}}),
            chatgpt_node("a4", "u1", "assistant", "4", metadata={"finish_details": {"type": "stop"}}),
        ),
    )
    found = {
        r.answer_text: (r.state.value, r.finished.reason.value if r.finished else "") for r in replies(made)
    }
    assert found == {
        "1": ("interrupted", ""),
        "2": ("interrupted", ""),
        "3": ("complete", "length"),
        "4": ("complete", "stop"),
    }


def test_what_was_hidden_there_is_left_out_and_counted() -> None:
    made = converted(
        form,
        chatgpt(
            chatgpt_node("u1", None, "user", "Why?"),
            chatgpt_node("h1", "u1", "assistant", "hidden", weight=0.0),
            chatgpt_node("a1", "h1", "assistant", "Light."),
            chatgpt_node("h2", "a1", "user", "hint", metadata={"is_visually_hidden_from_conversation": True}),
        ),
        aside := Aside(),
    )
    assert told(made) == [("Why?", ["Light."])]
    assert aside.lacks.count(Lack("hidden")) == 2
