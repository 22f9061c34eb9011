"""Assesses one machine from its file, as plain values: what `hwpoison-gui assess` does for each of its machines.

`assess` is a plain function of plain values, so that other processes can run it over many files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from hwpoison_gui import opening
from hwpoison_gui.record import Record
from hwpoison_gui.session.errors import NotYetSupportedError, ScenarioError
from hwpoison_gui.sources.errors import SourceError
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.damage.report import MachineReport, find_report
from hwpoison_gui.view.damage.uses import owners_known

EARLY_KILL: Final = (0, 1)


class Options(Record):
    """What is asked of each machine.

    Attributes
    ----------
    profile : str
        Name of the profile; empty: the one nearest to the machine's kernel.
    early_kill : tuple of int
        Values of vm.memory_failure_early_kill, each a column.
    by : str
        What frames are grouped by, a key of damage.tables.GROUPINGS.
    top : int
        How many of the most dangerous frames, files and processes are listed.
    at : str
        Timeline position, as in 3.12; empty: after the last step.
    """

    profile: str = ""
    early_kill: tuple[int, ...] = EARLY_KILL
    by: str = "kind"
    top: int = 10
    at: str = ""


class BadMachineError(Exception):
    """A machine that cannot be assessed: one message, with its file and the place in it."""


def assess(file: str, options: Options) -> MachineReport:
    """Assess one machine; an empty `file` stands for a copy of the memory of this computer.

    Raises
    ------
    BadMachineError
        If the file is missing, damaged, or no machine; if this computer's memory cannot be read; or if the kernel has
        panicked at the position.
    """
    try:
        return _assess(file, options)
    except NotYetSupportedError as error:
        raise BadMachineError(f"{file} {error.summary}") from None
    except ScenarioError as error:
        error.file = error.file or file
        raise BadMachineError(str(error)) from None
    except SourceError as error:
        raise BadMachineError(str(error)) from None
    except OSError as error:
        raise BadMachineError(f"{error.filename or file}: cannot be read: {error.strerror or error}") from None


def _assess(file: str, options: Options) -> MachineReport:
    opened = opening.open_file(Path(file), options.profile) if file else _live(options.profile)
    if options.at:
        opened = opening.at_moment(opened, options.at)
    else:
        opened.session.seek(len(opened.session.steps))
    m = opened.session.machine
    if m.panicked:
        raise ScenarioError("the kernel has panicked there; name a position before that by --at, as in --at 0")
    policies = to_the_end(find_report(m, options.early_kill, options.by, options.top))
    modelled = ".".join(map(str, m.profile.modelled))
    name = file or "this machine"
    return MachineReport(name, m.profile.name, modelled, m.frames, owners_known(m), opened.notes, tuple(policies))


def _live(profile: str) -> opening.Opened:
    opened = opening.open_live(lambda share, doing: None, lambda: False)
    return opened.again(profile) if profile and opened.again is not None else opened
