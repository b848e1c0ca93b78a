"""What a step computes, by settings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from atu_gui.core.config import RunConfig
from atu_gui.core.paces import PARTS, Part
from atu_gui.core.rates import CPU
from atu_gui.core.schedule import settle
from atu_gui.core.workload import Workload, workload
from tests.ui.fake_run import LOADED


def of(config: RunConfig) -> Workload:
    found = workload(settle(config), LOADED)
    assert found is not None
    return found


def seconds(config: RunConfig, part: Part) -> float:
    """What a step takes at the usual rates of a processor."""
    return CPU.seconds(of(config).costs[part])


def test_a_step_of_the_starter_model_is_the_arithmetic_of_its_blocks() -> None:
    costs = of(RunConfig()).costs
    positions, block, head = 8 * 96, 3_540_096, 576 * 384 + 2 * 12 * 384 * 384 + 384 * 384
    attention, mixing = 4 * 96 * 576, 4 * 96 * 384 * 2
    assert costs["first align"].operations == positions * 3 * (2 * head + mixing)
    more = costs["align"].operations - costs["first align"].operations
    assert more == positions * 10 * (2 * block + attention)
    # Forward and backward through ten blocks, for concept and retain texts; the head is frozen.
    products = positions * (2 * 10 * (6 * block + 3 * attention) + 2 * (2 * head + mixing))
    assert costs["unlearn"].operations == pytest.approx(products)
    assert set(costs) == set(PARTS) and all(CPU.seconds(cost) > 0 for cost in costs.values())


def test_an_update_costs_the_same_however_small_the_batch() -> None:
    small, smaller = RunConfig(), RunConfig()
    small.windows.batch, smaller.windows.batch = 2, 1
    ratio = seconds(small, "unlearn") / seconds(smaller, "unlearn")
    assert 1.3 < ratio < 2
    small.unlearn.optimizer = "sgd"
    assert of(small).costs["unlearn"].traffic < of(smaller).costs["unlearn"].traffic


def test_what_is_constant_is_not_computed() -> None:
    usual, last, whole = RunConfig(), RunConfig(), RunConfig()
    last.unlearn.blocks = 4
    assert seconds(last, "unlearn") < 0.45 * seconds(usual, "unlearn")
    assert seconds(last, "align") < seconds(usual, "align")
    last.unlearn.train_embeddings = True
    assert of(last).costs["align"] == of(usual).costs["align"], "with the embeddings all blocks are run"
    whole.unlearn.retain_weight = 0.0
    assert seconds(whole, "unlearn") == pytest.approx(0.5 * seconds(usual, "unlearn"), rel=0.1)


def test_with_lora_the_gradients_of_the_weights_are_spared() -> None:
    usual, lora = RunConfig(), RunConfig()
    lora.unlearn.training = "lora"
    ratio = of(lora).costs["unlearn"].operations / of(usual).costs["unlearn"].operations
    assert 4 / 6 < ratio < 0.8
    assert of(lora).costs["unlearn"].traffic < of(usual).costs["unlearn"].traffic, "few weights are updated"
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
        assert seconds(changed, "unlearn") == pytest.approx(seconds(usual, "unlearn") / 2, rel=0.1)
    assert of(RunConfig(layers=[10, 20])).settings != of(RunConfig(layers=[20])).settings


def test_what_steps_cost_in_those_of_another_follows_the_settings() -> None:
    usual = of(RunConfig()).typical
    ratios = [usual[part] / usual["first align"] for part in ("align", "unlearn")]
    assert ratios == pytest.approx([3.5, 15.0], rel=0.25), "about as measured with the default settings"
    paper = of(RunConfig(recipe="paper")).typical
    assert paper["unlearn"] < 2 * paper["first align"], "a large head on all of the model's states, and no λ"


def test_without_a_count_of_blocks_nothing_is_said() -> None:
    assert workload(settle(RunConfig()), replace(LOADED, block_parameters=())) is None
