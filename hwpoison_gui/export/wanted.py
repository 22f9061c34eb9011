"""Options of `render`: the format, by the suffix of the file; the subject, its size, and the steps."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from hwpoison_gui.record import Record
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.palette import THEMES

PAGES: Final = (".html", ".htm")
PICTURES: Final = (".png", ".svg")
FILMS: Final = (".gif", ".apng", ".mp4", ".webm")
_OF_OPERATIONS: Final = ("rmap", "outline", "stage")
SIZE: Final = (1280, 720)
SMALLEST, LARGEST = (320, 180), (7680, 4320)  # pixels
_SCALES: Final = range(1, 5)
_RATES: Final = range(1, 61)
_RATE: Final = {".mp4": 30, ".webm": 30}
_USUAL_RATE: Final = 20  # of films in which each picture has its own time


class UnsuitedError(Exception):
    """The requested file cannot be made. `str(error)` says why, in one line."""


class Wanted(Record):
    """The picture, page or film to make.

    Attributes
    ----------
    what
        A choice of `render --what`; of films and pages the stage and the whole story.
    size
        Width and height in pixels; None: as large as its content, of a picture, and SIZE otherwise.
    scale
        Pixels of a PNG for each of `size`, across and down.
    fps
        Pictures per second of what moves.
    speed
        Of reading; 1: as a teacher speaks.
    steps
        First and last timeline position; None: all of a film or page, the last one of a picture.
    moving
        Whether the camera flies and the walk is seen on its way.
    """

    out: Path
    what: str = "window"
    size: tuple[int, int] | None = None
    scale: int = 1
    fps: int = _USUAL_RATE
    speed: float = 1.0
    theme: str = "dark"
    steps: tuple[int, int] | None = None
    moving: bool = True

    @property
    def kind(self) -> str:
        """The suffix in lower case."""
        return self.out.suffix.lower()

    def within(self, session: Session) -> tuple[int, int]:
        """First and last position. Raises UnsuitedError if the session has fewer, or nothing to show."""
        if not session.operations and (self.kind not in PICTURES or self.what in _OF_OPERATIONS):
            raise UnsuitedError("it has no operations to show; a scenario and a saved session have some")
        steps = len(session.steps)
        first, last = self.steps or (0, steps)
        if last > steps:
            raise UnsuitedError(f"--steps {first}-{last}: there are {steps} steps")
        return first, last


def wanted(out: Path, what: str, size: str, scale: int, fps: int, speed: float, theme: str, steps: str,
           moving: bool) -> Wanted:  # fmt: skip
    """Check the arguments of the command line; those that are 0 or empty take their defaults.

    Raises
    ------
    UnsuitedError
    """
    kind = out.suffix.lower()
    if kind not in (*PAGES, *PICTURES, *FILMS):
        known = ", ".join((*PICTURES, *FILMS, PAGES[0]))
        raise UnsuitedError(f"{out}: not a format that can be written; the suffixes are {known}")
    if what and kind not in PICTURES:
        raise UnsuitedError(f"--what {what}: of pictures only, {' and '.join(PICTURES)}")
    if scale and kind != ".png":
        raise UnsuitedError(f"--scale {scale}: of .png only")
    if theme and theme not in THEMES:
        raise UnsuitedError(f"--theme {theme}: the themes are {', '.join(THEMES)}")
    made = Wanted(out, what or "window", _size(size), scale or 1, fps or _RATE.get(kind, _USUAL_RATE), speed or 1.0,
                  theme or "dark", _steps(steps), moving)  # fmt: skip
    if made.steps is not None and made.steps[0] < made.steps[1] and kind in PICTURES:
        raise UnsuitedError(f"--steps {steps}: a picture shows one step, as --steps {made.steps[1]}")
    if made.scale not in _SCALES or made.fps not in _RATES or not 0.1 <= made.speed <= 100:
        raise UnsuitedError("--scale is 1 to 4, --fps 1 to 60, --speed 0.1 to 100")
    return made


def _size(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    found = re.fullmatch(r"([0-9]{1,5})[x×]([0-9]{1,5})", text)
    size = (int(found[1]), int(found[2])) if found else (0, 0)
    if not all(least <= side <= most for least, side, most in zip(SMALLEST, size, LARGEST, strict=True)):
        raise UnsuitedError(f"--size {text}: expected WIDTHxHEIGHT from {_named(SMALLEST)} to {_named(LARGEST)}")
    return size


def _named(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _steps(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    found = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", text)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if first > last:
        raise UnsuitedError(f"--steps {text}: expected FIRST-LAST, or one step, as 3-17 or 12")
    return first, last
