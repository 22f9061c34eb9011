"""Times of what is exported: pictures, the page for the browser, and films of the stage at 720p.

    python tests/bench/export_bench.py [--lesson resources/lessons/07-one-page-many-processes.toml] [--seconds 30]

Of films, the first `--seconds` of the lesson are made, and the figure that counts is how many seconds of film come out
of one of work. Baselines of the same run: for pictures and films, drawing them without writing a file, and what a plain
program does: Qt's own enlargement of the window for a PNG, Pillow's own writer for a GIF, and FFmpeg with each picture
given to it anew for each of its moments for a video; for the page, replaying the lesson. Times are the processor's, of
all threads: other work on the machine adds less to them.
"""

from __future__ import annotations

import argparse
import io
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QSize
from PySide6.QtGui import QPixmap
from table import Found, Row

from hwpoison_gui.export import apng, gif, video
from hwpoison_gui.export.html import page
from hwpoison_gui.export.pixels import Picture
from hwpoison_gui.export.shots import Film, Shot, shots_of
from hwpoison_gui.export.story import story
from hwpoison_gui.gui.app.run import application
from hwpoison_gui.gui.export.film import FilmStage
from hwpoison_gui.gui.export.still import as_png, as_svg
from hwpoison_gui.gui.look.appearance import Appearance
from hwpoison_gui.gui.look.settings import Settings
from hwpoison_gui.gui.widgets.picture import encoded
from hwpoison_gui.gui.window.main_window import MainWindow
from hwpoison_gui.opening.opening import open_file

SIZE = (1280, 720)
LESSON = Path("resources/lessons/07-one-page-many-processes.toml")
FPS = {"gif": 20, "apng": 20, "mp4": 30, "webm": 30}


class Figure(NamedTuple):
    """A time and its baseline, in seconds; `target`: what it must be below, as a time or as a share of the film."""

    name: str
    seconds: float
    plain: str
    baseline: float
    kilobytes: float
    target: float


def best(act: Callable[[], object], rounds: int = 3) -> float:
    """The shortest of a few times of the processor, in seconds."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        act()
        times.append(time.process_time() - start)
    return min(times)


def stills(lesson: Path) -> list[Figure]:
    app, opened = application(), open_file(lesson)
    window = MainWindow(opened, remember=False)
    window.appearance.choose_motion(True)
    window.resize(*SIZE)
    window.show()
    window.room.reset()
    window.controller.seek(len(opened.session.steps))
    window.controller.work.finish()
    app.processEvents()
    window.panels.make_what_is_seen()

    def enlarged() -> bytes | None:
        grabbed: QPixmap = window.grab()
        return encoded(grabbed.scaled(grabbed.size() * 4))

    small, large = best(lambda: encoded(window.grab())), best(enlarged)
    found = [
        Figure("PNG", best(lambda: as_png(window)), "grab() and save()", small, len(as_png(window)) / 1000, 1.0),
        Figure("PNG 4x", best(lambda: as_png(window, scale=4)), "grab() enlarged 4x and save()", large,
               len(as_png(window, scale=4)) / 1000, 1.0),
        Figure("SVG", best(lambda: as_svg(window)), "grab() and save()", small, len(as_svg(window)) / 1000, 1.0),
    ]  # fmt: skip
    window.close()
    return found


def html(lesson: Path) -> Figure:
    opened = open_file(lesson)
    made = ""

    def make() -> None:
        nonlocal made
        made = page(story(opened.session, opened.title))

    seconds = best(make)
    return Figure("HTML", seconds, "replaying the lesson", best(lambda: open_file(lesson)), len(made) / 1000, 2.0)


def films(lesson: Path, seconds: float) -> tuple[float, float, list[Figure]]:
    """Length of the film, time to draw its pictures, and the figures of each format."""
    app, opened = application(), open_file(lesson)
    stage = FilmStage(opened, Appearance(Settings(), app), QSize(*SIZE))
    shots = first_of(list(shots_of(opened.session, Film(0, len(opened.session.steps), words=opened.title))), seconds)
    length = sum(shot.ms for shot in shots) / 1000
    pictures: list[Picture] = []
    drawing = best(lambda: pictures.extend(stage.pictures(shots)), 1)
    found = [figure(kind, stage, shots, pictures, length) for kind in FPS]
    stage.close()
    return length, drawing, found


def first_of(shots: Sequence[Shot], seconds: float) -> list[Shot]:
    """The shots of so many seconds."""
    taken, left = [], seconds * 1000
    for shot in shots:
        if left <= 0:
            break
        taken.append(shot._replace(ms=min(shot.ms, left)))
        left -= shot.ms
    return taken


def figure(kind: str, stage: FilmStage, shots: Sequence[Shot], pictures: Sequence[Picture], length: float) -> Figure:
    file = io.BytesIO()

    def write() -> None:
        if kind == "gif":
            gif.write(file, stage.pictures(shots), SIZE, stage.samples(shots))
        elif kind == "apng":
            apng.write(file, stage.pictures(shots), SIZE)
        else:
            video.write(file, stage.pictures(shots), SIZE, FPS[kind], kind)

    taken = best(write, 1)
    plain, act = {
        "gif": ("Pillow's writer", lambda: by_pillow(pictures, "GIF")),
        "apng": ("Pillow's writer", lambda: by_pillow(pictures, "PNG")),
    }.get(kind, ("each picture anew", lambda: by_ffmpeg(pictures, kind)))
    return Figure(kind.upper(), taken, plain, best(act, 1), len(file.getvalue()) / 1000, length)


def by_pillow(pictures: Sequence[Picture], kind: str) -> None:
    from PIL import Image

    images = [Image.fromarray(one.pixels) for one in pictures]
    times = [round(one.ms) for one in pictures]
    images[0].save(io.BytesIO(), kind, save_all=True, append_images=images[1:], duration=times, loop=0)


def by_ffmpeg(pictures: Sequence[Picture], kind: str) -> None:
    """Every moment is a picture of its own, converted and compressed as if it had changed."""
    step = 1000 / FPS[kind]
    anew = [Picture(one.pixels, step) for one in pictures for _ in range(max(1, round(one.ms / step)))]
    video.write(io.BytesIO(), anew, SIZE, FPS[kind], kind)


def rows(lesson: Path = LESSON, seconds: float = 30.0) -> list[Row]:
    found = Found()
    found.of = "export "
    for one in (*stills(lesson), html(lesson)):
        add(found, one)
    length, drawing, made = films(lesson, seconds)
    found.add(f"film of {length:.0f} s, drawing alone", 1e3 * drawing)
    for one in made:
        add(found, one)
    return found


def add(found: Found, one: Figure) -> None:
    what = f"{one.name}, {one.kilobytes:,.0f} kB"
    found.add(what, 1e3 * one.seconds, 1e3 * one.baseline, one.plain, 1e3 * one.target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lesson", type=Path, default=LESSON, metavar="FILE")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of the films")
    options = parser.parse_args()
    rows(options.lesson, options.seconds)


if __name__ == "__main__":
    main()
