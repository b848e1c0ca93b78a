"""Where the windows of the measurements are shown."""

from __future__ import annotations

import sys
from collections.abc import Mapping


def with_display(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for a process with a window: without a display, Qt's offscreen platform paints."""
    has_one = environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY") or sys.platform != "linux"
    return dict(environment) if has_one else {"QT_QPA_PLATFORM": "offscreen", **environment}


def platform(environment: Mapping[str, str]) -> str:
    """The platform's name, for the report."""
    return environment.get("QT_QPA_PLATFORM", "the desktop's own")
