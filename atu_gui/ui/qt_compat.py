"""The one door to pyqtgraph, which needs preparing before its import.

With PySide6-Essentials alone the package `PySide6` may lack `__version__` and `__version_info__`, which pyqtgraph
reads while it is imported (pyqtgraph #3451). Every module of the window takes `pg` from here and never imports
pyqtgraph itself.
"""

from __future__ import annotations

import os

import PySide6
from PySide6 import QtCore

for _name in ("__version__", "__version_info__"):
    if not hasattr(PySide6, _name):
        setattr(PySide6, _name, getattr(QtCore, _name))

# Another binding that happens to be installed must not be picked up.
os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")

import pyqtgraph as pg  # noqa: E402

# OpenGL is off: it is slower for width-1 lines and fails on bare machines.
pg.setConfigOptions(antialias=True, useOpenGL=False)

__all__ = ["pg"]
