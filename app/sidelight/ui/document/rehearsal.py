"""All that a text may consist of, laid out and painted once where nobody sees it.

Qt makes enumerations, fonts and the pictures of letters when they are first used, which takes longer than a frame; so that
is done before the first conversation is opened.
"""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from sidelight.render.markdown import parse
from sidelight.ui.document.build import build
from sidelight.ui.theme import Palette

__all__ = ["rehearse"]

_WIDTH = 480
_LETTERS = "The quick brown fox jumps over the lazy dog, (0123456789): “AEIOU” – x"
_EVERYTHING = f"""# {_LETTERS}

{_LETTERS} **{_LETTERS}** *{_LETTERS}* `{_LETTERS}` [{_LETTERS}](https://example.org) ~~gone~~

- {_LETTERS}
  1. one

> {_LETTERS}

| a | b |
| --- | ---: |
| {_LETTERS} | 1 |

```python
{_LETTERS}
```

---
"""


def rehearse(palette: Palette, zoom: float) -> Iterator[None]:
    """Do it, a block a step."""
    import PySide6.QtSvg  # noqa: F401 - for formulas

    yield
    for role in ("trace", "answer"):
        for block in parse(_EVERYTHING):
            document = build(block, palette, zoom, _WIDTH, role)
            picture = QImage(_WIDTH, max(1, round(document.height())), QImage.Format.Format_RGB32)
            painter = QPainter(picture)
            document.paint(painter, QRectF(picture.rect()))
            painter.end()
            yield
