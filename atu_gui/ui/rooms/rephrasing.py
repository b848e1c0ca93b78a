"""Asking one question in many ways: writes them, asks them all before and after, and takes the answers home."""

from __future__ import annotations

import itertools
from concurrent.futures import Future
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog

from atu_gui.core import text
from atu_gui.core.concepts import Concept
from atu_gui.core.errors import InputError, OutputError
from atu_gui.core.events import Event, ItemAnswered, Progress, PromptAnswered, RunStarted
from atu_gui.core.leaks import tells
from atu_gui.core.materials import Probe
from atu_gui.core.ports import AskRequest, RephraseRequest
from atu_gui.core.rephrasing import AttackKind, Question, Rephrased
from atu_gui.core.tables import as_csv, as_markdown, write_text
from atu_gui.ui.rooms.room import Reach, Room
from atu_gui.ui.session import Phase

_FILES = {"csv": ("CSV (*.csv)", "csv"), "markdown": ("Markdown (*.md)", "md")}


class RephrasingRoom(Room):
    """Wires the question and its results to the session."""

    def __init__(self, reach: Reach, parent: QObject) -> None:
        super().__init__(reach, parent)
        self._numbers = itertools.count(1)
        self._number = 0
        self._work: Future[Any] | None = None
        self._what = ""
        self._probes: dict[str, Probe] = {}
        self._concepts: tuple[str, ...] = ()
        self._dialog: QFileDialog | None = None
        # Rows that came with a past run give way to others; those that the user made do not.
        self._kept_rows = False
        question, results = self._bench.question, self._bench.rephrasings
        question.rephrase_requested.connect(self._rephrase)
        question.ask_requested.connect(self._ask)
        question.stop_requested.connect(self._stop)
        results.edited.connect(self._edited)
        results.chat_requested.connect(self._open_in_chat)
        results.export_requested.connect(lambda kind: self._choose_file(kind, "rephrasings"))
        self._bench.probes.chat_requested.connect(self._open_in_chat)
        self._bench.probes.export_requested.connect(lambda: self._choose_file("csv", "probes"))
        for panel in (self._bench.chat, self._bench.probes):
            panel.rephrase_requested.connect(self.open_question)
        self._actions.rephrase.triggered.connect(self._open)
        self._actions.show_run.triggered.connect(self._show_run)
        self._session.phase_changed.connect(self._show_busy)
        self._display.changed.connect(self._take_shown)
        self._display.inquiries_changed.connect(self._show_kept)

    def handle(self, event: Event) -> None:
        """Questions of the run that is shown can be chosen; answers are taken in."""
        if self._display.past is None and self._take(event):
            self._offer()
        match event:
            case PromptAnswered() if event.number == self._number:
                self._bench.rephrasings.take(event)
            case Progress(job="rephrase" | "ask") if self._work is not None:
                self._bench.question.show_busy(f"{self._what} {text.progress(event)}", training=self._training)

    def _take_shown(self) -> None:
        """Another run is shown: its questions take the place of these."""
        self._probes, self._concepts = {}, ()
        for event in self._display.shown_events:
            self._take(event)
        self._offer()

    def _take(self, event: Event) -> bool:
        """Note what a run is about and what it asks; whether other questions can be chosen now."""
        match event:
            case RunStarted():
                self._probes, self._concepts = {}, event.concepts
                return True
            case ItemAnswered() if event.probe_id not in self._probes:
                probe = Probe(event.probe_id, event.group, event.kind, event.query, event.gold)
                self._probes[probe.id] = probe
                return event.group == "forget"
        return False

    @Slot(str)
    def open_question(self, query: str) -> None:
        """Bring a question here, with its gold answer where it is one of the run."""
        known = next((probe for probe in self._probes.values() if probe.query == query), None)
        question = self._bench.question
        question.show_question(query, known.answer if known else "", self._about(query))
        self._open()

    def _open(self) -> None:
        self._show_page()
        self._bench.show_view("question")
        self._bench.question.setFocus()

    def _show_run(self) -> None:
        self._show_page()
        self._bench.show_view("run")

    def _offer(self) -> None:
        forget = [probe for probe in self._probes.values() if probe.group == "forget"]
        named = [Probe(one.id, one.group, one.kind, one.query, one.answer, self._about(one.query)) for one in forget]
        self._bench.question.offer(named)

    def _rephrase(self) -> None:
        panel = self._bench.question
        request = RephraseRequest(
            self._question(),
            cast("tuple[AttackKind, ...]", panel.chosen_kinds),
            panel.wanted_paraphrases,
            panel.wanted_hops,
        )
        work = self._session.serve(lambda port: port.rephrase(request), self._written, self._end)
        self._begin("Writing the questions.", work)

    def _written(self, made: Rephrased) -> None:
        self._end()
        self._kept_rows = False
        self._bench.rephrasings.show_rephrased(made)
        self._bench.question.show_rows(len(made.rephrasings), asked=False)

    def _ask(self) -> None:
        panel, results = self._bench.question, self._bench.rephrasings
        rephrasings = tuple(one.rephrasing for one in results.model.rows)
        if not rephrasings:
            return
        sides = (panel.before.weights, panel.after.weights)
        request = AskRequest(next(self._numbers), rephrasings, sides, query=panel.query.toPlainText().strip())
        work = self._session.serve(lambda port: port.ask_all(request), self._asked, self._end)
        if work is not None:
            self._number = request.number
            results.begin_answers()
        self._begin("Answering.", work)

    def _asked(self, _nothing: None) -> None:
        self._end()
        self._bench.question.show_rows(len(self._bench.rephrasings.model.rows), asked=True)

    def _show_kept(self) -> None:
        """What was asked last of the past run that is shown."""
        known, results = self._display.inquiries, self._bench.rephrasings
        if known is None or not known.asked or self._work is not None or (results.model.rows and not self._kept_rows):
            return
        asked, self._kept_rows = known.asked[-1], True
        first = next((way.rephrasing for way in asked.ways), None)
        self._bench.question.show_question(asked.query, first.answer if first else "", self._about(asked.query))
        results.show_asked(asked)
        self._bench.question.show_rows(len(asked.ways), asked=True)

    def _begin(self, what: str, work: Future[Any] | None) -> None:
        if work is None:
            self._bench.notice.say("There is no model to ask yet.", "Load one, then ask again.", kind="info")
            return
        self._work, self._what = work, what
        self._show_busy()

    def _end(self) -> None:
        self._work = None
        self._bench.rephrasings.end_answers()
        self._show_busy()

    def _stop(self) -> None:
        if self._work is not None:
            self._work.cancel()

    def _edited(self) -> None:
        self._kept_rows = False
        self._bench.question.show_rows(len(self._bench.rephrasings.model.rows), asked=False)

    @Slot()
    def _show_busy(self) -> None:
        self._bench.question.show_busy(self._what if self._work is not None else "", training=self._training)

    @property
    def _training(self) -> bool:
        return self._session.phase is Phase.RUNNING

    def _question(self) -> Question:
        panel = self._bench.question
        about = panel.subject.text().strip()
        concepts = self._named(about)
        names = tuple(dict.fromkeys(name for concept in concepts for name in concept.names))
        others = [probe for probe in self._probes.values() if probe.query != panel.query.toPlainText().strip()]
        return Question(
            panel.query.toPlainText().strip(),
            about,
            panel.gold.text().strip(),
            panel.also.values(),
            names or tuple(name for name in (about,) if name),
            tuple(words for concept in concepts for words in concept.descriptions),
            tuple(probe.answer for probe in others),
            tuple((probe.query, probe.answer) for probe in others if probe.group == "forget"),
        )

    def _named(self, about: str) -> list[Concept]:
        """The concepts that a question is about, as the set-up has them; all of them where it names none."""
        try:
            concepts = self._bench.setup.config().concepts
        except InputError:
            return []
        return [concept for concept in concepts if tells(about, concept.names)] or ([] if about else concepts)

    def _about(self, query: str) -> str:
        """The concept that a question names, as it names it; the run's only one where it names none."""
        names = [name for concept in self._named("") for name in concept.names] or list(self._concepts)
        named = next((name for name in names if tells(query, [name])), "")
        return named or (self._concepts[0] if len(self._concepts) == 1 else "")

    @Slot(str)
    def _open_in_chat(self, prompt: str) -> None:
        self._bench.show_view("run")
        self._bench.show_chat()
        self._bench.chat.write(prompt)

    def _choose_file(self, kind: str, what: str) -> None:
        words, ending = _FILES[kind]
        self._dialog = QFileDialog(self._bench, f"Export the {what}", f"{what}.{ending}", words)
        self._dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self._dialog.setDefaultSuffix(ending)
        self._dialog.fileSelected.connect(lambda name: self.export(kind, what, Path(name)))
        self._dialog.open()

    def export(self, kind: str, what: str, path: Path) -> None:
        """Write a table ("rephrasings" or "probes") as "csv" or "markdown"; a fault is told in words."""
        panel = self._bench.probes if what == "probes" else self._bench.rephrasings
        headings, rows = panel.model.table()
        title = self._bench.question.query.toPlainText().strip() or "Rephrasings"
        try:
            write_text(path, as_csv(headings, rows) if kind == "csv" else as_markdown(title, headings, rows))
        except OutputError as error:
            self._bench.notice.say(error.message, error.hint)
        else:
            self._bench.notice.say("The table is written.", str(path), kind="info")
