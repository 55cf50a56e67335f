"""The card: what each field says and how it is known, conflicts (E3, E5), warnings between turns."""

from __future__ import annotations

import ast
import datetime as dt
import json
import string
from pathlib import Path
from typing import Any

import pytest
from tests.models.labelled import LABELLED
from tests.models.made import DEEPSEEK_TEMPLATE, LLAMA_8B, QWEN3_8B, QWEN_7B, props, show
from tests.shared import SHARED

from sidelight import messages, models
from sidelight.chat.reply import Identity
from sidelight.models.identity import FIELD_TITLES, Card, Fact, Place, card, changed
from sidelight.models.metadata import LocalMetadata, from_llamacpp, from_ollama

OLLAMA = Place("ollama", "localhost")
DEEPSEEK = Place("deepseek", "api.deepseek.com")
ROUTER = Place("openrouter", "openrouter.ai")
LLAMACPP = Place("llamacpp", "localhost")


def of(
    asked: str,
    served: str | None = None,
    where: Place = ROUTER,
    *,
    day: str | None = None,
    metadata: LocalMetadata | None = None,
) -> Card:
    when = dt.datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp() if day else None
    return card(Identity(asked, served_model=served), backend=where, metadata=metadata, asked=when)


def test_a_distillation_reads_as_one() -> None:
    made = of("deepseek-r1:7b", "deepseek-r1:7b", OLLAMA)
    assert made.claim.text == "R1-Distill-Qwen-7B: a Qwen2.5-Math model taught by R1, not R1"
    assert made.base == Fact("Qwen2.5-Math-7B", "looked up")
    assert made.teacher.value == "DeepSeek-R1 (January 2025)"
    assert (made.parameters_total.value, made.parameters_total.source) == (7.62, "looked up")
    assert made.parameters_active == Fact()
    assert made.verdict == "echoed"
    assert made.served.note is not None
    assert made.served.note.code == "models.note.echo"


@pytest.mark.parametrize(
    ("asked", "claim"),
    [
        (
            "deepseek-ai/DeepSeek-R1-Distill-Llama-8B",
            "R1-Distill-Llama-8B: a Llama-3.1 model taught by R1, not R1",
        ),
        (
            "deepseek-r1-distill-llama-70b",
            "R1-Distill-Llama-70B: a Llama-3.3-Instruct model taught by R1, not R1",
        ),
        (
            "deepseek/deepseek-r1-0528-qwen3-8b",
            "R1-0528-Qwen3-8B: a Qwen3 model taught by R1-0528, not R1-0528",
        ),
        (
            "deepseek/deepseek-r1",
            "R1: the 671B model itself, unless the host has moved the name to a later version",
        ),
        ("deepseek/deepseek-r1-0528", "R1-0528: a later version, by DeepSeek"),
        ("perplexity-ai/r1-1776", "R1-1776: R1 trained further by Perplexity"),
        ("claude-sonnet-4-5", "claude-sonnet-4-5: one of Claude 4.x (opus, sonnet, haiku), by Anthropic"),
        ("gpt-oss:20b", "gpt-oss-20b, by OpenAI"),
        ("auto", "auto: not among the models known here"),
        (
            "deepseek-r1:8b",
            "deepseek-r1:8b: a name of several models (R1-Distill-Llama-8B, R1-0528-Qwen3-8B); the name alone does not tell which",
        ),
        (
            "huihui_ai/deepseek-r1-abliterated:8b",
            "huihui_ai/deepseek-r1-abliterated:8b: named after R1, but of another size, so another model",
        ),
        (
            "huihui_ai/qwq-abliterated",
            "huihui_ai/qwq-abliterated: named after QwQ-32B / QwQ-plus, but somebody else's version of it",
        ),
    ],
)
def test_claims(asked: str, claim: str) -> None:
    assert of(asked).claim.text == claim


def test_an_ambiguous_name_says_nothing_it_does_not_know() -> None:
    made = of("deepseek-r1:8b", where=OLLAMA)
    assert made.verdict == "ambiguous"
    assert made.base == made.teacher == made.parameters_total == made.licence == Fact()
    assert made.family is None


def test_facts_of_a_whole_line_say_so() -> None:
    made = of("glm-5.3")
    assert made.parameters_total.note is not None
    assert made.parameters_total.note.text == "given for all of GLM-5 / 5.1 / 5.2 / 5.3; this one may differ"
    assert of("gpt-oss:20b").parameters_total.note is None


def test_a_changed_model_is_a_guess() -> None:
    made = of("huihui_ai/qwq-abliterated:32b", where=OLLAMA)
    assert made.parameters_total == Fact(32.8, "guessed")
    assert made.family is None


# --- reported means: it was in the response


def test_nothing_is_reported_that_was_not_in_the_response() -> None:
    for asked in LABELLED:
        for made in (of(asked), of(asked, where=OLLAMA), of(asked, where=DEEPSEEK, day="2026-05-05")):
            assert [name for name, fact in made.facts() if fact.source == "reported"] == []
            assert all((fact.source == "unknown") == (fact.value is None) for _, fact in made.facts())


def test_what_the_response_held_is_reported() -> None:
    identity = Identity("a", served_model="b", provider="Avian", fingerprint="fp_1", response_id="x")
    made = card(identity, backend=ROUTER)
    reported = {name: fact.value for name, fact in made.facts() if fact.source == "reported"}
    assert reported == {"served": "b", "provider": "Avian", "fingerprint": "fp_1"}
    assert made.requested == Fact("a", "looked up", made.requested.note)
    assert made.host.value == "openrouter.ai"


def test_metadata_of_the_server_is_reported_with_its_origin() -> None:
    told = from_ollama(show(QWEN_7B), tag={"digest": "abc", "size": 1}, running={"context_length": 4096})
    made = of("deepseek-r1:7b", where=OLLAMA, metadata=told)
    values = {name: (fact.value, fact.source) for name, fact in made.facts()}
    assert values["quantisation"] == ("Q4_K_M", "reported")
    assert values["parameters_total"] == (7.62, "reported")
    assert values["context"] == (4096, "reported")
    assert values["digest"] == ("abc", "reported")
    assert values["base"] == ("Qwen2.5-Math-7B", "looked up")
    assert made.verdict == "confirmed"


def test_a_quantisation_read_off_a_name_is_a_guess() -> None:
    assert of("deepseek-r1:7b-qwen-distill-q4_K_M").quantisation.source == "guessed"
    told = from_llamacpp(props("/models/Qwen3-8B-Q8_0.gguf"))
    assert of("x", where=LLAMACPP, metadata=told).quantisation.source == "guessed"


def test_a_relayed_model_says_where_it_runs() -> None:
    made = of(
        "gpt-oss:120b-cloud", where=OLLAMA, metadata=LocalMetadata("ollama", remote_host="https://ollama.com")
    )
    assert (made.host.value, made.host.source) == ("https://ollama.com", "reported")


def test_when_an_unknown_name_answers_the_asked_one_is_a_guess() -> None:
    made = of("deepseek-r1:7b", "my-alias", LLAMACPP)
    assert made.base.source == "guessed"
    assert made.conflicts == ()
    assert made.verdict == "claimed"


# --- E3: what answered against what was asked for


def test_another_model_answered() -> None:
    made = of("google/gemini-2.0-flash-exp:free", "x-ai/grok-4")
    assert [c.kind for c in made.conflicts] == ["family"]
    assert made.verdict == "conflict"
    assert made.family is not None
    assert made.family.id == "grok-4"
    assert (
        made.conflicts[0].saying.text
        == "google/gemini-2.0-flash-exp:free was asked for, but x-ai/grok-4 answered."
    )


@pytest.mark.parametrize("asked", ["deepseek-reasoner", "deepseek-chat"])
@pytest.mark.parametrize("when", [None, "2026-05-05"])
def test_a_moved_alias_is_called_one(asked: str, when: str | None) -> None:
    made = of(asked, "deepseek-v4-flash", DEEPSEEK, day=when)
    assert [c.kind for c in made.conflicts] == ["alias"]
    assert made.verdict == "moved alias"
    assert made.family is not None
    assert made.family.id == "deepseek-v4-flash"


def test_an_alias_that_is_echoed_is_read_by_its_date() -> None:
    made = of("deepseek-reasoner", "deepseek-reasoner", DEEPSEEK, day="2025-06-01")
    assert made.conflicts == ()
    assert made.verdict == "moved alias"
    assert (
        made.claim.text == "deepseek-reasoner: on 2025-06-01 this name meant DeepSeek-R1-0528, as documented"
    )
    gone = of("deepseek-reasoner", where=DEEPSEEK, day="2026-10-01")
    assert gone.claim.text == "deepseek-reasoner: a name withdrawn on 2026-07-24"
    undated = of("deepseek-reasoner", where=DEEPSEEK)
    assert undated.claim.text.startswith("deepseek-reasoner: a name that moves; it has meant R1, R1-0528, ")
    assert of("deepseek/deepseek-chat").claim.code == "models.claim.moving_elsewhere"


def test_a_name_that_documents_give_to_another_model() -> None:
    made = of("deepseek-v4-flash", "deepseek-v4-flash", DEEPSEEK, day="2026-11-24")
    assert [(c.kind, c.found) for c in made.conflicts] == [("alias", "DeepSeek-V4.1-Flash")]
    before = of("deepseek-v4-flash", "deepseek-v4-flash", DEEPSEEK, day="2026-05-05")
    assert before.conflicts == ()


def test_another_name_of_the_same_line_is_noted_and_no_conflict() -> None:
    made = of("gemini-3-pro-preview", "gemini-3.1-pro-preview", Place("gemini"))
    assert made.conflicts == ()
    assert made.served.note is not None
    assert made.served.note.code == "models.note.other_name"


@pytest.mark.captures
@pytest.mark.skipif(SHARED is None, reason="the captures are not beside the checkout")
def test_recorded_pairs_give_no_false_flags() -> None:
    assert SHARED is not None
    captures = SHARED / "captures"
    flagged, pairs = {}, 0
    for capture in json.loads((captures / "manifest.json").read_text("utf-8"))["captures"]:
        asked = asked_for(captures, capture)
        served = capture["expected"]["served_model"]
        if asked is None or served is None:
            continue
        pairs += 1
        made = of(asked, served, Place(capture["backend"]))
        if made.conflicts:
            flagged[capture["id"]] = [c.kind for c in made.conflicts]
    assert pairs >= 20
    assert flagged == {"deepseek/chat-alias-served-by-v4-flash": ["alias"]}


def asked_for(captures: Path, capture: dict[str, Any]) -> str | None:
    if "request" not in capture["files"]:
        return None
    request = json.loads((captures / capture["files"]["request"]).read_text("utf-8"))
    body = request.get("body", request)
    return body.get("model") if isinstance(body, dict) else None


# --- E5: what a local server holds against its name


@pytest.mark.parametrize(
    ("info", "name"),
    [(LLAMA_8B, "deepseek-r1-distill-llama-8b"), (QWEN3_8B, "deepseek-r1-0528-qwen3-8b")],
)
def test_ollama_agrees(info: dict[str, Any], name: str) -> None:
    made = of(
        "deepseek-r1:8b",
        "deepseek-r1:8b",
        OLLAMA,
        metadata=from_ollama(show(info, template=DEEPSEEK_TEMPLATE)),
    )
    assert made.verdict == "confirmed"
    assert made.conflicts == ()
    assert made.family is not None
    assert made.family.id == name


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("qwen3:8b", show(LLAMA_8B, template=DEEPSEEK_TEMPLATE)),
        ("llama3.1:8b", show(LLAMA_8B, template=DEEPSEEK_TEMPLATE)),
        ("llama3.1:8b", show(LLAMA_8B, name="DeepSeek R1 Distill Llama 8B")),
        ("qwen3:8b", show(QWEN3_8B, template=DEEPSEEK_TEMPLATE)),
        ("deepseek-r1:7b", show(LLAMA_8B)),
        ("deepseek-r1:671b", show(LLAMA_8B)),
        ("deepseek-r1:8b", show(QWEN_7B)),
        ("deepseek-r1:8b", show(QWEN_7B, name="DeepSeek R1 Distill Qwen 7B")),
        ("gpt-oss:20b", show(LLAMA_8B)),
    ],
)
def test_ollama_disagrees(asked: str, told: dict[str, Any]) -> None:
    made = of(asked, asked, OLLAMA, metadata=from_ollama(told))
    assert [c.kind for c in made.conflicts] == ["metadata"]
    assert made.verdict == "conflict"
    assert asked in made.conflicts[0].saying.text


LLAMA_8B_META = {
    "meta": {"n_params": 8_030_261_312, "n_vocab": 128256, "n_ctx_train": 131072, "n_embd": 4096}
}
R1_8B_FILE = "/models/DeepSeek-R1-Distill-Llama-8B-Q4_K_M.gguf"


def test_llamacpp_agrees() -> None:
    told = from_llamacpp(props(R1_8B_FILE, template=DEEPSEEK_TEMPLATE), model=LLAMA_8B_META)
    made = of("deepseek-r1-distill-llama-8b", "deepseek-r1-distill-llama-8b", LLAMACPP, metadata=told)
    assert (made.verdict, made.conflicts) == ("confirmed", ())


@pytest.mark.parametrize(
    "asked", ["qwen3-8b", "llama-3.1-8b-instruct", "deepseek-r1", "gpt-4o", "deepseek-r1-distill-qwen-7b"]
)
@pytest.mark.parametrize("file", [R1_8B_FILE, "/models/model.gguf"])
def test_llamacpp_disagrees(asked: str, file: str) -> None:
    told = from_llamacpp(props(file, template=DEEPSEEK_TEMPLATE), model=LLAMA_8B_META)
    made = of(asked, asked, LLAMACPP, metadata=told)
    assert [c.kind for c in made.conflicts] == ["metadata"]
    assert made.verdict == "conflict"


def test_a_template_of_deepseek_s_is_named_as_the_reason() -> None:
    told = from_ollama(show(LLAMA_8B, template=DEEPSEEK_TEMPLATE))
    (found,) = of("llama3.1:8b", where=OLLAMA, metadata=told).conflicts
    assert found.saying.code == "models.conflict.template"
    (found,) = of("deepseek-r1:7b", where=OLLAMA, metadata=told).conflicts
    assert found.saying.text.endswith("has another shape: llama, 32 x 4096, 8.0B, vocabulary 128256.")


def test_a_rework_is_not_confirmed_by_the_name_it_kept() -> None:
    told = from_ollama(show({"general.architecture": "qwen2"}, name="QwQ 32B"))
    made = of("huihui_ai/qwq-abliterated", where=OLLAMA, metadata=told)
    assert (made.verdict, made.family) == ("ambiguous", None)


LLAMA_70B = {"general.architecture": "llama", "general.parameter_count": 70_553_706_560}


@pytest.mark.parametrize(
    ("asked", "inside", "info"),
    [
        ("deepseek-r1:8b", "DeepSeek R1", LLAMA_8B),  # a careless name inside, which the shape refutes
        ("llama3.3:70b", "Llama 3.1 70B Instruct 2024 12", LLAMA_70B),
        ("qwen3:30b", "Qwen3-30B-A3B-Thinking-2507", {"general.architecture": "qwen3moe"}),
        ("huihui_ai/deepseek-r1-abliterated:8b", "Model", LLAMA_8B),
    ],
)
def test_careless_names_are_no_conflict(asked: str, inside: str, info: dict[str, Any]) -> None:
    made = of(asked, asked, OLLAMA, metadata=from_ollama(show(info, name=inside)))
    assert made.conflicts == ()


def test_an_alias_of_the_owner_is_no_conflict() -> None:
    told = from_llamacpp(props(R1_8B_FILE, template=DEEPSEEK_TEMPLATE), model=LLAMA_8B_META)
    made = of("my-model", "my-model", LLAMACPP, metadata=told)
    assert made.conflicts == ()
    assert made.verdict == "claimed"
    assert made.claim.text == "R1-Distill-Llama-8B: a Llama-3.1 model taught by R1, not R1"


def test_a_shape_that_others_have_is_confirmed_with_that_said() -> None:
    info = {
        **QWEN_7B,
        "qwen2.block_count": 64,
        "qwen2.embedding_length": 5120,
        "general.parameter_count": 32_763_876_352,
    }
    made = of("deepseek-r1:32b", where=OLLAMA, metadata=from_ollama(show(info, template=DEEPSEEK_TEMPLATE)))
    assert made.verdict == "confirmed"
    assert "QwQ-32B" in made.verdict_saying.text


# --- between turns


def test_a_change_of_what_answers_is_told() -> None:
    before = card(Identity("gpt-5", served_model="gpt-5-2025-08-07", fingerprint="a"), backend=ROUTER)
    now = card(Identity("gpt-5", served_model="gpt-5-2026-01-01", fingerprint="b"), backend=ROUTER)
    assert [w.code for w in changed(before, now)] == ["models.changed.served", "models.changed.fingerprint"]
    assert changed(before, now)[0].text.endswith("gpt-5-2025-08-07 then, gpt-5-2026-01-01 now.")
    assert changed(before, before) == ()


def test_a_change_of_one_s_own_choice_is_not() -> None:
    before, now = of("gpt-5", "gpt-5"), of("gpt-4o", "gpt-4o")
    assert changed(before, now) == ()
    assert changed(of("gpt-5"), of("gpt-5", "gpt-5")) == ()


def test_a_change_of_the_file_is_told() -> None:
    cards = [
        of("qwen3:8b", where=OLLAMA, metadata=from_ollama(show(QWEN3_8B), tag={"digest": d}))
        for d in ("a", "b")
    ]
    assert [w.code for w in changed(*cards)] == ["models.changed.digest"]


# --- sentences


def test_every_field_has_a_title() -> None:
    assert list(FIELD_TITLES) == [name for name, _ in of("x").facts()]
    assert all(messages.text(code) for code in FIELD_TITLES.values())
    assert {fact.mark.text for _, fact in of("deepseek-r1", "x").facts()} >= {
        "looked up",
        "unknown",
        "reported",
    }


def test_every_saying_has_what_its_sentence_needs() -> None:
    wrong = []
    for path in sorted(Path(models.__path__[0]).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "say" and node.args:
                code = node.args[0]
                if isinstance(code, ast.Constant):
                    sentence = messages.CATALOGUE[str(code.value)]
                    wanted = {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
                    if wanted != {k.arg for k in node.keywords}:
                        wrong.append((path.name, code.value))
    assert wrong == []
