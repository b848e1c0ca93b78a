"""The published words of a question, with and without a chat template."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from atu_gui.core.materials import Probe
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.probes.prompts import instruction_prompt, probe_prompt

CLOZE = Probe("1", "forget", "cloze", "Ada was born in ___.", "London")
QUESTION = Probe("2", "neighbour", "question", "Who built it?", "Babbage")


def load(folder: Path) -> LanguageModel:
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return LanguageModel(model, tokenizer, "tiny", "tiny", torch.device("cpu"), torch.float32, "0")


def test_the_cue_follows_the_generation_header(tiny_model: Path) -> None:
    assert probe_prompt(load(tiny_model), CLOZE) == (
        "<|start|>user\nPlease complete the blank in the following question.\n"
        "Question: Ada was born in ___.\n<|end|>\n<|start|>assistant\nAnswer:"
    )


def test_without_a_template_the_cue_follows_the_question(tiny_model: Path) -> None:
    lm = load(tiny_model)
    lm.tokenizer.chat_template = None
    assert probe_prompt(lm, QUESTION) == (
        "Please briefly answer the following question.\nQuestion: Who built it?\nAnswer:"
    )


def test_instructions_have_no_cue(tiny_model: Path) -> None:
    assert instruction_prompt(load(tiny_model), "Write a letter.") == (
        "<|start|>user\nInstruction: Write a letter.\n<|end|>\n<|start|>assistant\n"
    )
