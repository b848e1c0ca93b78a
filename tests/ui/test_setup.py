from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from atu_gui.core.concepts import Concept
from atu_gui.core.config import ModelConfig, RunConfig
from atu_gui.core.errors import Fault, InputError
from atu_gui.core.schedule import preset, settle
from atu_gui.ui.setup import Setup
from atu_gui.ui.theme import Theme
from tests.ui.fake_run import LOADED, PLANNED


@pytest.fixture
def setup(theme: Theme, qtbot: QtBot) -> Setup:
    made = Setup(theme)
    qtbot.addWidget(made)
    return made


def test_a_config_comes_back_as_it_was_shown(setup: Setup, tmp_path: Path) -> None:
    config = RunConfig(
        encoder="some/encoder",
        concepts=[
            Concept(name="Leonardo da Vinci", aliases=("Leonardo", "da Vinci"), descriptions=("Italian painter",)),
            Concept(name="Confucius"),
        ],
        layers=[8, 10],
        schedule="thorough",
        rounds=preset("thorough"),
        seed=3,
    )
    config.model.source = "some/model"
    config.texts.concept = [tmp_path / "positive.json"]
    config.texts.neighbours = ["Michelangelo"]
    config.unlearn.retain_weight = 40.0
    config.guards.utility_limit = None
    setup.show_config(config)
    assert setup.config() == config


def test_what_nobody_touched_stays_unset_for_the_recipe(setup: Setup) -> None:
    setup.show_config(RunConfig(concepts=[Concept(name="X")], recipe="paper"))
    config = settle(setup.config())
    assert (config.unlearn.optimizer, config.head.kind) == ("sgd", "published")


def test_the_papers_recipe_brings_the_papers_rounds(setup: Setup) -> None:
    setup.settings._forms[0][1]._fields["recipe"].editor.setCurrentText("paper")
    assert setup.schedule.plans == preset("paper")


def test_rounds_of_ones_own_outlast_the_papers_recipe(setup: Setup) -> None:
    setup.show_config(RunConfig(recipe="paper", rounds=PLANNED.rounds, schedule="custom"))
    assert setup.schedule.plans == PLANNED.rounds


def test_faults_are_said_at_their_fields(setup: Setup) -> None:
    setup.section("concepts").set_folded(True)
    with pytest.raises(InputError) as caught:
        setup.config()
    setup.show_faults(caught.value.faults)
    assert "empty" in setup.concepts._editors[0]._error.text()
    assert not setup.section("concepts").is_folded
    assert setup.notice.isHidden()
    setup.show_faults([Fault("name", "too long")])
    assert "name: too long." in setup.notice.words
    setup.clear_faults()
    assert setup.notice.isHidden() and setup.concepts._editors[0]._error.text() == ""


def test_a_layer_the_model_does_not_have_is_refused_with_its_range(setup: Setup) -> None:
    setup.show_model(LOADED)
    setup.aim._layers.setText("34")
    assert not setup.aim.check()
    assert setup.aim._error.text() == "Layer 34 does not exist. This model has 30 layers; choose 1 to 30."
    setup.aim._layers.setText("10")
    setup.aim.clear_faults()
    assert setup.aim.check()


def test_tau_outside_its_range_is_refused_in_words(setup: Setup) -> None:
    table = setup.schedule._table
    assert not table.setData(table.index(0, 4), "1.4")
    assert setup.schedule._error.text() == (
        "τ must lie between −1 and 1, or be a quantile such as “95 %”. You typed 1.4."
    )
    assert table.setData(table.index(0, 4), "95 %")
    assert setup.schedule.plans[0].quantile == pytest.approx(0.95)
    assert table.setData(table.index(1, 3), "20")
    assert setup.schedule.plans[1].unlearn_steps == 20
    assert setup.config_without_concepts().schedule == "custom"


def test_one_tau_for_every_round(setup: Setup) -> None:
    setup.schedule.show_values(PLANNED)
    setup.schedule.set_tau(0.3)
    assert [plan.tau for plan in setup.schedule.plans] == [0.3] * 3


def test_rounds_can_be_added_and_taken_away_down_to_one(setup: Setup) -> None:
    setup.schedule.show_values(PLANNED)
    setup.schedule._add.click()
    assert len(setup.schedule.plans) == 4
    for _ in range(3):
        setup.schedule._remove.click()
    assert setup.schedule.plans == PLANNED.rounds[:1]
    assert not setup.schedule._remove.isEnabled()


def test_a_run_locks_everything_but_tau(setup: Setup) -> None:
    setup.show_config(RunConfig(concepts=[Concept(name="X")]))
    setup.show_model(LOADED)
    setup.set_locked(True)
    assert setup.concepts._editors[0].name.isReadOnly() and setup.aim._layers.isReadOnly()
    assert not setup.schedule._table.editable
    assert setup.aim._tau.isEnabled()
    setup.set_locked(False)
    assert not setup.concepts._editors[0].name.isReadOnly()


def test_narrow_windows_fold_what_is_set_once(setup: Setup) -> None:
    setup.set_narrow(True)
    assert [setup.section(key).is_folded for key in ("model", "concepts", "texts", "aim")] == [True, True, True, False]


def test_trust_ends_with_another_model_and_says_what_it_means(setup: Setup) -> None:
    config = RunConfig(concepts=[Concept(name="X")])
    config.model = ModelConfig(source="some/model", allow_pickle=True, device="cpu")
    setup.show_config(config)
    assert not setup.model._trust.isHidden() and "any program" in setup.model._trust.text()
    setup.model.show_source("some/model")
    assert setup.config().model.allow_pickle
    setup.model.show_source("other/model")
    assert setup.config().model == ModelConfig(source="other/model", device="cpu")
    assert setup.model._trust.isHidden()


def test_typing_another_model_ends_trust(setup: Setup) -> None:
    setup.model.show_values(RunConfig(model=ModelConfig(source="some/model", allow_remote_code=True)))
    setup.model._source.textEdited.emit("some/model-2")
    assert "allow_remote_code" not in setup.model.values()["model"]
