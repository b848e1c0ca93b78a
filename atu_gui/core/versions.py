"""Versions of everything that may change a result."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib import metadata

import atu_gui

_PACKAGES = ("torch", "transformers", "sentence-transformers")


def versions(more: Sequence[str] = ()) -> dict[str, str]:
    """By name, also of more packages; read from the installed packages, without importing them."""
    found = {"python": platform.python_version(), "atu-gui": atu_gui.__version__}
    for package in (*_PACKAGES, *more):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
