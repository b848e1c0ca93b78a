"""Which device computes, and in which number format."""

from __future__ import annotations

import psutil
import torch

from atu_gui.core.errors import ResourceError

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
_SHARE = 0.02
_SUGGESTION = "Choose “auto” or “cpu”."


def choose_device(name: str) -> torch.device:
    """The device for a name of `ModelConfig.device`; “auto” takes CUDA, then MPS, then the CPU.

    Raises:
        ResourceError: The machine has no such device, or torch cannot use it.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        built = torch.backends.cuda.is_built()
        why = "No CUDA GPU was found." if built else "This torch was built without CUDA."
        raise ResourceError(why, _SUGGESTION if built else f"{_SUGGESTION} A torch built for CUDA brings the GPU back.")
    if name == "mps" and not torch.backends.mps.is_available():
        raise ResourceError("This machine has no Apple GPU that torch can use.", _SUGGESTION)
    if name not in {"cpu", "cuda", "mps"}:
        raise ResourceError(f"There is no device “{name}”.", "Choose auto, cpu, cuda or mps.")
    return torch.device("cuda", torch.cuda.current_device()) if name == "cuda" else torch.device(name)


def choose_dtype(name: str, device: torch.device) -> torch.dtype:
    """The format that autocast computes in; `formats` says in which one weights are held.

    Raises:
        ResourceError: The device cannot compute in that format.
    """
    if name == "auto":
        fast = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if fast else torch.float32
    if name not in _DTYPES:
        raise ResourceError(f"There is no number format “{name}”.", "Choose auto, float32 or bfloat16.")
    dtype = _DTYPES[name]
    if dtype == torch.float16 and device.type == "cpu":
        raise ResourceError("A CPU does not compute in float16.", "Choose “auto”, “float32” or “bfloat16”.")
    return dtype


def sent(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """A tensor on the device. CUDA fetches it from pinned memory, so that nobody waits for it."""
    if device.type != "cuda" or tensor.device.type != "cpu":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)


def device_share(device: torch.device) -> float:
    """Bytes that what could also be fetched may take of a GPU: little of what is free, as training needs the rest."""
    return _SHARE * torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else 0.0


def threads_used() -> int:
    """How many of the processor's threads computations that this thread begins are spread over."""
    return torch.get_num_threads()


def use_threads(count: int) -> None:
    """Spread computations that this thread begins over so many, at least one, from the next operation on."""
    torch.set_num_threads(max(1, count))


def describe(device: torch.device) -> str:
    """Words for the screen: what the device is and how much memory it has."""
    if device.type == "cuda":
        facts = torch.cuda.get_device_properties(device)
        return f"{facts.name} · {_gigabytes(facts.total_memory)}"
    words = "Apple GPU" if device.type == "mps" else f"CPU · {threads_used()} threads"
    return f"{words} · {_gigabytes(psutil.virtual_memory().total)}"


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"


def wait_for(device: torch.device) -> None:
    """Wait until the device has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
