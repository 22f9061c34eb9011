"""The lessons that come with the program, as the start page lists them: title, sentence, length and a small picture.

For a picture the lesson has to be run; what was found is kept in the user's cache until a lesson changes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import isqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwpoison_gui import __version__, resources
from hwpoison_gui.user import cache
from hwpoison_gui.view.base.kinds import KINDS, kind_of

if TYPE_CHECKING:  # imported when a lesson is read: start-up reads what was kept
    from hwpoison_gui.session.session import Session

COLUMNS: Final = 11  # columns of the part of the map that a picture shows
ROWS: Final = 9
_FILE: Final = "lessons.json"
_FORMAT: Final = 3  # to be raised when the cached data changes
_SHOWN: Final = frozenset({"poison", "soft_offline"})


class Picture(NamedTuple):
    """The map around the frame of the last error, after it, and the processes that had mapped the frame, at the end.

    `cells`: kind of each frame (base/kinds.py), row by row, COLUMNS per row; -1 outside of memory. `hit`: the cell of
    the frame. `fates`: of each process: alive, told (signalled, and alive), exited or dead.
    """

    cells: tuple[int, ...]
    hit: int
    fates: tuple[str, ...]
    panic: bool


class Lesson(NamedTuple):
    """`seconds`: to present it (view/story/telling_time.py), 0 until it was run. `picture`: None until then."""

    path: Path
    title: str
    summary: str
    seconds: float = 0.0
    picture: Picture | None = None

    @property
    def minutes(self) -> int:
        """Length in minutes, at least one; 0 until it was run."""
        return max(1, round(self.seconds / 60)) if self.seconds else 0


def paths() -> list[Path]:
    """The files of the lessons, in order."""
    return sorted(resources.path("lessons").glob("*.toml"))


def following(file: str) -> Path | None:
    """The lesson after the one in a file; None after the last one, and if the file is no lesson."""
    if not file:
        return None
    every, here = paths(), Path(file).absolute()
    return next((after for one, after in pairwise(every) if one == here), None)


def read(path: Path) -> Lesson:
    """A lesson without its length and picture. Raises ScenarioError, OSError."""
    from hwpoison_gui.session.scenario.reader import load

    scenario = load(path)
    return Lesson(path, scenario.title, scenario.summary)


def run(lesson: Lesson, cancelled: Callable[[], bool]) -> Lesson:
    """The lesson with its length, and the picture of its end. Raises ScenarioError, OSError, CancelledError."""
    from hwpoison_gui.opening.opening import open_scenario
    from hwpoison_gui.view.story.telling_time import stop_seconds
    from hwpoison_gui.view.words.plain import plain

    session = open_scenario(lesson.path, cancelled=cancelled).session
    session.seek(len(session.steps))
    seconds = sum(stop_seconds(session, f"{lesson.title} {plain(lesson.summary)}"))
    return lesson._replace(seconds=seconds, picture=picture(session))


def picture(session: Session) -> Picture:
    """The picture of a session at its last step."""
    error = next((one for one in session.parts() if one.name in _SHOWN and one.outcome.pfn is not None), None)
    if error is None:
        return Picture((), -1, (), session.machine.panicked)
    from hwpoison_gui.session.peek import at
    from hwpoison_gui.view.rmap.graph import reverse_map

    pfn = error.outcome.pfn
    assert pfn is not None
    mappers = at(session, error.first, lambda: reverse_map(session, pfn)).mappers
    fates = tuple(_fate(session, tgid) for tgid in dict.fromkeys(mapper.tgid for mapper in mappers))
    cells, hit = at(session, error.last, lambda: _cells(session, pfn))  # later steps may fill the memory beside it
    return Picture(cells, hit, fates, session.machine.panicked)


def _fate(session: Session, tgid: int) -> str:
    process = session.machine.processes.view.get(tgid)
    if process is None or process.ended:
        return "exited" if process is None or process.ended == "exit" else "dead"
    name = session.task_name(tgid)
    told = any(signal.task == name for one in session.operations for signal in one.outcome.signals)
    return "told" if told else "alive"


def _cells(session: Session, pfn: int) -> tuple[tuple[int, ...], int]:
    """The frames around one, on a map that is about square; and which of the cells it is."""
    m = session.machine
    width = isqrt(m.frames)
    height = -(-m.frames // width)
    left = min(max(pfn % width - COLUMNS // 2, 0), width - COLUMNS)
    top = min(max(pfn // width - ROWS // 2, 0), height - ROWS)
    shown = [(top + row) * width + left + column for row in range(ROWS) for column in range(COLUMNS)]
    cells = tuple(kind_of(m.page(frame)) if frame < m.frames else -1 for frame in shown)
    return cells, shown.index(pfn)


# -- what is kept


def kept() -> list[Lesson]:
    """The lessons as they were kept; empty if there are none, or a file has changed since."""
    text = cache.read(_FILE)
    try:
        found = json.loads(text or b"null")
        if not isinstance(found, dict) or found["of"] != _key():
            return []
        return [_lesson(path, entry) for path, entry in zip(paths(), found["lessons"], strict=True)]
    except (ValueError, TypeError, KeyError, RecursionError):
        return []


def keep(lessons: Sequence[Lesson]) -> None:
    """Keep lessons for the next start."""
    entries = [[one.title, one.summary, one.seconds, one.picture] for one in lessons]
    cache.write(_FILE, json.dumps({"of": _key(), "lessons": entries}).encode())


def _key() -> list[Any]:
    """Changes with the program and with each lesson."""
    stats = [(path.name, path.stat()) for path in paths()]
    return [_FORMAT, __version__, [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats]]


def _lesson(path: Path, entry: Any) -> Lesson:
    """Return a lesson of the cache. Raises ValueError, TypeError for anything else."""
    title, summary, seconds, drawn = entry
    if not (isinstance(title, str) and isinstance(summary, str) and isinstance(seconds, float)):
        raise TypeError("not a lesson")
    return Lesson(path, title, summary, seconds, None if drawn is None else _picture(drawn))


def _picture(drawn: Any) -> Picture:
    cells, hit, fates, panic = drawn
    if (
        any(not -1 <= cell < len(KINDS) for cell in cells)
        or len(cells) not in (0, COLUMNS * ROWS)
        or not -1 <= hit < max(1, len(cells))
    ):
        raise ValueError("not a picture")
    return Picture(tuple(map(int, cells)), int(hit), tuple(map(str, fates)), bool(panic))
