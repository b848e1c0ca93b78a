"""Compiled blocks compute what blocks compute, and where compiling fails nothing else does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from atu_gui.core import events as ev
from atu_gui.core.config import RunConfig
from atu_gui.core.control import RunControl
from atu_gui.core.materials import Materials
from atu_gui.engine.adapters import adapters_for
from atu_gui.engine.compiling import CompiledBlocks, pays
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.pipeline import Run
from atu_gui.engine.setting import Setting, build_setting
from atu_gui.engine.unlearn import Unlearner, UnlearnStep, trained_parameters
from tests.engine.draining import drain

# As errors, the compiler's own warnings would make it fail.
pytestmark = pytest.mark.filterwarnings("ignore")
Make = Callable[[], tuple[Setting, Unlearner]]
Forward = Callable[..., Any]
TAU = -0.5


@pytest.fixture
def make(config: RunConfig, lm: LanguageModel, encoder: TextEncoder, materials: Materials) -> Make:
    """Unlearners that begin with the same weights."""
    lm.model.requires_grad_(False)
    config.layers = [2, 3]
    parameters = trained_parameters(lm, config.layers, config.unlearn)
    kept = {name: parameter.detach().clone() for name, parameter in parameters.items()}

    def made() -> tuple[Setting, Unlearner]:
        for name, parameter in parameters.items():
            parameter.data.copy_(kept[name])
        setting = drain(build_setting(config, lm, encoder, materials))[1]
        return setting, Unlearner(setting, parameters)

    return made


@pytest.fixture
def graphs() -> Iterator[list[int]]:
    """Grows by one with each compiled form."""
    torch._dynamo.reset()
    yield []
    torch._dynamo.reset()


def counting(graphs: list[int]) -> Any:
    """A compiler that counts what it is given and changes nothing."""

    def compile_(module: torch.fx.GraphModule, _inputs: object) -> Forward:
        graphs.append(len(list(module.graph.nodes)))
        return module.forward

    return compile_


def _steps(unlearner: Unlearner, rows: int = 0) -> list[UnlearnStep]:
    return [unlearner.step(TAU, 1e-3, 10.0, rows) for _ in range(3)]


def _broken(_forward: Forward, **_options: object) -> Forward:
    """A compiler that fails where it is needed first."""

    def fail(*_arguments: object, **_named: object) -> None:
        raise RuntimeError("no compiler")

    return fail


def _broken_backward(forward: Forward, **_options: object) -> Forward:
    """One that fails only with the gradient."""

    def fail(_gradient: torch.Tensor) -> None:
        raise RuntimeError("no compiler")

    def compiled(*arguments: Any, **named: Any) -> Any:
        states = forward(*arguments, **named)
        states.register_hook(fail)
        return states

    return compiled


def test_steps_are_those_of_plain_blocks(make: Make, graphs: list[int]) -> None:
    plain = _steps(make()[1])
    setting, unlearner = make()
    setting.compiled = CompiledBlocks(counting(graphs))
    assert _steps(unlearner) == plain
    assert not setting.compiled.failure
    assert graphs
    _steps(unlearner, 2)
    # The first block's input asks for no gradient, those of the others do; texts may be padded or not. Numbers and
    # lengths of texts need no forms of their own.
    assert len(graphs) <= 4


def test_recomputed_blocks_may_be_compiled(make: Make, graphs: list[int]) -> None:
    plain = _steps(make()[1])
    setting, unlearner = make()
    setting.compiled, setting.recompute = CompiledBlocks(counting(graphs)), True
    assert _steps(unlearner) == plain
    assert graphs and not setting.compiled.failure


def test_a_rehearsal_compiles_nothing(make: Make, graphs: list[int]) -> None:
    setting, unlearner = make()
    compiled = setting.compiled = CompiledBlocks(counting(graphs))
    unlearner.rehearse(1, False)
    assert not graphs
    assert setting.compiled is compiled


def test_adapters_are_heard(
    config: RunConfig, lm: LanguageModel, encoder: TextEncoder, materials: Materials, graphs: list[int]
) -> None:
    config.unlearn.training, config.unlearn.rank, config.unlearn.compile = "lora", 2, "on"
    lm.model.requires_grad_(False)
    setting = drain(build_setting(config, lm, encoder, materials))[1]
    assert setting.compiled is None
    setting.compiled = CompiledBlocks(counting(graphs))
    adapters = adapters_for(lm, config)
    assert adapters is not None
    with adapters.attached():
        unlearner = Unlearner(setting, trained_parameters(lm, config.layers, config.unlearn, adapters))
        assert all(step.gradient_norm > 0 for step in _steps(unlearner))
    assert not graphs


@pytest.mark.parametrize("compiler", [_broken, _broken_backward])
def test_a_step_whose_compiling_fails_is_taken_without_it(
    make: Make, monkeypatch: pytest.MonkeyPatch, compiler: Any
) -> None:
    plain = _steps(make()[1])
    monkeypatch.setattr(torch, "compile", compiler)
    setting, unlearner = make()
    setting.compiled = CompiledBlocks()
    assert _steps(unlearner) == plain
    assert setting.compiled.failure == "RuntimeError"


def test_what_fails_uncompiled_too_is_no_fault_of_compiling(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", _broken)
    setting, unlearner = make()
    setting.compiled = CompiledBlocks()
    monkeypatch.setattr("atu_gui.engine.unlearn.unlearn_loss", lambda *_: 1 / 0)
    before = unlearner.state()
    with pytest.raises(ZeroDivisionError):
        unlearner.step(TAU, 1e-3, 10.0)
    assert unlearner.state() == before


def _run(config: RunConfig, lm: LanguageModel, encoder: TextEncoder, materials: Materials, folder: Path) -> Run:
    torch.manual_seed(0)
    return Run(config, lm, encoder, materials, RunControl(), run_id="r", folder=folder)


def _notes(events: list[ev.Event]) -> list[str]:
    return [one.text for one in events if isinstance(one, ev.Note) and "compiled" in one.text]


def test_a_run_says_once_that_compiling_failed(
    config: RunConfig,
    lm: LanguageModel,
    encoder: TextEncoder,
    materials: Materials,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch, "compile", _broken)
    config.unlearn.compile = "on"
    events = list(_run(config, lm, encoder, materials, tmp_path).events())
    assert _notes(events) == [
        "The blocks could not be compiled here (RuntimeError); they are computed as they are, with the same result."
    ]
    assert isinstance(events[-1], ev.RunFinished)


class Roomy:
    """A device on which everything fits."""

    def most(self, work: Callable[[], None]) -> int:
        work()
        return 1

    def capacity(self) -> int:
        return 10**12


@pytest.mark.parametrize("won_back", [False, True])
@pytest.mark.parametrize("mode", ["auto", "off"])
def test_blocks_are_compiled_where_the_planned_steps_win_it_back(
    config: RunConfig,
    lm: LanguageModel,
    encoder: TextEncoder,
    materials: Materials,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    won_back: bool,
) -> None:
    asked: list[tuple[int, float]] = []
    compiled: list[Forward] = []

    def compile_(forward: Forward, **_options: object) -> Forward:
        compiled.append(forward)
        return forward

    def judge(steps: int, seconds: float) -> bool:
        asked.append((steps, seconds))
        return won_back

    monkeypatch.setattr(torch, "compile", compile_)
    monkeypatch.setattr("atu_gui.engine.fitting.memory_of", lambda _device: Roomy())
    monkeypatch.setattr("atu_gui.engine.fitting.pays", judge)
    config.unlearn.compile = mode  # type: ignore[assignment]
    run = _run(config, lm, encoder, materials, tmp_path)
    notes = _notes(list(run.events()))
    expected = won_back and mode == "auto"
    # Once for the whole run: three steps in each of two rounds; then one form for each block up to the hook.
    assert [steps for steps, _ in asked] == ([6] if mode == "auto" else [])
    assert all(seconds > 0 for _, seconds in asked)
    assert len(compiled) == (2 if expected else 0)
    assert notes == (["Blocks are compiled: the first unlearn steps take longer, all others less."] if expected else [])


def test_on_a_processor_they_are_not_unless_asked_for(
    config: RunConfig, lm: LanguageModel, encoder: TextEncoder, materials: Materials, monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    monkeypatch.setattr("atu_gui.engine.fitting.pays", lambda *_: True)
    monkeypatch.setattr(torch, "compile", _broken)
    assert not _notes(list(_run(config, lm, encoder, materials, tmp_path).events()))


def test_ten_steps_do_not_pay_and_ten_thousand_do() -> None:
    assert not pays(10, 0.1)
    assert pays(10_000, 0.1)
    assert not pays(10_000, 1e-4)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_real_compiler_agrees_on_a_processor(make: Make, graphs: list[int]) -> None:
    plain = _steps(make()[1])
    setting, unlearner = make()
    setting.compiled = CompiledBlocks()
    for compiled, step in zip(_steps(unlearner), plain, strict=True):
        assert compiled.loss == pytest.approx(step.loss, abs=1e-5)
        assert compiled.gradient_norm == pytest.approx(step.gradient_norm, rel=1e-3)
    assert not setting.compiled.failure
    assert not graphs
