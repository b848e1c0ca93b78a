"""Hidden states below the hook equal those of a full forward pass, and nothing above it runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from atu_gui.core.errors import InputError
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.truncate import Prefix, check_layers, default_layers, hidden_at


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


@pytest.mark.parametrize("as_tuple", [False, True])
def test_above_a_known_prefix_the_states_are_the_same(
    lm: LanguageModel, tokens: tuple[torch.Tensor, torch.Tensor], as_tuple: bool
) -> None:
    ids, mask = tokens
    ran: list[tuple[int, int]] = []
    for number, block in enumerate(lm.blocks, start=1):
        if as_tuple:  # some architectures hand on a tuple
            vars(block)["forward"] = _tupled(block.forward)
        block.self_attn.register_forward_hook(
            lambda _module, _inputs, output, number=number: ran.append((number, output[0].shape[1]))
        )
    with torch.no_grad():
        whole = hidden_at(lm, [1, 2, 3], ids, mask)
    before = [vars(block).get("forward") for block in lm.blocks]
    ran.clear()
    states = hidden_at(lm, [2, 3], ids, mask, Prefix(1, whole[1]))
    # The first block runs with a single token, which tells what it returns; the whole text skips it.
    assert [number for number, length in ran if length == ids.shape[1]] == [2, 3]
    for layer in (2, 3):
        torch.testing.assert_close(states[layer], whole[layer], atol=1e-6, rtol=1e-5)
    assert [vars(block).get("forward") for block in lm.blocks] == before


def _tupled(forward: Callable[..., torch.Tensor]) -> Callable[..., tuple[torch.Tensor]]:
    def wrapped(states: torch.Tensor | tuple[torch.Tensor], *rest: object, **named: object) -> tuple[torch.Tensor]:
        return (forward(states[0] if isinstance(states, tuple) else states, *rest, **named),)

    return wrapped


def test_layers_are_checked() -> None:
    check_layers([1, 30], 30)
    with pytest.raises(InputError, match=r"Layer 34 does not exist\. This model has 30 layers; choose 1 to 30\."):
        check_layers([34], 30)
    assert default_layers(30) == [10]
    assert default_layers(1) == [1]


def test_recomputed_blocks_keep_their_inputs_alone(lm: LanguageModel) -> None:
    ids = torch.arange(24).reshape(2, 12)
    kept, gradients = [], []
    for recompute in (False, True):
        sizes: list[int] = []

        def pack(tensor: torch.Tensor, sizes: list[int] = sizes) -> torch.Tensor:
            sizes.append(tensor.nbytes)
            return tensor

        lm.model.zero_grad()
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            states = hidden_at(lm, [3], ids, torch.ones_like(ids), recompute=recompute)[3]
            kept.append(sum(sizes))
            states.square().sum().backward()
        gradients.append([one.grad.clone() for one in lm.blocks[:3].parameters() if one.grad is not None])
    assert kept[1] < kept[0] / 4
    assert len(gradients[0]) == 3 * 9
    assert all(torch.equal(one, other) for one, other in zip(*gradients, strict=True))
    assert not any("forward" in vars(block) for block in lm.blocks)
