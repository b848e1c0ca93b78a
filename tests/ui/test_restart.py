"""What a window finds again when it is opened the next time: set-up, packs, layout; and what damage costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from atu_gui.core import paths
from atu_gui.core.config import parse_config
from atu_gui.core.events import RunStarted
from atu_gui.ui.kept_setup import load_setup, save_setup, setup_file
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.preferences import preferences_file
from atu_gui.ui.theme import Theme

_HORIZONTAL = Qt.Orientation.Horizontal
WHOLE: dict[str, Any] = {
    "model": {"source": "some/model", "dtype": "float32"},
    "encoder": "some/encoder",
    "concepts": [
        {"name": "Ada Lovelace", "aliases": ["Ada", "the Countess"], "descriptions": ["wrote the first program"]},
        {"name": "Charles Babbage"},
    ],
    "texts": {
        "concept": ["/texts/ada.jsonl"],
        "retain": ["/texts/others.txt"],
        "probes": ["/packs/ada.jsonl", "/packs/gone"],
        "neighbours": ["Grace Hopper"],
        "passages": 64,
    },
    "layers": [8, 12],
    "recipe": "paper",
    "schedule": "custom",
    "rounds": [
        {"align_steps": 9, "unlearn_steps": 3, "tau": 0.3},
        {"align_steps": 4, "unlearn_steps": 2, "quantile": 0.2},
    ],
    "unlearn": {"retain_weight": 40.0, "blocks": 4},
    "guards": {"forget_goal": "off", "action": "pause"},
    "probing": {"dev_share": 0.4},
    "seed": 7,
    "budget_seconds": 600.0,
}


@pytest.fixture
def start(theme: Theme, qtbot: QtBot) -> Iterator[Callable[..., MainWindow]]:
    """Opens a window as a start does, at a size."""
    made: list[MainWindow] = []

    def build(width: int = 1600) -> MainWindow:
        window = MainWindow(theme)
        qtbot.addWidget(window)
        made.append(window)
        window.resize(width, 1000)
        window.furnish()
        window.show_page("workbench")
        window.show()
        qtbot.waitUntil(lambda: not window.workbench._unsized, timeout=20_000)
        return window

    yield build
    for window in made:
        window.bridge.close()


def test_the_whole_setup_comes_back(start: Callable[..., MainWindow]) -> None:
    config = parse_config(WHOLE)
    window = start()
    window.workbench.setup.show_config(config)
    assert window.workbench.setup.config() == config
    window.close()
    assert start().workbench.setup.config() == config


def test_a_setup_is_kept_as_soon_as_a_run_begins_with_it(start: Callable[..., MainWindow]) -> None:
    window = start()
    config = parse_config(WHOLE)
    window.workbench.setup.show_config(config)
    assert load_setup() is None
    window.bridge._queue.append(
        RunStarted("r", "Ada", "m", "e", ("Ada Lovelace",), (8,), "default", 7, (), "", 1.7e9, 8, 8, 1, 1)
    )
    window.bridge.drain()
    assert load_setup() == config


def test_docks_come_back_as_they_were_left(start: Callable[..., MainWindow], qtbot: QtBot) -> None:
    window = start()
    bench = window.workbench

    def is_wider() -> bool:
        # Refused while the layout still moves.
        bench._field.resizeDocks([bench._docks["setup"], bench._docks["curves"]], [420, 560], _HORIZONTAL)
        return abs(bench._docks["setup"].width() - 420) < 40

    qtbot.waitUntil(is_wider, timeout=20_000)
    bench._docks["chat"].close()
    bench._docks["bottom"].setFloating(True)
    qtbot.wait(50)
    left = bench._docks["setup"].width()
    assert left > 380
    # Another page and back takes no size away.
    window.show_page("welcome")
    window.show_page("workbench")
    qtbot.wait(50)
    assert abs(bench._docks["setup"].width() - left) < 20
    window.close()
    again = start()
    docks = again.workbench._docks
    assert docks["bottom"].isFloating() and not docks["chat"].isVisible()
    qtbot.waitUntil(lambda: abs(docks["setup"].width() - left) < 20, timeout=20_000)
    again.actions_.reset_layout.trigger()
    qtbot.waitUntil(lambda: docks["chat"].isVisible() and not docks["bottom"].isFloating(), timeout=20_000)
    qtbot.waitUntil(lambda: abs(docks["setup"].width() - 320) < 4, timeout=20_000)


def test_the_arrangement_for_questions_comes_back_too(start: Callable[..., MainWindow], qtbot: QtBot) -> None:
    window = start()
    bench = window.workbench
    bench.show_view("question")
    qtbot.waitUntil(lambda: not bench._unsized, timeout=20_000)
    bench._docks["results"].setFloating(True)
    window.close()
    again = start()
    assert again.workbench.view == "run" and not again.workbench._docks["question"].isVisible()
    again.workbench.show_view("question")
    assert again.workbench._docks["results"].isFloating() and again.workbench._docks["question"].isVisible()


def test_a_layout_of_a_narrow_window_hides_no_chat_in_a_wide_one(start: Callable[..., MainWindow]) -> None:
    window = start(1280)
    assert not window.workbench._docks["chat"].isVisible()
    window.close()
    preferences = preferences_file().read_text(encoding="utf-8")
    # Opened on a larger screen: the size of the window is another.
    preferences_file().write_text(preferences.replace('"geometry": "', '"geometry": "!'), encoding="utf-8")
    assert start(1600).workbench._docks["chat"].isVisible()


@pytest.mark.parametrize(
    "content",
    ["", "{", "\x00", "[" * 100_000, '{"layout_version": 3, "geometry": "AAAA", "docks": {"run": "AAAA"}, "mode": []}'],
)
def test_damaged_settings_never_block_the_start(start: Callable[..., MainWindow], content: str) -> None:
    (paths.config_folder() / "presets").mkdir(parents=True)
    for path in (preferences_file(), setup_file(), paths.config_folder() / "presets" / "mine.toml"):
        path.write_text(content, encoding="utf-8")
    window = start()
    assert window.isVisible() and window.page == "workbench"
    window.close()
    assert start().isVisible()


def test_a_file_that_cannot_even_be_looked_for_does_not_block_the_start(start: Callable[..., MainWindow]) -> None:
    config = parse_config({"concepts": [{"name": "Ada"}], "texts": {"probes": ["x" * 5000]}})
    save_setup(config)
    assert start().workbench.setup.config().texts.probes == config.texts.probes


def test_a_settings_folder_that_is_none_blocks_nothing(start: Callable[..., MainWindow], tmp_path: Path) -> None:
    paths.config_folder().parent.mkdir(parents=True, exist_ok=True)
    paths.config_folder().write_text("a file where the folder should be", encoding="utf-8")
    window = start()
    window.close()
    assert not window.isVisible()
