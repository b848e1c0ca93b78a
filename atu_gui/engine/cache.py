"""Tensors that can be computed again, kept on disk under the hash of everything they depend on."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor


class TensorCache:
    """A folder of safetensors files, written whole or not at all; safe to share between processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @staticmethod
    def key(*parts: str | bytes | int | float) -> str:
        """The name of whatever depends on exactly these parts, in this order."""
        digest = hashlib.sha256()
        for part in parts:
            raw = part if isinstance(part, bytes) else repr(part).encode()
            digest.update(len(raw).to_bytes(8, "little") + raw)
        return digest.hexdigest()[:40]

    def load(self, key: str) -> dict[str, Tensor] | None:
        """Memory-mapped tensors, or None where there are none (or only damaged ones)."""
        path = self._path(key)
        try:
            return load_file(path)
        except (FileNotFoundError, SafetensorError, OSError):
            return None

    def save(self, key: str, tensors: dict[str, Tensor]) -> None:
        """Keep tensors. A full disk loses the cache entry, never the work."""
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
            os.close(handle)
        except OSError:
            return
        try:
            save_file({name_: tensor.contiguous() for name_, tensor in tensors.items()}, name)
            os.replace(name, path)
        except (OSError, SafetensorError):
            Path(name).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.safetensors"
