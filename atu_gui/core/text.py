"""Numbers and times as the screen writes them: a real minus, a comma for thousands, a space before the unit."""

from __future__ import annotations

from collections.abc import Sequence

from atu_gui.core.events import ControlApplied, Interval, Progress

MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"

# Every knob that may be turned while a run goes on, by the name that `ControlApplied` gives it.
KNOBS = {
    "tau": "τ",
    "retain_weight": "λ",
    "unlearn_learning_rate": "unlearn rate",
    "align_learning_rate": "align rate",
    "stage_steps": "steps of this stage",
    "align_steps": "later align steps",
    "unlearn_steps": "later unlearn steps",
    "pause_step": "pause after step",
    "forget_goal": "forget goal",
    "neighbour_floor": "neighbour floor",
    "utility_limit": "utility limit",
    "fluency_floor": "fluency floor",
    "active_share": "active share",
    "action": "guards",
}
# Under so many items an interval by resampling is itself uncertain, and a score is a hint.
FEW = 30
_COUNTED = ("stage_steps", "align_steps", "unlearn_steps", "pause_step")


def number(value: float | None, digits: int = 2) -> str:
    """A number with a fixed count of decimals, or a dash for nothing."""
    if value is None:
        return NOTHING
    # "z": what rounds to nothing has no sign.
    return f"{value:z,.{digits}f}".replace("-", MINUS)


def knob_value(name: str, value: float | None) -> str:
    """The value of a knob: τ with two decimals, steps as counts, anything else as short as it goes (20, 2e−05)."""
    if name == "action":
        return "pause" if value else "stop"
    if value is None:
        return "as planned" if name in _COUNTED else "off"
    if name in _COUNTED:
        return count(round(value))
    return number(value) if name == "tau" else f"{value:.4g}".replace("-", MINUS)


def change(event: ControlApplied) -> str:
    """A live change: “τ 0.29 → 0.27”."""
    name, new = KNOBS.get(event.field, event.field), knob_value(event.field, event.new)
    if event.old is None and event.field in _COUNTED:
        return f"{name} {new}"
    return f"{name} {knob_value(event.field, event.old)} → {new}"


def count(value: int, noun: str = "", plural: str = "") -> str:
    """A whole number, with its noun in the right form where one is given."""
    said = f"{value:,}".replace("-", MINUS)
    if not noun:
        return said
    return f"{said} {noun if value == 1 else plural or noun + 's'}"


def percent(share: float | None) -> str:
    """A share of one in percent."""
    return NOTHING if share is None else f"{100 * share:z.0f} %".replace("-", MINUS)


def duration(seconds: float | None) -> str:
    """Minutes and seconds, with hours where there are any."""
    if seconds is None:
        return NOTHING
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"


def ago(seconds: float) -> str:
    """How long something is past, in the largest unit of which there is one."""
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit} ago"
    return f"{int(max(0.0, seconds))} s ago"


def parameters(amount: int) -> str:
    """The size of a model: “135 M parameters”; of one that is no larger than a test needs, every one of them."""
    if amount < 1_000_000:
        return f"{amount:,} parameters"
    return f"{number(amount / 1e6, 0 if amount >= 9_950_000 else 1)} M parameters"


def size(amount: float) -> str:
    """Bytes in the unit that suits them."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(amount) < 1000:
            return f"{amount:.1f} {unit}" if unit == "GB" else f"{amount:.0f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def interval(value: Interval | None, digits: int = 2) -> str:
    """A mean with its 95 % interval."""
    if value is None:
        return NOTHING
    return f"{number(value.mean, digits)} ({number(value.low, digits)}–{number(value.high, digits)})"


def scored(value: Interval | None, digits: int = 2) -> str:
    """A mean with its 95 % interval and the number of items behind it."""
    return NOTHING if value is None else f"{interval(value, digits)}, n = {count(value.n)}"


def few(items: int) -> str:
    """A warning where a score rests on few items; nothing where there are enough."""
    return "" if items >= FEW else f"Only {count(items, 'item')}: under {FEW}, take the figure for a hint."


def asked(tested: bool) -> str:
    """Which questions a score is of: the test side, or in records without sides all of them."""
    return "test questions" if tested else "all questions"


def progress(event: Progress) -> str:
    """How much of a job is done, in its unit; nothing where the job cannot say."""
    if event.total <= 1:
        return ""
    if event.unit == "B":
        return f"{size(event.done)} of {size(event.total)}"
    return f"{number(event.done, 0)} of {number(event.total, 0)} {event.unit}".strip()


def device(name: str) -> str:
    """A device as people call it."""
    kind, _, index = name.partition(":")
    words = {"cuda": "CUDA", "cpu": "CPU", "mps": "Apple GPU"}.get(kind, kind)
    return f"{words} {index}" if index else words


def number_format(name: str) -> str:
    """A dtype in its short form."""
    return {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32"}.get(name, name)


def capital(words: str) -> str:
    """The words with a capital first letter, the rest untouched; τ and λ are symbols and stay as they are."""
    return words[:1].upper() + words[1:] if words[:1].isascii() else words


def suggested_questions(concepts: Sequence[str]) -> list[str]:
    """First questions for the chat: two about what is forgotten, one about what must stay."""
    about = [f"Who or what is {concept}?" for concept in concepts[:2]]
    return [*about, *(f"What is {concept} known for?" for concept in concepts[:1]), "What is the capital of France?"][
        :3
    ]
