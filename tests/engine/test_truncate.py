"""Hidden states below the hook equal those of a full forward pass, and nothing above it runs."""

from __future__ import annotations

import pytest
import torch

from atu_gui.core.errors import InputError
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.truncate import check_layers, default_layers, hidden_at


@pytest.fixture
def tokens() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    ids = torch.randint(2, 300, (2, 7))
    mask = torch.ones(2, 7, dtype=torch.bool)
    mask[1, 5:] = False
    return ids, mask


def test_states_are_those_of_the_whole_model(lm: LanguageModel, tokens: tuple[torch.Tensor, torch.Tensor]) -> None:
    ids, mask = tokens
    whole = lm.model(input_ids=ids, attention_mask=mask.long(), output_hidden_states=True).hidden_states
    layers = [1, 3, lm.depth]
    for chosen in ([1], [3], [lm.depth], layers):
        states = hidden_at(lm, chosen, ids, mask)
        assert list(states) == chosen
        for layer in chosen:
            torch.testing.assert_close(states[layer][mask], whole[layer][mask], atol=1e-6, rtol=1e-5)


def test_blocks_above_do_not_run(lm: LanguageModel, tokens: tuple[torch.Tensor, torch.Tensor]) -> None:
    ran: list[int] = []
    for number, block in enumerate(lm.blocks, start=1):
        block.register_forward_hook(lambda *_, number=number: ran.append(number))
    hidden_at(lm, [2], *tokens)
    assert set(ran) <= {1, 2}
    assert len(lm.blocks[1]._forward_hooks) == 1


def test_gradients_reach_only_the_blocks_below(lm: LanguageModel, tokens: tuple[torch.Tensor, torch.Tensor]) -> None:
    hidden_at(lm, [2], *tokens)[2].square().mean().backward()
    reached = [any(p.grad is not None for p in block.parameters()) for block in lm.blocks]
    assert reached == [True, True, False, False]


def test_layers_are_checked() -> None:
    check_layers([1, 30], 30)
    with pytest.raises(InputError, match=r"Layer 34 does not exist\. This model has 30 layers; choose 1 to 30\."):
        check_layers([34], 30)
    assert default_layers(30) == [10]
    assert default_layers(1) == [1]
