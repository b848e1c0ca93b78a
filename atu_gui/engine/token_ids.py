"""Token ids of prompts, of what follows them and of what ends a text."""

from __future__ import annotations

from atu_gui.core.errors import InputError
from atu_gui.core.halves import has_halves
from atu_gui.engine.models import LanguageModel


def prompt_ids(lm: LanguageModel, prompt: str) -> list[int]:
    """Token ids with the tokenizer's special tokens, but no second begin-of-sequence after the chat template's.

    An empty prompt becomes one special token, because there must be a position to go on from.

    Raises:
        InputError: There is half a character in it.
    """
    refuse_halves(prompt)
    tokenizer = lm.tokenizer
    doubled = bool(tokenizer.bos_token) and prompt.startswith(str(tokenizer.bos_token))
    ids: list[int] = list(tokenizer(prompt, add_special_tokens=not doubled, verbose=False)["input_ids"])
    if ids:
        return ids
    known = [value for value in (tokenizer.bos_token_id, tokenizer.eos_token_id) if isinstance(value, int)]
    return known[:1] or [0]


def refuse_halves(words: str) -> None:
    """Tokenizers fail at them without a word that a user could understand.

    Raises:
        InputError: There is one.
    """
    if has_halves(words):
        raise InputError("The words hold half a character, which cannot be read.", "Type them anew.")


def continuation_ids(lm: LanguageModel, prompt: str, before: list[int], answer: str) -> list[int]:
    """The tokens of an answer after a prompt whose ids are `before`: one space between them unless one is there.

    Raises:
        InputError: The answer is blank.
    """
    if not answer.strip():
        raise InputError("A question has a blank gold answer.", "Give every question an answer.")
    text = answer.strip() if prompt[-1:].isspace() else f" {answer.strip()}"
    whole = prompt_ids(lm, prompt + text)
    if len(whole) > len(before) and whole[: len(before)] == before:
        return whole[len(before) :]
    # Prompt and answer merge into one token where they meet: the prompt stays as it is asked.
    return list(lm.tokenizer(text, add_special_tokens=False)["input_ids"])


def gold_ids(lm: LanguageModel, prompt: str, answer: str) -> tuple[list[int], list[int]]:
    """Token ids of a prompt, and of its gold answer as `answer_logprobs` scores it."""
    before = prompt_ids(lm, prompt)
    return before, continuation_ids(lm, prompt, before, answer)


def stop_ids(lm: LanguageModel) -> frozenset[int]:
    """End-of-sequence ids of the generation settings and of the tokenizer."""
    known = getattr(lm.model.generation_config, "eos_token_id", None)
    ids = known if isinstance(known, list) else [known]
    return frozenset(value for value in (*ids, lm.tokenizer.eos_token_id) if isinstance(value, int))
