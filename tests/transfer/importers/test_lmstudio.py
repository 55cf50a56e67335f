"""LM Studio's conversation files: steps, versions, what it measured, and ids where the file has none."""

from __future__ import annotations

from tests.transfer.importers.sources import (
    converted,
    lmstudio,
    lmstudio_answer,
    lmstudio_step,
    lmstudio_user,
    replies,
    told,
)

from sidelight.chat.reply import Certainty, ReplyState, Trace, TraceKind, trace_of
from sidelight.engine.spending import paid
from sidelight.models import prices
from sidelight.transfer.importers import lmstudio as form
from sidelight.transfer.importers.item import Aside, Lack

STATS = {
    "stopReason": "eosFound",
    "tokensPerSecond": 40.0,
    "timeToFirstTokenSec": 0.5,
    "totalTimeSec": 4.0,
    "promptTokensCount": 12,
    "predictedTokensCount": 160,
}


def test_thoughts_and_measures_of_a_model_on_this_machine() -> None:
    made = converted(
        form,
        lmstudio(
            lmstudio_user("Why?"),
            lmstudio_answer(
                [
                    lmstudio_step("I look at light.", thinking=True),
                    lmstudio_step("It scatters.", info={"identifier": "qwen/qwen3-8b@q4", "stats": STATS}),
                ]
            ),
            systemPrompt="Be brief.",
        ),
    )
    assert told(made) == [("Why?", ["It scatters."])]
    (reply,) = replies(made)
    assert trace_of(reply) == Trace(TraceKind.FULL, Certainty.BY_FAMILY)
    assert reply.identity.served_model == "qwen/qwen3-8b@q4"
    assert (reply.timing.first_thought, reply.timing.done) == (0.5, 4.0)
    assert reply.usage is not None
    assert (reply.usage.prompt, reply.usage.output_total) == (12, 160)
    assert paid(reply, prices.load()) == 0.0
    assert reply.finished is not None
    assert reply.finished.reason_on_wire == "eosFound"
    assert reply.asked is not None
    assert reply.asked.parameters.system == "Be brief."
    assert made.created == 1_760_000_000.0


def test_versions_the_selected_one_last_and_prompts_written_anew_as_branches() -> None:
    user = lmstudio_user("Why?")
    user["versions"].append(
        {"type": "singleStep", "role": "user", "content": [{"type": "text", "text": "Why so?"}]}
    )
    user["currentlySelected"] = 1
    made = converted(
        form,
        lmstudio(
            user,
            lmstudio_answer([lmstudio_step("One.")], [lmstudio_step("Two.")], selected=0),
            lmstudio_user("And?"),
        ),
    )
    assert told(made) == [("Why so?", ["Two.", "One."]), ("And?", [])]
    assert [t.prompt.text for t in made.turns if t.parent is None] == ["Why?", "Why so?"]


def test_newer_files_keep_the_system_prompt_among_the_settings_and_files_are_named() -> None:
    config = {"fields": [{"key": "llm.prediction.systemPrompt", "value": "Be long."}]}
    made = converted(
        form,
        lmstudio(
            lmstudio_user("Why?", {"type": "file", "fileIdentifier": "176 - sky.png", "fileType": "image"}),
            lmstudio_answer([lmstudio_step("Cut", info={"stats": {"stopReason": "userStopped"}})]),
            perChatPredictionConfig=config,
        ),
        aside := Aside(),
    )
    (reply,) = replies(made)
    assert reply.state is ReplyState.INTERRUPTED
    assert reply.identity.served_model == "qwen/qwen3-8b"
    assert reply.asked is not None
    assert reply.asked.parameters.system == "Be long."
    assert Lack("file", "176 - sky.png") in aside.lacks


def test_a_conversation_that_went_on_or_was_renamed_is_the_same() -> None:
    short = converted(form, lmstudio(lmstudio_user("Why?"), lmstudio_answer([lmstudio_step("Light.")])))
    longer = converted(
        form,
        lmstudio(
            lmstudio_user("Why?"),
            lmstudio_answer([lmstudio_step("Light.")]),
            lmstudio_user("And?"),
            lmstudio_answer([lmstudio_step("Air.")]),
            name="Renamed",
        ),
    )
    assert longer.id == short.id
    assert longer.turns[0] == short.turns[0]
    other = converted(form, lmstudio(lmstudio_user("Who?"), lmstudio_answer([lmstudio_step("Me.")])))
    assert other.id != short.id
