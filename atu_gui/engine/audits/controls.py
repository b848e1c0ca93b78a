"""What an attack does to the untouched model: the same for every round and every run, so it is kept on disk."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from atu_gui.core.events import Event
from atu_gui.core.materials import Probe
from atu_gui.engine.cache import TensorCache
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.probes.raw_answers import RawStore

# Goes up whenever the same attack on the same model may end otherwise.
_SCHEME = 1


@dataclass(frozen=True, slots=True)
class Reply:
    """What one set of weights said to one question."""

    text: str
    recall: float
    logprob: float


# By the id of the question.
Replies = dict[str, Reply]


@dataclass(frozen=True, slots=True)
class Control:
    """The untouched model's replies under an attack, and what was measured on the way, by step."""

    replies: Replies
    curve: dict[int, float] = field(default_factory=dict)


class Controls:
    """Keeps them in a folder; without one nothing is kept."""

    def __init__(self, folder: Path | None = None) -> None:
        self._store = RawStore(folder) if folder is not None else None

    def of(
        self,
        lm: LanguageModel,
        probes: Sequence[Probe],
        parts: Sequence[str | int | float],
        work: Callable[[], Generator[Event, None, Control]],
    ) -> Generator[Event, None, Control]:
        """What is kept, or what `work` finds, which is then kept.

        Args:
            lm: The language model; its hash as loaded names the untouched weights.
            probes: The questions asked.
            parts: All else that the outcome depends on: the attack and its settings.
            work: Does it, with the untouched weights.
        """
        words = (part for one in probes for part in (one.kind, one.query, one.answer))
        model = (lm.weights_hash, str(lm.compute_dtype), lm.device.type, int(lm.packed))
        key = TensorCache.key(_SCHEME, *model, *parts, "questions", *words)
        kept = self._store.load(key, len(probes) + 1) if self._store is not None else None
        if kept is not None:
            *raws, measured = kept
            replies = {probe.id: Reply(**raw) for probe, raw in zip(probes, raws, strict=True)}
            return Control(replies, {int(step): value for step, value in measured.items()})
        found = yield from work()
        if self._store is not None:
            raws = [
                {"text": one.text, "recall": one.recall, "logprob": one.logprob}
                for one in (found.replies[probe.id] for probe in probes)
            ]
            self._store.save(key, [*raws, {str(step): value for step, value in found.curve.items()}])
        return found
