"""Shapes of language models: what a run on one takes can be told from these numbers alone, before it is downloaded."""

from __future__ import annotations

from dataclasses import dataclass

from atu_gui.core.events import ModelLoaded

_SINGLE = 4


@dataclass(frozen=True, slots=True)
class Shape:
    """A decoder with gated feed-forward parts, as nearly all are today.

    Attributes:
        name: Name for the screen.
        layers: Blocks.
        width: Hidden width d.
        inner: Width of the feed-forward part.
        queries: Width of all queries of a position: heads × their width.
        keys: Width of all its keys, and of its values.
        vocabulary: Rows of the token embeddings.
        tied: Whether the LM head is the embeddings.
    """

    name: str
    layers: int
    width: int
    inner: int
    queries: int
    keys: int
    vocabulary: int
    tied: bool

    @property
    def block_parameters(self) -> int:
        """Of one block: seven matrices and two norms."""
        return self.width * (2 * self.queries + 2 * self.keys + 3 * self.inner + 2)

    @property
    def block_activations(self) -> int:
        """Inputs and outputs of a block's matrices, floats for each position."""
        return 7 * self.width + 2 * self.queries + 2 * self.keys + 3 * self.inner

    @property
    def parameters(self) -> int:
        """Of the whole model."""
        embeddings = self.vocabulary * self.width
        return self.layers * self.block_parameters + (1 if self.tied else 2) * embeddings + self.width

    def facts(self, *, embedding_width: int, encoder_bytes: int, device: str, dtype: str) -> ModelLoaded:
        """What loading it would tell, beside an encoder of this width e and size."""
        # On a GPU the blocks' matrices are held in the 16 bits that they are computed with.
        held = _SINGLE if device == "cpu" or dtype == "float32" else _SINGLE // 2
        blocks = self.layers * self.block_parameters
        return ModelLoaded(
            name=self.name,
            source=self.name,
            layers=self.layers,
            width=self.width,
            parameters=self.parameters,
            device=device,
            dtype=dtype,
            memory_bytes=held * blocks + _SINGLE * (self.parameters - blocks),
            weights_hash="",
            encoder="",
            embedding_width=embedding_width,
            chat_template=True,
            seconds=0.0,
            block_parameters=(self.block_parameters,) * self.layers,
            block_activations=self.block_activations,
            embedding_parameters=self.vocabulary * self.width,
            encoder_bytes=encoder_bytes,
            weight_bytes=held,
        )


# From the configurations that their makers published.
PUBLISHED = (
    Shape("SmolLM2-135M", 30, 576, 1536, 576, 192, 49_152, tied=True),
    Shape("Gemma-3-270M", 18, 640, 2048, 1024, 256, 262_144, tied=True),
    Shape("Llama-3.2-1B", 16, 2048, 8192, 2048, 512, 128_256, tied=True),
    Shape("Llama-3.2-3B", 28, 3072, 8192, 3072, 1024, 128_256, tied=True),
    Shape("Phi-3-mini (3.8B)", 32, 3072, 8192, 3072, 3072, 32_064, tied=False),
    Shape("Llama-3-8B", 32, 4096, 14_336, 4096, 1024, 128_256, tied=False),
    Shape("Qwen2.5-14B", 48, 5120, 13_824, 5120, 1024, 152_064, tied=False),
    Shape("Llama-3-70B", 80, 8192, 28_672, 8192, 1024, 128_256, tied=False),
)
