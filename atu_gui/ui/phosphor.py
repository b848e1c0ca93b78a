"""Phosphor icons, drawn straight from the font file that qtawesome brings.

Importing qtawesome itself costs the start a fifth of a second: it materialises every class of Qt and loads twelve
fonts. Only its Phosphor files are used here.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPainter, QPixmap

# A glyph fills 14 of 16 pixels, as in qtawesome.
_SHARE = 0.875


def draw(name: str, color: str, size: int, gap: int = 0) -> QPixmap:
    """An icon (“play-fill”) in a square of `size` device pixels, with a gap to its right.

    Raises:
        KeyError: Phosphor has no such icon.
    """
    family, characters = _font()
    # Looked up before there is a painter: one that outlives its pixmap brings the program down.
    character = characters[name]
    pixmap = QPixmap(QSize(size + gap, size))
    pixmap.fill(Qt.GlobalColor.transparent)
    font = QFont(family)
    font.setPixelSize(round(_SHARE * size))
    painter = QPainter(pixmap)
    painter.setFont(font)
    painter.setPen(QColor(color))
    painter.drawText(QRect(0, 0, size, size), Qt.AlignmentFlag.AlignCenter, character)
    painter.end()
    return pixmap


@cache
def _font() -> tuple[str, dict[str, str]]:
    """The font's family and the character of each icon; loaded by the first icon."""
    found = find_spec("qtawesome")
    if found is None or found.origin is None:
        raise ImportError("qtawesome is not installed, and with it the icons are missing.")
    folder = Path(found.origin).parent / "fonts"
    number = QFontDatabase.addApplicationFont(str(next(folder.glob("phosphor-*.ttf"))))
    names = json.loads(next(folder.glob("phosphor-charmap-*.json")).read_text(encoding="utf-8"))
    return QFontDatabase.applicationFontFamilies(number)[0], {key: chr(int(code, 16)) for key, code in names.items()}
