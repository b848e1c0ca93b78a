"""Positions and windows: which next words the prediction at each position stands for.

Letters: s positions of a text, v encoder pieces of a text as far as its windows reach, k window length.

The window of position t is the first k encoder pieces whose character end lies strictly after the character end of
language-model token t (section 3.1 of the paper; the rule in words: arXiv 2506.13181, published data code). An encoder
piece that straddles that end is included; special tokens never enter. A text cut by the length limit can still have
full windows at its last positions, because the encoder reads the whole text.

Departures from the published code, for both recipes, because the quirks contradict its own intention: padding is known
by length, not by id (quirks W1–W3: there, a real end-of-sequence token counts as padding and the mask is broken).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from transformers import PreTrainedTokenizerBase

from atu_gui.core.events import Progress
from atu_gui.core.materials import Passage
from atu_gui.engine.models import LanguageModel, TextEncoder

# Half of what the libraries take by themselves: a run may hold tens of thousands of texts.
Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
# Texts that are tokenised in one call: enough for every core, few enough that what a tokenizer returns stays small.
_TOGETHER = 64


@dataclass(frozen=True, slots=True, eq=False)
class WindowedText:
    """One text as the language model and the encoder see it.

    Attributes:
        ids: Language-model token ids, shape [s].
        pieces: Encoder piece ids of the text as far as its windows reach, shape [v].
        starts: Index of the first piece of each position's window, shape [s]; v where none is left.
        counted: Positions that count in losses and scores, shape [s]: all of plain text; of a chat passage the answer
            and the last token before it.
        k: Window length.
    """

    ids: Ints
    pieces: Ints
    starts: Ints
    counted: Flags
    k: int

    @property
    def full(self) -> Flags:
        """Which positions have k pieces left and count, shape [s]."""
        return (self.starts + self.k <= len(self.pieces)) & self.counted

    def windows(self) -> Ints:
        """The piece ids of every full window, shape [number of full positions, k]."""
        if len(self.pieces) < self.k:
            return np.empty((0, self.k), dtype=np.int32)
        rows: Ints = np.lib.stride_tricks.sliding_window_view(self.pieces, self.k)[self.starts[self.full]]
        return rows


def window_starts(token_ends: Ints, piece_ends: Ints) -> Ints:
    """For each token end, the index of the first piece that ends strictly later; `len(piece_ends)` where none does.

    Args:
        token_ends: Character ends of language-model tokens, shape [s].
        piece_ends: Character ends of encoder pieces, non-decreasing, shape [v].
    """
    return np.searchsorted(piece_ends, token_ends, side="right").astype(np.int32)


def window_texts(
    texts: Sequence[str],
    tokenizer: PreTrainedTokenizerBase,
    encoder_tokenizer: PreTrainedTokenizerBase,
    *,
    max_tokens: int,
    k: int,
    leads: Sequence[str] | None = None,
) -> Iterator[WindowedText]:
    """Tokenise each `lead + text` for the language model, each `text` for the encoder, and find the windows.

    Args:
        texts: The texts to predict.
        tokenizer: The language model's fast tokenizer.
        encoder_tokenizer: The encoder's fast tokenizer.
        max_tokens: Inputs are cut to this many tokens.
        k: Window length in encoder pieces.
        leads: What stands before each text without being predicted: a chat prompt with its markup, or "".
    """
    for start in range(0, len(texts), _TOGETHER):
        some = texts[start : start + _TOGETHER]
        before = leads[start : start + _TOGETHER] if leads else [""] * len(some)
        whole = _tokenised_behind(before, some, tokenizer)
        for lead, (ids, ends), (pieces, piece_ends) in zip(
            before, whole, _tokenised(some, encoder_tokenizer, specials=False), strict=True
        ):
            yield _windowed(lead, ids[:max_tokens], ends[:max_tokens], pieces, piece_ends, k)


def window_passages(
    passages: Sequence[Passage], lm: LanguageModel, encoder: TextEncoder, *, max_tokens: int, k: int
) -> Generator[Progress, None, list[WindowedText]]:
    """Window every passage; those with a prompt take the model's chat form. Passages without a token are left out."""
    found: list[WindowedText] = []
    for start in range(0, len(passages), _TOGETHER):
        some = passages[start : start + _TOGETHER]
        leads = [lm.format_chat(passage.prompt) if passage.prompt else "" for passage in some]
        texts = [passage.text for passage in some]
        windowed = window_texts(texts, lm.tokenizer, encoder.tokenizer, max_tokens=max_tokens, k=k, leads=leads)
        found.extend(text for text in windowed if text.counted.any())
        yield Progress("prepare", "Finding windows", start + len(some), len(passages), "passages")
    return found


def _windowed(lead: str, ids: Ints, ends: Ints, pieces: Ints, piece_ends: Ints, k: int) -> WindowedText:
    ends = ends - len(lead)
    counted = ends > 0 if lead else np.ones(len(ids), dtype=np.bool_)
    if lead and counted.any():
        counted[max(0, int(counted.argmax()) - 1)] = True
    starts = window_starts(np.maximum(ends, 0), piece_ends)
    # Of a long text only the beginning is read, and what its last window reaches.
    reach = int(starts.max(initial=0)) + k
    return WindowedText(ids.copy(), pieces[:reach].copy(), starts, counted, k)


def _tokenised_behind(
    leads: Sequence[str], texts: Sequence[str], tokenizer: PreTrainedTokenizerBase
) -> list[tuple[Ints, Ints]]:
    """Ids and character ends of each `lead + text`; a lead brings its special tokens along, a plain text does not."""
    found: dict[int, tuple[Ints, Ints]] = {}
    for plain in (True, False):
        indices = [index for index, lead in enumerate(leads) if plain is not bool(lead)]
        wholes = [leads[index] + texts[index] for index in indices]
        found.update(zip(indices, _tokenised(wholes, tokenizer, specials=plain), strict=True))
    return [found[index] for index in range(len(texts))]


def _tokenised(texts: Sequence[str], tokenizer: PreTrainedTokenizerBase, *, specials: bool) -> list[tuple[Ints, Ints]]:
    """Token ids and their character ends, [s] each, of every text; one call, which uses all cores."""
    if not texts:
        return []
    encoded: Any = tokenizer(
        list(texts),
        add_special_tokens=specials,
        return_offsets_mapping=True,
        return_attention_mask=False,
        return_token_type_ids=False,
        verbose=False,
    )
    return [
        (np.array(ids, dtype=np.int32), np.array([end for _, end in offsets], dtype=np.int32))
        for ids, offsets in zip(encoded["input_ids"], encoded["offset_mapping"], strict=True)
    ]
