"""Training only the last blocks below the hook: the same step as with the whole pass, and only those blocks change."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from atu_gui.core.config import RunConfig
from atu_gui.core.materials import Materials
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.setting import Setting, build_setting, constant_blocks
from atu_gui.engine.unlearn import Unlearner, UnlearnStep, trained_parameters
from tests.engine.draining import drain


def _setting(config: RunConfig, lm: LanguageModel, encoder: TextEncoder, materials: Materials) -> Setting:
    return drain(build_setting(config, lm, encoder, materials))[1]


def _steps(setting: Setting, lm: LanguageModel) -> list[UnlearnStep]:
    unlearner = Unlearner(setting, trained_parameters(lm, setting.layers, setting.config.unlearn))
    return [unlearner.step(-0.9, 1e-3, 5.0) for _ in range(3)]


@pytest.fixture
def last_one(config: RunConfig) -> RunConfig:
    config.layers = [3]
    config.unlearn.blocks = 1
    return config


def test_the_cached_prefix_gives_the_same_steps(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, last_one: RunConfig
) -> None:
    setting = _setting(last_one, lm, encoder, materials)
    assert setting.constant == 2
    untouched = {name: weight.detach().clone() for name, weight in lm.model.named_parameters()}
    cached = _steps(setting, lm)
    changed = {name for name, weight in lm.model.named_parameters() if not torch.equal(weight, untouched[name])}
    assert {name.split(".")[2] for name in changed} == {"2"}
    lm.model.load_state_dict(untouched, strict=False)
    whole = _steps(replace(setting, constant=0), lm)
    for one, two in zip(cached, whole, strict=True):
        assert one.loss == pytest.approx(two.loss, abs=1e-5)
        assert one.gradient_norm == pytest.approx(two.gradient_norm, rel=1e-3)


def test_no_prefix_is_constant_where_something_below_may_change(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, last_one: RunConfig
) -> None:
    assert constant_blocks(last_one) == 2
    branched = drain(build_setting(last_one, lm, encoder, materials, branched=True))[1]
    assert branched.constant == 0
    last_one.unlearn.train_embeddings = True
    assert constant_blocks(last_one) == 0


def test_every_hook_has_its_own_last_blocks(lm: LanguageModel, last_one: RunConfig) -> None:
    names = trained_parameters(lm, [2, 4], last_one.unlearn)
    assert {name.split(".")[2] for name in names} == {"1", "3"}
