from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atu_gui.core.config import RunConfig, parse_config
from atu_gui.ui.kept_setup import load_setup, save_setup, setup_file
from atu_gui.ui.main_window import MainWindow

CONFIG = parse_config(
    {
        "concepts": [{"name": "Ada Lovelace", "aliases": ["Ada"]}, {"name": "Babbage"}],
        "texts": {"probes": ["pack.jsonl"], "neighbours": ["Grace Hopper"]},
        "rounds": [{"align_steps": steps, "unlearn_steps": 3, "tau": tau} for steps, tau in ((9, 0.3), (2, 0.2))],
        "schedule": "custom",
        "seed": 7,
        "guards": {"forget_goal": "off"},
    }
)  # fmt: skip


def _damaged(change: Callable[[dict[str, Any]], None]) -> RunConfig | None:
    save_setup(CONFIG)
    data = json.loads(setup_file().read_text(encoding="utf-8"))
    change(data)
    setup_file().write_text(json.dumps(data), encoding="utf-8")
    return load_setup()


def test_a_setup_comes_back_without_what_belongs_to_one_run() -> None:
    save_setup(CONFIG.model_copy(update={"name": "once", "out": Path("somewhere")}))
    assert load_setup() == CONFIG


def test_nothing_kept_is_nothing() -> None:
    assert load_setup() is None


@pytest.mark.parametrize("content", ["", "{", "[1]", "null", "\x00", "[" * 100_000])
def test_a_file_that_is_no_setup_starts_anew(content: str, caplog: pytest.LogCaptureFixture) -> None:
    setup_file().parent.mkdir(parents=True)
    setup_file().write_text(content, encoding="utf-8")
    with caplog.at_level(logging.ERROR):
        assert load_setup() is None


def test_a_bad_field_costs_only_itself() -> None:
    kept = _damaged(lambda data: data.update(seed="many", unknown=1))
    assert kept is not None and kept.seed == 0 and kept.concepts == CONFIG.concepts
    kept = _damaged(lambda data: data["unlearn"].update(learning_rate=-1, retain_weight=3.0))
    assert kept is not None and kept.unlearn.learning_rate == RunConfig().unlearn.learning_rate
    assert kept.unlearn.retain_weight == 3.0


def test_a_bad_entry_of_a_list_costs_only_itself() -> None:
    kept = _damaged(lambda data: data["concepts"].insert(0, {"name": ["no", "name"]}))
    assert kept is not None and [one.name for one in kept.concepts] == ["Ada Lovelace", "Babbage"]
    kept = _damaged(lambda data: data["rounds"].insert(1, {"align_steps": 1, "unlearn_steps": 1}))
    assert kept is not None and kept.rounds == CONFIG.rounds


def test_the_window_comes_back_with_its_setup(make_window: Callable[..., MainWindow]) -> None:
    window = make_window()
    window.workbench.setup.show_config(CONFIG)
    window.close()
    again = make_window()
    config = again.workbench.setup.config()
    assert (config.concepts, config.texts, config.seed) == (CONFIG.concepts, CONFIG.texts, 7)


def test_a_half_typed_setup_does_not_replace_the_kept_one(make_window: Callable[..., MainWindow]) -> None:
    save_setup(CONFIG)
    window = make_window()
    window.workbench.setup.aim._layers.setText("none")
    window.close()
    assert load_setup() == CONFIG


def test_a_damaged_file_does_not_keep_the_window_from_opening(make_window: Callable[..., MainWindow]) -> None:
    setup_file().parent.mkdir(parents=True)
    setup_file().write_text('{"concepts": [{"name": 3}], "rounds": "many", "model": {"source": 4}}', encoding="utf-8")
    assert make_window().isVisible()
