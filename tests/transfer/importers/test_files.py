"""Files as they come: told by their content and never by their names; archives and what may be wrong with them."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.store.strategies import opened as opened_store
from tests.transfer.importers.sources import (
    LLM_FIRST,
    PNG,
    chatgpt,
    chatgpt_node,
    chatgpt_plain,
    claude,
    claude_message,
    database,
    deepseek,
    deepseek_node,
    fragments,
    lmstudio,
    lmstudio_answer,
    lmstudio_step,
    lmstudio_user,
    openwebui,
    openwebui_message,
    said,
)
from tests.transfer.made import SKY, exported, fill

from sidelight import messages
from sidelight.transfer.formats.json import checked
from sidelight.transfer.importers import container, registry
from sidelight.transfer.importers.item import Found, LeftOut
from sidelight.transfer.importers.limits import Refusal

CLAUDE = claude(
    claude_message("h1", "human", said("Why?")), claude_message("a1", "assistant", said("Light."))
)
DEEPSEEK = deepseek(deepseek_node("1", None, fragments(("REQUEST", "Why?"))))
OPENWEBUI = openwebui(openwebui_message("u1", None, "user", "Why?"))
LMSTUDIO = lmstudio(lmstudio_user("Why?"), lmstudio_answer([lmstudio_step("Light.")]))
ITEMS = {
    "chatgpt": chatgpt_plain(),
    "claude": CLAUDE,
    "deepseek": DEEPSEEK,
    "openwebui": OPENWEBUI,
    "lmstudio": LMSTUDIO,
}


def read(path: Path, scratch: Path | None = None) -> tuple[str, list[Found | LeftOut]]:
    form, file = registry.opened(path, scratch or path.parent)
    with closing(file):
        for _ in file.look_over():
            pass
        return form, list(file.conversations())


def refused(path: Path) -> Refusal:
    with pytest.raises(Refusal) as raised:
        read(path)
    return raised.value


def outcome(path: Path) -> str:
    """Why a file is refused, or that it is not."""
    try:
        read(path)
    except Refusal as refusal:
        return refusal.code
    return "read"


CODES = {"read", *(code.removeprefix("transfer.refused.") for code in messages.CATALOGUE)}


@pytest.mark.parametrize("form", ITEMS)
@pytest.mark.parametrize("shape", ["list", "object", "alone", "archive", "mark"])
def test_a_file_is_told_by_what_is_in_it(form: str, shape: str, tmp_path: Path) -> None:
    item = ITEMS[form]
    path = tmp_path / "holiday.jpg"
    match shape:
        case "list":
            path.write_text(json.dumps([item]))
        case "object":
            path.write_text(json.dumps({"user": {}, "conversations": [item], "more": 1}))
        case "alone":
            path.write_text(json.dumps(item, indent=2))
        case "mark":
            path.write_bytes(b"\xef\xbb\xbf" + json.dumps([item]).encode())
        case _:
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("user.json", "{}")
                archive.writestr("conversations.json", json.dumps([item]))
    found, items = read(path)
    assert found == form
    assert [type(x) for x in items] == [Found]


def test_our_own_files_are_told_whatever_order_they_have(tmp_path: Path) -> None:
    with opened_store(tmp_path / "one") as store:
        fill(store, SKY)
        exported(store, tmp_path / "a.json")
    value = json.loads((tmp_path / "a.json").read_bytes())
    (tmp_path / "b.json").write_text(json.dumps(value, sort_keys=True))
    (tmp_path / "c.json").write_text(json.dumps({**value, "conversations": []}))
    for name, number in (("a.json", 1), ("b.json", 1), ("c.json", 0)):
        form, items = read(tmp_path / name)
        assert (form, len(items)) == ("sidelight", number)


def test_databases_are_told_apart(tmp_path: Path) -> None:
    with opened_store(tmp_path / "one") as store:
        path = store.path
    assert read(path, tmp_path)[0] == "backup"
    assert read(database(tmp_path / "x.json", LLM_FIRST))[0] == "llm"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"[]", "no_conversations"),
        (b"{}", "no_conversations"),
        (b'[{"a":1}]', "unknown"),
        (b'{"a":1}', "unknown"),
        (b"[1,2,3]", "unknown"),
        (b"Dear diary", "not_json"),
        (b"", "broken"),
        (b"%PDF-1.7", "not_json"),
        (b"\xff\xd8\xff\xe0", "not_json"),
        (b"[{", "broken"),
    ],
)
def test_what_is_nothing_of_the_kind(content: bytes, code: str, tmp_path: Path) -> None:
    (tmp_path / "conversations.json").write_bytes(content)
    assert refused(tmp_path / "conversations.json").code == code


def test_what_is_not_there_or_no_file(tmp_path: Path) -> None:
    assert refused(tmp_path / "gone").code == "no_file"
    assert refused(tmp_path).code == "no_file"


def test_a_file_that_claims_to_be_enormous_is_not_even_read(tmp_path: Path) -> None:
    with (tmp_path / "a.json").open("wb") as file:
        file.truncate(10_000_000_000)
    assert refused(tmp_path / "a.json").code == "file_large"
    (tmp_path / "a.json").unlink()  # whatever a test leaves is searched for keys


def test_one_conversation_that_is_wrong_does_not_hold_up_the_others(tmp_path: Path) -> None:
    good = json.dumps(chatgpt_plain()).encode()
    bad = [
        b'{"title":"Bad letters \xff","mapping":{}}',
        b'{"title":"Deep","mapping":' + b"[" * 200 + b"]" * 200 + b"}",
        b'{"title":"Empty","mapping":{}}',
        b'{"title":"Strange"}',
        b"42",
        b'{"title":"Broken" "mapping":{}}',
    ]
    (tmp_path / "a.json").write_bytes(b"[" + b",".join([good, *bad, good]) + b"]")
    _, items = read(tmp_path / "a.json")
    left = [(x.name, x.code) for x in items if isinstance(x, LeftOut)]
    assert left == [
        ("2", "utf8"),
        ("3", "deep"),
        ("Empty", "empty"),
        ("Strange", "no_conversation"),
        ("6", "no_conversation"),
        ("7", "broken"),
    ]
    assert sum(isinstance(x, Found) for x in items) == 2


def test_what_is_no_json_but_meant_as_such_is_taken(tmp_path: Path) -> None:
    """NaN, as Python writes it; a number beyond all numbers; half a letter."""
    text = json.dumps(chatgpt_plain()).replace("1699999999.5", "NaN").replace("sky blue", "sky \\ud83d blue")
    (tmp_path / "a.json").write_text(f"[{text.replace('1700000100.0', '1e999')}]")
    _, (item,) = read(tmp_path / "a.json")
    assert isinstance(item, Found)
    conversation, _ = checked(item.conversation)
    assert conversation.created == 1_700_000_000.0
    assert conversation.turns[0].prompt.text == "Why is the sky \ufffd blue?"


def test_a_file_that_breaks_off_gives_what_came_before(tmp_path: Path) -> None:
    text = json.dumps([chatgpt_plain(), chatgpt_plain()])
    (tmp_path / "a.json").write_text(text[:-50])
    _, file = registry.opened(tmp_path / "a.json", tmp_path)
    with closing(file):
        coming = file.conversations()
        assert isinstance(next(coming), Found)
        with pytest.raises(Refusal, match="broken"):
            next(coming)


# --- archives


def archive(path: Path, members: dict[str, bytes | str], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return path


def test_an_archive_in_parts_comes_in_their_order_and_its_paths_lead_nowhere(tmp_path: Path) -> None:
    def numbered(number: int) -> str:
        return json.dumps([{**chatgpt_plain(), "conversation_id": str(number), "title": f"Sky {number}"}])

    members: dict[str, bytes | str] = {
        "../../conversations-010.json": numbered(10),
        "/etc/conversations-002.json": numbered(2),
        "C:\\x\\conversations-001.json": numbered(1),
        "../../../evil.sh": "rm",
        "chat.html": "<html>",
    }
    _, items = read(archive(tmp_path / "a.zip", members))
    titles = [checked(x.conversation)[0].title for x in items if isinstance(x, Found)]
    assert titles == ["Sky 1", "Sky 2", "Sky 10"]
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a.zip"]


def test_pictures_of_prompts_come_from_the_archive(tmp_path: Path) -> None:
    pointer = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-Aa"}
    item = chatgpt(
        chatgpt_node("u1", None, "user", {"content_type": "multimodal_text", "parts": [pointer, "What?"]})
    )
    path = archive(tmp_path / "a.zip", {"conversations.json": json.dumps([item]), "x/file-Aa-sky.png": PNG})
    _, file = registry.opened(path, tmp_path)
    with closing(file):
        (made,) = file.conversations()
        assert isinstance(made, Found)
        (attachment,) = checked(made.conversation)[0].turns[0].prompt.attachments
        assert file.content(attachment.digest) == PNG
        file.forget()
        assert file.content(attachment.digest) is None


def test_an_archive_that_unpacks_to_far_more_than_it_is(tmp_path: Path) -> None:
    bomb = archive(tmp_path / "a.zip", {"conversations.json": b" " * 50_000_000 + b"[]"})
    assert refused(bomb).code == "zip_bomb"


def test_an_archive_that_lies_about_its_sizes(tmp_path: Path) -> None:
    """The directory says little; the content is a bomb all the same, and what it says is not believed."""
    path = archive(tmp_path / "a.zip", {"conversations.json": b"[" + b" " * 50_000_000 + b"]"})
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 900_000)  # its size, unpacked
    path.write_bytes(data)
    assert refused(path).code in ("zip_bomb", "zip_broken")


def test_an_archive_that_claims_to_hold_an_enormous_file(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"conversations.json": json.dumps([chatgpt_plain()])})
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 0xFFFFFFF0)
    path.write_bytes(data)
    assert refused(path).code in ("zip_bomb", "file_large")


@pytest.mark.parametrize(
    ("members", "code"), [({}, "zip_foreign"), ({"photo.png": PNG}, "zip_foreign"), ({"conversations.json": b"x"}, "not_json")]
)  # fmt: skip
def test_an_archive_of_something_else(members: dict[str, bytes | str], code: str, tmp_path: Path) -> None:
    assert refused(archive(tmp_path / "a.zip", members)).code == code


def test_a_damaged_archive(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"conversations.json": json.dumps([chatgpt_plain()] * 50)})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert refused(path).code == "zip_broken"
    changed = bytearray(data)
    changed[200] ^= 0xFF
    path.write_bytes(changed)
    assert refused(path).code in ("zip_broken", "broken", "unknown", "utf8")


def test_an_archive_with_a_password(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"conversations.json": json.dumps([chatgpt_plain()])})
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert refused(path).code == "zip_locked"


def test_an_archive_of_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "MOST_MEMBERS", 5)
    path = archive(tmp_path / "a.zip", {f"{n}.txt": b"" for n in range(6)})
    assert refused(path).code == "zip_members"


# --- wrong types everywhere

JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=6)
    | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


def spots(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths to all values within a value."""
    found = [at]
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in children:
        found += spots(inner, (*at, key))
    return found


def changed(value: Any, at: tuple[Any, ...], junk: Any) -> Any:
    if not at:
        return junk
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[at[0]] = changed(value[at[0]], at[1:], junk)
    return copy


RICH: dict[str, Any] = {
    **ITEMS,
    "openwebui": openwebui(
        openwebui_message("u1", None, "user", "Why?", models=["a", "b"], files=[{"type": "image", "url": "data:,x"}]),
        openwebui_message("a1", "u1", "assistant", "x", model="a", modelIdx=0, usage={"prompt_tokens": 1}),
        openwebui_message("a2", "u1", "assistant", "x", model="b", modelIdx=1, error={"content": "e"},
                          output=[{"type": "reasoning", "summary": [{"text": "t"}]}]),
        params={"system": "s"},
    ),
    "claude": claude(
        claude_message("h1", "human", said("Why?"), attachments=[{"file_name": "a", "extracted_content": "b"}]),
        claude_message("a1", "assistant", {"type": "thinking", "thinking": "t"}, parent_message_uuid="h1"),
    ),
    "lmstudio": lmstudio(
        lmstudio_user("Why?"),
        lmstudio_answer([lmstudio_step("x", thinking=True, info={"stats": {"totalTimeSec": 1.0, "promptTokensCount": 1}})]),
        perChatPredictionConfig={"fields": [{"key": "llm.prediction.systemPrompt", "value": "s"}]},
    ),
}  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_whatever_stands_anywhere_a_conversation_is_taken_or_left_out_and_never_fails(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    value = RICH[data.draw(st.sampled_from(sorted(RICH)))]
    for _ in range(data.draw(st.integers(1, 3))):
        value = changed(value, data.draw(st.sampled_from(spots(value)[1:] or [()])), data.draw(JUNK))
        if not isinstance(value, dict):
            break
    path = tmp_path_factory.getbasetemp() / "junk.json"
    path.write_bytes(json.dumps([chatgpt_plain(), value]).encode())
    form, items = read(path)
    assert form == "chatgpt"
    assert len(items) == 2
    for item in items:
        if isinstance(item, Found):
            checked(item.conversation)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=60) | st.text('[]{}",:\\ a1', max_size=60).map(str.encode))
def test_whatever_bytes_a_file_has_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.json"
    path.write_bytes(content)
    assert outcome(path) in CODES


def small_archive() -> bytes:
    """The same bytes at any time of day."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, content in (("conversations.json", json.dumps([chatgpt_plain()])), ("file-Aa.png", PNG)):
            made.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


@pytest.mark.parametrize("value", [0, 1, 255])
def test_an_archive_whose_last_record_is_wrong_is_read_or_refused(tmp_path: Path, value: int) -> None:
    """It says where all else stands: one byte of it, and members begin before the file does."""
    sound = small_archive()
    for place in range(len(sound) - 22, len(sound)):
        content = bytearray(sound)
        content[place] = value
        (tmp_path / "bytes.zip").write_bytes(content)
        assert outcome(tmp_path / "bytes.zip") in CODES, place


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_whatever_bytes_an_archive_has_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(small_archive())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "bytes.zip"
    path.write_bytes(content)
    assert outcome(path) in CODES
