"""Options of `render` on the command line: the suffix decides, and options that exclude each other are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwpoison_gui.export.wanted import UnsuitedError, Wanted, wanted
from hwpoison_gui.session.session import Session
from tests.workbench import crowd


def asked(out: str, what: str = "", size: str = "", scale: int = 0, fps: int = 0, speed: float = 0.0, theme: str = "",
          steps: str = "") -> Wanted:  # fmt: skip
    return wanted(Path(out), what, size, scale, fps, speed, theme, steps, True)


def test_usual_values() -> None:
    assert asked("a.PNG") == Wanted(Path("a.PNG"))
    assert (asked("a.gif").fps, asked("a.mp4").fps, asked("a.mp4", fps=12).fps) == (20, 30, 12)


def test_what_is_said_holds() -> None:
    found = asked("a.png", "rmap", "1920x1080", 4, theme="light", steps="12")
    assert (found.what, found.size, found.scale, found.theme, found.steps) == (
        "rmap", (1920, 1080), 4, "light", (12, 12),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("out", "args", "words"),
    [
        ("a.pdf", {}, "not a format"),
        ("a", {}, "not a format"),
        ("a.gif", {"what": "map"}, "of pictures only"),
        ("a.svg", {"scale": 2}, "of .png only"),
        ("a.png", {"scale": 5}, "1 to 4"),
        ("a.png", {"scale": -1}, "1 to 4"),
        ("a.gif", {"fps": 61}, "1 to 60"),
        ("a.gif", {"speed": float("nan")}, "0.1 to 100"),
        ("a.png", {"size": "1x1"}, "320x180"),
        ("a.png", {"size": "wide"}, "WIDTHxHEIGHT"),
        ("a.png", {"theme": "mauve"}, "dark, light"),
        ("a.gif", {"steps": "17-3"}, "FIRST-LAST"),
        ("a.png", {"steps": "3-5"}, "a picture shows one step, as --steps 5"),
        ("a.gif", {"steps": "-1"}, "FIRST-LAST"),
    ],
)
def test_what_cannot_be_made(out: str, args: dict[str, object], words: str) -> None:
    with pytest.raises(UnsuitedError, match=words):
        asked(out, **args)


def test_steps_are_those_of_the_session() -> None:
    session = crowd(3)
    steps = len(session.steps)
    assert asked("a.gif", steps="3-5", speed=2.5).within(session) == (3, 5)
    assert asked("a.gif").within(session) == (0, steps)
    with pytest.raises(UnsuitedError, match=f"there are {steps} steps"):
        asked("a.gif", steps="3-9999").within(session)


@pytest.mark.parametrize(("out", "what"), [("a.gif", ""), ("a.html", ""), ("a.png", "rmap"), ("a.svg", "stage")])
def test_what_is_told_of_operations_needs_one(out: str, what: str) -> None:
    with pytest.raises(UnsuitedError, match="no operations"):
        asked(out, what).within(Session.fresh(4096))
    assert asked("a.png", "map").within(Session.fresh(4096)) == (0, 0)
