"""The recorded run fills every panel before a model is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton

from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.rooms import recorded

Make = Callable[..., MainWindow]


def test_it_opens_from_the_welcome_page_without_a_service(make_window: Make) -> None:
    window = make_window()
    assert window.page == "welcome" and not window.session.connected
    link = next(one for one in window.welcome.findChildren(QPushButton) if one.text() == "Look at a recorded run")
    link.click()
    assert window.page == "workbench"
    assert window.display.past is not None and window.display.past.best_round >= 1
    assert window.workbench.rounds._table.rowCount() >= 2
    past = window.workbench.past
    assert past.isVisible() and past.accessibleName().startswith("Recorded run: ")
    assert past.out.text() == "Close recorded run"
    assert any("Run ended" in line for line in window.workbench.log.past_lines())
    window.actions_.close_run.trigger()
    assert window.display.past is None


def test_empty_curves_offer_it(make_window: Make) -> None:
    window = make_window()
    window.show_page("workbench")
    (look,) = (
        one for one in window.workbench.plots.findChildren(QPushButton) if one.text() == "Look at a recorded run"
    )
    assert look.isVisible()
    look.click()
    assert window.display.past is not None and not look.isVisible()


def test_a_missing_file_is_said(make_window: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(recorded, "shipped_recording", lambda: tmp_path / "none.gz")
    window = make_window()
    window.actions_.open_recorded.trigger()
    assert window.display.past is None
    assert window.workbench.notice.isVisible()
