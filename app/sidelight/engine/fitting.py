"""Will a model fit into this machine's memory: asks who knows the model, and what is free now. On the network's loop.

Not the arithmetic (`models.fit`), and no word of a graphics card's own memory, which nothing here can see.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from sidelight.backends.base import Backend, BackendError
from sidelight.engine.embedded import SLOTS
from sidelight.engine.terms import EMBEDDED, Fitting
from sidelight.local.memory import engine_takes, memory_available
from sidelight.local.weights import catalogue
from sidelight.models.families import resolve
from sidelight.models.fit import Fit, fits
from sidelight.models.metadata import LocalMetadata

__all__ = ["fitting"]

_CONTEXT = 16_384
"""Tokens that a foreign server's model is reckoned with, unless it was made for fewer: what Ollama is asked for."""


async def fitting(backend: Backend, model: str, slot_context: int) -> Fitting | None:
    """One model of a backend, or of the catalogue of weights; None where it does not run on this machine.

    `slot_context` is the embedded engine's, in tokens. Never raises but CancelledError.
    """
    if not backend.about.local:
        return None
    try:
        metadata = await backend.metadata(model)
    except BackendError:
        metadata = None
    if backend.about.id == EMBEDDED:
        return await asyncio.to_thread(_ours, metadata or _to_fetch(model), slot_context)
    if metadata is None or metadata.remote_host is not None:
        return None
    return await asyncio.to_thread(_theirs, metadata, model)


def _ours(metadata: LocalMetadata | None, slot_context: int) -> Fitting | None:
    """By the engine's own arithmetic, so that it does not refuse what was said to fit."""
    if metadata is None or metadata.bytes is None:
        return None
    taken = replace(metadata, bytes=engine_takes(metadata.bytes))
    fit = fits(slot_context, memory_available(), metadata=taken, slots=SLOTS, overhead=0)
    return Fitting(_bounded(fit, metadata), slot_context, SLOTS)


def _theirs(metadata: LocalMetadata, model: str) -> Fitting:
    if metadata.context is not None:
        return Fitting(None, metadata.context)
    context = min(_CONTEXT, metadata.context_trained or _CONTEXT)
    family = resolve(model).family
    fit = fits(context, memory_available(), metadata=metadata, family=family)
    return Fitting(_bounded(fit, metadata), context)


def _bounded(fit: Fit, metadata: LocalMetadata) -> Fit:
    """No larger context than the model was made for, however much memory there is."""
    if fit.largest_context is None or metadata.context_trained is None:
        return fit
    return replace(fit, largest_context=min(fit.largest_context, metadata.context_trained))


def _to_fetch(model: str) -> LocalMetadata | None:
    """What is known of weights that are not here yet."""
    weights = next((w for w in catalogue() if w.id == model), None)
    if weights is None:
        return None
    blocks, width, heads, kv_heads = (weights.shape.get(n) for n in ("blocks", "width", "heads", "kv_heads"))
    return LocalMetadata(
        "gguf", blocks=blocks, width=width, heads=heads, kv_heads=kv_heads, bytes=weights.bytes
    )
