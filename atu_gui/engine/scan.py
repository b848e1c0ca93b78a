"""Which layer to aim at: how well a small probe at each layer predicts the words to come and tells the concept.

The probe is a ridge regression from hidden states at a position to the embedding of its window, in closed form. One
forward pass gives the states of all layers, a solve per layer the probe, so a scan takes seconds where training the
real head at every layer would take minutes; and nothing hangs on a learning rate. It sees one position at a time, while
the head also attends to earlier ones, so its cosine is lower than the one that aligning reaches: it ranks layers.

Letters: n positions, d model width, e embedding width, c concepts.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from atu_gui.core import paths
from atu_gui.core.config import RunConfig
from atu_gui.core.errors import Cancelled, InputError
from atu_gui.core.events import Event, LayerScored, Progress
from atu_gui.core.materials import Materials, Passage
from atu_gui.core.scan import LayerScan, summarise
from atu_gui.engine.cache import TensorCache
from atu_gui.engine.corpus import Corpus, embed_references, pad_id_of
from atu_gui.engine.encoder import auc
from atu_gui.engine.inputs import draw
from atu_gui.engine.losses import concept_similarity
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.setting import concept_vectors
from atu_gui.engine.truncate import hidden_at
from atu_gui.engine.windows import window_passages

# Texts of either kind, positions of each, and layers at most.
TEXTS = 45
POSITIONS = 32
LAYERS = 40
# Every third text is held out.
HELD_EVERY = 3
# Penalty of the regression, as a share of the mean variance of a hidden unit over all positions.
RIDGE = 0.1
_BATCH = 8


@dataclass(slots=True, eq=False)
class Sample:
    """Positions with a full window, of texts about the concept and of others.

    Attributes:
        states: For each layer the hidden states, [n, d], in the compute dtype's width, on the CPU.
        references: Embeddings of the windows, [n, e].
        held: True where the position's text is held out, [n].
        concept: True where it is about the concept, [n].
    """

    states: dict[int, Tensor]
    references: Tensor
    held: Tensor
    concept: Tensor


def layers_to_scan(depth: int) -> list[int]:
    """All layers, or every so many of a deep model."""
    stride = -(-depth // LAYERS)
    return list(range(stride, depth + 1, stride))


def scan_layers(
    config: RunConfig, lm: LanguageModel, encoder: TextEncoder, materials: Materials, cancelled: Callable[[], bool]
) -> Generator[Event, None, LayerScan]:
    """Measure every layer of the untouched model; a `LayerScored` for each.

    Args:
        config: Settled; concepts, windows and seed are read.
        lm: With its untouched weights.
        encoder: The frozen encoder.
        materials: Texts about the concept and others.
        cancelled: Asked between batches and between layers.

    Raises:
        InputError: Fewer than three texts about the concept hold a full window.
        Cancelled: The user ended it.
    """
    corpora = []
    cache = TensorCache(paths.cache_folder() / "tensors")
    for label, passages in (("concept", materials.concept_passages), ("retain", materials.retain_passages)):
        corpus = yield from _corpus(config, lm, encoder, draw(passages, TEXTS, config.seed, f"scan {label}"), cache)
        corpora.append(corpus)
    if len(corpora[0]) < HELD_EVERY:
        raise InputError("There are too few texts about the concept to scan layers.", "Give more or longer passages.")
    vectors = yield from concept_vectors(config, encoder, *corpora)
    layers = layers_to_scan(lm.depth)
    sample = yield from read_sample(lm, corpora, layers, cancelled)
    scores = []
    for done, layer in enumerate(layers, start=1):
        if cancelled():
            raise Cancelled
        cosine, area = probe_layer(sample, layer, vectors, lm.device)
        score = LayerScored(layer, lm.depth, cosine, area)
        scores.append(score)
        yield score
        yield Progress("scan", "Probing layers", done, len(layers), "layers")
    return summarise(scores)


@torch.inference_mode()
def read_sample(
    lm: LanguageModel, corpora: Sequence[Corpus], layers: list[int], cancelled: Callable[[], bool]
) -> Generator[Event, None, Sample]:
    """One pass over the texts, keeping at most `POSITIONS` evenly spread positions of each."""
    states: dict[int, list[Tensor]] = {layer: [] for layer in layers}
    references, held, concept = [], [], []
    total, read = sum(map(len, corpora)), 0
    for number, corpus in enumerate(corpora):
        for start in range(0, len(corpus), _BATCH):
            if cancelled():
                raise Cancelled
            indices = range(start, min(start + _BATCH, len(corpus)))
            batch = corpus.batch(indices, pad_id_of(lm), lm.device)
            seen = hidden_at(lm, layers, batch.ids, batch.real)
            for row, index in enumerate(indices):
                full = np.flatnonzero(corpus.texts[index].full)
                kept = np.unique(np.linspace(0, len(full) - 1, min(len(full), POSITIONS)).round().astype(int))
                places = torch.from_numpy(full[kept]).to(lm.device)
                for layer in layers:
                    states[layer].append(seen[layer][row, places].cpu())
                references.append(corpus.references[index][torch.from_numpy(kept)])
                held.append(torch.full((len(kept),), index % HELD_EVERY == HELD_EVERY - 1))
                concept.append(torch.full((len(kept),), number == 0))
            read += len(indices)
            yield Progress("scan", "Reading texts", read, total, "passages")
    rows = {layer: torch.cat(states.pop(layer)) for layer in layers}
    return Sample(rows, torch.cat(references), torch.cat(held), torch.cat(concept))


@torch.inference_mode()
def probe_layer(
    sample: Sample, layer: int, vectors: Tensor, device: torch.device, ridge: float = RIDGE
) -> tuple[float, float | None]:
    """Held-out align cosine of the probe, and the AUC of its similarity to the concept.

    States are normalised per position, as the head does first: a few positions have huge norms and would be all that
    counts. References have unit length, so that every window weighs the same.

    Args:
        sample: The positions.
        layer: One of its layers.
        vectors: Embeddings of the concepts, [c, e].
        device: Where to compute.
        ridge: Penalty, as a share of the mean variance of a unit.

    Returns:
        Mean cosine over held-out positions; AUC of concept positions against others among them, None without others.
    """
    states = sample.states[layer].to(device).float()
    inputs = functional.layer_norm(states, states.shape[-1:])
    targets = functional.normalize(sample.references.to(device).float(), dim=-1)
    held = sample.held.to(device)
    train, wanted = inputs[~held], targets[~held]
    mean, offset = train.mean(0), wanted.mean(0)
    train, wanted = train - mean, wanted - offset
    gram = train.T @ train
    gram.diagonal().add_(ridge * gram.diagonal().mean())
    weights = torch.linalg.solve(gram, train.T @ wanted)
    predictions = (inputs[held] - mean) @ weights + offset
    cosine = float(functional.cosine_similarity(predictions, targets[held], dim=-1).mean())
    similarity = concept_similarity(predictions, vectors.to(device)).amax(-1)
    concept = sample.concept.to(device)[held]
    if concept.all():
        return cosine, None
    return cosine, auc(similarity[concept].cpu(), similarity[~concept].cpu())


def _corpus(
    config: RunConfig, lm: LanguageModel, encoder: TextEncoder, passages: Sequence[Passage], cache: TensorCache
) -> Generator[Event, None, Corpus]:
    """The passages that hold a full window, with their reference embeddings."""
    windows = config.windows
    texts = yield from window_passages(passages, lm, encoder, max_tokens=windows.max_tokens, k=windows.k)
    corpus = Corpus([text for text in texts if text.full.any()])
    if corpus.texts:
        yield from embed_references(corpus, encoder, cache)
    return corpus
