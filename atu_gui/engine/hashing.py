"""Content hashes of weights."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor, nn


def weights_hash(model: nn.Module) -> str:
    """SHA-256 over the names, shapes and values of all parameters, 12 hex digits.

    Values count as float32: the same file has the same hash wherever its weights are held in 16 bits.
    """
    return combined_hash(tensor_digests(model))


def tensor_digests(model: nn.Module, names: Collection[str] | None = None) -> dict[str, bytes]:
    """The digest of each parameter, or of those named.

    Each tensor is hashed by itself, several at a time, because SHA-256 releases the interpreter: a model of 135 M
    parameters takes a fraction of a second.
    """
    wanted = [item for item in model.named_parameters() if names is None or item[0] in names]
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        return dict(zip((name for name, _ in wanted), pool.map(lambda item: tensor_digest(*item), wanted), strict=True))


def combined_hash(digests: Mapping[str, bytes]) -> str:
    """The hash of a whole model out of the digests of its parameters."""
    return hashlib.sha256(b"".join(digests[name] for name in sorted(digests))).hexdigest()[:12]


def tensor_digest(name: str, tensor: Tensor) -> bytes:
    """SHA-256 over the name, shape and values of a tensor; 16 bits count as the float32 that they stand for."""
    values = tensor.detach().cpu()
    if values.dtype in (torch.bfloat16, torch.float16):
        values = values.float()
    flat = values.contiguous().reshape(-1)
    digest = hashlib.sha256(f"{name}|{values.dtype}|{tuple(values.shape)}|".encode())
    digest.update(flat.view(torch.uint8).numpy().data)
    return digest.digest()
