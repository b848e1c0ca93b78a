"""Everything the window can be told to do, each with a name, a shortcut and a sentence."""

from __future__ import annotations

from dataclasses import dataclass, fields

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QWidget

from atu_gui.ui.session import BUSY, IN_RUN, Phase

_TABLE = {
    "run": ("Run", "Ctrl+R", "Check the set-up, get the texts and start a run."),
    "pause": ("Pause", "Ctrl+P", "Hold the run before its next step. The model stays loaded and answers."),
    "skip": ("Skip stage", "Ctrl+Right", "End the stage under way after the current step."),
    "stop": ("Stop", "Ctrl+.", "End the run after its step and keep the last good round; or cancel what goes on."),
    "discard": (
        "Stop and discard",
        "Ctrl+Shift+.",
        "End the run after its step and go back to the untouched weights. Finished rounds stay in its folder.",
    ),
    "pause_after": ("Pause after more steps", "Ctrl+Shift+P", "Go on for so many steps, then hold the run."),
    "scan": ("Scan layers", "Ctrl+Shift+L", "Measure at which layers the concept can be read, and suggest one."),
    "check": ("Does it know it?", "Ctrl+Shift+K", "Ask the untouched model ten quick questions about the concept."),
    "save_preset": ("Save as preset…", "Ctrl+S", "Keep the rounds and settings of the set-up under a name."),
    "rename_preset": ("Rename preset…", "Ctrl+Shift+S", "Give the chosen preset of yours another name."),
    "delete_preset": ("Delete preset", "Ctrl+Shift+D", "Remove the chosen preset of yours; this can be undone."),
    "measure_speed": ("Measure the speed", "Ctrl+Shift+U", "Do twenty steps on scratch text to price the run by them."),
    "undo_tau": ("Undo τ", "Ctrl+Z", "Take the last change of τ back."),
    "redo_tau": ("Redo τ", "Ctrl+Shift+Z", "Make the change of τ again that was taken back."),
    "open_folder": ("Open model folder…", "Ctrl+O", "Load a language model from a folder with safetensors."),
    "open_gguf": ("Open GGUF file…", "Ctrl+Shift+O", "Load a language model from a GGUF file."),
    "load": ("Load model", "Ctrl+L", "Load the model and the encoder named in the set-up."),
    "starter": ("Get the starter kit", "Ctrl+Shift+J", "Fetch a small language model and a text encoder, once."),
    "ask": ("Ask a question", "Ctrl+T", "Put the cursor into the chat."),
    "open_run": ("Open run", "Ctrl+Shift+R", "Show the selected run as it went: curves, rounds, questions, log."),
    "resume_run": (
        "Resume run",
        "Ctrl+Shift+G",
        "Go on with the selected run, which was cut off, from its checkpoint.",
    ),
    "return_round": ("Return to round…", "Ctrl+Shift+B", "Make a round of the selected run the current weights."),
    "branch_round": ("Branch from round…", "Ctrl+B", "Let the next run begin with a round of the selected run."),
    "outcome": ("Outcome of the run", "Ctrl+Shift+F", "What is forgotten, what still leaks, what got worse."),
    "export_round": ("Export round…", "Ctrl+E", "Write a round of the selected run as a Hugging Face folder, checked."),
    "report": (
        "Report…",
        "Ctrl+D",
        "Write all that is known of the selected run as one page for a browser.",
    ),
    "audit_round": (
        "Audit round…",
        "Ctrl+Shift+A",
        "Try to bring back what a round of the selected run forgot.",
    ),
    "evaluate": (
        "Evaluate…",
        "Ctrl+Shift+H",
        "Put the RWKU benchmark to a round of the selected run or to the model of the set-up.",
    ),
    "compare": ("Compare runs", "Ctrl+Shift+C", "Up to four runs side by side: curves, scores, settings, verdicts."),
    "annotate_run": ("Name and note…", "F2", "Rename the selected run, write a note about it, give it tags."),
    "delete_run": ("Delete run", "Ctrl+Shift+Del", "Take the selected run out of the list; this can be undone."),
    "undelete_run": ("Undo delete", "Ctrl+Shift+Ins", "Bring back the run that was deleted last."),
    "close_run": ("Close opened run", "Ctrl+Shift+E", "Show the run under way again, or none."),
    "zoom_in": ("Zoom curves in", "Ctrl+=", "Show half as much of the curves' x axis."),
    "zoom_out": ("Zoom curves out", "Ctrl+-", "Show twice as much of the curves' x axis."),
    "zoom_fit": ("Show the whole run", "Ctrl+0", "Show all of the curves, and follow the run."),
    "export_png": (
        "Export curves as picture…",
        "Ctrl+Shift+I",
        "Write the curves as they are seen, as PNG at twice their size.",
    ),
    "export_svg": ("Export curves as drawing…", "Ctrl+Shift+V", "Write the curves as they are seen, as SVG."),
    "export_csv": ("Export curves as numbers…", "Ctrl+Shift+N", "Write every step and every round's scores as CSV."),
    "tokens": ("Look at tokens", "Ctrl+Shift+T", "Colour each token of a text by its similarity to the concept."),
    "export_chat": ("Export chat…", "Ctrl+Shift+M", "Write the questions and answers of the chat as Markdown."),
    "rephrase": ("Rephrase a question", "Ctrl+2", "Ask one question in nine ways, before and after."),
    "show_run": ("Show the run", "Ctrl+1", "Set-up, curves and chat."),
    "welcome": ("Welcome", "Ctrl+Shift+W", "Show the three steps again."),
    "reset_layout": ("Reset layout", "F5", "Put every dock back where it was."),
    "offline": ("Work offline", "Ctrl+Shift+X", "Use no network: neither the hub nor the package index is asked."),
    "hub_token": (
        "Hub token…",
        "Ctrl+Shift+Q",
        "Keep your token for gated models in the system's keyring, or forget it.",
    ),
    "quiet": ("Quiet mode", "Ctrl+Shift+Y", "Half the processor's threads, and no training on battery; for laptops."),
    "theme_system": ("Follow the system", "F7", "Light or dark as the system says."),
    "theme_light": ("Light", "F8", "Always light."),
    "theme_dark": ("Dark", "F9", "Always dark."),
    "open_recorded": ("Look at a recorded run", "Shift+F1", "A real run that comes with the program; needs no model."),
    "glossary": ("Glossary", "F1", "The words of the method in plain language."),
    "palette": ("Find an action…", "Ctrl+K", "List everything that can be done, and do it."),
    "copy_diagnostics": (
        "Copy diagnostics",
        "Ctrl+Shift+F1",
        "Copy a report of versions, machine, settings and the end of the log; no texts, no tokens.",
    ),
    "about": ("About atu-gui", "Ctrl+F1", "Version and licence."),
    "quit": ("Quit", "Ctrl+Q", "Close the window."),
}


@dataclass(frozen=True, slots=True)
class Actions:
    """One field per action; `make_actions` builds them."""

    run: QAction
    pause: QAction
    skip: QAction
    stop: QAction
    discard: QAction
    pause_after: QAction
    scan: QAction
    check: QAction
    measure_speed: QAction
    save_preset: QAction
    rename_preset: QAction
    delete_preset: QAction
    undo_tau: QAction
    redo_tau: QAction
    open_folder: QAction
    open_gguf: QAction
    load: QAction
    starter: QAction
    ask: QAction
    open_run: QAction
    resume_run: QAction
    return_round: QAction
    branch_round: QAction
    outcome: QAction
    export_round: QAction
    report: QAction
    audit_round: QAction
    evaluate: QAction
    compare: QAction
    annotate_run: QAction
    delete_run: QAction
    undelete_run: QAction
    close_run: QAction
    zoom_in: QAction
    zoom_out: QAction
    zoom_fit: QAction
    export_png: QAction
    export_svg: QAction
    export_csv: QAction
    tokens: QAction
    export_chat: QAction
    rephrase: QAction
    show_run: QAction
    welcome: QAction
    reset_layout: QAction
    offline: QAction
    hub_token: QAction
    quiet: QAction
    theme_system: QAction
    theme_light: QAction
    theme_dark: QAction
    open_recorded: QAction
    glossary: QAction
    palette: QAction
    copy_diagnostics: QAction
    about: QAction
    quit: QAction

    def show_phase(self, phase: Phase) -> None:
        """Enable what makes sense now."""
        idle = phase in (Phase.IDLE, Phase.REVIEWING)
        self.run.setEnabled(idle)
        for action in (self.scan, self.check, self.measure_speed):
            action.setEnabled(phase is Phase.IDLE)
        self.pause.setEnabled(phase in (Phase.RUNNING, Phase.PAUSED))
        self.pause.setText("Resume" if phase is Phase.PAUSED else "Pause")
        for action in (self.skip, self.discard, self.pause_after):
            action.setEnabled(phase in (Phase.RUNNING, Phase.PAUSED))
        self.stop.setEnabled(phase in BUSY or (phase in IN_RUN and phase is not Phase.STOPPING))
        for action in (self.open_folder, self.open_gguf, self.load, self.starter):
            action.setEnabled(idle)


def make_actions(window: QWidget) -> Actions:
    """All actions, living in `window` so that their shortcuts work in it."""
    made = {}
    for field in fields(Actions):
        name, keys, words = _TABLE[field.name]
        action = QAction(name, window)
        explain(action, keys, words)
        window.addAction(action)
        made[field.name] = action
    for name in ("offline", "quiet", "theme_system", "theme_light", "theme_dark"):
        made[name].setCheckable(True)
    return Actions(**made)


def explain(action: QAction, keys: str, words: str) -> None:
    """Give an action its shortcut and its sentence; the tooltip has name and both."""
    action.setShortcut(QKeySequence(keys))
    action.setStatusTip(words)
    shown = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    action.setToolTip(f"{action.text()} ({shown})\n{words}")


def bind(button: QAbstractButton, action: QAction) -> None:
    """Let a button do what an action does, and be off when it is."""
    button.clicked.connect(action.trigger)

    def follow() -> None:
        button.setEnabled(action.isEnabled())
        button.setToolTip(action.toolTip())
        button.setAccessibleName(action.text())

    action.changed.connect(follow)
    follow()
