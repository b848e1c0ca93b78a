"""`atu diagnostics`: the report of a fault, as Help, “Copy diagnostics” in the window puts it on the clipboard."""

from __future__ import annotations

import typer

from atu_gui.core.diagnostics import report
from atu_gui.ui.kept_setup import load_setup


def diagnostics() -> None:
    """Print versions, machine, the kept set-up, the last crash and the end of the log; no texts, no tokens."""
    typer.echo(report(load_setup()), nl=False)
