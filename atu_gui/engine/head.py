"""The embedding prediction head E: hidden states in, predicted embeddings of the next words out.

Letters: b batch, s position, d model width, w head width, e embedding width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from atu_gui.core.config import HeadConfig


class CausalBlock(nn.Module):
    """Pre-norm self-attention over the past and a feed-forward part, [b, s, w] → [b, s, w]."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.merge = nn.Linear(width, width)
        self.feed_norm = nn.LayerNorm(width)
        self.feed = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        """One block; the prediction at a position never sees later positions."""
        b, s, w = x.shape
        q, k, v = self.qkv(self.attention_norm(x)).view(b, s, 3, self.heads, w // self.heads).unbind(2)
        mixed = functional.scaled_dot_product_attention(
            q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), is_causal=True
        )
        x = x + self.merge(mixed.transpose(1, 2).reshape(b, s, w))
        fed: Tensor = x + self.feed(self.feed_norm(x))
        return fed


class CausalHead(nn.Module):
    """Our head: linear in → causal pre-norm blocks → linear out.

    It departs from the published head by having no second attention: there, that one is unmasked (quirk L2), so the
    prediction sees the very words that it should predict and says little about what the hidden state knows.
    No position embedding: the hidden states carry positions. Right padding needs no mask, as attention is causal.
    """

    def __init__(self, model_width: int, embedding_width: int, *, layers: int, width: int, heads: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(model_width)
        self.input = nn.Linear(model_width, width)
        self.blocks = nn.ModuleList(CausalBlock(width, heads) for _ in range(layers))
        self.output_norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, embedding_width)

    def forward(self, states: Tensor) -> Tensor:
        """Predict; [b, s, d] → [b, s, e]."""
        x = self.input(self.norm(states))
        for block in self.blocks:
            x = block(x)
        prediction: Tensor = self.output(self.output_norm(x))
        return prediction


class PublishedHead(nn.Module):
    """The head as published: a post-norm transformer decoder whose memory is its own input.

    Its self-attention is causal, its cross-attention is not (quirk L2), there is no position encoding, and dropout is
    0.1 while aligning.
    """

    def __init__(self, model_width: int, embedding_width: int, *, layers: int, width: int, heads: int) -> None:
        super().__init__()
        self.input = nn.Linear(model_width, width)
        layer = nn.TransformerDecoderLayer(width, heads, dim_feedforward=4 * width, dropout=0.1, batch_first=True)
        self.decoder = nn.TransformerDecoder(layer, layers)
        self.output = nn.Linear(width, embedding_width)

    def forward(self, states: Tensor) -> Tensor:
        """Predict; [b, s, d] → [b, s, e]. Padding is attended, as published."""
        x = self.input(states)
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1], device=x.device, dtype=x.dtype)
        prediction: Tensor = self.output(self.decoder(x, x, tgt_mask=mask, tgt_is_causal=True))
        return prediction


def build_head(config: HeadConfig, model_width: int, embedding_width: int, *, seed: int) -> nn.Module:
    """A freshly initialised head, float32, on the CPU; the same seed gives the same weights.

    It is in evaluation mode and frozen until it is aligned: a run that goes on within an unlearn stage must not compute
    gradients of heads that nobody trains.
    """
    kind = CausalHead if config.kind == "causal" else PublishedHead
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = kind(model_width, embedding_width, layers=config.layers, width=config.width, heads=config.heads)
    return head.eval().requires_grad_(False)
