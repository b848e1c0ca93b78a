"""What the embedding of a concept catches, with the tiny encoder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from atu_gui.core.concepts import Concept
from atu_gui.core.config import RunConfig
from atu_gui.core.errors import Cancelled
from atu_gui.core.materials import Materials, Passage
from atu_gui.core.preview import GROUPS
from atu_gui.engine.encoder import concept_candidates, cosine_to, embed_windows
from atu_gui.engine.models import TextEncoder
from atu_gui.engine.preview import LINES, embed_texts, preview
from tests.engine.draining import drain


def never() -> bool:
    return False


def test_every_window_is_compared_with_the_concept(
    config: RunConfig, encoder: TextEncoder, materials: Materials
) -> None:
    _, found = drain(preview(config, 0, materials, encoder, never))
    assert found.concept == "Ada Lovelace" and "AUC" in found.embedding
    way = found.embedding.partition(";")[0]
    vector = concept_candidates(encoder, config.concepts[0])[way]
    for line in found.lines:
        ids = np.array(encoder.tokenizer(line.text, add_special_tokens=False)["input_ids"])
        rows = np.lib.stride_tricks.sliding_window_view(ids, min(config.windows.k, len(ids)))
        expected = cosine_to(drain(embed_windows(encoder, rows))[1], vector).sort(descending=True).values
        assert line.similarities == pytest.approx(expected.tolist(), abs=1e-5)
    for group in GROUPS:
        values = [line.similarity for line in found.of(group)]
        assert values == sorted(values, reverse=True) and 0 < len(values) <= LINES
    assert {line.note for line in found.of("question")} == {"forget question", "neighbour question"}


def test_aliases_change_what_is_caught(config: RunConfig, encoder: TextEncoder) -> None:
    more = config.model_copy(update={"concepts": [Concept(name="Ada Lovelace", aliases=("Grace",))]})
    _, one = drain(preview(config, 0, None, encoder, never))
    _, two = drain(preview(more, 0, None, encoder, never))
    assert "mean of 2 phrasings" in two.embedding
    assert one.lines != two.lines


def test_without_texts_bundled_ones_serve(config: RunConfig, encoder: TextEncoder) -> None:
    _, found = drain(preview(config, 0, None, encoder, never))
    assert found.of("concept") == ()
    assert all(len(found.of(group)) == LINES for group in GROUPS if group != "concept")
    assert [one.name for one in found.suggestions] == ["Lovelace"]


def test_the_paper_takes_the_bare_name(config: RunConfig, encoder: TextEncoder, materials: Materials) -> None:
    paper = config.model_copy(update={"recipe": "paper"})
    assert drain(preview(paper, 0, materials, encoder, never))[1].embedding == "name with special tokens"


def test_files_that_cannot_be_read_are_a_note(config: RunConfig, encoder: TextEncoder, tmp_path: Path) -> None:
    config.texts.concept = [tmp_path / "gone.txt"]
    _, found = drain(preview(config, 0, None, encoder, never))
    assert "There is no file" in found.notes[0] and found.of("other")


def test_a_neighbour_is_no_alias(config: RunConfig, encoder: TextEncoder, materials: Materials) -> None:
    more = (*materials.concept_passages, *[Passage("In London, Lovelace met him.")] * 2)
    with_neighbour = replace(materials, concept_passages=more, neighbours=("Ralph Lovelace",))
    _, found = drain(preview(config, 0, with_neighbour, encoder, never))
    assert found.dropped == ("Lovelace",)
    assert "Lovelace" not in {one.name for one in found.suggestions}


def test_texts_are_encoded_once(encoder: TextEncoder) -> None:
    texts = ["Ada wrote the first program for a machine", "Bread", ""]
    events, first = drain(embed_texts(encoder, texts, 4, never))
    assert events and [row.shape[1] for row in first] == [encoder.width] * 3
    assert len(first[0]) > 1 and len(first[1]) == len(first[2]) == 1
    again, second = drain(embed_texts(encoder, texts, 4, never))
    assert not again
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one, other)


def test_somebody_who_types_on_ends_it(config: RunConfig, encoder: TextEncoder) -> None:
    with pytest.raises(Cancelled):
        drain(preview(config, 0, None, encoder, lambda: True))
