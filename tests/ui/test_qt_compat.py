from __future__ import annotations

import subprocess
import sys

# In a process of its own, because the modules of this one are imported already.
WITHOUT_VERSION = """
import PySide6
for name in ("__version__", "__version_info__"):
    if hasattr(PySide6, name):
        delattr(PySide6, name)
from atu_gui.ui.qt_compat import pg
from PySide6 import QtCore
assert PySide6.__version__ == QtCore.__version__, PySide6.__version__
assert pg.Qt.QT_LIB == "PySide6", pg.Qt.QT_LIB
assert pg.getConfigOption("useOpenGL") is False
print("imported")
"""


def test_pyqtgraph_is_imported_where_the_essentials_lack_a_version() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_VERSION], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "imported", done.stderr
