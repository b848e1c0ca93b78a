"""Finding an action by a part of its name, and doing it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.widgets.palette import parts, rank

Make = Callable[..., MainWindow]


@pytest.mark.parametrize(
    ("typed", "name", "expected"),
    [
        ("", "Run", 0),
        ("RUN", "Run", 0),
        ("ski", "Skip stage", 0),
        ("stage", "Skip stage", 1),
        ("kip s", "Skip stage", 2),
        ("sst", "Skip stage", 3),
        ("stk", "Skip stage", None),
    ],
)
def test_names_are_ranked_by_words_then_letters(typed: str, name: str, expected: int | None) -> None:
    assert rank(typed, name) == expected


def test_every_action_with_a_name_is_found(make_window: Make) -> None:
    window = make_window()
    window.actions_.palette.trigger()
    names = window._palette.names()
    assert {"Run", "Reset layout", "Dark", "Open GGUF file", "Curves", "Quit"} <= set(names)
    assert names.index("Run") < names.index("Pause"), "what cannot be done now comes last"
    window._palette.close()


def test_enter_does_what_is_chosen_and_what_is_off_stays_undone(make_window: Make, qtbot: QtBot) -> None:
    window = make_window()
    window.show_page("workbench")
    palette = window._palette
    palette.open()
    qtbot.keyClicks(palette._field, "welc")
    qtbot.keyClick(palette._field, Qt.Key.Key_Return)
    assert window.page == "welcome" and not palette.isVisible()
    palette.open()
    qtbot.keyClicks(palette._field, "skip stage")
    qtbot.keyClick(palette._field, Qt.Key.Key_Return)
    assert palette.isVisible(), "there is no stage to skip"
    palette.close()


def test_arrows_move_the_choice_and_nonsense_says_so(make_window: Make, qtbot: QtBot) -> None:
    window = make_window()
    palette = window._palette
    palette.open()
    qtbot.keyClick(palette._field, Qt.Key.Key_Down)
    assert palette._list.currentRow() == 1
    qtbot.keyClicks(palette._field, "qqqq")
    assert palette.names() == [] and palette._none.isVisible()
    palette.close()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("rou", "Branch from [rou]nd"),
        ("br fr", "[Br]anch [fr]om round"),
        ("bfr", "[B]ranch [fr]om round"),
        ("", "Branch from round"),
    ],
)
def test_what_was_typed_stands_out(typed: str, said: str) -> None:
    assert "".join(f"[{part}]" if found else part for part, found in parts(typed, "Branch from round")) == said
