"""Audits: attacks on a finished round that look for what it only hides. One file per audit.

Each is a generator of events on a `Subject`; whatever happens, the model has its untouched weights again afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

from atu_gui.core.audits import AuditKind
from atu_gui.core.events import Event
from atu_gui.engine.audits.ablate import ablate
from atu_gui.engine.audits.asking import Subject
from atu_gui.engine.audits.lens import look_through
from atu_gui.engine.audits.probe import probe_layers
from atu_gui.engine.audits.prompts import attack_prompts
from atu_gui.engine.audits.quantize import quantize
from atu_gui.engine.audits.relearn import relearn

ATTACKS: dict[AuditKind, Callable[[Subject], Generator[Event, None, None]]] = {
    "quantize": quantize,
    "relearn": relearn,
    "prompts": attack_prompts,
    "lens": look_through,
    "probe": probe_layers,
    "ablate": ablate,
}
