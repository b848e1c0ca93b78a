"""How closely well-known entities are related to a concept, in the eyes of the model.

A small model writes poor lists but recognises well. A candidate is related if the model has a like state of mind after
its name (half-way up, where the kind of a thing is clear), and if it is likelier beside the concept than beside other
names. The candidates are bundled (`resources/texts/entities.txt`): people, works, places and topics of many fields,
because the neighbours of a concept that nobody has thought of must be among them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from atu_gui.core.errors import Cancelled
from atu_gui.core.events import Event, Progress
from atu_gui.engine.generate import answer_probes
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.truncate import hidden_at

_ALONE = "I want to know more about {name}. It"
_TOGETHER = "This book is about {name} and"
# Varied names: what is likely beside all of them is merely frequent.
_REFERENCES = ("William Shakespeare", "Paris", "electricity")
_SHORTLIST = 96
_BATCH = 64


def most_related(
    lm: LanguageModel, name: str, candidates: Sequence[str], count: int, *, cancelled: Callable[[], bool]
) -> Generator[Event, None, list[str]]:
    """The `count` candidates most closely related to `name`, closest first.

    Raises:
        Cancelled: The user ended it.
    """
    likeness = yield from _likeness(lm, name, candidates, cancelled)
    chosen = likeness.topk(min(_SHORTLIST, len(candidates))).indices.tolist()
    shortlist = [candidates[index] for index in chosen]
    closeness = yield from _closeness(lm, name, shortlist, cancelled)
    score = _standard(likeness[chosen]) + _standard(closeness)
    return [shortlist[index] for index in score.topk(min(count, len(shortlist))).indices.tolist()]


def _likeness(
    lm: LanguageModel, name: str, candidates: Sequence[str], cancelled: Callable[[], bool]
) -> Generator[Event, None, Tensor]:
    """Cosine of the half-way states after each candidate and after `name`, [candidates].

    States are centred and scaled over the candidates, since a few large components would drown the rest.
    """
    layer = max(1, lm.depth // 2)
    names = [name, *candidates]
    rows: list[list[int]] = [lm.tokenizer(_ALONE.format(name=each))["input_ids"] for each in names]
    order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    states = torch.zeros(len(rows), lm.width)
    for start in range(0, len(order), _BATCH):
        if cancelled():
            raise Cancelled
        indices = order[start : start + _BATCH]
        lengths = torch.tensor([len(rows[index]) for index in indices])
        ids = torch.zeros(len(indices), int(lengths.max()), dtype=torch.long)
        for number, index in enumerate(indices):
            ids[number, : len(rows[index])] = torch.tensor(rows[index])
        mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
        with torch.inference_mode():
            hidden = hidden_at(lm, [layer], ids.to(lm.device), mask.to(lm.device))[layer].float().cpu()
        states[indices] = hidden[torch.arange(len(indices)), lengths - 1]
        yield Progress("write", "neighbours", min(start + _BATCH, len(order)), len(order), "names")
    states = (states - states[1:].mean(0)) / states[1:].std(0).clamp(min=1e-6)
    return functional.cosine_similarity(states[1:], states[:1])


def _closeness(
    lm: LanguageModel, name: str, candidates: Sequence[str], cancelled: Callable[[], bool]
) -> Generator[Event, None, Tensor]:
    """Log-likelihood ratio of each candidate beside `name` and beside the references, over the root of its length.

    The whole sum would favour long names, the mean per token short ones.
    """
    lengths = [len(lm.tokenizer(f" {candidate}", add_special_tokens=False)["input_ids"]) for candidate in candidates]
    total = torch.zeros(len(candidates))
    for other, weight in ((name, 1.0), *((reference, -1 / len(_REFERENCES)) for reference in _REFERENCES)):
        scored = yield from answer_probes(
            lm,
            [_TOGETHER.format(name=other)] * len(candidates),
            candidates,
            max_new_tokens=1,
            stop_at_newline=False,
            cancelled=cancelled,
            what="neighbours",
        )
        total += weight * torch.tensor([item.answer_logprob for item in scored])
    return total * torch.tensor(lengths).sqrt()


def _standard(values: Tensor) -> Tensor:
    return (values - values.mean()) / values.std().clamp(min=1e-6)
