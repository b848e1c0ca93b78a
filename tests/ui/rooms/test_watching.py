"""Looking at a run: zoom, export, the machine, the title, and the memory of what runs took."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from atu_gui.core.machine import Reading
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.session import Phase
from tests.ui.fake_workbench import FakeWorkbench
from tests.ui.run_events import whole_run


@pytest.fixture
def window(make_window: Callable[..., MainWindow]) -> MainWindow:
    """A window that shows the curves of a run."""
    made = make_window()
    made.show_page("workbench")
    for event in whole_run():
        made.workbench.plots.handle(event)
    made.workbench.plots.flush()
    return made


def test_the_curves_are_written_in_three_ways(window: MainWindow, tmp_path: Path) -> None:
    room, width = window._watching, window.workbench.plots.picture.width()
    for suffix in ("png", "svg", "csv"):
        room.export(suffix, tmp_path / f"curves.{suffix}")
        assert f"curves.{suffix}" in window.workbench.notice.words
    image = QImage(str(tmp_path / "curves.png"))
    assert image.width() == 2 * width
    drawing = (tmp_path / "curves.svg").read_text(encoding="utf-8")
    assert "<svg" in drawing and drawing.count("<path") + drawing.count("<polyline") > 10
    # A marker that is no path is the picture of all markers, squeezed.
    assert not re.search(r'<image [^>]*width="\d{1,2}"', drawing)
    steps = list(csv.DictReader((tmp_path / "curves.csv").read_text(encoding="utf-8").splitlines()))
    assert len(steps) == 30
    assert [steps[19][name] for name in ("step", "stage", "round", "tau")] == ["20", "align", "1", ""]
    assert steps[19]["align_cosine_held_out"] == "0.66"
    assert [steps[20][name] for name in ("stage", "tau", "similarity_mean")] == ["unlearn", "0.4", "0.5"]
    rounds = list(csv.DictReader((tmp_path / "curves-rounds.csv").read_text(encoding="utf-8").splitlines()))
    assert [(row["round"], row["forget_recall"], row["forget_recall_n"]) for row in rounds] == [
        ("0", "0.2", "20"),
        ("1", "0.1", "20"),
    ]
    assert rounds[0]["forget_test_recall"] == "" and "neighbour_dev_logprob_high" in rounds[0]
    assert rounds[1]["forget_logprob"] == "" and rounds[1]["rejected"] == "no"


@pytest.mark.parametrize("suffix", ["png", "svg", "csv"])
def test_a_folder_that_is_not_there_is_told(window: MainWindow, tmp_path: Path, suffix: str) -> None:
    window._watching.export(suffix, tmp_path / "nowhere" / f"curves.{suffix}")
    assert "cannot be written" in window.workbench.notice.words
    assert [path for path in tmp_path.iterdir() if not path.name.startswith("atu-")] == []


def test_without_curves_there_is_nothing_to_export(make_window: Callable[..., MainWindow]) -> None:
    window = make_window()
    window.actions_.export_csv.trigger()
    assert window.workbench.notice.words.startswith("There are no curves yet.")


def test_the_keys_zoom_and_show_all_again(window: MainWindow) -> None:
    view = window.workbench.plots.plots.similarity.frame.plot.getViewBox()
    window.actions_.zoom_in.trigger()
    low, high = view.viewRange()[0]
    assert high - low == pytest.approx(15.0) and low <= 30 <= high, "the newest step stays in view"
    window.actions_.zoom_out.trigger()
    assert view.viewRange()[0] == pytest.approx([0.0, 30.0])
    window.actions_.zoom_in.trigger()
    window.actions_.zoom_fit.trigger()
    assert view.viewRange()[0] == [0.0, 30.0]


def test_the_machine_is_looked_at_while_the_window_is_seen(window: MainWindow) -> None:
    strip = window.workbench.run_bar.strip
    window._watching._look()
    assert [reading.name for reading in strip.shown][-2:] == ["CPU", "RAM"]
    assert all(0.0 <= reading.share <= 1.0 and reading.words for reading in strip.shown)
    strip.show_readings([Reading(name, "1 %", 0.01, name) for name in ("GPU", "VRAM", "CPU", "RAM")])
    window.resize(1280, 800)
    assert [reading.name for reading in strip.shown] == ["GPU", "VRAM"]


def test_a_run_leaves_its_paces_and_the_title_says_how_long(
    make_window: Callable[..., MainWindow], qtbot: QtBot
) -> None:
    port = FakeWorkbench(pace=0.01)
    window = make_window(port)
    window.welcome._run.click()
    qtbot.waitUntil(lambda: window.page == "review", timeout=20_000)
    window.review._start.click()
    qtbot.waitUntil(lambda: window.windowTitle().startswith("Round 1 of 3 · "), timeout=20_000)
    assert " · at most " in window.windowTitle() and window.windowTitle().endswith(" left – atu-gui")
    assert window.status.left.text().startswith("run at most ")
    assert "run at most " in window.workbench.run_bar._left.text()
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE, timeout=20_000)
    assert window.windowTitle() == "atu-gui" and window.status.left.text() == ""
    known = window._pacing.recall(port.configs[-1])
    assert known.words == "from your last run"
    assert known.paces["unlearn"] == pytest.approx(0.4) and known.paces["probe"] == pytest.approx(1 / 12)
    assert window._pacing.new_progress(port.configs[-1]).paces.of("unlearn") == pytest.approx(0.4)
    port.close()


def test_the_status_bar_says_what_the_device_has_free(
    make_window: Callable[..., MainWindow], qtbot: QtBot, bench: FakeWorkbench
) -> None:
    window = make_window(bench)
    qtbot.waitUntil(lambda: window.session.loaded is not None and window.session.phase is Phase.IDLE, timeout=20_000)
    qtbot.waitUntil(lambda: window.workbench.setup.cost.fits is not None, timeout=20_000)
    window._watching._look()
    said = window.status.place.text()
    assert re.fullmatch(r"CPU · [\d.]+ [MGT]B of memory free · the run (fits|does not fit)", said), said
    assert re.fullmatch(r"Data folder: [\d.]+ [MGT]B free", window.status.disk.text())
