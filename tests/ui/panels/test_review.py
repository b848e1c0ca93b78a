"""What is said of the texts before a run: who wrote them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from atu_gui.core.materials import WRITTEN, Materials, Passage, Probe
from atu_gui.ui.panels.review import ReviewPanel
from atu_gui.ui.theme import Theme

_READ = Materials(
    (Passage("Ada wrote the first program.", source="ada.txt"),),
    (Passage("Grace built a compiler.", source="grace.txt"),),
    (),
    (Probe("1", "forget", "question", "Who wrote it?", "Ada", source="pack.jsonl"),),
)
_KEPT = (Passage("Alan cracked a code.", source=WRITTEN),)


@pytest.mark.parametrize(
    ("materials", "said"),
    [
        (_READ, "Read from your files, about Ada and what must stay."),
        (
            replace(_READ, retain_passages=_KEPT),
            "The model wrote the texts to keep itself; the passages and the questions come from your files, "
            "about Ada and what must stay.",
        ),
        (
            Materials(_KEPT, _KEPT, (), (replace(_READ.probes[0], source=WRITTEN),)),
            "The model wrote these itself, about Ada and what must stay.",
        ),
    ],
)
def test_it_says_who_wrote_what(qtbot: QtBot, theme: Theme, materials: Materials, said: str) -> None:
    panel = ReviewPanel(theme)
    qtbot.addWidget(panel)
    panel.show_materials(materials, "Ada")
    assert panel._about.text() == said
