"""What a concept's embedding would catch: similarity of windows of example texts, by the encoder alone.

The embedding is chosen as in a run, by its AUC on windows of texts about the concept against others; here on a sample
of sentences, so that it can be shown while somebody types.

Letters: n windows, k window length, e embedding width.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from atu_gui.core import paths
from atu_gui.core.concepts import Concept
from atu_gui.core.config import RunConfig
from atu_gui.core.errors import Cancelled, InputError
from atu_gui.core.events import Progress
from atu_gui.core.materials import Materials, Passage, Probe
from atu_gui.core.preview import GROUPS, AliasSuggestion, Preview, PreviewGroup, PreviewLine
from atu_gui.engine.aliases import find_aliases
from atu_gui.engine.cache import TensorCache
from atu_gui.engine.encoder import concept_candidates, cosine_to, embed_phrases, embed_windows
from atu_gui.engine.inputs import HELD, bundled, bundled_lines, draw, read_inputs
from atu_gui.engine.models import TextEncoder
from atu_gui.engine.setting import embed_concept
from atu_gui.engine.texts import sentences

LINES = 12  # of each group
SUGGESTIONS = 8
_SHORTEST = 6  # words of an example sentence
Example = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Sources:
    """What is at hand: prepared materials, else the files that the config names."""

    concept: tuple[Passage, ...]
    retain: tuple[Passage, ...]
    probes: tuple[Probe, ...]
    neighbours: tuple[str, ...]
    notes: tuple[str, ...] = ()


def preview(
    config: RunConfig,
    index: int,
    materials: Materials | None,
    encoder: TextEncoder,
    cancelled: Callable[[], bool],
) -> Generator[Progress, None, Preview]:
    """Similarities of the texts at hand to one of the config's concepts, and names that it may lack.

    Args:
        config: Concepts, texts, windows, recipe and seed are read.
        index: Which concept.
        materials: What was got ready, where it serves this config; otherwise its files are read.
        encoder: The frozen encoder.
        cancelled: Asked between batches.

    Raises:
        Cancelled: The user typed on.
    """
    concept = config.concepts[index]
    sources = _sources(config, materials)
    neighbours = {*sources.neighbours, *(probe.about for probe in sources.probes if probe.group == "neighbour")} - {""}
    examples = _examples(config, concept, sources, sorted(neighbours))
    embedded: dict[PreviewGroup, list[Tensor]] = {}
    for group, texts in examples.items():
        words = [example for example, _ in texts]
        embedded[group] = yield from embed_texts(encoder, words, config.windows.k, cancelled)
    vector, how = _vector(config, encoder, concept, embedded)
    lines: list[PreviewLine] = []
    for group, rows in embedded.items():
        made = [
            PreviewLine(group, words, tuple(cosine_to(each, vector).sort(descending=True).values.tolist()), note)
            for (words, note), each in zip(examples[group], rows, strict=True)
        ]
        # Of the bundled names hundreds are looked at; the closest ones matter.
        lines.extend(sorted(made, key=lambda line: -line.similarity)[:LINES])
    candidates, dropped = find_aliases(
        concept,
        [passage.text for passage in sources.concept],
        sources.probes,
        [*neighbours, *_other_names(config, index)],
    )
    suggestions: list[AliasSuggestion] = []
    if candidates:
        names = embed_phrases(encoder, [concept.name, *(one.name for one in candidates)], special_tokens=True)
        values = cosine_to(names[1:], names[0]).tolist()
        found = (AliasSuggestion(one.name, value, one.reason) for one, value in zip(candidates, values, strict=True))
        suggestions = sorted(found, key=lambda one: -one.similarity)[:SUGGESTIONS]
    return Preview(concept.name, how, tuple(lines), tuple(suggestions), dropped, sources.notes)


def embed_texts(
    encoder: TextEncoder, texts: Sequence[str], k: int, cancelled: Callable[[], bool]
) -> Generator[Progress, None, list[Tensor]]:
    """The embeddings of every window of k encoder pieces of each text, [n, e]; a shorter text is one window.

    Kept on disk, since the texts stay while the concept is typed.

    Raises:
        Cancelled: `cancelled` said so.
    """
    cache = TensorCache(paths.cache_folder() / "tensors")
    key = cache.key("preview", 1, encoder.weights_hash, k, *texts)
    rows = [_windows(encoder, words, k) for words in texts]
    kept = cache.load(key)
    if kept is None:
        # Windows of like length share a batch.
        whole = torch.empty(sum(map(len, rows)), encoder.width)
        starts = np.cumsum([0, *map(len, rows)])
        for length in sorted({row.shape[1] for row in rows}):
            chosen = [at for at, row in enumerate(rows) if row.shape[1] == length]
            work = embed_windows(encoder, np.concatenate([rows[at] for at in chosen]))
            made = yield from _watched(work, cancelled)
            places = np.concatenate([np.arange(starts[at], starts[at + 1]) for at in chosen])
            whole[torch.from_numpy(places)] = made
        kept = {"rows": whole}
        cache.save(key, kept)
    return list(kept["rows"].split([len(row) for row in rows]))


def _watched(
    work: Generator[Progress, None, Tensor], cancelled: Callable[[], bool]
) -> Generator[Progress, None, Tensor]:
    while True:
        if cancelled():
            work.close()
            raise Cancelled
        try:
            event = next(work)
        except StopIteration as end:
            result: Tensor = end.value
            return result
        yield Progress("preview", event.what, event.done, event.total, event.unit)


def _windows(encoder: TextEncoder, words: str, k: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Piece ids, [n, k] or [1, fewer]."""
    ids = encoder.tokenizer(words, add_special_tokens=False)["input_ids"]
    pieces = np.array(ids or [encoder.tokenizer.unk_token_id or 0], dtype=np.int64)
    if len(pieces) <= k:
        return pieces[None]
    return np.lib.stride_tricks.sliding_window_view(pieces, k)


def _vector(
    config: RunConfig, encoder: TextEncoder, concept: Concept, embedded: dict[PreviewGroup, list[Tensor]]
) -> tuple[Tensor, str]:
    """As a run embeds the concept. Without texts about it nothing can be measured: then the mean of all phrasings."""
    empty = torch.empty(0, encoder.width)
    about = torch.cat([*embedded["concept"], empty])
    others = torch.cat([*embedded["other"], empty])
    if config.recipe != "paper" and not len(about):
        name, vector = list(concept_candidates(encoder, concept).items())[: 2 if len(concept.phrasings) > 1 else 1][-1]
        return vector, f"{name}; a run measures on its texts which way tells them apart best"
    vector, name, area = embed_concept(config.recipe, encoder, concept, about, others)
    return vector, name if area is None else f"{name}; AUC {area:.2f} on these sentences"


def _sources(config: RunConfig, materials: Materials | None) -> _Sources:
    if materials is not None:
        return _Sources(
            materials.concept_passages, materials.retain_passages, materials.probes,
            (*materials.neighbours, *config.texts.neighbours),
        )  # fmt: skip
    neighbours = tuple(config.texts.neighbours)
    try:
        inputs = read_inputs(config)
        # Of very many texts as many are looked at as are held anyway.
        concept, retain = (
            texts.pick(draw(range(len(texts)), HELD, config.seed, f"preview {label} texts"))
            for texts, label in ((inputs.concept, "concept"), (inputs.retain, "retain"))
        )
    except InputError as error:
        return _Sources((), (), (), neighbours, (error.message,))
    return _Sources(concept, retain, inputs.pack.probes, neighbours)


def _examples(
    config: RunConfig, concept: Concept, sources: _Sources, neighbours: Sequence[str]
) -> dict[PreviewGroup, list[Example]]:
    """Texts of every group with what is known of them, drawn by the config's seed."""
    seed = config.seed
    own = [passage for passage in sources.concept if passage.about in ("", *concept.names) or len(config.concepts) == 1]
    names = [(name, "a neighbour") for name in draw(neighbours, LINES, seed, "preview neighbours")]
    if not names:
        bundled_names = (line for line in bundled_lines("entities.txt") if line and not line.startswith("#"))
        names = [(name, "a well-known name") for name in bundled_names if not concept.is_named_in(name)]
    probes = [
        probe
        for group in ("forget", "neighbour")
        for probe in draw([one for one in sources.probes if one.group == group], LINES // 2, seed, f"preview {group}")
    ]
    questions = [(probe.query, f"{probe.group} question") for probe in probes]
    others = [passage.text for passage in sources.retain] or bundled("general.txt")
    chosen: dict[PreviewGroup, list[Example]] = {
        "concept": [(words, "") for words in _sentences([passage.text for passage in own], seed, "concept")],
        "neighbour": names,
        "question": questions
        or [(words, "") for words in draw(bundled_lines("general_questions.txt"), LINES, seed, "preview")],
        "other": [(words, "") for words in _sentences(others, seed, "other") if not concept.is_named_in(words)],
    }
    return {group: chosen[group] for group in GROUPS}


def _sentences(texts: Sequence[str], seed: int, label: str) -> tuple[str, ...]:
    some = draw(texts, 4 * LINES, seed, f"preview {label}")
    found = dict.fromkeys(one for words in some for one in sentences(words) if len(one.split()) >= _SHORTEST)
    return draw(list(found), LINES, seed, f"preview sentences {label}")


def _other_names(config: RunConfig, index: int) -> list[str]:
    """Names of the run's other concepts: they are no alias of this one."""
    return [name for at, other in enumerate(config.concepts) if at != index for name in other.names]
