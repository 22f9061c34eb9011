"""Replays scenario files and reports which hold: one line per file, a summary, an exit status."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Final, TextIO

from hwpoison_gui.record import Record
from hwpoison_gui.session.errors import NotYetSupportedError, ScenarioError
from hwpoison_gui.session.scenario import replay
from hwpoison_gui.session.scenario.expect import Difference
from hwpoison_gui.session.scenario.replay import Story
from hwpoison_gui.terminal import one_line

_NOTHING: Final = "it can be opened; nothing was done on it, so nothing is compared"


class Checked(Enum):
    """The result for a file; the value is the exit status for it."""

    HOLDS = 0
    DIFFERS = 1
    BAD = 2


class Report(Record):
    """The report on a file; `message` follows the path in its line."""

    path: Path
    result: Checked
    message: str
    differences: tuple[Difference, ...] = ()


def files_of(paths: Iterable[Path]) -> Iterator[Path]:
    """The given files; for a directory, all *.toml below it in order, or the directory itself if there is none."""
    for path in paths:
        found = sorted(file for file in path.rglob("*.toml") if file.is_file()) if path.is_dir() else []
        yield from found or [path]


def check_file(path: Path, story_of: Callable[[Path], Story] = replay.story) -> Report:
    """Replay a file and compare. Never raises for an invalid file: the report says what is wrong."""
    if path.is_dir():
        return Report(path, Checked.BAD, ": no *.toml below it")
    try:
        session, scenario, _ = story_of(path)
        differences = tuple(difference for done in replay.play(session, scenario) for difference in done.differences)
    except OSError as error:
        return Report(path, Checked.BAD, f": cannot be read: {error.strerror or error}")
    except NotYetSupportedError as error:
        return Report(path, Checked.DIFFERS, f" {error.summary}")
    except ScenarioError as error:
        return Report(path, Checked.BAD, f": {_inside(error)}")
    except Exception as error:  # noqa: BLE001  a bug in one replay must not hide the other reports
        traceback.print_exc(file=sys.stderr)
        return Report(path, Checked.DIFFERS, f": internal error: {type(error).__name__}: {error}")
    if not differences:
        return Report(path, Checked.HOLDS, " ok" if scenario.steps else f" ok ({_NOTHING})")
    more = f" (and {len(differences) - 1} more)" if len(differences) > 1 else ""
    return Report(path, Checked.DIFFERS, f": {differences[0]}{more}", differences)


def _inside(error: ScenarioError) -> str:
    """The error in one line, without the file, which begins the line already."""
    inner = ScenarioError(error.message, key=error.key, step=error.step)
    return " ".join(str(inner).split())


def check(
    paths: Sequence[Path],
    out: TextIO,
    every_difference: bool = False,
    story_of: Callable[[Path], Story] = replay.story,
) -> int:
    """Report on all files; `story_of` opens one.

    Returns the exit status: 0 if all hold, 1 if one differs, 2 if one is invalid.
    """
    reports = []
    for path in files_of(paths):
        report = check_file(path, story_of)
        reports.append(report)
        print(one_line(f"{path}{report.message}"), file=out)
        if every_difference:
            for difference in report.differences[1:]:
                print(one_line(f"    {difference}"), file=out)
    hold = sum(report.result is Checked.HOLDS for report in reports)
    print(f"{hold} of {len(reports)} files hold", file=out)
    return max((report.result.value for report in reports), default=Checked.HOLDS.value)
