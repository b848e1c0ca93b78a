"""The states of torch's own generators of random numbers, of which the published head's dropout takes from."""

from __future__ import annotations

import torch
from torch import Tensor


def generator_states(device: torch.device) -> dict[str, str]:
    """The state of the processor's generator and of the device's, hexadecimal."""
    states = {"cpu": _packed(torch.get_rng_state())}
    if device.type == "cuda":
        states["cuda"] = _packed(torch.cuda.get_rng_state(device))
    elif device.type == "mps":
        states["mps"] = _packed(torch.mps.get_rng_state())
    return states


def restore_generators(states: dict[str, str], device: torch.device) -> None:
    """Go on as if the numbers up to a checkpoint had been drawn here.

    Raises:
        ValueError: No states.
        RuntimeError: Likewise.
    """
    torch.set_rng_state(_unpacked(states["cpu"]))
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(_unpacked(states["cuda"]), device)
    elif device.type == "mps" and "mps" in states:
        torch.mps.set_rng_state(_unpacked(states["mps"]))


def _packed(state: Tensor) -> str:
    return state.cpu().numpy().tobytes().hex()


def _unpacked(state: str) -> Tensor:
    return torch.frombuffer(bytearray.fromhex(state), dtype=torch.uint8)
