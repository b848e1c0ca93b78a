"""What each optimisation of a step was to save, by counted operations, and what it saves by the clock.

A ladder leads from the published way to ours, one change at a time; what stands beside it was tried and may not help.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch

from atu_gui.bench.draining import finish
from atu_gui.bench.floors import Floor
from atu_gui.bench.pairs import TAU, Ground, Shape, Size, make_ground
from atu_gui.bench.profiles import REST, profile_step
from atu_gui.bench.step import Sources, load_models
from atu_gui.bench.ways import Step, Way, align_step, align_work, unlearn_step, unlearn_work
from atu_gui.core.errors import InputError
from atu_gui.engine.align import Aligner
from atu_gui.engine.loading import load_encoder
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.unlearn import Unlearner, trained_parameters

_LAST = 4


@dataclass(frozen=True, slots=True)
class Gain:
    """One change.

    Attributes:
        ladder: The step that it belongs to.
        name: What is changed.
        against: The way that it is compared with: the rung before, or the one that a thing tried stands beside.
        seconds: Median of a step with it.
        counted_s: What its counted operations and bytes take at the machine's measured rates.
        predicted: By the counts, how many times faster the change was to be.
        measured: How many times faster it is.
        spread: Half the distance between the lowest and highest ratio of a turn, over the ratio.
        loss_gap: How far its loss is from that of the first way; None where another head gives other losses.
    """

    ladder: str
    name: str
    against: str
    seconds: float
    counted_s: float
    predicted: float
    measured: float
    spread: float
    loss_gap: float | None


@dataclass(frozen=True, slots=True, eq=False)
class _Rung:
    name: str
    step: Step
    work: Floor
    dtype: torch.dtype = torch.float32
    against: str = ""
    comparable: bool = True


def measure_gains(
    ladders: Sequence[str], sources: Sources, repeats: int = 5, size: Size | None = None, *, compiled: bool = False
) -> Iterator[Gain]:
    """Measure some ladders, all rungs of one in turn.

    Args:
        ladders: Names, of `LADDERS`.
        sources: What to measure on; the encoder of align steps is its MPNet.
        repeats: Turns that are counted.
        size: Of a batch.
        compiled: Also try compiled blocks, which takes minutes.

    Raises:
        InputError: No such ladder.
        ModelError: A model cannot be had.
    """
    unknown = [name for name in ladders if name not in LADDERS]
    if unknown:
        raise InputError(f"There is no ladder “{unknown[0]}”.", f"Choose among {', '.join(LADDERS)}.")
    lm, encoder = load_models(sources)
    for name in ladders:
        kind, share = LADDERS[name]
        layer = max(1, round(share * lm.depth))
        if kind == "align":
            mpnet = finish(load_encoder(sources.mpnet, sources.model, lm.device))
            yield from _climbed(name, _align(lm, mpnet, layer, size or Size()), lm.device, repeats)
        elif kind == "unlearn":
            yield from _climbed(name, _unlearn(lm, encoder, layer, size or Size()), lm.device, repeats)
        else:
            yield from _climbed(name, _tried(lm, encoder, layer, size or Size(), compiled), lm.device, repeats)


# What is climbed, and the hook's share of the depth: layers 10 and 20 of SmolLM2-135M's 30.
LADDERS = {
    "align_l10": ("align", 1 / 3),
    "unlearn_l10": ("unlearn", 1 / 3),
    "unlearn_l20": ("unlearn", 2 / 3),
    "tried_l10": ("tried", 1 / 3),
}


def _align(lm: LanguageModel, encoder: TextEncoder, layer: int, size: Size) -> list[_Rung]:
    published = make_ground(Shape("align", layer, head="published"), lm, encoder, size)
    ours = make_ground(Shape("align", layer), lm, encoder, size)
    way = Way()
    rungs = [("the published way", way)]
    for name, change in (
        ("no LM head", {"logits": False}),
        ("no blocks above the hook", {"above": False}),
        ("each distinct window encoded once", {"encoded": "distinct"}),
        ("reference embeddings kept", {"encoded": "none"}),
        ("hidden states kept", {"states": False}),
    ):
        way = replace(way, **change)
        rungs.append((name, way))
    made = [
        _Rung(name, align_step(way, published, encoder), align_work(way, published, encoder)) for name, way in rungs
    ]
    small = align_work(way, ours, encoder)
    aligner = Aligner(ours.setting)
    return [
        *made,
        _Rung("a head of two blocks, 384 wide", align_step(way, ours, encoder), small, comparable=False),
        _Rung("as a run does it", lambda: aligner.step(0.0, untouched=True).loss, small, comparable=False),
    ]


def _unlearn(lm: LanguageModel, encoder: TextEncoder, layer: int, size: Size) -> list[_Rung]:
    ground = make_ground(Shape("unlearn", layer), lm, encoder, size)
    way = Way()
    rungs = [("the published way", way)]
    for name, change in (
        ("no LM head", {"logits": False}),
        ("no blocks above the hook", {"above": False}),
        ("embeddings stay", {"embeddings": False}),
        ("AdamW instead of SGD", {"optimizer": "adamw"}),
    ):
        way = replace(way, **change)
        rungs.append((name, way))
    made = [_Rung(name, unlearn_step(way, ground), unlearn_work(way, ground)) for name, way in rungs]
    made.append(_Rung("as a run does it", _engine(ground), unlearn_work(way, ground)))
    if layer == 1:
        return made
    few = replace(way, blocks=min(_LAST, layer - 1))
    made.append(_Rung(f"only the last {few.blocks} blocks train", unlearn_step(few, ground), unlearn_work(few, ground)))
    known = replace(few, prefix=False)
    made.append(_Rung("what is below them kept", unlearn_step(known, ground), unlearn_work(known, ground)))
    four = make_ground(Shape("unlearn", layer, blocks=few.blocks), lm, encoder, size)
    made.append(_Rung(f"the last {few.blocks} as a run does it", _engine(four), unlearn_work(known, ground)))
    return made


def _tried(lm: LanguageModel, encoder: TextEncoder, layer: int, size: Size, compiled: bool) -> list[_Rung]:
    """Beside an unlearn step as ours does it: what does not change it, or changes it too much to be the default."""
    ground = make_ground(Shape("unlearn", layer), lm, encoder, size)
    plain = Way(logits=False, above=False, embeddings=False, optimizer="adamw")
    first = _Rung("an unlearn step", unlearn_step(plain, ground), unlearn_work(plain, ground))
    made = [first]
    for name, way in (
        ("AdamW, all weights of a kind together", replace(plain, optimizer="adamw in batches")),
        ("AdamW in one pass", replace(plain, optimizer="adamw in one pass")),
        ("attention that writes its scores down", replace(plain, attention="eager")),
        ("blocks computed again for the backward pass", replace(plain, recompute=True)),
        ("bfloat16", replace(plain, half=True)),
    ):
        dtype = torch.bfloat16 if way.half else torch.float32
        made.append(_Rung(name, unlearn_step(way, ground), unlearn_work(way, ground), dtype, first.name))
    if compiled:
        # Compiling saves at best all that lies between two matrices; how much that is, a profile says.
        between = profile_step("", "", first.step).groups[REST]
        step = unlearn_step(replace(plain, compiled=True), ground)
        made.append(_Rung("compiled blocks", step, first.work * (1.0 - between), against=first.name))
    return made


def _engine(ground: Ground) -> Step:
    setting = ground.setting
    unlearner = Unlearner(setting, trained_parameters(setting.lm, [ground.layer], setting.config.unlearn))
    return lambda: unlearner.step(TAU, 0.0, 0.0).loss


def _climbed(ladder: str, rungs: list[_Rung], device: torch.device, repeats: int) -> Iterator[Gain]:
    """All rungs in turn, once uncounted; then each against the one it is compared with."""
    seconds: list[list[float]] = [[] for _ in rungs]
    losses = [0.0] * len(rungs)
    for turn in range(repeats + 1):
        for place, rung in enumerate(rungs):
            begun = time.perf_counter()
            losses[place] = rung.step()
            if turn:
                seconds[place].append(time.perf_counter() - begun)
    names = [rung.name for rung in rungs]
    counted = [rung.work.seconds(device, rung.dtype) for rung in rungs]
    for place, rung in enumerate(rungs):
        other = names.index(rung.against) if rung.against else max(0, place - 1)
        median, before = statistics.median(seconds[place]), statistics.median(seconds[other])
        ratios = [theirs / own for theirs, own in zip(seconds[other], seconds[place], strict=True)]
        yield Gain(
            ladder=ladder,
            name=rung.name,
            against=names[other],
            seconds=median,
            counted_s=counted[place],
            predicted=counted[other] / counted[place],
            measured=before / median,
            spread=(max(ratios) - min(ratios)) / 2 / (before / median),
            loss_gap=abs(losses[place] - losses[0]) if rung.comparable else None,
        )
