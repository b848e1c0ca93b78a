from __future__ import annotations

import torch
from torch import Tensor

from atu_gui.engine.models import LanguageModel
from atu_gui.engine.truncate import hidden_at


def test_blocks_and_embeddings_make_up_the_model(lm: LanguageModel) -> None:
    rest = [value for name, value in lm.model.named_parameters() if ".layers." not in name]
    total = sum(value.numel() for value in lm.model.parameters())
    assert sum(lm.block_parameters) + sum(value.numel() for value in rest) == total
    assert len(lm.block_parameters) == lm.depth


def test_a_block_keeps_about_what_is_told_for_its_backward_pass(lm: LanguageModel) -> None:
    weights = {parameter.untyped_storage().data_ptr() for parameter in lm.model.parameters()}
    lm.model.requires_grad_(False)
    for block in lm.blocks:
        block.requires_grad_(True)
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        place = tensor.untyped_storage().data_ptr()
        if place not in weights:
            kept[place] = tensor
        return tensor

    ids = torch.randint(2, 300, (4, 32))
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        hidden_at(lm, [3], ids, torch.ones_like(ids).bool())
    floats = sum(tensor.untyped_storage().nbytes() for tensor in kept.values()) / 4 / ids.numel() / 3
    assert 0.6 < (lm.block_activations + 2 * lm.width) / floats < 1.6
