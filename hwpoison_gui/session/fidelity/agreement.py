"""Compares a machine booted from a recording with what the real one did, frame by frame.

The frame of each row is poisoned in the recorded order, on the machine as the rows before left it. Where the result
differs, hidden state that the model did not have explains it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TextIO

from hwpoison_gui.image import MemoryImage
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import nearest
from hwpoison_gui.kernel.profile.type import SYSCTL_EARLY_KILL
from hwpoison_gui.kernel.records import PAGE_SHIFT
from hwpoison_gui.kernel.rmap import mappings_of
from hwpoison_gui.kernel.user_mappings import SENT
from hwpoison_gui.record import Record
from hwpoison_gui.session.fidelity.recorded_rows import Row, Sent
from hwpoison_gui.session.operation import Operation
from hwpoison_gui.session.session import Session

_NUMBERS: Final = {"SIGBUS": 7, "SIGKILL": 9}
_NAMES: Final = {number: name for name, number in _NUMBERS.items()}
_FATES: Final = {
    "queued": "sent",
    "pending": "sent",
    "stopped": "sent",
    "ignored": "ignored",
    "unkillable": "ignored",
    "dropped": "dropped",
}
_NO_RESULT: Final = "(already poisoned)"


class Difference(Record):
    """One value that differs from the recording."""

    what: str
    recorded: Any
    got: Any

    def __str__(self) -> str:
        return f"{self.what}: {self.recorded} recorded, {self.got} here"


@dataclass(frozen=True, slots=True)
class Compared:
    """A row and its differences; `unknown` is the hidden state that the model did not have."""

    row: Row
    differences: tuple[Difference, ...]
    unknown: tuple[str, ...]
    same_fates: bool
    same_log: bool
    same_flags: bool

    @property
    def agrees(self) -> bool:
        """Whether nothing that is compared differs."""
        return not self.differences

    @property
    def reason(self) -> str:
        """The hidden state that explains the differences."""
        return "; ".join(self.unknown) or "the model knew all that was recorded of the page"


def compare(image: MemoryImage, rows: Sequence[Row]) -> Iterator[Compared]:
    """Poison the frames of all rows one after the other on the machine of an image."""
    return compare_on(session_of(image, stopped=all(row.stopped for row in rows)), rows)


def compare_on(session: Session, rows: Sequence[Row]) -> Iterator[Compared]:
    """Poison the frames of all rows one after the other on one machine."""
    for row in rows:
        if session.machine.sysctl.view[SYSCTL_EARLY_KILL] != row.early_kill:
            session.act("sysctl", {"name": SYSCTL_EARLY_KILL, "value": row.early_kill})
        yield compare_row(session, row)


def session_of(image: MemoryImage, stopped: bool) -> Session:
    """A session on the recorded machine. Stopped processes take no signal: they survive from row to row."""
    processes = tuple(process._replace(stopped=stopped) for process in image.processes)
    return Session(machine_from_image(image._replace(processes=processes), nearest(image.kernel)))


def compare_row(session: Session, row: Row) -> Compared:
    """Poison the frame of the row and compare."""
    m = session.machine
    unknown = tuple(_unknown(m, row)) if 0 <= row.pfn < m.frames else ("the recording ends before this frame",)
    outcome = session.act("poison", {"frame": f"pfn:{row.pfn:#x}", "via": "corrupt-pfn"})
    sent = signals_of(session, session.operations[-1])
    differences = [
        Difference(what, recorded, got)
        for what, recorded, got in (
            ("kind", row.kind, outcome.kind),
            ("result", row.result, outcome.result),
            ("errno", row.errno, outcome.errno),
        )
        if recorded != got
    ]
    if _targets(sent) != _targets(row.sent):
        differences.append(Difference("signals", _targets(row.sent), _targets(sent)))
    differences += _entries_differ(m, row)
    same_flags = session.flags(row.pfn) == row.flags_after
    return Compared(row, tuple(differences), unknown, sent == row.sent, outcome.log == row.log, same_flags)


def signals_of(session: Session, operation: Operation) -> tuple[Sent, ...]:
    """The signals that the handler sent, in order, including dropped and ignored ones."""
    marks = session.steps.marks[operation.first : operation.last]
    return tuple(
        Sent(mark.tasks[0], _NUMBERS[mark.value("signal")], _FATES[mark.value("sent")])
        for mark in marks
        if mark.site is SENT
    )


def _targets(sent: tuple[Sent, ...]) -> str:
    """The targets of the signals, in order. Their effect depends on the rows before: one may be pending already."""
    return " ".join(f"{_NAMES.get(one.number, one.number)} to {one.tid}" for one in sent) or "nobody"


def _entries_differ(m: Machine, row: Row) -> Iterator[Difference]:
    for (pid, address), recorded in row.entries.items():
        got = exported_state(m, pid, address)
        if got != recorded:
            yield Difference(f"entry of {pid} at {address:#x}", recorded, got)


def exported_state(m: Machine, pid: int, address: int) -> str:
    """State of a PTE as pagemap exports it: huge entries only if they are present."""
    process = m.processes.view.get(pid)
    if process is None or process.ended:
        return "none"
    state = ptes.state_of(m.pte(process.mm, address >> PAGE_SHIFT))
    vma = m.find_vma(process.mm, address)
    huge = vma is not None and vma.huge == "hugetlb"
    return "none" if huge and state != "present" else state


# What the model did not know


def _unknown(m: Machine, row: Row) -> Iterator[str]:
    """Recorded facts of the page, just before it was poisoned, that differ in the model."""
    word = m.page(row.pfn)
    if word != row.flags:
        yield f"its flags were {pf_names(row.flags)}, here {pf_names(word)}"
    yield from _unknown_entries(m, row)
    head = m.compound_head(row.pfn)
    inode = m.inode_of(head)
    if row.filesystem and (inode is None or inode.filesystem != row.filesystem):
        here = f"one of {inode.filesystem}" if inode else "none of a file"
        yield f"it is a page of {row.filesystem}, here {here}"
    in_use = m.page(head) & (pf.LRU | pf.MMAP | pf.HUGE)
    if in_use and row.refcount is not None and row.refcount != m.refcount.view[head]:
        references = "1 reference" if row.refcount == 1 else f"{row.refcount} references"
        yield f"it had {references}, here {m.refcount.view[head]} (they are not exported)"


def _unknown_entries(m: Machine, row: Row) -> Iterator[str]:
    here = {(vma.mm, address): m.pte(vma.mm, address >> PAGE_SHIFT) for vma, address in mappings_of(m, row.pfn)}
    there = {(mapper.pid, mapper.address): mapper for mapper in row.mappers}
    for pid, address in here.keys() - there.keys():
        yield f"{pid} did not map it at {address:#x}"
    for key, mapper in there.items():
        where = f"{mapper.pid} at {mapper.address:#x}"
        entry = here.get(key)
        if entry is None:
            yield f"{where} mapped it"
            continue
        if mapper.dirty is not None and mapper.dirty != bool(entry & ptes.DIRTY):
            yield f"the entry of {where} was {'dirty' if mapper.dirty else 'clean'} (it is not exported)"
        if mapper.pmd is not None and mapper.pmd != bool(entry & ptes.PSE):
            yield f"{where} mapped it by a {'huge' if mapper.pmd else 'single'} entry (it is not exported)"


def pf_names(word: int) -> str:
    """The flags of a flag word, joined by `|`; 0 if there are none."""
    return "|".join(pf.names_of(word)) or "0"


# Printing


def kind_of(row: Row) -> str:
    """The kind in the result line of a row, or a word in parentheses if it has none."""
    return row.kind or _NO_RESULT


def report(found: Sequence[Compared], out: TextIO) -> None:
    """A table by kind, the sums, and a line for each row that differs."""
    counted = [one for one in found if not one.row.changed]
    changed = [one for one in found if one.row.changed]
    kinds = sorted({kind_of(one.row) for one in counted})
    lines = [(kind, [one for one in counted if kind_of(one.row) == kind]) for kind in kinds]
    lines.append(("all", counted))
    if changed:
        lines += [("flags changed since the recording", changed), ("with these", list(found))]
    width = max(len(name) for name, _ in lines)
    print(f"{'kind':{width}}  rows  agree", file=out)
    for name, group in lines:
        print(f"{name:{width}}  {len(group):4}  {share(group)}", file=out)
    print(
        f"of {len(found)} rows the same besides: the kernel's log word for word {sum(one.same_log for one in found)},"
        f" signals sent or dropped {sum(one.same_fates for one in found)},"
        f" all flags of the page afterwards {sum(one.same_flags for one in found)}",
        file=out,
    )
    for one in found:
        if not one.agrees:
            print(line_of(one), file=out)


def share(group: Sequence[Compared]) -> str:
    """The number and percentage of rows that agree, in columns."""
    agreeing = sum(one.agrees for one in group)
    return f"{agreeing:5}  {100 * agreeing / max(1, len(group)):5.1f} %"


def line_of(one: Compared) -> str:
    """A row that differs, and why, in one line."""
    changed = " (its flags changed since the recording)" if one.row.changed else ""
    differs = ", ".join(map(str, one.differences))
    return f"row {one.row.number}, frame {one.row.pfn:#x}, {kind_of(one.row)}{changed}: {differs}. Reason: {one.reason}"


def report_json(found: Sequence[Compared], out: TextIO) -> None:
    """Write one JSON object per row and line."""
    for one in found:
        print(json.dumps(_plain(one)), file=out)


def _plain(one: Compared) -> dict[str, Any]:
    return {
        "n": one.row.number,
        "pfn": hex(one.row.pfn),
        "kind": one.row.kind,
        "agrees": one.agrees,
        "changed": one.row.changed,
        "differences": [difference._asdict() for difference in one.differences],
        "reason": [] if one.agrees else list(one.unknown),
        "same_fates": one.same_fates,
        "same_log": one.same_log,
        "same_flags": one.same_flags,
    }
