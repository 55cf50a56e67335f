"""What it costs to lay out and paint answers that are made to be dear: CPU of the window's thread, block by block.

    python -m benchmarks.layout        the worst blocks of the hostile corpus; the last line is JSON

Each block is laid out twice and the cheaper one counts: what is imported and cached the first time is not the block's. CPU
is counted, not time, so that a busy machine changes little.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

if __name__ == "__main__":  # run as a file it does not find its own checkout
    sys.path[:0] = [str(Path(__file__).resolve().parents[1])]
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication
from tests.render.corpus import inputs

from sidelight.render.blocks import Block
from sidelight.render.markdown import parse
from sidelight.ui.document.build import build
from sidelight.ui.theme import LIGHT

__all__ = ["WIDTH", "Cost", "costs"]

WIDTH, HEIGHT = 600, 1200
"""Of a lane in sight, in pixels."""
_SHOWN = 10
_EACH = 300
"""Blocks of an answer that are looked at: a thousand alike tell no more."""


class Cost(NamedTuple):
    """Seconds of CPU."""

    layout: float
    paint: float
    name: str
    place: int
    kind: str


def costs() -> Iterator[Cost]:
    """Of every block of the corpus."""
    for case in inputs():
        for place, block in enumerate(parse(case.text)[:_EACH]):
            first, second = _cost(block), _cost(block)
            yield Cost(
                min(first[0], second[0]), min(first[1], second[1]), case.name, place, type(block).__name__
            )


def _cost(block: Block) -> tuple[float, float]:
    began = time.thread_time()
    document = build(block, LIGHT, 1.0, WIDTH)
    document.height()
    laid_out = time.thread_time()
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    before = time.thread_time()
    document.paint(painter, QRectF(0, 0, WIDTH, HEIGHT))
    painter.end()
    return laid_out - began, time.thread_time() - before


def main() -> int:
    """Print the worst blocks. Returns the exit code."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert app is not None
    found = sorted(costs(), reverse=True)
    for cost in found[:_SHOWN]:
        print(
            f"{1000 * cost.layout:7.1f} ms  {1000 * cost.paint:6.1f} ms  {cost.kind:<10} {cost.name}, {cost.place}"
        )
    print(
        json.dumps(
            {
                "blocks": len(found),
                "layout": found[0].layout,
                "paint": max(cost.paint for cost in found),
                "name": found[0].name,
                "all": sum(cost.layout + cost.paint for cost in found),
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
