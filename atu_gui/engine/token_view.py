"""The similarity to the concept of what the heads predict after each token of a text."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from atu_gui.engine.kept_heads import KeptHeads
from atu_gui.engine.losses import concept_similarity
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.token_ids import refuse_halves
from atu_gui.engine.truncate import hidden_at

MOST_TOKENS = 512


@dataclass(frozen=True, slots=True)
class Seen:
    """The pieces of a text and a similarity for each; `cut` where the text went on."""

    tokens: tuple[str, ...]
    similarities: tuple[float, ...]
    cut: bool


@torch.inference_mode()
def look_at(lm: LanguageModel, kept: KeptHeads, text: str, *, prompt: str = "") -> Seen:
    """Read a text with the weights as they are now.

    Letters: s position, e embedding width, c concepts.

    Args:
        lm: The language model.
        kept: The heads; their layers are run and no others.
        text: What is looked at; its tokens alone are returned.
        prompt: The user's message that the text answers, formatted as a chat; "" for plain text.

    Returns:
        For each token of the text the similarity of the prediction made at it, which is about the words to come:
        the largest over concepts, the mean over hook layers.
    """
    refuse_halves(prompt + text)
    lead = lm.format_chat(prompt) if prompt else ""
    tokenizer = lm.tokenizer
    doubled = bool(tokenizer.bos_token) and lead.startswith(str(tokenizer.bos_token))
    encoded = tokenizer(lead + text, add_special_tokens=not doubled, return_offsets_mapping=True, verbose=False)
    ids, offsets = encoded["input_ids"], encoded["offset_mapping"]
    first = next((at for at, (_, end) in enumerate(offsets) if end > len(lead)), len(ids))
    cut = len(ids) - first > MOST_TOKENS
    ids, offsets = ids[: first + MOST_TOKENS], offsets[: first + MOST_TOKENS]
    if first >= len(ids):
        return Seen((), (), False)
    row = torch.tensor([ids], device=lm.device)
    states = hidden_at(lm, list(kept.heads), row, torch.ones_like(row))
    with lm.autocast():
        predictions = [head(states[layer].float()) for layer, head in kept.heads.items()]
    seen = [concept_similarity(one.float(), kept.concept_vectors).amax(-1)[0] for one in predictions]
    values = torch.stack(seen).mean(0)
    # Special tokens have no place in the text.
    shown = [at for at in range(first, len(ids)) if offsets[at][1] > offsets[at][0]]
    whole = lead + text
    tokens = tuple(whole[max(offsets[at][0], len(lead)) : offsets[at][1]] for at in shown)
    return Seen(tokens, tuple(float(values[at]) for at in shown), cut)
