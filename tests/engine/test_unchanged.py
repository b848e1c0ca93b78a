"""A run does what it did before runs could be resumed: the record of a tiny one, made by the code of then.

One line was changed since: a round's τ is told as the one that the user set, where that holds.

Numbers may differ a little between processors, what happens in which order may not.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from atu_gui.core import events as ev
from atu_gui.core.config import RunConfig
from atu_gui.core.control import RunControl
from atu_gui.core.materials import Materials
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.pipeline import Run

RECORD = Path(__file__).with_name("unchanged.jsonl")
KINDS = (
    ev.RunStarted, ev.StageStarted, ev.StageEnded, ev.TauChosen, ev.StepDone, ev.AlignScored, ev.SimilaritySeen,
    ev.ItemAnswered, ev.RoundScored, ev.GuardTripped, ev.ControlApplied, ev.RunPaused, ev.RunResumed, ev.RunFinished,
)  # fmt: skip
FIELDS = (
    "stage", "round", "step", "stage_step", "stage_steps", "steps", "reason", "generation", "field", "old", "new",
    "action", "by", "best_round", "rounds", "probe_id",
)  # fmt: skip
NUMBERS = (
    "tau", "loss", "learning_rate", "retain_weight", "retain_loss", "similarity_mean", "align_cosine",
    "held_out_cosine", "concept_similarity_mean", "retain_similarity_mean",
)  # fmt: skip


def lines(lm: LanguageModel, encoder: TextEncoder, materials: Materials, config: RunConfig, folder: Path) -> list[str]:
    """What a run with a few wishes says, and how far its weights moved."""
    control = RunControl()
    before = {name: value.detach().clone() for name, value in lm.model.named_parameters()}
    said = []
    for event in Run(config, lm, encoder, materials, control, run_id="r", folder=folder).events():
        match event:
            case ev.StepDone(step=2):
                control.set_retain_weight(5.0)
                control.pause_after(1)
            case ev.StepDone(step=6):
                control.set_tau(0.03)
            case ev.RunPaused():
                control.resume()
        if isinstance(event, KINDS):
            record = ev.to_record(event)
            exact = {name: record[name] for name in FIELDS if name in record}
            about = {name: round(record[name], 4) for name in NUMBERS if isinstance(record.get(name), float)}
            said.append(json.dumps({"event": record["event"], "exact": exact, "about": about}))
    moved = {
        name: float((value - before[name]).norm())
        for name, value in lm.model.named_parameters()
        if (value != before[name]).any()
    }
    said.append(
        json.dumps({"event": "weights", "exact": {"changed": sorted(moved)}, "about": {"moved": max(moved.values())}})
    )
    return said


def test_a_run_says_and_does_what_it_did(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, config: RunConfig, tmp_path: Path
) -> None:
    now = [json.loads(line) for line in lines(lm, encoder, materials, config, tmp_path)]
    then = [json.loads(line) for line in RECORD.read_text(encoding="utf-8").splitlines()]
    assert [(one["event"], one["exact"]) for one in now] == [(one["event"], one["exact"]) for one in then]
    for one, other in zip(now, then, strict=True):
        assert one["about"] == pytest.approx(other["about"], abs=0.02), one
