"""Runs and events as the tables hold them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from atu_gui.core.config import RunConfig, dump_config
from atu_gui.store.cards import RunCard


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event as the table holds it."""

    seq: int
    kind: str
    step: int | None
    data: str


@dataclass(frozen=True, slots=True)
class RunState:
    """What changes about a run while it goes on."""

    status: str = "running"
    seconds: float = 0.0
    best_round: int = 0
    stopped_because: str = ""


def row_of(
    card: RunCard, config: RunConfig, folder: Path, owner: tuple[int, float], deleted: float | None
) -> dict[str, object]:
    """A run that has just begun, by column."""
    parent = card.parent
    return {
        "run_id": card.run_id,
        "title": card.title,
        "concepts": json.dumps([concept.name for concept in config.concepts], ensure_ascii=False),
        "layers": json.dumps(config.layers),
        "recipe": config.recipe,
        "config": dump_config(config),
        "versions": json.dumps(dict(card.versions)),
        "folder": str(folder),
        "started": card.started,
        "pid": owner[0],
        "process_started": owner[1],
        "status": "running",
        "parent_run": parent.run_id if parent.round else "",
        "parent_round": parent.round or 0,
        "note": card.note,
        "tags": json.dumps(list(card.tags), ensure_ascii=False),
        "deleted": deleted,
    }
