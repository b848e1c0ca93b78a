"""Importing the window brings in no torch and nothing of the layers behind the port."""

from __future__ import annotations

import json
import os
import subprocess
import sys

_PROGRAM = """
import importlib, json, pkgutil, sys
import atu_gui.ui
for found in pkgutil.walk_packages(atu_gui.ui.__path__, "atu_gui.ui."):
    importlib.import_module(found.name)
import atu_gui.app
print(json.dumps(sorted(sys.modules)))
"""
_HEAVY = {"torch", "transformers", "sentence_transformers", "huggingface_hub", "accelerate", "sqlite3"}
_BEHIND = ("atu_gui.engine", "atu_gui.service", "atu_gui.store")


def test_the_window_imports_no_torch_and_no_service() -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    ran = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True, env=environment, timeout=60
    )
    modules = json.loads(ran.stdout.splitlines()[-1])
    assert "atu_gui.ui.main_window" in modules
    assert not _HEAVY & set(modules)
    assert not [name for name in modules if name.startswith(_BEHIND)]
