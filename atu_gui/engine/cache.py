"""Tensors that can be computed again, kept on disk under the hash of everything they depend on."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from atu_gui.core.reading import CACHE_LIMIT


class TensorCache:
    """A folder of safetensors files, written whole or not at all; safe to share between processes.

    When the files exceed `limit` bytes, those that were used longest ago go. A process that has one open keeps what it
    mapped; where the system does not let go of an open file, the file stays until a later save.
    """

    def __init__(self, folder: Path, limit: int = CACHE_LIMIT) -> None:
        self._folder = folder
        self._limit = limit

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
            tensors = load_file(path)
        except (FileNotFoundError, SafetensorError, OSError):
            return None
        with contextlib.suppress(OSError):  # removed meanwhile, or not ours to touch
            os.utime(path)
        return tensors

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
            return
        self._make_room(path)

    def keep(self, key: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Save tensors and give them back as they lie on the disk, so that their memory is free; where they cannot be
        saved, as they are."""
        self.save(key, tensors)
        return self.load(key) or tensors

    def _make_room(self, newest: Path) -> None:
        """Remove what was used longest ago until the rest fits; the entry just written stays, however large."""
        entries = []
        for path in self._folder.glob("*/*.safetensors"):
            with contextlib.suppress(OSError):  # another process removed it
                facts = path.stat()
                entries.append((facts.st_mtime_ns, facts.st_size, path))
        total = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if total <= self._limit:
                return
            if path != newest:
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
                    total -= size

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.safetensors"
