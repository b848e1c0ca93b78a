"""Runs on the tiny model: the stream of events, the weights it leaves, and what the user may do meanwhile."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest
import torch

from atu_gui.core import events as ev
from atu_gui.core.config import RoundPlan, RunConfig
from atu_gui.core.control import RunControl
from atu_gui.core.errors import InputError
from atu_gui.core.histogram import share_above
from atu_gui.core.materials import Materials, Passage
from atu_gui.engine.gate import Clock
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.pipeline import Run
from atu_gui.engine.snapshots import Snapshots, Start
from tests.engine.draining import drain


@pytest.fixture
def run(lm: LanguageModel, encoder: TextEncoder, materials: Materials, config: RunConfig, tmp_path: Path) -> Run:
    return _run(lm, encoder, materials, config, tmp_path)


def _run(
    lm: LanguageModel,
    encoder: TextEncoder,
    materials: Materials,
    config: RunConfig,
    folder: Path,
    control: RunControl | None = None,
) -> Run:
    return Run(config, lm, encoder, materials, control or RunControl(), run_id="r", folder=folder)


def _weights(lm: LanguageModel) -> dict[str, torch.Tensor]:
    return {name: parameter.detach().clone() for name, parameter in lm.model.named_parameters()}


def _of(kind: type, events: list[object]) -> list[object]:
    return [event for event in events if isinstance(event, kind)]


def test_a_run_tells_everything_in_order(run: Run) -> None:
    events, outcome = drain(run.events())
    assert isinstance(events[0], ev.RunStarted)
    assert isinstance(events[-1], ev.RunFinished)
    stages = [(event.stage, event.round) for event in events if isinstance(event, ev.StageStarted)]
    assert stages == [("probe", 0), *((stage, n) for n in (1, 2) for stage in ("align", "unlearn", "probe"))]
    steps = [event for event in events if isinstance(event, ev.StepDone)]
    assert [step.step for step in steps] == list(range(1, 13))
    assert all(math.isfinite(step.loss) for step in steps)
    scored = [event for event in events if isinstance(event, ev.RoundScored)]
    assert [score.round for score in scored] == [0, 1, 2]
    assert scored[0].tau is None
    assert scored[1].tau == 0.05
    chosen = [event for event in events if isinstance(event, ev.TauChosen)]
    assert chosen[1].retain_share_above == pytest.approx(0.5, abs=0.05)
    assert len(_of(ev.ItemAnswered, events)) == 9
    assert (outcome.stopped_because, outcome.best_round) == ("all rounds done", 2)
    assert run.snapshots.rounds == [0, 1, 2]


def test_similarities_are_counted_after_every_align_stage(run: Run) -> None:
    events, _ = drain(run.events())
    seen = [event for event in events if isinstance(event, ev.SimilaritySeen)]
    chosen = [event for event in events if isinstance(event, ev.TauChosen)]
    assert [event.round for event in seen] == [1, 2]
    for one, tau in zip(seen, chosen, strict=True):
        assert share_above(one.retain, tau.tau) == pytest.approx(tau.retain_share_above, abs=0.05)
        assert share_above(one.concept, 0.05) is not None


def test_a_tau_by_quantile_never_rises(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, config: RunConfig, tmp_path: Path
) -> None:
    # Nothing moves between the rounds, so that only the quantile differs.
    config.align.learning_rate = config.unlearn.learning_rate = 1e-12
    config.rounds = [RoundPlan(align_steps=2, unlearn_steps=1, quantile=quantile) for quantile in (0.2, 0.95, 0.05)]
    events, _ = drain(_run(lm, encoder, materials, config, tmp_path).events())
    first, second, third = (event for event in events if isinstance(event, ev.TauChosen))
    assert second.tau == first.tau
    assert second.reason.startswith("that of an earlier round; quantile 0.95")
    assert third.tau < first.tau


# They tell how long something took, or when it was.
_CLOCKED = ev.Progress | ev.RunStarted | ev.CheckpointWritten


def test_the_same_seed_gives_the_same_stream(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, config: RunConfig, tmp_path: Path
) -> None:
    streams = []
    for name in ("one", "two"):
        run = _run(lm, encoder, materials, config, tmp_path / name)
        events, _ = drain(run.events())
        streams.append([_timeless(event) for event in events if not isinstance(event, _CLOCKED)])
        run.snapshots.restore(0)
    assert streams[0] == streams[1]
    config.seed = 1
    other, _ = drain(_run(lm, encoder, materials, config, tmp_path / "three").events())
    assert [_timeless(event) for event in _of(ev.StepDone, other)] != [
        event for event in streams[0] if isinstance(event, ev.StepDone)
    ]


def _timeless(event: object) -> object:
    changes = {name: 0.0 for name in ("seconds",) if hasattr(event, name)}
    changes |= {"folder": ""} if hasattr(event, "folder") else {}
    return dataclasses.replace(event, **changes) if changes else event  # type: ignore[type-var]


def test_only_blocks_up_to_the_hook_change(run: Run, lm: LanguageModel) -> None:
    before = _weights(lm)
    drain(run.events())
    changed = {name for name, value in _weights(lm).items() if not torch.equal(value, before[name])}
    assert changed
    assert {name.split(".")[2] for name in changed} <= {"0", "1"}
    assert not any(parameter.requires_grad for parameter in lm.model.parameters())
    with run.snapshots.applied(0):
        assert all(torch.equal(value, before[name]) for name, value in _weights(lm).items())


def test_unlearning_lowers_similarity_to_the_concept(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, config: RunConfig, tmp_path: Path
) -> None:
    config.rounds = [config.rounds[0].model_copy(update={"align_steps": 20, "unlearn_steps": 12, "tau": -0.5})]
    config.unlearn.learning_rate = 3e-3
    config.unlearn.retain_weight = 0.0
    events, _ = drain(_run(lm, encoder, materials, config, tmp_path).events())
    seen = next(event for event in events if isinstance(event, ev.AlignScored))
    after = next(event for event in events if isinstance(event, ev.RoundScored) and event.round == 1)
    assert after.similarity_mean is not None
    assert after.similarity_mean < seen.concept_similarity_mean - 0.05


def test_the_retain_term_holds_the_states(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, config: RunConfig, tmp_path: Path
) -> None:
    drifts = []
    config.rounds = [config.rounds[0].model_copy(update={"unlearn_steps": 10, "tau": -0.5})]
    config.unlearn.learning_rate = 3e-3
    for weight in (1e-6, 100.0):
        config.unlearn.retain_weight = weight
        run = _run(lm, encoder, materials, config, tmp_path / str(weight))
        events, _ = drain(run.events())
        steps = [event for event in events if isinstance(event, ev.StepDone) and event.stage == "unlearn"]
        drifts.append(steps[-1].retain_loss or 0.0)
        run.snapshots.restore(0)
    assert drifts[1] < drifts[0] / 2


def test_a_wish_is_applied_at_a_step_and_told(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, config: RunConfig, tmp_path: Path
) -> None:
    control = RunControl()
    events: list[object] = []
    for event in _run(lm, encoder, materials, config, tmp_path, control).events():
        events.append(event)
        if isinstance(event, ev.StepDone) and event.stage == "unlearn" and event.stage_step == 1 and event.round == 1:
            control.set_tau(-0.25)
            control.set_retain_weight(0.0)
    steps = [event for event in events if isinstance(event, ev.StepDone) and event.stage == "unlearn"]
    assert [step.tau for step in steps] == [0.05, -0.25, -0.25, -0.25, -0.25, -0.25]
    assert [step.retain_weight for step in steps][1:] == [0.0] * 5
    applied = [event for event in events if isinstance(event, ev.ControlApplied)]
    assert [(event.field, event.new, event.step) for event in applied] == [
        ("tau", -0.25, steps[1].step),
        ("retain_weight", 0.0, steps[1].step),
    ]


def test_pause_skip_and_stop(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, config: RunConfig, tmp_path: Path
) -> None:
    control = RunControl()
    events: list[object] = []
    for event in _run(lm, encoder, materials, config, tmp_path, control).events():
        events.append(event)
        if isinstance(event, ev.StepDone) and event.step == 2:
            control.pause()
        if isinstance(event, ev.Progress) and event.job == "paused":
            control.skip_stage()
        if isinstance(event, ev.StepDone) and event.round == 2 and event.stage == "unlearn":
            control.stop()
    ended = {(event.stage, event.round): event.reason for event in events if isinstance(event, ev.StageEnded)}
    assert ended[("align", 1)] == "skipped"
    assert ended[("unlearn", 2)] == "stopped"
    assert len(_of(ev.RunPaused, events)) == len(_of(ev.RunResumed, events)) == 1
    finished = events[-1]
    assert isinstance(finished, ev.RunFinished)
    assert (finished.stopped_because, finished.best_round) == ("stopped by you", 1)


def test_a_spent_budget_ends_the_stage_under_way(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, config: RunConfig, tmp_path: Path
) -> None:
    before = _weights(lm)
    events, outcome = drain(
        _run(lm, encoder, materials, config.model_copy(update={"budget_seconds": 1e-9}), tmp_path).events()
    )
    ends = [event for event in events if isinstance(event, ev.StageEnded) and event.reason == "budget"]
    assert [(event.stage, event.round) for event in ends] == [("align", 1)]
    assert not _of(ev.StepDone, events)
    assert outcome.stopped_because == "budget: the time was up while the head was aligned"
    assert all(torch.equal(before[name], now) for name, now in _weights(lm).items())


def test_questions_are_asked_of_what_a_spent_budget_left(
    lm: LanguageModel,
    encoder: TextEncoder,
    materials: Materials,
    config: RunConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seconds = [0.0]
    monkeypatch.setattr(Clock, "seconds", lambda _: seconds[0])
    run = _run(lm, encoder, materials, config.model_copy(update={"budget_seconds": 3600.0}), tmp_path)
    events: list[object] = []
    for event in run.events():
        events.append(event)
        if isinstance(event, ev.TauChosen):
            seconds[0] = 3601.0
    ends = [event.reason for event in events if isinstance(event, ev.StageEnded) and event.stage == "unlearn"]
    assert ends == ["budget"]
    assert [event.round for event in events if isinstance(event, ev.RoundScored)] == [0, 1]
    assert isinstance(events[-1], ev.RunFinished)
    assert events[-1].stopped_because == "budget: the next round would exceed it"


def test_stopping_while_probes_are_asked_keeps_the_round_before(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, config: RunConfig, tmp_path: Path
) -> None:
    for stage_round, best in ((0, 0), (2, 1)):
        control = RunControl()
        run = _run(lm, encoder, materials, config, tmp_path / str(stage_round), control)
        events: list[object] = []
        for event in run.events():
            events.append(event)
            if isinstance(event, ev.StageStarted) and (event.stage, event.round) == ("probe", stage_round):
                control.stop()
        finished = events[-1]
        assert isinstance(finished, ev.RunFinished)
        assert (finished.stopped_because, finished.best_round) == ("stopped by you", best)
        assert not [e for e in events if isinstance(e, ev.RoundScored) and e.round == stage_round]
        run.snapshots.restore(0)


def test_a_loss_that_is_not_finite_leaves_the_last_good_round(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, config: RunConfig, tmp_path: Path
) -> None:
    control = RunControl()
    run = _run(lm, encoder, materials, config, tmp_path, control)
    events: list[object] = []
    for event in run.events():
        events.append(event)
        if isinstance(event, ev.RoundScored) and event.round == 1:
            good = _weights(lm)
            control.set_retain_weight(float("inf"))
    finished = events[-1]
    assert isinstance(finished, ev.RunFinished)
    assert finished.stopped_because.startswith("not finite")
    assert finished.best_round == 1
    assert all(torch.equal(value, good[name]) for name, value in _weights(lm).items())


def test_a_broken_guard_keeps_the_round_before(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, destructive: RunConfig, tmp_path: Path
) -> None:
    before = _weights(lm)
    events, outcome = drain(_run(lm, encoder, materials, destructive, tmp_path).events())
    assert outcome.stopped_because.startswith("guard: Neutral token loss rose to")
    assert outcome.best_round == 0
    assert len(_of(ev.RoundScored, events)) == 2
    assert all(torch.equal(value, before[name]) for name, value in _weights(lm).items())


def test_several_layers_and_concepts(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, config: RunConfig, tmp_path: Path
) -> None:
    config.layers = [1, 3]
    config.concepts = [*config.concepts, config.concepts[0].model_copy(update={"name": "Alan Turing"})]
    events, outcome = drain(_run(lm, encoder, materials, config, tmp_path).events())
    assert outcome.best_round == 2
    started = events[0]
    assert isinstance(started, ev.RunStarted)
    assert started.layers == (1, 3)


def test_the_paper_recipe_runs(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, config: RunConfig, tmp_path: Path
) -> None:
    paper = config.model_copy(deep=True)
    paper.recipe = "paper"
    paper.head = paper.head.model_copy(update={"kind": "published"})
    events, outcome = drain(_run(lm, encoder, materials, paper, tmp_path).events())
    assert outcome.stopped_because == "all rounds done"
    unlearn = [event for event in events if isinstance(event, ev.StepDone) and event.stage == "unlearn"]
    assert all(step.retain_loss is None for step in unlearn)


def test_bad_input_is_refused_before_anything_happens(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, config: RunConfig, tmp_path: Path
) -> None:
    config.layers = [9]
    with pytest.raises(InputError, match="Layer 9 does not exist"):
        _run(lm, encoder, materials, config, tmp_path)
    with pytest.raises(InputError, match="no texts about the concept"):
        _run(lm, encoder, Materials(), config, tmp_path)
    config.layers = [2]
    short = dataclasses.replace(materials, concept_passages=(Passage("Ada"),))
    with pytest.raises(InputError, match="too short"):
        drain(_run(lm, encoder, short, config, tmp_path).events())


def test_a_branch_goes_on_from_its_parents_round(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, config: RunConfig, tmp_path: Path
) -> None:
    untouched = _weights(lm)
    parent = _run(lm, encoder, materials, config, tmp_path / "parent")
    told, _ = drain(parent.events())
    parent.snapshots.restore(0)
    start = Start("p", 1, dict(Snapshots.open(tmp_path / "parent", lm).values(1)))
    # A layer below the parent's: what only the parent changed has to stay in the branch and in its rounds.
    config = config.model_copy(update={"layers": [1], "rounds": config.rounds[:1]})
    branch = Run(config, lm, encoder, materials, RunControl(), run_id="b", folder=tmp_path / "branch", start=start)
    begun: dict[str, torch.Tensor] = {}
    events = []
    for event in branch.events():
        events.append(event)
        if isinstance(event, ev.StageStarted) and (event.stage, event.round) == ("align", 1):
            begun = _weights(lm)
    assert all(torch.equal(begun[name], value) for name, value in start.values.items())
    (started,) = _of(ev.RunStarted, events)
    assert (started.parent_run, started.parent_round) == ("p", 1)  # type: ignore[attr-defined]
    zero = [next(event for event in run if isinstance(event, ev.RoundScored)) for run in (told, events)]
    assert zero[0].forget_logprob == zero[1].forget_logprob
    top = next(name for name in start.values if name.startswith("model.layers.1."))
    assert torch.equal(branch.snapshots.values(1)[top], start.values[top])
    branch.snapshots.restore(0)
    assert all(torch.equal(value, untouched[name]) for name, value in _weights(lm).items())
