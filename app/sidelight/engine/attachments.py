"""The contents of attachments on their way to the models: those of this run from memory, older ones from the store.

Not the prompts that name them. On the network's loop.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Mapping

from sidelight.store import attachments
from sidelight.store.database import Store

__all__ = ["Contents"]

_IN_MEMORY = 256_000_000
"""Bytes kept at most; the oldest go first, but never what was added last."""


class Contents:
    """By digest."""

    def __init__(self, store: Store | None) -> None:
        self._store = store
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def add(self, files: Mapping[str, bytes]) -> None:
        """Take contents: a temporary conversation has them nowhere else."""
        self._kept.update(files)
        while sum(map(len, self._kept.values())) > _IN_MEMORY and len(self._kept) > len(files):
            self._kept.popitem(last=False)

    async def of(self, digests: Collection[str]) -> dict[str, bytes]:
        """The contents of these. Raises StoreError where one is not to be had."""
        found = {digest: self._kept[digest] for digest in digests if digest in self._kept}
        missing = [digest for digest in digests if digest not in found]
        if missing and self._store is not None:
            found |= await asyncio.wrap_future(
                self._store.read(lambda con: attachments.contents(con, missing))
            )
        return found
