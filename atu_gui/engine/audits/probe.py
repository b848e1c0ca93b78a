"""Linear probe: whether texts about the concept can still be told from others by the hidden states of a layer.

A ridge regression on the mean state of each text, learnt anew on the round's weights, so that a head fooled by
unlearning decides nothing. The concept's names are taken out of the texts first: a name is readable from its spelling.
Letters: n texts, d model width.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from atu_gui.core.comeback import from_draws
from atu_gui.core.concepts import Concept
from atu_gui.core.errors import Cancelled, InputError
from atu_gui.core.events import AuditPoint, Event, Progress
from atu_gui.core.materials import Passage
from atu_gui.engine.audits.asking import Subject
from atu_gui.engine.corpus import pad_id_of
from atu_gui.engine.encoder import auc
from atu_gui.engine.inputs import draw
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.truncate import hidden_at

# Texts of either kind at most; every third is held out. Shuffles of the labels make the floor.
TEXTS = 60
HELD_EVERY = 3
SHUFFLES = 20
_FEWEST = 6
_RIDGE = 0.1
_BATCH = 8
_RESAMPLES = 1000
Floats = NDArray[np.float64]


def probe_layers(subject: Subject) -> Generator[Event, None, None]:
    """Learn a probe at every layer of both sets of weights; the finding speaks of the hook layer.

    Raises:
        Cancelled: The user ended it.
        InputError: There are too few texts of either kind.
    """
    texts, labels = _texts(subject)
    layers = list(range(1, subject.lm.depth + 1))
    states = []
    for round_ in (0, subject.round):
        with subject.snapshots.applied(round_):
            states.append((yield from _mean_states(subject, texts, layers)))
    hook = max(subject.config.layers)
    held = np.arange(len(labels)) % HELD_EVERY == HELD_EVERY - 1
    curve = []
    for layer in layers:
        if subject.cancelled():
            raise Cancelled
        before, after = (held_out(rows[layer], labels, held) for rows in states)
        floor = shuffled_floor(states[1][layer], labels, held, subject.settings.seed)
        told = labels[held]
        values = [_area(scores, told) for scores in (before, after)]
        curve.append(AuditPoint(layer, values[1], values[0], float(np.mean(floor))))
        if layer == hook:
            draws = _drawn((before, after), told, subject.settings.seed)
            picked = np.random.default_rng(subject.settings.seed).choice(floor, _RESAMPLES)
            comeback = from_draws(
                "AUC", "forget", (values[0], draws[0]), (float(np.mean(floor)), picked), (values[1], draws[1]),
                n=int(held.sum()),
            )  # fmt: skip
        yield Progress("audit", "Probing layers", layer, len(layers), "layers")
    note = (
        f"{int((~held).sum())} texts to learn from, {int(held.sum())} held out; the concept's names are taken out. "
        f"In place of the round stands the floor, from {SHUFFLES} shuffles of the labels."
    )
    yield subject.found("probe", f"layer {hook}", (comeback,), axis="layer", curve=tuple(curve), note=note)


def held_out(rows: Tensor, labels: Floats, held: NDArray[np.bool_]) -> Floats:
    """Scores of held-out texts by a ridge regression on the others, from mean states [n, d] in closed form."""
    inputs = functional.layer_norm(rows.double(), rows.shape[-1:])
    train = inputs[torch.from_numpy(~held)]
    mean = train.mean(0)
    train = train - mean
    wanted = torch.from_numpy(labels[~held])
    # More units than texts: the dual form solves [n, n].
    gram = train @ train.T
    gram.diagonal().add_(_RIDGE * gram.diagonal().mean())
    weights = train.T @ torch.linalg.solve(gram, wanted - wanted.mean())
    scores: Floats = ((inputs[torch.from_numpy(held)] - mean) @ weights).numpy()
    return scores


def shuffled_floor(
    rows: Tensor, labels: Floats, held: NDArray[np.bool_], seed: int, shuffles: int = SHUFFLES
) -> Floats:
    """Held-out AUC of probes that learnt shuffled labels: what such a probe reaches without knowing anything."""
    random = np.random.default_rng(seed)
    areas = []
    for _ in range(shuffles):
        mixed = random.permutation(labels)
        areas.append(_area(held_out(rows, mixed, held), mixed[held]))
    return np.array(areas)


def without_names(text: str, concepts: Sequence[Concept]) -> str:
    """The text without the concepts' names and the telling words of them."""
    words = {name for concept in concepts for name in concept.names}
    words |= {word for name in tuple(words) for word in name.split() if len(word) > 3 and word[0].isupper()}
    pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.sub(rf"(?<!\w)(?:{pattern})(?!\w)", "", text, flags=re.IGNORECASE)


def _texts(subject: Subject) -> tuple[list[str], Floats]:
    """Texts of both kinds by turns, so that every third of each is held out, and 1 where it is about the concept."""
    seed, concepts = subject.settings.seed, subject.config.concepts
    kinds: list[list[str]] = []
    for name, passages in (
        ("concept", subject.materials.concept_passages),
        ("others", _plain(subject.materials.retain_passages)),
    ):
        drawn = draw(passages, TEXTS, seed, f"probe {name}")
        cleaned = (without_names(passage.text, concepts) for passage in drawn)
        kinds.append([text for text in cleaned if text.strip()])
    number = min(map(len, kinds))
    if number < _FEWEST:
        raise InputError(
            f"A linear probe needs {_FEWEST} texts about the concept and as many others.", "Leave this audit out."
        )
    texts = [kinds[kind][at] for at in range(number) for kind in (1, 0)]
    return texts, np.array([0.0, 1.0] * number)


def _plain(passages: Sequence[Passage]) -> Sequence[Passage]:
    """Passages in the form that those about the concept have, as far as there are any: form is no concept."""
    return [passage for passage in passages if not passage.prompt] or passages


@torch.inference_mode()
def _mean_states(
    subject: Subject, texts: Sequence[str], layers: Sequence[int]
) -> Generator[Event, None, dict[int, Tensor]]:
    """Mean over positions of each text's hidden states, for each layer [n, d], float32, on the CPU."""
    lm = subject.lm
    parts: dict[int, list[Tensor]] = {layer: [] for layer in layers}
    for start in range(0, len(texts), _BATCH):
        if subject.cancelled():
            raise Cancelled
        ids, mask = _batch(lm, texts[start : start + _BATCH], subject.settings.max_tokens)
        states = hidden_at(lm, layers, ids, mask)
        for layer in layers:
            summed = (states[layer].float() * mask[..., None]).sum(1)
            parts[layer].append((summed / mask.sum(1, keepdim=True)).cpu())
        yield Progress("audit", "Reading texts", min(start + _BATCH, len(texts)), len(texts), "passages")
    return {layer: torch.cat(rows) for layer, rows in parts.items()}


def _batch(lm: LanguageModel, texts: Sequence[str], max_tokens: int) -> tuple[Tensor, Tensor]:
    """Token ids and mask, [b, s], padded on the right."""
    rows = [list(lm.tokenizer(text, verbose=False)["input_ids"])[:max_tokens] for text in texts]
    width = max(map(len, rows))
    ids = torch.tensor([[*row, *[pad_id_of(lm)] * (width - len(row))] for row in rows], device=lm.device)
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows], device=lm.device)
    return ids, mask


def _area(scores: Floats, labels: Floats) -> float:
    return auc(torch.from_numpy(scores[labels > 0]), torch.from_numpy(scores[labels == 0]))


def _drawn(sides: Sequence[Floats], labels: Floats, seed: int) -> list[Floats]:
    """AUCs over the same resampled texts for each side, either kind drawn from its own."""
    random = np.random.default_rng(seed)
    kinds = [np.flatnonzero(labels == kind) for kind in (0, 1)]
    picks = [np.concatenate([random.choice(kind, len(kind)) for kind in kinds]) for _ in range(_RESAMPLES)]
    return [np.array([_area(scores[pick], labels[pick]) for pick in picks]) for scores in sides]
