"""Content hashes of weights."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor, nn


def weights_hash(model: nn.Module) -> str:
    """SHA-256 over the names, formats, shapes and bytes of all parameters, 12 hex digits.

    Each tensor is hashed by itself, several at a time, because SHA-256 releases the interpreter: a model of 135 M
    parameters takes a fraction of a second.
    """
    named = sorted(model.named_parameters(), key=lambda item: item[0])
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        digests = pool.map(_tensor_digest, named)
        return hashlib.sha256(b"".join(digests)).hexdigest()[:12]


def _tensor_digest(item: tuple[str, Tensor]) -> bytes:
    name, tensor = item
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    digest = hashlib.sha256(f"{name}|{tensor.dtype}|{tuple(tensor.shape)}|".encode())
    digest.update(flat.view(torch.uint8).numpy().data)
    return digest.digest()
