"""What a run says before its first stage."""

from __future__ import annotations

import time
from pathlib import Path

from atu_gui.core.config import RunConfig
from atu_gui.core.events import RunStarted
from atu_gui.core.materials import Materials
from atu_gui.core.progress import limits_of, planned_stages
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.snapshots import Start


def run_started(
    config: RunConfig,
    materials: Materials,
    *,
    run_id: str,
    folder: Path,
    lm: LanguageModel,
    encoder: TextEncoder,
    start: Start | None,
) -> RunStarted:
    """The first event of a run with a settled config."""
    groups = [probe.group for probe in materials.probes]
    return RunStarted(
        run_id=run_id,
        title=config.title,
        model=lm.name,
        encoder=encoder.name,
        concepts=tuple(concept.name for concept in config.concepts),
        layers=tuple(config.layers),
        recipe=config.recipe,
        seed=config.seed,
        stages=planned_stages(config),
        folder=str(folder),
        started=time.time(),
        concept_passages=len(materials.concept_passages),
        retain_passages=len(materials.retain_passages),
        forget_probes=groups.count("forget"),
        neighbour_probes=groups.count("neighbour"),
        parent_run=start.run_id if start else "",
        parent_round=start.round if start else 0,
        limits=limits_of(config),
        weights_hash=lm.weights_hash,
        encoder_hash=encoder.weights_hash,
        device=str(lm.device),
        dtype=str(lm.compute_dtype).removeprefix("torch."),
    )
