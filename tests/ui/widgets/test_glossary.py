"""Words of the method: where they are explained, and that the forms say the same."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QLabel

from atu_gui.core.config import RoundPlan, UnlearnConfig
from atu_gui.core.glossary import GLOSSARY, explain
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.glossary_dialog import GlossaryDialog

Make = Callable[..., MainWindow]


def test_settings_are_explained_in_the_words_of_the_forms() -> None:
    assert explain("τ").casefold() in str(RoundPlan.model_fields["tau"].description).casefold()
    assert explain("λ").casefold() in str(UnlearnConfig.model_fields["retain_weight"].description).casefold()
    assert explain("no such word") == ""
    assert list(GLOSSARY) == sorted(GLOSSARY, key=str.casefold)


def test_every_title_and_series_of_the_curves_is_explained_on_hover(make_window: Make) -> None:
    plots = make_window().workbench.plots.plots
    titles = [plots.similarity.frame.title, plots.recall.title, plots.utility.title, plots.frontier.title]
    for title in titles:
        head = title.findChild(QLabel)
        assert head is not None and head.toolTip() == explain(head.text()) != ""
        for name, entry in title.entries.items():
            assert explain(name) and entry.toolTip().startswith(explain(name))


def test_the_list_is_narrowed_by_typing(make_window: Make, theme: Theme) -> None:
    dialog = GlossaryDialog(theme, make_window())
    assert dialog.words() == list(GLOSSARY)
    dialog._field.setText("quantile")
    assert dialog.words() == ["τ planned"]


def test_asked_for_again_the_same_glossary_comes_to_the_front(make_window: Make) -> None:
    window = make_window()
    for _ in range(2):
        window.actions_.glossary.trigger()
    (dialog,) = window.findChildren(GlossaryDialog)
    assert dialog.isVisible()
    dialog.close()
    window.actions_.glossary.trigger()
    assert window.findChildren(GlossaryDialog) == [dialog] and dialog.isVisible()
    dialog.close()
