"""Presets of the user's own, through the window."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from atu_gui.core.config import RunConfig, parse_config
from atu_gui.core.presets import load_presets, presets_folder, save_preset
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.widgets.preset_dialog import PresetDialog

Make = Callable[..., MainWindow]
MINE = parse_config(
    {
        "rounds": [{"align_steps": 30, "unlearn_steps": 4, "tau": tau} for tau in (0.4, 0.3)],
        "unlearn": {"retain_weight": 40.0},
        "guards": {"forget_goal": "off"},
        "texts": {"passages": 64},
    }
)


def _choices(window: MainWindow) -> list[str]:
    combo = window.workbench.setup.schedule._preset
    return [combo.itemText(at) for at in range(combo.count())]


def _dialog(window: MainWindow, title: str) -> PresetDialog:
    return next(one for one in window.findChildren(PresetDialog) if one.windowTitle() == title)


def _name(window: MainWindow, qtbot: QtBot, title: str, name: str) -> None:
    dialog = _dialog(window, title)
    assert dialog.isVisible()
    dialog._name.clear()
    qtbot.keyClicks(dialog._name, name)
    qtbot.keyClick(dialog._name, Qt.Key.Key_Return)


def test_a_saved_preset_brings_rounds_and_settings_back(make_window: Make, qtbot: QtBot) -> None:
    window = make_window()
    window.show_page("workbench")
    setup, combo = window.workbench.setup, window.workbench.setup.schedule._preset
    setup.show_config(MINE.model_copy(update={"seed": 3}))
    assert not window.actions_.delete_preset.isEnabled()
    window.actions_.save_preset.trigger()
    _name(window, qtbot, "Save as preset", "My way")
    assert combo.currentText() == "My way" and window.actions_.delete_preset.isEnabled()
    assert _choices(window) == ["Adaptive", "Gentle", "Thorough", "Paper", "My way", "Custom"]
    setup.show_config(RunConfig(seed=5, schedule="gentle"))
    assert not window.actions_.rename_preset.isEnabled()
    combo.setCurrentIndex(combo.findData("My way"))
    config = setup.config_without_concepts()
    assert (config.schedule, config.rounds, config.seed) == ("My way", MINE.rounds, 5)
    assert (config.unlearn.retain_weight, config.guards.forget_goal, config.texts.passages) == (40.0, None, 64)
    setup.schedule._add.click()
    assert combo.currentText() == "Custom" and not window.actions_.rename_preset.isEnabled()


def test_names_are_checked_while_they_are_typed(make_window: Make, qtbot: QtBot) -> None:
    save_preset("My way", MINE)
    window = make_window()
    window.actions_.save_preset.trigger()
    dialog = _dialog(window, "Save as preset")
    assert not dialog._done.isEnabled() and dialog._note.text() == ""
    dialog._name.setText("Gentle")
    assert not dialog._done.isEnabled() and "comes with the program" in dialog._note.text()
    dialog._name.setText("my WAY")
    assert dialog._done.isEnabled() and dialog._note.text() == "Replaces the preset of this name."
    dialog.reject()


def test_a_preset_is_renamed(make_window: Make, qtbot: QtBot) -> None:
    save_preset("My way", MINE)
    save_preset("Other", RunConfig(schedule="gentle"))
    window = make_window()
    combo = window.workbench.setup.schedule._preset
    combo.setCurrentIndex(combo.findData("My way"))
    window.actions_.rename_preset.trigger()
    dialog = _dialog(window, "Rename preset")
    dialog._name.setText("other")
    assert not dialog._done.isEnabled()
    _name(window, qtbot, "Rename preset", "Our way")
    assert combo.currentText() == "Our way"
    assert [one.name for one in load_presets().presets] == ["Other", "Our way"]
    assert window.workbench.setup.config_without_concepts().schedule == "Our way"


def test_a_deleted_preset_leaves_its_rounds_and_comes_back(make_window: Make, qtbot: QtBot) -> None:
    save_preset("My way", MINE)
    window = make_window()
    window.show_page("workbench")
    schedule, notice = window.workbench.setup.schedule, window.workbench.notice
    schedule._preset.setCurrentIndex(schedule._preset.findData("My way"))
    window.actions_.delete_preset.trigger()
    assert load_presets().presets == () and "“My way” is deleted" in notice.words
    assert schedule._preset.currentText() == "Custom" and schedule.plans == MINE.rounds
    qtbot.mouseClick(notice._offers.itemAt(0).widget(), Qt.MouseButton.LeftButton)
    assert [one.name for one in load_presets().presets] == ["My way"]
    assert schedule._preset.currentText() == "My way" and notice.isHidden()


def test_the_chosen_preset_is_chosen_again_after_a_restart(make_window: Make, qtbot: QtBot) -> None:
    save_preset("My way", MINE)
    window = make_window()
    combo = window.workbench.setup.schedule._preset
    combo.setCurrentIndex(combo.findData("My way"))
    window.close()
    # Not through the fixture, which puts rounds of its own into each window.
    again = MainWindow(window.theme)
    again.furnish()
    qtbot.addWidget(again)
    assert again.workbench.setup.schedule._preset.currentText() == "My way"
    assert again.workbench.setup.config_without_concepts().rounds == MINE.rounds
    again.bridge.close()


def test_a_damaged_preset_is_named_in_the_log(make_window: Make) -> None:
    save_preset("My way", MINE)
    (presets_folder() / "broken.toml").write_text("name = ", encoding="utf-8")
    window = make_window()
    assert "My way" in _choices(window)
    assert any(
        "warning: A preset is left out." in line and "broken.toml" in line for line in window.workbench.log.lines()
    )


def test_a_folder_that_cannot_be_written_is_said(make_window: Make, qtbot: QtBot) -> None:
    presets_folder().parent.mkdir(parents=True, exist_ok=True)
    presets_folder().write_text("a file where the folder should be", encoding="utf-8")
    window = make_window()
    window.actions_.save_preset.trigger()
    _name(window, qtbot, "Save as preset", "My way")
    assert "“My way” cannot be kept" in window.workbench.notice.words


@pytest.mark.parametrize("recipe", ["default", "paper"])
def test_choosing_a_preset_of_another_recipe_keeps_its_rounds(make_window: Make, recipe: str) -> None:
    save_preset("My way", MINE.model_copy(update={"recipe": recipe}))
    window = make_window()
    setup = window.workbench.setup
    setup.settings._forms[0][1]._fields["recipe"].editor.setCurrentText("default" if recipe == "paper" else "paper")
    setup.schedule._preset.setCurrentIndex(setup.schedule._preset.findData("My way"))
    assert setup.schedule.plans == MINE.rounds
    assert setup.config_without_concepts().recipe == recipe
