from __future__ import annotations

import pytest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QSpinBox
from pytestqt.qtbot import QtBot

from atu_gui.core.config import ModelConfig, RunConfig, UnlearnConfig
from atu_gui.core.guarding import GuardConfig
from atu_gui.ui.forms import Form


def _field(form: Form, name: str) -> object:
    return form._fields[name].editor


def test_editors_suit_their_fields_and_only_changes_are_told(qtbot: QtBot) -> None:
    form = Form(RunConfig, ["recipe", "seed", "budget_seconds"])
    qtbot.addWidget(form)
    assert isinstance(_field(form, "recipe"), QComboBox)
    assert isinstance(_field(form, "seed"), QSpinBox)
    assert form.values() == {}
    _field(form, "seed").setValue(7)
    _field(form, "recipe").setCurrentText("paper")
    assert form.values() == {"seed": 7, "recipe": "paper"}
    RunConfig.model_validate(form.values())


def test_a_number_out_of_range_is_said_at_the_field(qtbot: QtBot) -> None:
    form = Form(UnlearnConfig, ["learning_rate", "train_embeddings"])
    qtbot.addWidget(form)
    line = _field(form, "learning_rate")
    assert isinstance(line, QLineEdit) and isinstance(_field(form, "train_embeddings"), QCheckBox)
    line.setText("2")
    line.editingFinished.emit()
    error = form._fields["learning_rate"].error
    assert "less than or equal to 1" in error.text() and line.property("invalid") == "true"
    line.setText("3e-5")
    line.editingFinished.emit()
    assert error.text() == "" and line.property("invalid") == "false"
    assert UnlearnConfig.model_validate(form.values()).learning_rate == pytest.approx(3e-5)


def test_an_optional_field_can_be_off(qtbot: QtBot) -> None:
    form = Form(GuardConfig, ["forget_goal", "neighbour_floor"])
    qtbot.addWidget(form)
    floor = _field(form, "neighbour_floor")
    floor.setText("off")
    assert GuardConfig.model_validate(form.values()).neighbour_floor is None
    form.show_values(GuardConfig(neighbour_floor=0.42))
    assert floor.text() == "0.42"
    assert form.values() == {"neighbour_floor": "0.42"}


def test_every_editor_has_a_name_and_help(qtbot: QtBot) -> None:
    form = Form(ModelConfig, ["device", "dtype", "allow_pickle"])
    qtbot.addWidget(form)
    for field in form._fields.values():
        assert field.editor.accessibleName() and field.editor.toolTip()
