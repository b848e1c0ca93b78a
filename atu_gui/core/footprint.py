"""What loading a model would take, known from the headers of its files before a weight is read."""

from __future__ import annotations

from dataclasses import dataclass

# Weights are float32 but where a GPU computes in 16 bits: there matrices stay in the 16 bits of their file.
_SINGLE, _HALF = 4, 2
# NF4: four bits for each weight, and a float32 scale for 64 of them.
_PACKED = 0.5 + 4 / 64


@dataclass(frozen=True, slots=True)
class Footprint:
    """A language model and its encoder as their headers describe them.

    Attributes:
        name: Name of the language model for the screen.
        layers: Number of blocks.
        width: Hidden width d.
        parameters: Of the language model; 0 where its files are not on this machine.
        disk_bytes: Of its weight files.
        device: Where it would be loaded: "cpu", "cuda:0", "mps".
        dtype: Number format of the computation.
        encoder: Name of the encoder for the screen.
        encoder_parameters: Of the encoder; 0 where its files are not on this machine.
        halves: Parameters of the language model that the device holds in 16 bits.
        packed: Those that it holds in 4.
    """

    name: str
    layers: int
    width: int
    parameters: int
    disk_bytes: int
    device: str
    dtype: str
    encoder: str
    encoder_parameters: int
    halves: int = 0
    packed: int = 0

    @property
    def known(self) -> bool:
        """Whether the language model's size is known."""
        return self.parameters > 0

    @property
    def memory(self) -> int:
        """Bytes of both models' weights on the device."""
        single = self.parameters - self.halves - self.packed + self.encoder_parameters
        return int(_SINGLE * single + _HALF * self.halves + _PACKED * self.packed)

    @property
    def main_memory(self) -> int:
        """Bytes that loading takes of the main memory: weights are read there before they move to another device."""
        read = _SINGLE * self.parameters
        return max(self.memory, read) if self.device == "cpu" else read
