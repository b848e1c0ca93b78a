"""Positions and windows: which next words the prediction at each position stands for.

Letters: s positions of a text, v encoder pieces of a text, k window length.

The window of position t is the first k encoder pieces whose character end lies strictly after the character end of
language-model token t (section 3.1 of the paper; the rule in words: arXiv 2506.13181, published data code). An encoder
piece that straddles that end is included; special tokens never enter. A text cut by the length limit can still have
full windows at its last positions, because the encoder reads the whole text.

Departures from the published code, for both recipes, because the quirks contradict its own intention: padding is known
by length, not by id (quirks W1–W3: there, a real end-of-sequence token counts as padding and the mask is broken).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from transformers import PreTrainedTokenizerBase

from atu_gui.core.materials import Passage
from atu_gui.engine.models import LanguageModel, TextEncoder

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class WindowedText:
    """One text as the language model and the encoder see it.

    Attributes:
        ids: Language-model token ids, shape [s].
        pieces: Encoder piece ids of the whole text, shape [v].
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
        return np.take(self.pieces, self.starts[self.full][:, None] + np.arange(self.k))


def window_starts(token_ends: Ints, piece_ends: Ints) -> Ints:
    """For each token end, the index of the first piece that ends strictly later; `len(piece_ends)` where none does.

    Args:
        token_ends: Character ends of language-model tokens, shape [s].
        piece_ends: Character ends of encoder pieces, non-decreasing, shape [v].
    """
    return np.searchsorted(piece_ends, token_ends, side="right").astype(np.int64)


def window_text(
    text: str,
    tokenizer: PreTrainedTokenizerBase,
    encoder_tokenizer: PreTrainedTokenizerBase,
    *,
    max_tokens: int,
    k: int,
    lead: str = "",
) -> WindowedText:
    """Tokenise `lead + text` for the language model, `text` for the encoder, and find the windows.

    Args:
        text: The text to predict.
        tokenizer: The language model's fast tokenizer.
        encoder_tokenizer: The encoder's fast tokenizer.
        max_tokens: Inputs are cut to this many tokens.
        k: Window length in encoder pieces.
        lead: What stands before the text without being predicted: a chat prompt with its markup.
    """
    whole = tokenizer(lead + text, add_special_tokens=not lead, return_offsets_mapping=True)
    ids = np.asarray(whole["input_ids"], dtype=np.int64)[:max_tokens]
    ends = np.asarray(whole["offset_mapping"], dtype=np.int64).reshape(-1, 2)[:max_tokens, 1] - len(lead)
    counted = ends > 0 if lead else np.ones(len(ids), dtype=np.bool_)
    if lead and counted.any():
        counted[max(0, int(counted.argmax()) - 1)] = True
    pieces = encoder_tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    piece_ends = np.asarray(pieces["offset_mapping"], dtype=np.int64).reshape(-1, 2)[:, 1]
    return WindowedText(
        ids=ids,
        pieces=np.asarray(pieces["input_ids"], dtype=np.int64),
        starts=window_starts(np.maximum(ends, 0), piece_ends),
        counted=counted,
        k=k,
    )


def window_passages(
    passages: Sequence[Passage], lm: LanguageModel, encoder: TextEncoder, *, max_tokens: int, k: int
) -> list[WindowedText]:
    """Window every passage; those with a prompt take the model's chat form. Passages without a token are left out."""
    windowed = []
    for passage in passages:
        lead = lm.format_chat(passage.prompt) if passage.prompt else ""
        text = window_text(passage.text, lm.tokenizer, encoder.tokenizer, max_tokens=max_tokens, k=k, lead=lead)
        if text.counted.any():
            windowed.append(text)
    return windowed
