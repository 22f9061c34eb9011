"""The command `chart`: a chart of a machine, of its recorded errors or of two snapshots, as a picture or as numbers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hwpoison_gui.commands.arguments import command_parser
from hwpoison_gui.opening import opening
from hwpoison_gui.session.errors import NotYetSupportedError, ScenarioError
from hwpoison_gui.sources.errors import SourceError
from hwpoison_gui.sources.recognise import Reader, form_of
from hwpoison_gui.terminal import GOOD, complain
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.charts import catalogue as of
from hwpoison_gui.view.charts.catalogue import CHARTS, Sources

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from hwpoison_gui.export.wanted import Wanted
    from hwpoison_gui.kernel.machine import Machine
    from hwpoison_gui.session.session import Session
    from hwpoison_gui.view.charts.chart import Chart

_NUMBERS: Final = ".csv"
_NEEDS: Final = {
    of.RECORDS: "records of errors: a kernel log, a trace or a database",
    of.CHANGES: "two snapshots of a machine, the older first",
    of.FOUND: "frames to look for: --find EXPRESSION",
}


class _UnsuitedError(Exception):
    """The chart, or the kind of file, cannot be made of these files."""


def run(arguments: Sequence[str]) -> int:
    """Make a chart and write it; without a name, list the charts. Returns the exit status."""
    options = _parsed(arguments)
    if options.name is None:
        sys.stdout.writelines(f"{key:<15} {one.tip}\n" for key, one in CHARTS.items())
        return GOOD
    from hwpoison_gui.export.wanted import UnsuitedError
    from hwpoison_gui.view.filter.expression import FilterError

    try:
        wanted = _wanted(options)
        chart = to_the_end(CHARTS[options.name].make(_sources(options.name, options.files, options.find)))
        _write(chart, options.to, wanted)
    except (SourceError, ScenarioError, NotYetSupportedError, UnsuitedError, _UnsuitedError) as error:
        return complain(error)
    except FilterError as error:
        return complain(f"--find {options.find}: {error}")
    except OSError as error:
        return complain(f"{error.filename or options.to}: {error.strerror or error}")
    return GOOD


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = command_parser(
        "chart",
        description="Draw a chart, or write its numbers. Without arguments, the charts are listed.",
        epilog="the suffix of OUT decides: .png .svg .csv; exit status: 0 made, 2 a file is bad, or not suited",
    )
    parser.add_argument("name", nargs="?", choices=tuple(CHARTS), metavar="NAME", help="which chart")
    what = "a machine: a snapshot, a recording, a scenario or a session; logs of errors; or two snapshots"
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help=what)
    parser.add_argument("--to", type=Path, metavar="OUT", help="file to write")
    parser.add_argument("--find", default="", metavar="EXPRESSION", help="frames to look for, as in the window")
    parser.add_argument("--size", default="", metavar="WxH", help="in pixels (default: 960x540, or as high as needed)")
    parser.add_argument("--scale", default=0, type=int, metavar="N", help="of .png: 2 to 4 times as fine")
    parser.add_argument("--theme", default="", metavar="NAME", help="dark, light or high-contrast (default: dark)")
    options = parser.parse_args(arguments)
    if options.name is not None and (options.to is None or not options.files):
        parser.error("a chart needs FILE and --to OUT")
    return options


def _wanted(options: argparse.Namespace) -> Wanted | None:
    """Return the picture to draw; None for a file of numbers. Raises UnsuitedError."""
    from hwpoison_gui.export.wanted import PICTURES, UnsuitedError, wanted

    suffix = options.to.suffix.lower()
    if suffix == _NUMBERS and not (options.size or options.scale or options.theme):
        return None
    if suffix not in PICTURES:
        asked = next((name for name in ("size", "scale", "theme") if getattr(options, name)), "")
        why = f"--{asked} is of pictures" if suffix == _NUMBERS else "not a format that can be written"
        raise UnsuitedError(f"{options.to}: {why}; expected {' or '.join((*PICTURES, _NUMBERS))}")
    return wanted(options.to, "", options.size, options.scale, 0, 0.0, options.theme, "", True)


# -- what charts are made of


def _sources(name: str, files: Sequence[Path], expression: str) -> Sources:
    """Read the data of the chart. Raises SourceError, ScenarioError, OSError, FilterError, _UnsuitedError."""
    what = CHARTS[name].of
    if expression and what != of.FOUND:
        raise _UnsuitedError(f"--find is of the chart `found`, not of `{name}`")
    if what == of.CHANGES:
        from hwpoison_gui.sources.machine_file import image_of
        from hwpoison_gui.view.map.snapshots import find_changes, in_order, side_of_image

        if len(files) != 2:
            raise _UnsuitedError(f"{name}: needs {_NEEDS[what]}")
        one, other = (side_of_image(image_of(file)) for file in files)
        return Sources(changes=to_the_end(find_changes(*in_order(one, other))))
    logs = [file for file in files if form_of(file).reader is Reader.RECORDS]
    machines = [file for file in files if file not in logs]
    if logs and what != of.RECORDS:
        raise _UnsuitedError(f"{logs[0]}: {form_of(logs[0]).name}; the chart `{name}` is made of a machine")
    if len(machines) > 1:
        raise _UnsuitedError(f"{machines[1]}: the chart `{name}` is made of one machine")
    if what == of.RECORDS:
        return _of_records(name, machines, logs)
    session = _session(machines[0])
    if what == of.FOUND:
        if not expression:
            raise _UnsuitedError(f"{name}: needs {_NEEDS[what]}")
        return Sources(session, found=(expression, _found(session.machine, expression)))
    if what == of.DAMAGE:
        from hwpoison_gui.view.damage.damage import Damage

        return Sources(session, {early: Damage.of(session.machine, early) for early in (0, 1)})
    return Sources(session)


def _of_records(name: str, machines: Sequence[Path], logs: Sequence[Path]) -> Sources:
    from hwpoison_gui.opening import real_errors

    if not logs:
        raise _UnsuitedError(f"{name}: needs {_NEEDS[of.RECORDS]}")
    errors = real_errors.read_errors(logs, opening.nobody_waits, opening.nobody_cancels)
    session = _session(machines[0]) if machines else opening.on_empty_map(errors).session
    return Sources(session, history=errors.history)


def _session(path: Path) -> Session:
    """The machine in a file, after everything that was done there."""
    session = opening.open_file(path).session
    session.seek(len(session.steps))
    return session


def _found(m: Machine, expression: str) -> npt.NDArray[np.int64]:
    """The frames that an expression finds, ascending. Raises FilterError."""
    import numpy as np

    from hwpoison_gui.view.filter.expression import FilterError, parse
    from hwpoison_gui.view.map.lenses import OUTCOME, Lens
    from hwpoison_gui.view.outcome.assessment import Assessment

    def classes_of(lens: Lens) -> npt.NDArray[np.uint8]:
        if lens.key != OUTCOME.key:
            raise FilterError(f"classes of the lens {lens.name} are found in the window only", 0, len(expression))
        return Assessment.of(m).classes()

    wanted = parse(expression)
    if wanted is None:
        raise FilterError("nothing to look for", 0, len(expression))
    match = wanted.match(m, classes_of)
    words, which = np.unique(m.flags.view, return_inverse=True)
    found = np.array([match.word(word) for word in words.tolist()])[which]
    return np.flatnonzero(found if match.frames is None else found & match.frames)


# -- what is written


def _write(chart: Chart, out: Path, wanted: Wanted | None) -> None:
    """The numbers, or the picture that is wanted. Raises OSError."""
    from hwpoison_gui import atomic_file

    if wanted is None:
        from hwpoison_gui.view.charts.chart import as_csv

        atomic_file.write(out, as_csv(chart).encode())
        return
    from hwpoison_gui.gui.app.render import render_chart

    atomic_file.write(out, render_chart(chart, wanted))
