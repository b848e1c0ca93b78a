"""What a step computes, by settings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from atu_gui.core.config import RunConfig
from atu_gui.core.paces import PARTS
from atu_gui.core.schedule import settle
from atu_gui.core.workload import Workload, workload
from tests.ui.fake_run import LOADED


def of(config: RunConfig) -> Workload:
    found = workload(settle(config), LOADED)
    assert found is not None
    return found


def test_a_step_of_the_starter_model_is_the_arithmetic_of_its_blocks() -> None:
    costs = of(RunConfig()).costs
    positions, block, head = 8 * 96, 3_540_096, 576 * 384 + 2 * 12 * 384 * 384 + 384 * 384
    assert costs["first align"] == positions * 6 * head
    assert costs["align"] - costs["first align"] == positions * 2 * 10 * block
    # Twice forward and backward through ten blocks, for concept and retain texts; the head is frozen.
    assert costs["unlearn"] == positions * (2 * 6 * 10 * block + 4 * head)
    assert set(costs) == set(PARTS) and all(cost > 0 for cost in costs.values())


def test_what_is_constant_is_not_computed() -> None:
    usual, last, whole = RunConfig(), RunConfig(), RunConfig()
    last.unlearn.blocks = 4
    assert of(last).costs["unlearn"] < 0.45 * of(usual).costs["unlearn"]
    assert of(last).costs["align"] < of(usual).costs["align"]
    last.unlearn.train_embeddings = True
    assert of(last).costs["align"] == of(usual).costs["align"], "with the embeddings all blocks are run"
    whole.unlearn.retain_weight = 0.0
    assert of(whole).costs["unlearn"] == pytest.approx(0.5 * of(usual).costs["unlearn"], rel=0.05)


def test_with_lora_the_gradients_of_the_weights_are_spared() -> None:
    usual, lora = RunConfig(), RunConfig()
    lora.unlearn.training = "lora"
    assert 4 / 6 < of(lora).costs["unlearn"] / of(usual).costs["unlearn"] < 0.8
    assert of(lora).costs["align"] == of(usual).costs["align"]
    lora.unlearn.rank = 16
    assert of(lora).settings != of(usual).settings


def test_settings_that_change_no_step_are_the_same_work() -> None:
    usual, other = RunConfig(), RunConfig(seed=3, layers=[10], name="another")
    other.unlearn.learning_rate, other.texts.passages = 1e-5, 64
    assert of(usual) == of(other)
    for field, value in (("batch", 4), ("max_tokens", 48)):
        changed = RunConfig()
        setattr(changed.windows, field, value)
        assert of(changed).settings != of(usual).settings
        assert of(changed).costs["unlearn"] == of(usual).costs["unlearn"] / 2
    assert of(RunConfig(layers=[10, 20])).settings != of(RunConfig(layers=[20])).settings


def test_what_steps_cost_in_those_of_another_follows_the_settings() -> None:
    usual = of(RunConfig()).typical
    ratios = [usual[part] / usual["first align"] for part in ("align", "unlearn")]
    assert ratios == pytest.approx([3.5, 15.0], rel=0.02), "as measured with the default settings"
    paper = of(RunConfig(recipe="paper")).typical
    assert paper["unlearn"] < 2 * paper["first align"], "a large head on all of the model's states, and no λ"


def test_without_a_count_of_blocks_nothing_is_said() -> None:
    assert workload(settle(RunConfig()), replace(LOADED, block_parameters=())) is None
