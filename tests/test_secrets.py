"""A secret is shown nowhere by accident, and no encoding of it survives the redactor."""

from __future__ import annotations

import base64
import copy
import html
import json
import logging
import pickle
import string
import traceback
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sidelight.secrets import MASK, InvalidSecret, Redactor, Secret

KEY = "sk-canary/+=7f3a9b&5c"
keys = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=60)


def test_every_way_of_printing_gives_the_mask() -> None:
    secret = Secret(KEY)
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>9}",
        str([secret]),
        str({"k": secret}),
    ]
    assert not any("canary" in x for x in shown)
    assert shown[0] == MASK


def test_the_text_comes_out_by_name_only() -> None:
    assert Secret(f" {KEY}\n").reveal() == KEY


def test_no_traceback_shows_it() -> None:
    with pytest.raises(RuntimeError) as caught:
        raise RuntimeError(f"with {Secret(KEY)}")
    assert "canary" not in "".join(traceback.format_exception(caught.value))


def test_no_log_record_shows_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        logging.getLogger("sidelight").info("key %s %r", Secret(KEY), Secret(KEY))
    assert "canary" not in caplog.text


def test_it_is_neither_pickled_nor_serialised() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret(KEY))
    with pytest.raises(TypeError):
        json.dumps(Secret(KEY))
    with pytest.raises(TypeError):
        copy.deepcopy(Secret(KEY))


def test_equality_is_by_text() -> None:
    assert Secret(KEY) == Secret(KEY)
    assert Secret(KEY) != Secret(KEY + "x")
    assert Secret(KEY) != KEY
    assert len({Secret(KEY), Secret(KEY)}) == 1


@pytest.mark.parametrize("text", ["", " \n", "a b", "a\nb", "sk-ä", "sk-\x00", "sk-\u2028x", "sk\x7f"])
def test_what_cannot_be_sent_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(InvalidSecret) as caught:
        Secret(text)
    if text.strip():
        assert text.strip() not in str(caught.value)


ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "URL": lambda key: quote(key, safe=""),
    "form": quote_plus,
    "URL, slashes kept": quote,
    "URL, in lower case": lambda key: quote(key, safe="").lower(),
    "URL, twice": lambda key: quote(quote(key, safe=""), safe=""),
    "JSON": lambda key: json.dumps(key)[1:-1],
    "JSON in JSON": lambda key: json.dumps(json.dumps(key)[1:-1])[1:-1],
    "JSON, slashes escaped": lambda key: json.dumps(key)[1:-1].replace("/", "\\/"),
    "JSON, all but letters and digits escaped": lambda key: "".join(
        c if c.isalnum() else f"\\u{ord(c):04X}" for c in key
    ),
    "HTML": html.escape,
    "HTML, by numbers": lambda key: "".join(c if c.isalnum() else f"&#{ord(c)};" for c in key),
    "representation": lambda key: repr(key)[1:-1],
    "lower case": str.lower,
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 unpadded": lambda key: base64.b64encode(key.encode()).decode().rstrip("="),
    "base64 for URLs": lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
    "base64 in a URL": lambda key: quote(base64.b64encode(key.encode()).decode(), safe=""),
    "hexadecimal": lambda key: key.encode().hex(),
    "HEXADECIMAL": lambda key: key.encode().hex().upper(),
}


@pytest.mark.parametrize("name", ENCODINGS)
@given(key=keys, before=st.text(string.ascii_letters + " ", max_size=8), after=st.text(max_size=8))
def test_no_encoding_survives(name: str, key: str, before: str, after: str) -> None:
    hidden = ENCODINGS[name](key)
    assume(hidden not in before and hidden not in after)
    shown = Redactor([Secret(key)])(f"{before}{hidden}{after}")
    assert hidden not in shown.replace(MASK, "")


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_key_that_is_cut_off_by_a_cap_is_masked(name: str) -> None:
    hidden = ENCODINGS[name](KEY)
    redact = Redactor([Secret(KEY)])
    for end in range(1, len(hidden)):
        left = redact(f"the key {hidden[:end]}").removeprefix("the key ").removesuffix(MASK)
        assert len(left) <= len(ENCODINGS[name](KEY[:11])), "the prefix that all keys of a provider share"


@given(key=keys, user=st.text(string.ascii_letters, max_size=5))
def test_a_key_in_basic_authentication_is_masked(key: str, user: str) -> None:
    hidden = base64.b64encode(f"{user}:{key}:".encode()).decode()
    shown = Redactor([Secret(key)])(f"Basic {hidden}")
    left = shown.removeprefix("Basic ").replace(MASK, "")
    assert len(left) <= len(hidden) - (len(key) * 8 // 6 - 2)


def test_a_key_inside_a_header_is_masked() -> None:
    redact = Redactor([Secret(KEY)])
    assert redact(f"Authorization: Bearer {KEY}") == f"Authorization: Bearer {MASK}"


@pytest.mark.parametrize(
    "text",
    [
        "sk-proj-AbCdEfGhIjKlMnOpQrStUv",
        "AIzaSyA1234567890abcdefghijk",
        "gsk_1234567890abcdefGHIJ",
        "hf_abcdefghijklmnopqrst",
        "Bearer abc.def-ghi_jkl",
    ],
)
def test_what_looks_like_a_key_is_masked_unknown(text: str) -> None:
    assert text not in Redactor()(f"the server says {text}, sorry")


def test_ordinary_words_stay() -> None:
    text = (
        "Rate limit reached for deepseek-reasoner; skip it. The bearer of bad news. task-management-software, "
        "skywork-o1-open-llama-3.1-8b and hfl-chinese-alpaca-2-13b are models"
    )
    assert Redactor([Secret(KEY)])(text) == text


def test_very_short_keys_do_not_shred_the_text() -> None:
    assert Redactor([Secret("a")])("banana") == "banana"
