"""Quantisation: unlearning that is a small change of many weights can vanish when they are rounded.

Zhang et al. (arXiv 2410.16454) saw 4-bit rounding bring back most of what was unlearned. Rounding is done in place and
values stay in the model's number format, so that what is measured is the rounding alone, not a library's kernels.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Generator, Iterator

import torch
from torch import Tensor, nn

from atu_gui.core.errors import Cancelled
from atu_gui.core.events import Event, Note
from atu_gui.engine.adapters import folded
from atu_gui.engine.audits.asking import Subject, ask
from atu_gui.engine.models import LanguageModel, linear_layers
from atu_gui.engine.packing import nf4, no_nf4
from atu_gui.engine.replacing import replaced


def quantize(subject: Subject) -> Generator[Event, None, None]:
    """Round all linear layers of the blocks and ask again: the round, and the untouched model beside it.

    Embeddings and LM head stay as they are, as in common use.

    Raises:
        Cancelled: The user ended it.
    """
    roundings: dict[str, Callable[[Tensor, int], Tensor]] = {
        "8 bits, nearest": lambda weight, channel: nearest(weight, 8, channel),
        "4 bits, nearest": lambda weight, channel: nearest(weight, 4, channel),
    }
    why = no_nf4(subject.lm.device)
    if why:
        yield Note("info", f"NF4 is left out of the audit: {why}")
    else:
        roundings["4 bits, NF4"] = lambda weight, _channel: nf4(weight)
    probes = subject.all_probes()
    for name, rounding in roundings.items():
        rounded = functools.partial(_rounded, subject, rounding)
        control = yield from subject.control(("quantize", name), probes, f"{name}, untouched", changed=rounded)
        with subject.snapshots.applied(subject.round), rounded():
            replies = yield from ask(subject, probes, f"{name}, round")
        comebacks, answers = yield from subject.compared(probes, replies, control)
        yield subject.found("quantize", name, comebacks, answers)


@contextlib.contextmanager
def _rounded(subject: Subject, rounding: Callable[[Tensor, int], Tensor]) -> Iterator[None]:
    """Within the block the linear layers of the blocks are rounded."""
    with folded(subject.lm):
        values = []
        for parameter, channel in linear_weights(subject.lm):
            if subject.cancelled():
                raise Cancelled
            values.append((parameter, rounding(parameter.data, channel)))
        with replaced(values):
            yield


def linear_weights(lm: LanguageModel) -> Iterator[tuple[nn.Parameter, int]]:
    """The matrices of the blocks' linear layers, each with the dimension of its output channels."""
    for layer in linear_layers(lm.blocks):
        yield layer.weight, int(layer.transposed)


def nearest(weight: Tensor, bits: int, channel: int = 0) -> Tensor:
    """Symmetric round-to-nearest with one scale per output channel; what is lost is at most half a scale.

    Args:
        weight: [out, in], or [in, out] where `channel` is 1.
        bits: Of the signed integers.
        channel: Dimension of the output channels.
    """
    most = 2 ** (bits - 1) - 1
    exact = weight.float()
    scale: Tensor = exact.abs().amax(dim=1 - channel, keepdim=True).clamp_min(torch.finfo(torch.float32).tiny) / most
    rounded: Tensor = (exact / scale).round().clamp(-most, most) * scale
    return rounded.to(weight.dtype)
