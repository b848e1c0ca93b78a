"""Whether a loaded model computes what this program counts on, found out by trying it on a few tokens.

There are hundreds of architectures and more every month, so what matters is asked of the model itself, not of a list:
it sees the past only, its blocks hand on the states that a head reads, and what it keeps between two tokens is keys and
values, so that a batch of prompts is answered as each of them alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from atu_gui.core.errors import AtuError, ModelError, is_out_of_memory
from atu_gui.engine.decoding import Decoding, SharedPrefix
from atu_gui.engine.formats import computing_wide
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.truncate import hidden_at

_SENTENCE = "The river flows through the city, and in the evening people walk along it."
_MESSAGE = "Who wrote it?"
_TOKENS, _FEWEST = 12, 6
_LONGEST = 200
# Of the spread of the logits. Rounding in float32 stays a thousand times below, between two rows of one pass far more.
_TOLERANCE, _ROWS_TOLERANCE = 0.01, 1e-4
_SHARES = "Choose a plain transformer, such as a Llama, Qwen or SmolLM."
_AGAIN = "Get its files again, or choose another model."


def check_tensors(name: str, info: Mapping[str, Any], own: Sequence[str]) -> None:
    """Refuse files whose tensors are not those of the model that their config.json describes.

    Args:
        name: The model.
        info: What transformers says about loading it.
        own: Names of the tensors that the model has.

    Raises:
        ModelError: Names a tensor that is missing, of another shape, or of a block that the config does not know.
    """
    missing = sorted(map(str, info.get("missing_keys", ())))
    if missing:
        raise ModelError(
            f"The weights of {name} lack {len(missing)} tensors that the model needs, such as {missing[0]}.",
            "Choose a complete causal language model.",
        )
    for key, found, wanted in sorted(info.get("mismatched_keys", ()), key=str):
        raise ModelError(
            f"The tensor {key} of {name} has the shape {_shape(found)} where config.json asks for {_shape(wanted)}.",
            _AGAIN,
        )
    patterns = {_pattern(key) for key in own}
    surplus = sorted(key for key in map(str, info.get("unexpected_keys", ())) if _pattern(key) in patterns)
    if surplus:
        raise ModelError(
            f"The weights of {name} hold {surplus[0]}, a tensor of a layer that config.json does not know.", _AGAIN
        )


def check_finite(name: str, model: nn.Module) -> None:
    """Refuse weights that are no numbers.

    Raises:
        ModelError: Names the first such tensor.
    """
    for key, weight in model.named_parameters():
        # The sum is a number only if all of them are, and costs no second tensor; a sum too large says nothing.
        if not torch.isfinite(weight.detach().sum()) and not torch.isfinite(weight.detach()).all():
            raise ModelError(f"The tensor {key} of {name} holds values that are no numbers (NaN or infinite).", _AGAIN)


def check_talks(lm: LanguageModel) -> None:
    """Try the chat template, which is a program of the model's own.

    Raises:
        ModelError: It fails, or leaves the message out: every question would be the same.
    """
    try:
        fault = "" if _MESSAGE in lm.format_chat(_MESSAGE) else "what the user writes is not in what it makes"
    except Exception as error:  # a template raises what it likes
        if is_out_of_memory(error):
            raise
        fault = " ".join(str(error).split())[:_LONGEST].rstrip(".") or type(error).__name__
    if fault:
        raise ModelError(
            f"The chat template of {lm.name} cannot be used: {fault}.",
            "Get its files again; a model without chat_template.jinja is asked in plain text.",
        )


@torch.inference_mode()
def check_computes(lm: LanguageModel) -> None:
    """Try the model, on its device, in float32: some passes over a dozen tokens.

    Raises:
        ModelError: It looks ahead, its blocks cannot be read, or its cache is none of keys and values.
    """
    if getattr(lm.model, "_is_stateful", False):
        raise _unfollowed(lm)
    trial = replace(lm, compute_dtype=torch.float32)
    ids = _some_ids(lm)
    if len(ids) < _FEWEST:
        return
    with computing_wide(lm.model):
        plain = _logits(trial, ids)
        _check_blocks(trial, ids)
        try:
            gap = _cache_gap(trial, ids, plain)
        except Exception as error:
            if isinstance(error, AtuError) or is_out_of_memory(error):
                raise
            raise _unfollowed(lm) from error
    if not gap <= _TOLERANCE * float(plain.std()):
        raise _unfollowed(lm)


def _logits(lm: LanguageModel, ids: Sequence[int]) -> Tensor:
    """Of every position, [s, v], without a cache; the same sentence with another end must begin with the same ones."""
    other = [*ids[:-2], ids[0], ids[1]]
    logits = lm.model(input_ids=torch.tensor([ids, other], device=lm.device), use_cache=False).logits.float()
    if not torch.isfinite(logits).all():
        raise ModelError(f"{lm.name} computes values that are no numbers, although its weights are numbers.", _AGAIN)
    first, second = logits[:, : len(ids) - 2]
    if float((first - second).abs().max()) > _ROWS_TOLERANCE * float(logits.std()):
        raise ModelError(f"{lm.name} sees the words that are yet to come: it is no causal language model.", _SHARES)
    plain: Tensor = logits[0]
    return plain


def _check_blocks(lm: LanguageModel, ids: Sequence[int]) -> None:
    row = torch.tensor([ids], device=lm.device)
    shape = (1, len(ids), lm.width)
    try:
        states = hidden_at(lm, sorted({1, lm.depth}), row, torch.ones_like(row))
        fits = all(tuple(one.shape) == shape and bool(torch.isfinite(one).all()) for one in states.values())
    except (AttributeError, KeyError, IndexError, TypeError, ValueError):
        fits = False
    if not fits:
        raise ModelError(
            f"The layers of {lm.name} do not hand on one state for each word, as a head reads it.", _SHARES
        )


def _cache_gap(lm: LanguageModel, ids: Sequence[int], plain: Tensor) -> float:
    """How far two prompts of unlike length, answered together with a cache, are from the pass without one."""
    ends = (len(ids) - 2, len(ids) - 4)
    rows = [list(ids[: end + 1]) for end in ends]
    # The longer row goes on where the shorter one ends, so they share all but the shorter one's last token.
    state = Decoding(lm, rows, SharedPrefix(lm, rows, 1))
    gaps = [(state.logits[row] - plain[end]).abs().max() for row, end in enumerate(ends)]
    state.advance([ids[end + 1] for end in ends])
    gaps += [(state.logits[row] - plain[end + 1]).abs().max() for row, end in enumerate(ends)]
    return float(torch.stack(gaps).max())


def _some_ids(lm: LanguageModel) -> list[int]:
    """Ids of ordinary words, as many as the trial takes or the model has places for."""
    embeddings: Any = lm.model.get_input_embeddings()
    rows = int(embeddings.weight.shape[0])
    found = [one for one in lm.tokenizer(_SENTENCE, add_special_tokens=False)["input_ids"] if one < rows] or [0]
    places = getattr(lm.model.config.get_text_config(), "max_position_embeddings", None)
    length = min(_TOKENS, places) if isinstance(places, int) else _TOKENS
    return (found * _TOKENS)[:length]


def _unfollowed(lm: LanguageModel) -> ModelError:
    return ModelError(
        f"{lm.name} keeps something else than keys and values between two words (as Mamba does), so its answers cannot "
        "be followed here.",
        _SHARES,
    )


def _pattern(key: str) -> str:
    return ".".join("#" if part.isdigit() else part for part in key.split("."))


def _shape(sizes: Sequence[int]) -> str:
    return " × ".join(map(str, sizes)) or "of a single number"
