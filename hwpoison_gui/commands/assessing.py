"""Assesses one machine from its file: what `hwpoison-gui assess` does for each of its machines.

Arguments and results can be pickled, so that other processes can do it for many files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hwpoison_gui.dram.errors import DramError
from hwpoison_gui.dram.fault import parse_fault
from hwpoison_gui.dram.geometry import Geometry
from hwpoison_gui.dram.rates import Rates
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.opening import opening
from hwpoison_gui.record import Record
from hwpoison_gui.session.errors import NotYetSupportedError, ScenarioError
from hwpoison_gui.session.session import Session
from hwpoison_gui.sources.errors import SourceError
from hwpoison_gui.view.base.dram import fitted_to
from hwpoison_gui.view.base.mappers import captured_words
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.damage.expected import AssessedRates, assess_rates
from hwpoison_gui.view.damage.fault import AssessedFault, assess_faults
from hwpoison_gui.view.damage.in_order import broken_in_order
from hwpoison_gui.view.damage.report import MachineReport, find_report
from hwpoison_gui.view.damage.uses import owners_known

EARLY_KILL: Final = (0, 1)
_THIS: Final = "this machine"


class Options(Record):
    """Options of the assessment of each machine.

    Attributes
    ----------
    profile : str
        Name of the profile; empty: the one nearest to the machine's kernel.
    early_kill : tuple of int
        Values of vm.memory_failure_early_kill to assess.
    by : str
        What frames are grouped by: a key of view.damage.tables.GROUPINGS.
    top : int
        How many of the most dangerous frames, files and processes are listed.
    at : str
        Timeline position OPERATION.STEP, such as 3.12; empty: after the last step.
    """

    profile: str = ""
    early_kill: tuple[int, ...] = EARLY_KILL
    by: str = "kind"
    top: int = 10
    at: str = ""


class Dram(Record):
    """Options of the assessment of DRAM faults.

    Attributes
    ----------
    geometry : Geometry
        Maps physical addresses to DRAM.
    faults : tuple of str
        Faulty parts as the user names them, such as `row:of:0x2416`.
    rates : Rates, optional
        Fault rates of a study, for the expected damage; None: not asked for.
    devices : int
        DRAM devices of the machine, for `rates`; 0: the number that view.damage.expected assumes.
    in_order : bool
        Whether the frames of each fault are also broken one after another.
    """

    geometry: Geometry
    faults: tuple[str, ...]
    rates: Rates | None = None
    devices: int = 0
    in_order: bool = False


class DramReport(Record):
    """The damage of DRAM faults on one machine, and the expected damage by rates, if that was asked for."""

    name: str
    m: Machine
    faults: tuple[AssessedFault, ...]
    rates: AssessedRates | None


class BadMachineError(Exception):
    """A machine that cannot be assessed. Its text is one message, with the file and the place in it."""


def assess(file: str, options: Options) -> MachineReport:
    """Assess errors in all frames of one machine.

    Parameters
    ----------
    file
        Path of anything that the window opens as a machine; empty: a copy of this computer's memory.

    Raises
    ------
    BadMachineError
        If the file is missing, damaged, or no machine; if this computer's memory cannot be read; or if the kernel has
        panicked at that timeline position.
    """
    with _one_message(file):
        opened = _opened(file, options)
        m = opened.session.machine
        policies = to_the_end(find_report(m, options.early_kill, options.by, options.top))
    modelled = ".".join(map(str, m.profile.modelled))
    name = file or _THIS
    known, captured = owners_known(m), captured_words(m)
    return MachineReport(name, m.profile.name, modelled, m.frames, known, opened.notes, tuple(policies), captured)


def assess_dram(file: str, options: Options, asked: Dram) -> DramReport:
    """Assess faults of DRAM on one machine.

    Parameters
    ----------
    file
        As for `assess`.

    Raises
    ------
    BadMachineError
        As for `assess`, and for a fault that the geometry or the machine does not have.
    """
    with _one_message(file):
        session = _opened(file, options).session
        m = session.machine
        geometry = fitted_to(m.flags.view, asked.geometry)
        faults = [parse_fault(text, geometry, m.frames) for text in asked.faults]
        damages = [Damage.of(m, early) for early in options.early_kill]
        rates = assess_rates(damages, geometry, asked.rates, asked.devices) if asked.rates is not None else None
        found = assess_faults(damages, geometry, faults)
        if asked.in_order:
            found = [_in_order(session, fault, options.early_kill) for fault in found]
        return DramReport(file or _THIS, m, tuple(found), rates)


def _in_order(session: Session, fault: AssessedFault, policies: Sequence[int]) -> AssessedFault:
    """Add what happens if the frames break one after another, under each value of early_kill."""
    pfns = fault.pfns.tolist()
    return fault._replace(in_order=tuple(broken_in_order(session, pfns, early) for early in policies))


@contextmanager
def _one_message(file: str) -> Iterator[None]:
    """Turn the exceptions of opening and assessing a machine into BadMachineError."""
    try:
        yield
    except NotYetSupportedError as error:
        raise BadMachineError(f"{file} {error.summary}") from None
    except ScenarioError as error:
        error.file = error.file or file
        raise BadMachineError(str(error)) from None
    except DramError as error:
        raise BadMachineError(f"{file or _THIS}: {error}") from None
    except SourceError as error:
        raise BadMachineError(str(error)) from None
    except MemoryError:
        raise BadMachineError(f"{file or _THIS}: needs more memory than there is") from None
    except OSError as error:
        raise BadMachineError(f"{error.filename or file}: cannot be read: {error.strerror or error}") from None


def _opened(file: str, options: Options) -> opening.Opened:
    """Open the machine and go to the timeline position that is asked for."""
    opened = opening.open_file(Path(file), options.profile, bare=True) if file else _live(options.profile)
    if options.at:
        opened = opening.at_moment(opened, options.at)
    else:
        opened.session.seek(len(opened.session.steps))
    if opened.session.machine.panicked:
        raise ScenarioError("the kernel has panicked there; name a position before that by --at, as in --at 0")
    return opened


def _live(profile: str) -> opening.Opened:
    opened = opening.open_live(opening.nobody_waits, opening.nobody_cancels)
    return opened.again(profile) if profile and opened.again is not None else opened
