"""Linear probe: whether texts about the concept can still be told from others by the hidden states of a layer.

A ridge regression on the mean state of each text, learnt anew on the round's weights, so that a head fooled by
unlearning decides nothing. Both kinds of texts are of one source, and names are taken out: style and spelling are
readable without knowing anything. So is the choice of words; what the words alone tell stands in the curve as layer 0.
Letters: n texts, d model width, k labellings (the true one and shuffled ones).
"""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from atu_gui.core.comeback import from_draws
from atu_gui.core.concepts import Concept
from atu_gui.core.errors import Cancelled
from atu_gui.core.events import AuditPoint, Event, Note, Progress
from atu_gui.engine.audits.asking import Subject
from atu_gui.engine.audits.contrast import contrast
from atu_gui.engine.corpus import pad_id_of
from atu_gui.engine.encoder import auc
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.truncate import hidden_at

# Texts of either kind at most, and parts of them that are held out by turns. Shuffles of the labels make the floor.
TEXTS = 60
FOLDS = 5
SHUFFLES = 40
_FEWEST = 10
_RIDGE = 0.1
_BATCH = 8
_RESAMPLES = 1000
Floats = NDArray[np.float64]


def probe_layers(subject: Subject) -> Generator[Event, None, None]:
    """Learn a probe at every layer of both sets of weights; the finding speaks of the hook layer.

    Nothing is found, and a note says why, where there are not enough texts of one source.

    Raises:
        Cancelled: The user ended it.
    """
    seed = subject.settings.seed
    held = contrast(subject.config, subject.materials, TEXTS, seed)
    if held is None:
        yield Note(
            "info",
            "The linear probe is left out: texts about the concept were given, the others the model wrote itself, and "
            "it would tell styles apart. Give texts to keep (--retain), too.",
        )
        return
    names = (*subject.config.concepts, *held.names)
    kinds = [[text for text in (without_names(one, names) for one in kind) if text.strip()] for kind in (
        held.others, held.concept,
    )]  # fmt: skip
    number = min(map(len, kinds))
    if number < _FEWEST:
        yield Note(
            "info", f"The linear probe is left out: it needs {_FEWEST} texts of either kind; {number} are there."
        )
        return
    texts = [kinds[kind][at] for at in range(number) for kind in (0, 1)]
    labels, folds = np.array([0.0, 1.0] * number), np.arange(2 * number) // 2 % FOLDS
    layers = list(range(subject.lm.depth + 1))
    states = []
    for round_ in (0, subject.round):
        with subject.snapshots.applied(round_):
            states.append((yield from _mean_states(subject, texts, layers)))
    labellings = np.column_stack([labels, shuffled(labels, folds, seed)])
    hook = max(subject.config.layers)
    curve = []
    for layer in layers:
        if subject.cancelled():
            raise Cancelled
        before, after = (cross_validated(rows[layer], labellings, folds) for rows in states)
        values = [area(scores[:, 0], labels) for scores in (before, after)]
        floor = np.array([area(after[:, at], labellings[:, at]) for at in range(1, labellings.shape[1])])
        curve.append(AuditPoint(layer, values[1], values[0], float(floor.mean())))
        if layer == hook:
            draws = _drawn((before[:, 0], after[:, 0]), labels, seed)
            picked = np.random.default_rng(seed).choice(floor, _RESAMPLES)
            comeback = from_draws(
                "AUC", "forget", (values[0], draws[0]), (float(floor.mean()), picked), (values[1], draws[1]),
                n=len(labels),
            )  # fmt: skip
        yield Progress("audit", "Probing layers", layer, subject.lm.depth, "layers")
    note = (
        f"{number} texts about the concept against {held.whose}, as many; names are taken out; {FOLDS}-fold "
        f"cross-validation. The words alone (layer 0) reach {curve[0].attacked:.2f}. In place of the round stands the "
        f"floor, from {SHUFFLES} shuffles of the labels."
    )
    yield subject.found("probe", f"layer {hook}", (comeback,), axis="layer", curve=tuple(curve), note=note)


def cross_validated(rows: Tensor, labellings: Floats, folds: NDArray[np.int_]) -> Floats:
    """Scores of every text by a ridge regression on the texts of the other folds, in closed form, [n, k].

    Args:
        rows: Mean states, [n, d]; every unit is standardised by the texts learnt from.
        labellings: Several wanted values of each text, [n, k].
        folds: The fold of each text, [n].
    """
    inputs, wanted = rows.double(), torch.from_numpy(labellings)
    scores = torch.empty_like(wanted)
    for fold in np.unique(folds):
        held = torch.from_numpy(folds == fold)
        mean, spread = inputs[~held].mean(0), inputs[~held].std(0)
        scaled = (inputs - mean) / torch.where(spread > 0, spread, 1.0)
        train, targets = scaled[~held], wanted[~held]
        # More units than texts: the dual form solves [n, n].
        gram = train @ train.T
        gram.diagonal().add_(_RIDGE * gram.diagonal().mean())
        scores[held] = scaled[held] @ (train.T @ torch.linalg.solve(gram, targets - targets.mean(0)))
    made: Floats = scores.numpy()
    return made


def shuffled(labels: Floats, folds: NDArray[np.int_], seed: int, shuffles: int = SHUFFLES) -> Floats:
    """Labels shuffled within each fold, [n, shuffles]: probes that learn these know nothing."""
    random = np.random.default_rng(seed)
    mixed = np.repeat(labels[:, None], shuffles, axis=1)
    for fold in np.unique(folds):
        mixed[folds == fold] = random.permuted(mixed[folds == fold], axis=0)
    return mixed


def without_names(text: str, concepts: Sequence[Concept]) -> str:
    """The text without the concepts' names and the telling words of them."""
    words = {name for concept in concepts for name in concept.names}
    words |= {word for name in tuple(words) for word in name.split() if len(word) > 3 and word[0].isupper()}
    pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.sub(rf"(?<!\w)(?:{pattern})(?!\w)", "", text, flags=re.IGNORECASE)


@torch.inference_mode()
def _mean_states(
    subject: Subject, texts: Sequence[str], layers: Sequence[int]
) -> Generator[Event, None, dict[int, Tensor]]:
    """Mean over positions of each text's hidden states, for each layer [n, d], float32, on the CPU.

    Layer 0 are the embeddings. The first position's state is huge and the same whatever the text says: not counted.
    """
    lm = subject.lm
    parts: dict[int, list[Tensor]] = {layer: [] for layer in layers}
    for start in range(0, len(texts), _BATCH):
        if subject.cancelled():
            raise Cancelled
        ids, mask = _batch(lm, texts[start : start + _BATCH], subject.settings.max_tokens)
        states = {0: lm.model.get_input_embeddings()(ids), **hidden_at(lm, layers[1:], ids, mask)}
        mask[:, 0] = 0
        for layer in layers:
            summed = (states[layer].float() * mask[..., None]).sum(1)
            parts[layer].append((summed / mask.sum(1, keepdim=True).clamp_min(1)).cpu())
        yield Progress("audit", "Reading texts", min(start + _BATCH, len(texts)), len(texts), "passages")
    return {layer: torch.cat(rows) for layer, rows in parts.items()}


def _batch(lm: LanguageModel, texts: Sequence[str], max_tokens: int) -> tuple[Tensor, Tensor]:
    """Token ids and mask, [b, s], padded on the right."""
    rows = [list(lm.tokenizer(text, verbose=False)["input_ids"])[:max_tokens] for text in texts]
    width = max(map(len, rows))
    ids = torch.tensor([[*row, *[pad_id_of(lm)] * (width - len(row))] for row in rows], device=lm.device)
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows], device=lm.device)
    return ids, mask


def area(scores: Floats, labels: Floats) -> float:
    """How often a text with label 1 scores above one with label 0."""
    return auc(torch.from_numpy(scores[labels > 0]), torch.from_numpy(scores[labels == 0]))


def _drawn(sides: Sequence[Floats], labels: Floats, seed: int) -> list[Floats]:
    """AUCs over the same resampled texts for each side, either kind drawn from its own."""
    random = np.random.default_rng(seed)
    kinds = [np.flatnonzero(labels == kind) for kind in (0, 1)]
    picks = [np.concatenate([random.choice(kind, len(kind)) for kind in kinds]) for _ in range(_RESAMPLES)]
    return [np.array([area(scores[pick], labels[pick]) for pick in picks]) for scores in sides]
