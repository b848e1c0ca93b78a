from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from atu_gui.core.tokens import TokenLine
from atu_gui.ui.panels.tokens import TokensPanel
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.token_strip import heat, ink, top_of

BEFORE = TokenLine("untouched weights", 1, 0.3, ("The", " Mona", " Lisa", "\n"), (0.1, 0.35, 0.25, -0.2))
AFTER = TokenLine("run 1, round 4", 4, 0.2, ("A", " river", "."), (0.05, 0.1, 0.21), cut=True)


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> TokensPanel:
    made = TokensPanel(theme)
    qtbot.addWidget(made)
    made.resize(900, 220)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_both_sides_are_named_and_held_against_one_tau(panel: TokensPanel) -> None:
    panel.show_lines((BEFORE, AFTER), "An answer")
    assert [fact.text().splitlines() for fact in panel._facts] == [
        ["Untouched weights", "2 of 4 above τ", "head of round 1"],
        ["Run 1, round 4", "1 of 3 above τ; the beginning only", "head of round 4"],
    ]
    assert panel._tau.text() == "underlined: above τ 0.20"
    assert panel.strips[0].accessibleName() == "Before: 4 tokens, 2 above τ 0.20"
    assert not panel.grab().isNull()


def test_colours_reach_as_far_as_the_similarities(panel: TokensPanel) -> None:
    panel.show_lines((BEFORE, AFTER), "")
    assert panel._top.text() == "0.4"
    high = replace(AFTER, similarities=(0.05, 0.6, 0.74))
    panel.show_lines((BEFORE, high), "")
    assert panel._top.text() == "0.8" and panel._scale.accessibleName().endswith("from 0 to 0.8")
    assert len({heat(panel._theme, value, top_of((BEFORE, high))) for value in high.similarities}) == 3
    assert top_of((replace(AFTER, similarities=(1.2, float("nan"), 0.0)),)) == 1.0


def test_what_a_text_is_gets_the_room_that_is_there(qtbot: QtBot, panel: TokensPanel) -> None:
    panel.resize(1300, 220)
    panel.show_lines((BEFORE, AFTER), "Answers to “Who was Leonardo da Vinci and what did he paint?”")
    qtbot.waitUntil(lambda: not panel._about.is_shortened)
    panel.resize(760, 220)
    qtbot.waitUntil(lambda: panel._about.is_shortened)
    assert panel._about.toolTip().endswith("paint?”")


def test_values_are_told_under_the_mouse_and_by_the_keys(panel: TokensPanel) -> None:
    panel.show_lines((BEFORE, AFTER), "")
    strip = panel.strips[0]
    assert strip.token_at(QPoint(2, 2)) == 0
    assert strip.token_at(QPoint(2, 40)) == -1
    assert strip.words_of(1) == "“ Mona”: 0.350, above τ 0.20"
    assert strip.words_of(3) == "“\n”: −0.200, not above τ 0.20"
    strip.setFocus()
    for _ in range(2):
        QTest.keyClick(strip, Qt.Key.Key_Right)
    assert strip.accessibleName() == "Before: “ Mona”: 0.350, above τ 0.20"
    for _ in range(9):
        QTest.keyClick(strip, Qt.Key.Key_Right)
    assert "−0.200" in strip.accessibleName()


def test_tokens_break_into_lines(panel: TokensPanel) -> None:
    many = TokenLine("w", 1, 0.2, ("word",) * 60, (0.1,) * 60)
    panel.show_lines((many, AFTER), "")
    strip = panel.strips[0]
    assert strip.heightForWidth(400) > strip.heightForWidth(3000) == 42
    assert strip.heightForWidth(strip.width()) == strip.height()


def test_a_text_is_asked_for_by_enter_or_button_and_never_empty(qtbot: QtBot, panel: TokensPanel) -> None:
    with qtbot.assertNotEmitted(panel.look_requested):
        panel._button.click()
    panel.field.setText("  The Mona Lisa ")
    with qtbot.waitSignal(panel.look_requested) as asked:
        QTest.keyClick(panel.field, Qt.Key.Key_Return)
    assert asked.args == ["The Mona Lisa"]


def test_what_went_wrong_stands_where_the_tokens_would(panel: TokensPanel) -> None:
    panel.show_failure("This run has kept no heads.")
    assert panel._note.isVisible()
    panel.show_lines((BEFORE, AFTER), "")
    assert not panel._note.isVisible()
    panel.clear()
    assert panel.strips[0].line is None


@pytest.mark.parametrize("mode", ["dark", "light"])
def test_words_can_be_read_on_every_colour(theme: Theme, mode: str) -> None:
    theme.set_mode(mode)  # type: ignore[arg-type]
    try:
        for part in range(-2, 12):
            colour = heat(theme, part / 20, 0.4)
            assert _contrast(ink(colour), colour) >= 4.5, (mode, part)
    finally:
        theme.set_mode("system")


def _contrast(one: str, other: str) -> float:
    from atu_gui.ui.widgets.token_strip import _luminance

    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)
