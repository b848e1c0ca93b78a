"""The published way to ask RWKU's questions, plainly: the yardstick for `atu bench eval`.

Questions in the order of the files, forget and neighbour apart, 16 in a batch, padded on the left; transformers'
`generate` goes on until all of a batch have ended or 30 tokens are written; answers are cut afterwards. Written from
the published procedure in our own words; it is not part of an evaluation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from atu_gui.engine.models import LanguageModel
from atu_gui.engine.token_ids import stop_ids

BATCH = 16


@torch.inference_mode()
def published_answers(lm: LanguageModel, prompts: Sequence[str], max_new_tokens: int) -> list[list[int]]:
    """The token ids of each greedy answer, without the one that ended it."""
    answers = []
    model: Any = lm.model
    ends = stop_ids(lm)
    for begin in range(0, len(prompts), BATCH):
        asked = lm.tokenizer(
            list(prompts[begin : begin + BATCH]), padding="longest", padding_side="left", return_tensors="pt"
        ).to(lm.device)
        with lm.autocast():
            written = model.generate(
                input_ids=asked["input_ids"],
                attention_mask=asked["attention_mask"],
                max_new_tokens=max_new_tokens,
                do_sample=False,
                eos_token_id=sorted(ends),
                pad_token_id=lm.tokenizer.pad_token_id,
            )
        for row in written[:, asked["input_ids"].shape[1] :].tolist():
            end = next((place for place, token in enumerate(row) if token in ends), len(row))
            answers.append(row[:end])
    return answers
