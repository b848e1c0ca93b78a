"""Where memory runs out, a run goes on with fewer texts at once and does the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from atu_gui.core import events as ev
from atu_gui.core.config import RunConfig
from atu_gui.core.control import RunControl
from atu_gui.core.errors import ResourceError
from atu_gui.core.materials import Materials
from atu_gui.engine.corpus import Batch, Corpus
from atu_gui.engine.fitting import portions
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.pipeline import Run
from atu_gui.engine.setting import Setting, build_setting
from atu_gui.engine.unlearn import Unlearner, trained_parameters
from tests.engine.draining import drain

FULL: list[Exception] = [
    MemoryError(),
    RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory: you tried to"),
    torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
]


def test_portions_hold_every_text_once() -> None:
    assert portions([5, 6, 7], 2) == [[5, 6], [7]]
    assert portions([5, 6, 7], 0) == [[5, 6, 7]]


@pytest.mark.parametrize("pad_mean", [False, True])
@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_split_unlearn_step_has_the_loss_and_gradient_of_a_whole_one(
    config: RunConfig, lm: LanguageModel, encoder: TextEncoder, materials: Materials, rows: int, pad_mean: bool
) -> None:
    config.unlearn.pad_mean = pad_mean
    lm.model.requires_grad_(False)
    setting: Setting = drain(build_setting(config, lm, encoder, materials))[1]
    parameters = trained_parameters(lm, config.layers, config.unlearn)
    kept = {name: parameter.detach().clone() for name, parameter in parameters.items()}
    found = []
    for size in (0, rows):
        for name, parameter in parameters.items():
            parameter.data.copy_(kept[name])
        unlearner = Unlearner(setting, parameters)
        found.append([unlearner.step(-0.5, 1e-3, 10.0, size) for _ in range(3)])
    for whole, split in zip(*found, strict=True):
        assert split.loss == pytest.approx(whole.loss, rel=1e-4, abs=1e-6)
        assert split.gradient_norm == pytest.approx(whole.gradient_norm, rel=1e-3)
    whole, split = found[0][0], found[1][0]
    assert split.loss == pytest.approx(whole.loss, abs=1e-6)
    assert split.similarity_mean == pytest.approx(whole.similarity_mean, abs=1e-6)
    assert split.similarity_p95 == pytest.approx(whole.similarity_p95, abs=1e-6)


class Allocator:
    """Has room for so many texts at once wherever states with gradients are computed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, most: int, error: Exception) -> None:
        self.most = most
        self.sizes: list[int] = []
        forward = Setting.states

        def states(setting: Setting, corpus: Corpus, indices: list[int], batch: Batch) -> dict[int, torch.Tensor]:
            if torch.is_grad_enabled():
                self.sizes.append(len(indices))
                if len(indices) > self.most:
                    raise error
            return forward(setting, corpus, indices, batch)

        monkeypatch.setattr(Setting, "states", states)


def _run(
    config: RunConfig, lm: LanguageModel, encoder: TextEncoder, materials: Materials, folder: Path
) -> tuple[Run, RunControl]:
    control = RunControl()
    torch.manual_seed(0)
    return Run(config, lm, encoder, materials, control, run_id="r", folder=folder), control


@pytest.mark.parametrize("error", FULL, ids=lambda error: type(error).__name__)
def test_a_run_goes_on_with_what_fits(
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
    config: RunConfig,
    lm: LanguageModel,
    encoder: TextEncoder,
    materials: Materials,
    tmp_path: Path,
) -> None:
    config.rounds = config.rounds[:1]
    before = {name: value.clone() for name, value in lm.model.state_dict().items()}
    whole = list(_run(config, lm, encoder, materials, tmp_path / "a")[0].events())
    lm.model.load_state_dict(before)
    allocator = Allocator(monkeypatch, 1, error)
    split = list(_run(config, lm, encoder, materials, tmp_path / "b")[0].events())
    assert set(allocator.sizes) == {4, 2, 1}
    losses = [[one.loss for one in events if isinstance(one, ev.StepDone)] for events in (whole, split)]
    assert losses[1] == pytest.approx(losses[0], abs=1e-5)
    notes = [one.text for one in split if isinstance(one, ev.Note) and "memory" in one.text]
    assert notes == [
        "The memory was full: steps now compute 2 texts at once instead of 4, and add up to the same batch of 4.",
        "The memory was full: steps now compute 1 text at once instead of 2, and add up to the same batch of 4.",
    ]


def test_where_nothing_fits_the_run_pauses_and_goes_on_later(
    monkeypatch: pytest.MonkeyPatch,
    config: RunConfig,
    lm: LanguageModel,
    encoder: TextEncoder,
    materials: Materials,
    tmp_path: Path,
) -> None:
    config.rounds = config.rounds[:1]
    config.guards.action = "pause"
    allocator = Allocator(monkeypatch, 0, FULL[1])
    run, control = _run(config, lm, encoder, materials, tmp_path)
    told = []
    for event in run.events():
        told.append(event)
        if isinstance(event, ev.RunPaused):
            allocator.most = 4
            control.resume()
    (pause,) = [event for event in told if isinstance(event, ev.RunPaused)]
    assert pause.by == "a full memory"
    assert "Close other programs" in pause.because
    assert sum(isinstance(event, ev.StepDone) for event in told) == 7
    assert isinstance(told[-1], ev.RunFinished)


def test_where_nobody_can_help_it_fails_with_advice(
    monkeypatch: pytest.MonkeyPatch,
    config: RunConfig,
    lm: LanguageModel,
    encoder: TextEncoder,
    materials: Materials,
    tmp_path: Path,
) -> None:
    config.guards.action = "stop"
    Allocator(monkeypatch, 0, FULL[0])
    run, _ = _run(config, lm, encoder, materials, tmp_path)
    with pytest.raises(ResourceError, match="one text at a time"):
        drain(run.events())


def test_how_many_texts_fit_is_measured_before_the_first_unlearn_step(
    monkeypatch: pytest.MonkeyPatch,
    config: RunConfig,
    lm: LanguageModel,
    encoder: TextEncoder,
    materials: Materials,
    tmp_path: Path,
) -> None:
    before = {name: value.clone() for name, value in lm.model.state_dict().items()}
    whole = list(_run(config, lm, encoder, materials, tmp_path / "a")[0].events())
    lm.model.load_state_dict(before)
    sizes: list[tuple[int, bool]] = []
    forward = Setting.states

    class Small:
        """Has room for one text with blocks recomputed and for none without."""

        def most(self, work: Callable[[], None]) -> int:
            work()
            size, recompute = sizes[-1]
            return size * (10 if recompute else 100)

        def capacity(self) -> int:
            return 20

    def states(setting: Setting, corpus: Corpus, indices: list[int], batch: Batch) -> dict[int, torch.Tensor]:
        if torch.is_grad_enabled():
            sizes.append((len(indices), setting.recompute))
        return forward(setting, corpus, indices, batch)

    monkeypatch.setattr(Setting, "states", states)
    monkeypatch.setattr("atu_gui.engine.fitting.memory_of", lambda _device: Small())
    monkeypatch.setattr(Unlearner, "bytes_to_come", 0)
    split = list(_run(config, lm, encoder, materials, tmp_path / "b")[0].events())
    # Tried are one text and two, in both kinds of pass; then one at a time is computed, in both rounds.
    assert sizes[:8] == [(1, False), (1, False), (2, False), (2, False), (1, True), (1, True), (2, True), (2, True)]
    assert set(sizes[8:]) == {(1, True)}
    losses = [[one.loss for one in events if isinstance(one, ev.StepDone)] for events in (whole, split)]
    assert losses[1] == pytest.approx(losses[0], abs=1e-5)
    (note,) = [one.text for one in split if isinstance(one, ev.Note) and "memory" in one.text]
    words = "unlearn steps compute 1 text at once and compute blocks twice"
    assert note == f"To fit into the memory, {words}, with the same result."
