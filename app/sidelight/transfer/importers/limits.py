"""How much of a file is read, and the one exception that says why something is not taken.

The numbers are far above what people have and far below what would hurt: the largest exports known of hold some ten thousand
conversations in a few hundred megabytes.
"""

from __future__ import annotations

__all__ = [
    "DEEPEST",
    "LARGEST_ATTACHMENT",
    "LARGEST_FILE",
    "LARGEST_ITEM",
    "LONGEST_TEXT",
    "MOST_CONVERSATIONS",
    "MOST_MEMBERS",
    "MOST_MESSAGES",
    "MOST_VALUES",
    "STEEPEST",
    "Refusal",
]

LARGEST_FILE = 4_000_000_000
"""Bytes of a file, and of all that is read from an archive, unpacked."""
LARGEST_ITEM = 32_000_000
"""Bytes of one conversation as it stands in the file."""
DEEPEST = 100
"""Levels of objects and lists within each other."""
MOST_VALUES = 3_000_000
"""Texts, objects and lists in one conversation: small ones take thirty times the memory of their bytes."""
MOST_CONVERSATIONS = 200_000
MOST_MESSAGES = 20_000
"""Of one conversation."""
LONGEST_TEXT = 8_000_000
"""Characters of one message."""
LARGEST_ATTACHMENT = 32_000_000
MOST_MEMBERS = 100_000
"""Files in an archive."""
STEEPEST = 100
"""Bytes unpacked for one byte packed. Text that people write comes to ten."""


class Refusal(Exception):
    """Why a file or a conversation is not taken: `code` and `params` name the sentence, transfer.refused.<code>."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params
