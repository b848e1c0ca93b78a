from __future__ import annotations

import pytest
from PySide6.QtGui import QGuiApplication

from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.legend import Stroke


def test_pens_grow_with_the_scale_of_the_screen(theme: Theme, monkeypatch: pytest.MonkeyPatch) -> None:
    stroke = Stroke("forget")
    assert stroke.pen(theme, 1.5).widthF() == 1.5
    monkeypatch.setattr(QGuiApplication, "devicePixelRatio", lambda _app: 2.0)
    pen = stroke.pen(theme, 1.5)
    assert pen.widthF() == 3.0 and pen.isCosmetic()
    # Curves of many points stay as fast as they are.
    assert stroke.pen(theme, hairline=True).widthF() == 1.0
