"""Nothing of ours hides a method of Qt's: Qt and pyqtgraph would call what is no method, and the program would end."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator

import shiboken6
from PySide6.QtCore import QObject, SignalInstance
from PySide6.QtWidgets import QGraphicsItem, QGraphicsView

import atu_gui.ui
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.qt_compat import pg
from atu_gui.ui.widgets.bands import Marks

_THEIRS = ("PySide6", "pyqtgraph")


def _our_classes() -> Iterator[type]:
    for module in pkgutil.walk_packages(atu_gui.ui.__path__, "atu_gui.ui."):
        for one in vars(importlib.import_module(module.name)).values():
            if inspect.isclass(one) and issubclass(one, shiboken6.Shiboken.Object) and one.__module__ == module.name:
                yield one


def _is_a_method_of_theirs(kind: type, name: str) -> bool:
    theirs = (one for one in kind.__mro__ if one.__module__.startswith(_THEIRS))
    return any(callable(vars(one).get(name)) for one in theirs)


def _alive(window: MainWindow) -> Iterator[object]:
    yield window
    yield from window.findChildren(QObject)
    for view in window.findChildren(QGraphicsView):
        yield from (item for item in view.scene().items() if isinstance(item, QGraphicsItem))


def test_no_class_hides_a_method_of_qt() -> None:
    classes = list(_our_classes())
    hidden = [
        f"{one.__name__}.{name}"
        for one in classes
        for name, value in vars(one).items()
        if not name.startswith("__") and not callable(value) and _is_a_method_of_theirs(one, name)
    ]
    assert len(classes) > 50 and hidden == []


def test_no_object_of_the_window_hides_a_method_of_qt(make_window: Callable[[], MainWindow]) -> None:
    window = make_window()
    assert window.workbench.plots.plots is not None, "made when first asked for"
    seen = list(_alive(window))
    # An axis of pyqtgraph's hides some itself.
    own = set(vars(pg.AxisItem("left")))
    hidden = {
        f"{type(one).__name__}.{name}"
        for one in seen
        if type(one).__module__.startswith("atu_gui")
        for name, value in vars(one).items()
        if not (callable(value) or isinstance(value, SignalInstance) or name in own)
        and _is_a_method_of_theirs(type(one), name)
    }
    assert any(isinstance(one, Marks) for one in seen)
    assert len(seen) > 500 and hidden == set()
