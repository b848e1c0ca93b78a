"""A run that is cut off anywhere and resumed does what it would have done, bit for bit."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from atu_gui.core import events as ev
from atu_gui.core.config import ModelConfig, RunConfig
from atu_gui.core.control import RunControl
from atu_gui.core.errors import InputError, OutputError, Suspended
from atu_gui.core.guarding import GuardConfig
from atu_gui.core.materials import Materials, Probe
from atu_gui.core.sameness import said
from atu_gui.engine import checkpoints as writing
from atu_gui.engine.checkpoints import open_checkpoint
from atu_gui.engine.hashing import weights_hash
from atu_gui.engine.loading import load_language_model
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.pipeline import Run
from atu_gui.engine.snapshots import Start
from tests.engine.draining import drain

Act = Callable[[object, RunControl], None]
EVERY_STEP = 1e-9


class Lab:
    """Runs on freshly loaded models, which may be cut off and resumed."""

    def __init__(self, model: Path, encoder: TextEncoder, materials: Materials, config: RunConfig, folder: Path):
        self.model, self.encoder, self.materials, self.config = model, encoder, materials, config
        self.folder = folder
        self.record: list[ev.Event] = []
        self.act: Act = lambda event, control: None
        self.start: Start | None = None

    def go(self, *, until: Callable[[ev.Event], bool] = lambda event: False, resumed: bool = False) -> LanguageModel:
        """Begin, or resume what was cut off; cut off at an event. The record is kept as the recorder would keep it."""
        lm: LanguageModel = drain(load_language_model(ModelConfig(source=str(self.model), device="cpu")))[1]
        if not resumed:
            # Dropout takes from torch's own generator, which a new process has at its beginning.
            torch.manual_seed(0)
        checkpoint = open_checkpoint(self.folder, len(self.record)) if resumed else None
        if checkpoint is not None:
            del self.record[checkpoint.state.recorded :]
        control = RunControl()
        run = Run(
            self.config, lm, self.encoder, self.materials, control, run_id="r", folder=self.folder,
            start=None if resumed else self.start, checkpoint=checkpoint, recorded=len(self.record),
        )  # fmt: skip
        if control.read().paused:
            control.resume()
        work = run.events()
        for event in work:
            if ev.is_recorded(event):
                self.record.append(event)
            if until(event):
                work.close()
                break
            self.act(event, control)
        return lm

    def cut_everywhere(self) -> None:
        """Cut a run off and resume it time and again; then compare with one that was left alone."""
        whole = weights_hash(self.go().model)
        events = said(self.record)
        shutil.rmtree(self.folder)
        self.record, counted = [], 0

        def later(_event: ev.Event) -> bool:
            nonlocal counted
            counted += 1
            return counted >= limit

        limit, cuts = 12, 0
        lm = self.go(until=later)
        while not any(isinstance(event, ev.RunFinished) for event in self.record):
            # Each resumption gets further than the last: a stage is never longer than what is let through.
            counted, limit, cuts = 0, 40 + cuts, cuts + 1
            lm = self.go(until=later, resumed=True)
        assert cuts > 2
        assert said(self.record) == events
        assert weights_hash(lm.model) == whole


@pytest.fixture
def lab(tiny_model: Path, encoder: TextEncoder, materials: Materials, config: RunConfig, tmp_path: Path) -> Lab:
    """Two questions and no free answers: what takes the time is no part of what is tested."""
    config.checkpoint_minutes = EVERY_STEP
    few = dataclasses.replace(materials, probes=materials.probes[1:], fluency_prompts=())
    return Lab(tiny_model, encoder, few, config, tmp_path / "run")


@pytest.fixture(scope="module")
def uncut() -> dict[str, tuple[str, list[str]]]:
    """What the run of the next test does when nobody cuts it off; done once."""
    return {}


def _after(kind: type, **values: object) -> Callable[[ev.Event], bool]:
    return lambda event: isinstance(event, kind) and all(getattr(event, k) == v for k, v in values.items())


PLACES = {
    "questions of the untouched model": _after(ev.ItemAnswered, round=0),
    "the first align step": _after(ev.StepDone, step=1),
    "within align": _after(ev.StepDone, step=3),
    "the end of align": _after(ev.StageEnded, stage="align", round=1),
    "the choice of tau": _after(ev.TauChosen, round=1),
    "within unlearn": _after(ev.StepDone, step=6),
    "the end of unlearn": _after(ev.StageEnded, stage="unlearn", round=1),
    "questions of a round": _after(ev.ItemAnswered, round=1),
    "a scored round": _after(ev.RoundScored, round=1),
    "align of a later round": _after(ev.StepDone, step=9),
    "unlearn of a later round": _after(ev.StepDone, step=11),
    "the costly scores": _after(ev.ItemSampled, round=2),
}


@pytest.mark.parametrize(
    ("place", "minutes"),
    [*((place, 0.0) for place in PLACES), ("within align", EVERY_STEP), ("within unlearn", EVERY_STEP)],
)
def test_a_run_cut_off_and_resumed_does_the_same(
    lab: Lab, uncut: dict[str, tuple[str, list[str]]], place: str, minutes: float
) -> None:
    lab.config.checkpoint_minutes = minutes
    lab.config.probing.samples = 1
    if not uncut:
        uncut["run"] = weights_hash(lab.go().model), said(lab.record)
        shutil.rmtree(lab.folder)
        lab.record = []
    whole, events = uncut["run"]
    lab.go(until=PLACES[place])
    assert not any(isinstance(event, ev.RunFinished) for event in lab.record)
    resumed = lab.go(resumed=True)
    assert said(lab.record) == events
    assert sum(isinstance(event, ev.RunContinued) for event in lab.record) == 1
    assert weights_hash(resumed.model) == whole


def test_a_run_cut_off_again_and_again_does_the_same(lab: Lab) -> None:
    lab.cut_everywhere()


def test_adapters_go_on_as_weights_do(lab: Lab) -> None:
    lab.config.unlearn.training = "lora"
    lab.cut_everywhere()
    rounds = [event for event in lab.record if isinstance(event, ev.RoundScored)]
    assert len({one.weights_hash for one in rounds}) == len(rounds), "each round changed them"


def test_wishes_survive(lab: Lab) -> None:
    lab.config.guards.action = "pause"

    def act(event: object, control: RunControl) -> None:
        match event:
            case ev.StepDone(step=1):
                control.set_stage_steps("align", 1, 3)
                control.set_unlearn_steps(4)
                control.pause_after(1)
            case ev.StepDone(step=4):
                control.set_tau(0.01)
                control.set_unlearn_learning_rate(1e-3)
                control.set_retain_weight(3.0)
            case ev.StepDone(step=6):
                control.skip_stage()
            case ev.RunPaused():
                control.set_guards(GuardConfig(forget_goal=None, active_share=0.999, action="pause"))
                control.resume()

    lab.act = act
    lab.cut_everywhere()
    assert sum(isinstance(event, ev.RunPaused) for event in lab.record) > 1
    assert any(isinstance(event, ev.GuardTripped) for event in lab.record)


@pytest.mark.parametrize("by", ["you", "the active share", "the utility limit"])
def test_a_run_that_was_paused_goes_on(lab: Lab, request: pytest.FixtureRequest, by: str) -> None:
    if by == "the utility limit":
        lab.config = request.getfixturevalue("destructive")
    elif by == "the active share":
        lab.config.guards.active_share = 0.01
        lab.config.rounds[0].tau = 0.99
    lab.config.guards.action = "pause"

    def act(event: object, control: RunControl) -> None:
        if by == "you" and isinstance(event, ev.StepDone) and event.step == 2:
            control.pause()
        if isinstance(event, ev.RunPaused):
            control.resume()

    lab.act = act
    whole = weights_hash(lab.go().model)
    events = said(lab.record)
    shutil.rmtree(lab.folder)
    lab.record = []
    lab.act = lambda event, control: act(event, control) if not isinstance(event, ev.RunPaused) else None
    lab.go(until=_after(ev.Progress, job="paused"))
    assert isinstance(lab.record[-1], ev.RunPaused)
    assert lab.record[-1].by == by
    lab.act = act
    resumed = lab.go(resumed=True)
    assert said(lab.record) == events
    assert weights_hash(resumed.model) == whole


def test_the_published_head_with_its_dropout_and_several_layers(lab: Lab) -> None:
    lab.config.recipe = "paper"
    lab.config.head = lab.config.head.model_copy(update={"kind": "published"})
    lab.config.layers = [1, 2]
    lab.cut_everywhere()


def test_a_branch_needs_its_parent_no_more(lab: Lab) -> None:
    lm = lab.go()
    blocks = {name: value.detach().clone() for name, value in lm.model.named_parameters() if "layers.0." in name}
    shutil.rmtree(lab.folder)
    lab.record, lab.start = [], Start("parent", 2, blocks)
    lab.config.unlearn.blocks = 1
    lab.cut_everywhere()
    assert lab.record[0].parent_run == "parent"  # type: ignore[union-attr]


def test_leaving_a_run_keeps_it(lab: Lab) -> None:
    lab.config.checkpoint_minutes = 0.0
    whole = weights_hash(lab.go().model)
    events = said(lab.record)
    shutil.rmtree(lab.folder)
    lab.record = []
    lab.act = lambda event, control: control.suspend() if isinstance(event, ev.StepDone) and event.step == 6 else None
    with pytest.raises(Suspended):
        lab.go()
    assert isinstance(lab.record[-1], ev.StepDone)
    assert lab.record[-1].step == 6
    assert open_checkpoint(lab.folder, len(lab.record)).state.place.step == 6
    lab.act = lambda event, control: control.suspend() if isinstance(event, ev.ItemAnswered) else None
    with pytest.raises(Suspended):
        lab.go(resumed=True)
    lab.act = lambda event, control: None
    resumed = lab.go(resumed=True)
    assert said(lab.record) == events
    assert weights_hash(resumed.model) == whole


def test_a_torn_checkpoint_is_passed_over(lab: Lab) -> None:
    whole = weights_hash(lab.go().model)
    events = said(lab.record)
    shutil.rmtree(lab.folder)
    lab.record = []
    lab.go(until=_after(ev.StepDone, step=7))
    newest = open_checkpoint(lab.folder, len(lab.record)).folder
    torn = newest / "model.safetensors"
    content = bytearray(torn.read_bytes())
    content[-1] ^= 1
    torn.unlink()
    torn.write_bytes(content)
    older = open_checkpoint(lab.folder, len(lab.record))
    assert int(older.folder.name) == int(newest.name) - 1
    resumed = lab.go(resumed=True)
    assert said(lab.record) == events
    assert weights_hash(resumed.model) == whole


def test_the_last_two_are_kept_and_rounds_too(lab: Lab) -> None:
    lab.go(until=_after(ev.StepDone, round=2, stage="unlearn"))
    kept = sorted(path.name for path in (lab.folder / "checkpoints").iterdir())
    assert len(kept) == 2
    assert int(kept[1]) > 5
    assert (lab.folder / "rounds" / "round-1.safetensors").exists()


def test_what_has_not_changed_is_not_written_again(lab: Lab) -> None:
    written: list[ev.CheckpointWritten] = []
    lab.act = lambda event, control: written.append(event) if isinstance(event, ev.CheckpointWritten) else None
    lab.go(until=_after(ev.StageEnded, stage="unlearn"))
    newest = open_checkpoint(lab.folder, len(lab.record)).folder
    assert (newest / "heads.safetensors").stat().st_nlink == 2
    assert (newest / "model.safetensors").stat().st_nlink == 1


def test_a_full_disk_leaves_the_old_checkpoint_and_pauses(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.config.guards.action = "pause"
    full = False
    save = writing.save_file

    def save_file(*given: object, **named: object) -> None:
        if full:
            raise OSError(28, "No space left on device")
        save(*given, **named)

    monkeypatch.setattr(writing, "save_file", save_file)

    def act(event: object, control: RunControl) -> None:
        nonlocal full
        if isinstance(event, ev.StepDone) and event.step in (3, 4):
            full = event.step == 3
        if isinstance(event, ev.RunPaused):
            full = False
            assert "No space left on device" in event.because
            control.resume()

    lab.act = act
    lab.go(until=_after(ev.StepDone, step=4))
    assert any(isinstance(event, ev.RunPaused) for event in lab.record)
    assert not list((lab.folder / "checkpoints").glob("*.part"))


def test_a_full_disk_ends_a_run_that_nobody_watches(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def sync(_path: Path) -> None:
        raise OSError(28, "No space left on device")

    def act(event: object, _control: RunControl) -> None:
        if isinstance(event, ev.StepDone) and event.step == 3:
            monkeypatch.setattr(writing, "sync", sync)

    lab.act = act
    with pytest.raises(OutputError, match="The one before it stays"):
        lab.go()
    assert open_checkpoint(lab.folder, len(lab.record)).state.place.step < 3


def test_another_model_is_refused(lab: Lab, tmp_path: Path) -> None:
    from atu_gui.engine.tiny import make_language_model

    lab.go(until=_after(ev.StepDone, step=2))
    lab.model = make_language_model(tmp_path / "other", width=48)
    with pytest.raises(InputError, match="are not those that the run was begun with"):
        lab.go(resumed=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('"format": 1', '"format": 9'), "a newer version"),
        (('"format": 1', '"format": 0'), "an unknown version"),
        (('"recorded": ', '"recorded": 1'), "damaged"),
        (("{", "["), "damaged"),
    ],
)
def test_strange_checkpoints_are_told_in_a_sentence(lab: Lab, change: tuple[str, str], words: str) -> None:
    lab.go(until=_after(ev.RoundScored, round=0))
    for path in (lab.folder / "checkpoints").glob("*/state.json"):
        path.write_text(path.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    with pytest.raises(InputError, match=words):
        open_checkpoint(lab.folder, 10_000)


def test_a_checkpoint_that_counts_on_lost_events_is_passed_over(lab: Lab) -> None:
    lab.go(until=_after(ev.StepDone, step=4))
    newest = open_checkpoint(lab.folder, len(lab.record)).state.recorded
    assert open_checkpoint(lab.folder, newest - 1).state.recorded < newest
    with pytest.raises(InputError, match="ends before"):
        open_checkpoint(lab.folder, 0)


def test_without_a_checkpoint_there_is_nothing_to_go_on_from(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no checkpoint"):
        open_checkpoint(tmp_path, 10)


def test_a_probe_pack_with_verbatim_strings(lab: Lab) -> None:
    secret = Probe("v1", "forget", "verbatim", "Ada's number is", "0171 555 0199")
    lab.materials = dataclasses.replace(lab.materials, probes=(secret, *lab.materials.probes[1:]))
    lab.config.probing.candidates = 15
    lab.cut_everywhere()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("recorded", "12"), ("recorded", 1.5), ("recorded", -1), ("seconds", None), ("place", []), ("rounds", ["1"]),
        ("random", {"cpu": 3}), ("gate", {"stage": "align"}), ("control", "x"), ("aligner", None), ("run_id", 5),
        ("parent_round", "0"), ("unheard_of", 1),
    ],
)  # fmt: skip
def test_a_forged_checkpoint_is_passed_over_for_the_one_before(lab: Lab, name: str, value: object) -> None:
    lab.go(until=_after(ev.StepDone, step=3))
    newest, before = sorted((lab.folder / "checkpoints").iterdir(), key=lambda path: -int(path.name))
    file = newest / "state.json"
    raw = json.loads(file.read_text(encoding="utf-8"))
    raw["state"][name] = value
    raw["sha256"] = writing._sum(raw)
    file.write_text(json.dumps(raw), encoding="utf-8")
    assert open_checkpoint(lab.folder, 10_000).folder == before
    shutil.rmtree(before)
    with pytest.raises(InputError, match="is damaged"):
        open_checkpoint(lab.folder, 10_000)
