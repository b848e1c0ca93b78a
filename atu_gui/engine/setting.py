"""Everything a run's stages share: models, heads, corpora, the concept's embedding. Built once, before round 0."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from atu_gui.core import paths
from atu_gui.core.concepts import Concept
from atu_gui.core.config import RunConfig
from atu_gui.core.errors import InputError
from atu_gui.core.events import Event, Note
from atu_gui.core.materials import Materials, Passage
from atu_gui.core.reading import LEAST, held_out_every, texts_read
from atu_gui.core.scan import trained_blocks
from atu_gui.engine.cache import TensorCache
from atu_gui.engine.compiling import CompiledBlocks, compiled_if_on
from atu_gui.engine.corpus import Batch, Corpus, embed_references, keep_untouched
from atu_gui.engine.devices import device_share
from atu_gui.engine.encoder import best_candidate, concept_candidates, published_concept_embedding
from atu_gui.engine.head import build_head
from atu_gui.engine.inputs import draw
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.truncate import Prefix, check_layers, default_layers, hidden_at
from atu_gui.engine.windows import window_passages

_ENOUGH = "its steps take no more, or the disk cache holds no more"


@dataclass(slots=True, eq=False)
class Setting:
    """What align, unlearn and their measurements work on.

    Attributes:
        config: The settled config, layers filled in.
        lm: The language model.
        heads: One head per hook layer, on the model's device.
        concept_vectors: Embeddings of the concepts, [c, e], on the model's device.
        concept: Texts about the concepts.
        retain: Texts to keep; may be empty.
        concept_train, concept_held, retain_train, retain_held: Indices into the two corpora.
        constant: How many of the lowest blocks never change in this run, so that their cached output serves.
        recompute: Whether blocks are computed again for the backward pass, so that only their inputs are kept for it.
        compiled: What computes the blocks in unlearn steps, where they are compiled.
    """

    config: RunConfig
    lm: LanguageModel
    heads: dict[int, nn.Module]
    concept_vectors: Tensor
    concept: Corpus
    retain: Corpus
    concept_train: list[int]
    concept_held: list[int]
    retain_train: list[int]
    retain_held: list[int]
    constant: int = 0
    recompute: bool = False
    compiled: CompiledBlocks | None = None

    @property
    def layers(self) -> list[int]:
        """The hook layers."""
        return self.config.layers

    def states(self, corpus: Corpus, indices: Sequence[int], batch: Batch) -> dict[int, Tensor]:
        """Hidden states of a batch of `corpus` at every hook layer, [b, s, d] each, as the model is now."""
        prefix = None
        if self.constant:
            length = batch.ids.shape[1]
            prefix = Prefix(self.constant, corpus.untouched_states(indices, self.constant, self.lm.device, length))
        return hidden_at(
            self.lm, self.layers, batch.ids, batch.real, prefix, recompute=self.recompute, compiled=self.compiled
        )

    def predict(self, layer: int, states: Tensor) -> Tensor:
        """What the head of a layer says, [b, s, d] → [b, s, e], float32, computed in the format of the model."""
        with self.lm.autocast():
            predictions: Tensor = self.heads[layer](states.float())
        return predictions.float()


def with_layers(config: RunConfig, depth: int) -> RunConfig:
    """The config with its hook layers filled in and checked.

    Raises:
        InputError: A layer that the model does not have.
    """
    check_layers(config.layers, depth)
    if config.layers:
        return config
    return config.model_copy(update={"layers": default_layers(depth)})


def constant_blocks(config: RunConfig) -> int:
    """How many of the lowest blocks a run leaves as they are, with the embeddings below them."""
    return 0 if config.unlearn.train_embeddings else trained_blocks(config.layers, config.unlearn.blocks)[0] - 1


def build_setting(
    config: RunConfig, lm: LanguageModel, encoder: TextEncoder, materials: Materials, *, branched: bool = False
) -> Generator[Event, None, Setting]:
    """Window the texts, embed what is constant, and build the heads.

    Args:
        config: Settled, layers filled in.
        lm: The untouched model.
        encoder: The text encoder.
        materials: The texts.
        branched: The rounds begin with other weights, which may differ from the untouched ones in any block.

    Raises:
        InputError: The texts about the concept are too short to hold a single full window.
    """
    cache = TensorCache(paths.cache_folder() / "tensors")
    corpora = []
    constant = 0 if branched else constant_blocks(config)
    kept = [constant, *config.layers] if constant else config.layers
    for passages in (yield from _read(config, lm, encoder, materials, len(kept))):
        texts = yield from window_passages(
            passages, lm, encoder, max_tokens=config.windows.max_tokens, k=config.windows.k
        )
        corpus = Corpus(texts)
        if texts:
            yield from embed_references(corpus, encoder, cache)
            yield from keep_untouched(corpus, lm, kept, cache)
        corpora.append(corpus)
    concept, retain = corpora
    if not any(text.full.any() for text in concept.texts):
        raise InputError(
            f"The texts about the concept are too short: none has {config.windows.k} words to come.",
            "Give longer passages.",
        )
    vectors = yield from concept_vectors(config, encoder, concept, retain)
    for corpus in corpora:
        corpus.move(lm.device, device_share(lm.device))
    heads = {
        layer: build_head(config.head, lm.width, encoder.width, seed=config.seed + index).to(lm.device)
        for index, layer in enumerate(config.layers)
    }
    concept_train, concept_held = _split(len(concept), config.align.held_out)
    retain_train, retain_held = _split(len(retain), config.align.held_out)
    return Setting(
        config=config,
        lm=lm,
        heads=heads,
        concept_vectors=vectors.to(lm.device),
        concept=concept,
        retain=retain,
        concept_train=concept_train,
        concept_held=concept_held,
        retain_train=retain_train,
        retain_held=retain_held,
        constant=constant,
        compiled=compiled_if_on(config.unlearn),
    )


def concept_vectors(
    config: RunConfig, encoder: TextEncoder, concept: Corpus, retain: Corpus
) -> Generator[Event, None, Tensor]:
    """One embedding per concept, [c, e]. Ours is the candidate that separates the texts at hand best: the published
    pairing (phrase with special tokens, windows without, quirk W5) is not alike, yet with MPNet it separates better."""
    rows = []
    concept_windows = _some_references(concept)
    retain_windows = _some_references(retain) if len(retain.references) else concept_windows[:0]
    for one in config.concepts:
        vector, name, area = embed_concept(config.recipe, encoder, one, concept_windows, retain_windows)
        rows.append(vector)
        if area is not None:
            words = f"embedded as {name}; it tells concept windows from others with AUC {area:.2f}."
            yield Note("info", f"{one.name}: {words}")
    return torch.stack(rows)


def embed_concept(
    recipe: str, encoder: TextEncoder, concept: Concept, concept_windows: Tensor, other_windows: Tensor
) -> tuple[Tensor, str, float | None]:
    """The embedding of one concept, [e], how it was made in words, and its AUC where that was measured.

    Args:
        recipe: "paper" takes the published embedding, as everything does where there are no other windows.
        encoder: The frozen encoder.
        concept: What is embedded.
        concept_windows: Reference embeddings of windows from texts about the concepts, [n, e].
        other_windows: The same from other texts, [m, e].
    """
    if recipe == "paper" or not len(other_windows):
        return published_concept_embedding(encoder, concept), "name with special tokens", None
    candidates = concept_candidates(encoder, concept)
    name, area = best_candidate(candidates, concept_windows, other_windows)
    return candidates[name], name, area


def _read(
    config: RunConfig, lm: LanguageModel, encoder: TextEncoder, materials: Materials, kept: int
) -> Generator[Event, None, tuple[Sequence[Passage], Sequence[Passage]]]:
    """The passages about the concept and those to keep that this run reads, drawn by its seed, where there are more.

    Args:
        kept: How many layers' states are kept.
    """
    position = 4 * (encoder.width + kept * lm.width)
    limits = texts_read(config, position, retain=bool(materials.retain_passages))
    given = (materials.concept_passages, materials.retain_passages)
    read = []
    for passages, limit, label in zip(given, limits, ("concept", "retain"), strict=True):
        drawn = draw(passages, limit, config.seed, f"read {label}")
        if len(drawn) < len(passages):
            yield Note("info", f"The run reads {len(drawn):,} of the {len(passages):,} {label} passages; {_ENOUGH}.")
        read.append(drawn)
    return read[0], read[1]


def _some_references(corpus: Corpus) -> Tensor:
    """The windows of at most `LEAST` texts, evenly spread over all, [n, e]: enough to tell embeddings apart."""
    chosen = np.unique(np.linspace(0, len(corpus) - 1, min(len(corpus), LEAST)).round().astype(int))
    return torch.cat([corpus.references[int(index)] for index in chosen])


def _split(count: int, share: float) -> tuple[list[int], list[int]]:
    """Train and held-out indices: every n-th text is held out, so that both halves hold every kind of text."""
    every = held_out_every(share)
    if count < 4 or not every:
        return list(range(count)), []
    train = [index for index in range(count) if index % every != every - 1]
    return train, list(range(every - 1, count, every))
