"""What a person reads, as code + parameters, through gettext; one catalogue for window, terminal and reports.

Not a place for logic: a code maps to one English sentence, a translation replaces the sentence, `text` fills it in.
A test holds that every code used exists, that every code is used, and that parameters match.
"""

from __future__ import annotations

import gettext
from pathlib import Path

__all__ = ["CATALOGUE", "plural", "text", "use_language"]


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name for "mark, translate later"
    """Mark a sentence for extraction."""
    return sentence


# One section a part of the program; keep codes sorted within a section.
CATALOGUE: dict[str, str] = {
    # --- app
    "app.name": N_("Sidelight"),
    # --- states, traces, failures (all faces)
    # --- engine and store
    # --- local engine and weights
    # --- terminal
    # --- window
}

PLURALS: dict[str, tuple[str, str]] = {}

_translation: gettext.NullTranslations = gettext.NullTranslations()


def use_language(language: str | None, folder: Path) -> None:
    """Translate from now on into `language` ("de", "zh_CN"; None follows the system). Unknown ones stay English."""
    global _translation
    languages = [language] if language else None
    _translation = gettext.translation("sidelight", folder, languages=languages, fallback=True)


def text(code: str, **parameters: object) -> str:
    """The sentence for a code, with its parameters filled in. Raises KeyError for a code that does not exist."""
    return _translation.gettext(CATALOGUE[code]).format_map(parameters)


def plural(code: str, n: int, **parameters: object) -> str:
    """The sentence for a code and a count `n`."""
    one, many = PLURALS[code]
    return _translation.ngettext(one, many, n).format_map({"n": n, **parameters})
