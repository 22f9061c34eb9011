"""The damage on one machine as plain values: tables by outcome, the most dangerous of each sort, and soft offline."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Final

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.record import Record
from hwpoison_gui.view.base.slicing import as_part
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.damage.moved import SoftOffline, find_soft_offline
from hwpoison_gui.view.damage.per_frame import per_frame
from hwpoison_gui.view.damage.tables import Counted, Table, find_table
from hwpoison_gui.view.damage.worst import (
    FileToll,
    ProcessToll,
    WorstFrame,
    tolls_of_processes,
    worst_files,
    worst_frames,
    worst_processes,
)
from hwpoison_gui.view.outcome import classes as outcomes

# Classes of outcomes, by their effect on the machine. Holes and frames poisoned before are in none of them.
HANDLED: Final = (
    outcomes.FREE, outcomes.SILENT, outcomes.LOST, outcomes.LATE, outcomes.EARLY, outcomes.NAMESPACE,
)  # fmt: skip
IN_USE: Final = (outcomes.STUCK, outcomes.IGNORED)
PANIC_LATE: Final = (outcomes.INIT,)
PANIC_NOW: Final = (outcomes.PANICS,)


# What an error leaves of the machine, by fields of Survival: the same words in the window and the commands.
RUNS_ON: Final = {
    "handled": "runs on",
    "in_use": "page stays in use",
    "panic_late": "panics on init's touch",
    "panic_now": "panics at once",
}


class Survival(Record):
    """Numbers of frames by the fate of the machine after an error; each frame is as likely as any other.

    `handled`: the handler deals with it, and the machine runs on. `in_use`: it runs on, for now, and the broken page
    stays in use. `panic_late`: it panics when init touches the page. `panic_now`: it panics at once. Frames that are
    no page or broken already are not counted.
    """

    handled: int
    in_use: int
    panic_late: int
    panic_now: int

    @property
    def frames(self) -> int:
        """All of them."""
        return sum(self)

    def share(self, frames: int) -> float:
        """A number of frames as a share of all, 0 to 1."""
        return frames / self.frames if self.frames else 0.0


def survival(frames: Counted) -> Survival:
    """Sum numbers of frames by class of outcome into those by the fate of the machine."""
    return Survival(*(sum(frames[code] for code in codes) for codes in (HANDLED, IN_USE, PANIC_LATE, PANIC_NOW)))


class PolicyReport(Record):
    """The damage under one value of vm.memory_failure_early_kill (`early`).

    `frames`, `files`, `processes`: the most dangerous, the worst first. `signalled_now`, `signalled_late`, `killed`:
    numbers of processes that an error in any frame signals at once, signals when they touch the page, or kills.
    """

    early: int
    table: Table
    frames: tuple[WorstFrame, ...]
    files: tuple[FileToll, ...]
    processes: tuple[ProcessToll, ...]
    signalled_now: int
    signalled_late: int
    killed: int
    soft_offline: SoftOffline


class MachineReport(Record):
    """The damage on one machine.

    Attributes
    ----------
    name : str
        Its file as it was given, or that it is a copy of this computer.
    profile, modelled : str
        The profile, and the kernel that it models, as in "6.1".
    frames : int
        Frames, holes included.
    owners : bool
        Whether its source says which processes have which frames.
    notes : tuple of str
        What its source does not say, and how it was made up.
    policies : tuple of PolicyReport
        One for each value of vm.memory_failure_early_kill that was asked for.
    captured : str
        Which processes alone were captured, in a clause; empty if all were, or none.
    """

    name: str
    profile: str
    modelled: str
    frames: int
    owners: bool
    notes: tuple[str, ...]
    policies: tuple[PolicyReport, ...]
    captured: str = ""


def find_report(m: Machine, early: Sequence[int], by: str, top: int) -> Generator[float, None, list[PolicyReport]]:
    """The report under each of some policies, in slices; yields the share that is done.

    Parameters
    ----------
    m
        At rest; it must stay as it is meanwhile.
    early
        Values of vm.memory_failure_early_kill.
    by
        A key of tables.GROUPINGS.
    top
        How many of the most dangerous frames, files and processes are listed.
    """
    found = []
    for number, value in enumerate(early):
        damage = Damage(m, value)
        for done in damage.work():
            yield (number + 0.8 * done) / len(early)
        found.append((yield from _report(damage, by, top, (number + 0.8) / len(early))))
    return found


def _report(damage: Damage, by: str, top: int, done: float) -> Generator[float, None, PolicyReport]:
    table = yield from as_part(find_table(damage, by), lambda _: done)
    counts = per_frame(damage)
    yield done
    frames = tuple(worst_frames(damage, top, counts))
    yield done
    files = yield from as_part(worst_files(damage, top, counts), lambda _: done)
    processes = tolls_of_processes(damage)
    yield done
    offlined = yield from as_part(find_soft_offline(damage), lambda _: done)
    return PolicyReport(
        damage.early,
        table,
        frames,
        tuple(files),
        tuple(worst_processes(damage, top)),
        sum(one.now > 0 for one in processes),
        sum(one.late > 0 for one in processes),
        sum(one.kills > 0 for one in processes),
        offlined,
    )
