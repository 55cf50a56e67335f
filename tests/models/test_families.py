"""Ids to families: hand-labelled ids (E1), ids that cannot be told (E2), names that moved (E4)."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.models.labelled import LABELLED, NAMELESS, OLLAMA

from sidelight.models.families import (
    Resolved,
    by_id,
    normalise,
    registry,
    relation,
    resolve,
)

CASES = [(i, e, None) for i, e in LABELLED.items()] + [(i, e, "ollama") for i, e in OLLAMA.items()]


def wrong(model_id: str, label: str | None, provider: str | None) -> str | None:
    found = resolve(model_id, provider=provider)
    entry = found.entry.id if found.entry else None
    told = found.family is None and entry is not None
    want, undecided = (label or "").lstrip("?") or None, (label or "").startswith("?")
    if entry == want and told == undecided:
        return None
    return f"{model_id}: {entry}{' undecided' if told else ''}, not {label}"


def test_hand_labelled_ids() -> None:
    assert len(CASES) >= 150
    assert [w for case in CASES if (w := wrong(*case))] == []


def test_no_distillation_is_called_r1() -> None:
    for model_id, label, provider in CASES:
        found = resolve(model_id, provider=provider)
        if label is not None and ("distill" in label or label.startswith("?")):
            assert found.family is None or found.family.family != "deepseek-r1", model_id


@pytest.mark.parametrize("model_id", NAMELESS)
def test_an_id_that_names_no_model_is_unknown(model_id: str) -> None:
    assert resolve(model_id) == Resolved(model_id)


@pytest.mark.parametrize("provider", [None, "ollama", "llamacpp"])
def test_the_8b_tag_is_shared_by_two_models(provider: str | None) -> None:
    found = resolve("deepseek-r1:8b", provider=provider)
    assert found.family is None
    assert found.ambiguity == "shared"
    assert found.confidence == "ambiguous"
    assert {f.id for f in found.candidates} == {"deepseek-r1-distill-llama-8b", "deepseek-r1-0528-qwen3-8b"}


def test_a_bare_name_is_a_tag_on_ollama_only() -> None:
    assert resolve("deepseek-r1", provider="ollama").ambiguity == "shared"
    assert resolve("deepseek-r1", provider="openrouter").family == by_id("deepseek-r1")


# The eight stretches of the name, each by its first day and the day before the next.
REASONER = [
    ("2025-01-20", "2025-05-27", "deepseek-r1"),
    ("2025-05-28", "2025-08-20", "deepseek-r1-0528"),
    ("2025-08-21", "2025-09-21", "deepseek-v3.1"),
    ("2025-09-22", "2025-09-28", "deepseek-v3.1-terminus"),
    ("2025-09-29", "2025-11-30", "deepseek-v3.2-exp"),
    ("2025-12-01", "2026-04-23", "deepseek-v3.2"),
    ("2026-04-24", "2026-07-23", "deepseek-v4-flash"),
    ("2026-07-24", "2026-11-24", None),
]


@pytest.mark.parametrize(("first", "last", "meaning"), REASONER)
def test_deepseek_reasoner_by_date(first: str, last: str, meaning: str | None) -> None:
    for day in (first, last):
        found = resolve("deepseek-reasoner", host="api.deepseek.com", date=dt.date.fromisoformat(day))
        assert found.confidence == "documented"
        assert (found.family.id if found.family else None) == meaning
        assert (found.ambiguity == "withdrawn") == (meaning is None)


def test_an_alias_belongs_to_its_host() -> None:
    day = dt.date(2025, 6, 1)
    assert resolve("deepseek-reasoner", provider="deepseek", date=day).family == by_id("deepseek-r1-0528")
    elsewhere = resolve("deepseek/deepseek-reasoner", host="openrouter.ai", provider="openrouter", date=day)
    assert elsewhere.family is None
    assert elsewhere.ambiguity == "moving"
    assert elsewhere.candidates == ()


def test_an_alias_without_a_date_names_what_it_has_meant() -> None:
    found = resolve("deepseek-reasoner", provider="deepseek")
    assert found.ambiguity == "moving"
    assert [f.id for f in found.candidates] == [m for _, _, m in REASONER if m]
    before = resolve("deepseek-reasoner", provider="deepseek", date=dt.date(2024, 1, 1))
    assert before.ambiguity == "moving"


def test_a_month_without_a_day_begins_on_its_first() -> None:
    def meaning(day: dt.date) -> str:
        family = resolve("deepseek-v4-flash", provider="deepseek", date=day).family
        assert family is not None
        return family.id

    assert meaning(dt.date(2026, 8, 31)) == "deepseek-v4-flash-0731"
    assert meaning(dt.date(2026, 9, 1)) == "deepseek-v4.1-flash"


@pytest.mark.parametrize(
    ("asked", "served", "how"),
    [
        ("gpt-5", "gpt-5-2025-08-07", "same"),
        ("claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "same"),
        ("anthropic/claude-3.7-sonnet:thinking", "anthropic/claude-3.7-sonnet", "same"),
        ("moonshotai/kimi-k2.5", "moonshotai/kimi-k2.5-0127", "same"),
        ("claude-3-5-sonnet-latest", "claude-3-5-sonnet-20241022", "same"),
        ("gpt-5", "gpt-5-nano", "version"),
        ("gpt-5.6", "gpt-5.6-sol", "version"),
        ("gemini-3-pro-preview", "gemini-3.1-pro-preview", "version"),
        ("grok-3-mini", "grok-3-mini-high", "version"),
        ("gemini-flash-latest", "gemini-3-flash-preview", "version"),
        ("deepseek-ai/DeepSeek-R1", "deepseek-r1-0528", "version"),
        ("google/gemini-2.0-flash-exp:free", "x-ai/grok-4", "other"),
        ("deepseek-r1", "deepseek-r1-distill-llama-70b", "other"),
        ("deepseek-r1-distill-qwen-7b", "deepseek-r1-distill-llama-8b", "other"),
        ("gpt-oss-120b", "gpt-oss-20b", "other"),
        ("my-deployment", "gpt-5-mini-2025-08-07", "unknown"),
    ],
)
def test_relation(asked: str, served: str, how: str) -> None:
    assert relation(resolve(asked), resolve(served)) == how


def test_relation_on_ollama() -> None:
    asked, served = (resolve(i, provider="ollama") for i in ("deepseek-r1", "deepseek-r1:latest"))
    assert relation(asked, served) == "same"


def test_normalise() -> None:
    assert normalise("accounts/X/DeepSeek_v3p1 Chat") == "accounts/x/deepseek-v3.1-chat"


def test_the_file_holds_together() -> None:
    ids = [f.id for f in registry().families]
    assert len(ids) == len(set(ids))
    for family in registry().families:
        for other in (*family.candidates, *filter(None, [family.distilled_from])):
            assert other in ids, (family.id, other)
        assert bool(family.candidates) == (family.kind == "ambiguous"), family.id
    for alias in registry().aliases:
        assert all(p.meaning in ids for p in alias.timeline if p.meaning)
        ends = [p.to for p in alias.timeline]
        assert ends[-1] is None
        assert ends[:-1] == [p.start for p in alias.timeline[1:]]


@given(st.text(max_size=200))
def test_any_text_resolves(text: str) -> None:
    found = resolve(text, provider="ollama", date=dt.date(2026, 1, 1))
    assert (found.family is None) or found.entry is not None
    assert relation(found, found) == "same"
