"""The timeline position of a session: its step, its operation, and the displayed title of the operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hwpoison_gui.kernel.hugetlb_pool import RESIZED
from hwpoison_gui.kernel.hwpoison_filter import FLAG_FILES
from hwpoison_gui.record import Record
from hwpoison_gui.session.many import named
from hwpoison_gui.session.operation import Asked, Operation
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.steps import Step
from hwpoison_gui.view.words.words import counted

# Position 0: a machine may have been booted by a scenario, recorded, or copied from this computer.
START: Final = "The machine at the start"
START_WITHIN: Final = "the machine at the start"


class Moment(Record):
    """A timeline position. `step`: the last one applied, or None; `within`: its number in the operation, from 1.

    `operation`: in an operation on many frames, the part on the present frame; `whole` is then the entire operation.
    `number` counts whole ones.
    """

    position: int
    total: int
    step: Step | None = None
    operation: Operation | None = None
    number: int = -1
    within: int = 0
    whole: Operation | None = None

    @property
    def is_over(self) -> bool:
        """True if an operation on many frames is complete."""
        return self.whole is not None and self.position == self.whole.last

    @property
    def at_end(self) -> bool:
        """True if the operation is complete."""
        return self.operation is not None and self.position == self.operation.last


def moment_of(session: Session) -> Moment:
    """Return the current timeline position of a session."""
    position, total = session.position, len(session.steps)
    operation, whole = session.part_at(position), session.operation_at(position)
    if operation is None:
        return Moment(position, total)
    step = session.steps[position - 1]
    many = whole if whole is not operation else None
    return Moment(position, total, step, operation, step.operation, position - operation.first, many)


# Keys: the operation; for `poison` also with its `via`.
_TITLES: Final[dict[str, str]] = {
    "poison": "break {what}",
    "poison hard_offline": "hard offline {what}",
    "poison srao": "SRAO at {what}",
    "poison srar": "SRAR at {what}, {task} reads it",
    "task": "start {name}",
    "file": "file {path}",
    "unlink": "unlink {path}",
    "truncate": "truncate {path}",
    "soft_offline": "soft offline {frame}",
    "unpoison": "unpoison {frame}",
    "remember": "call {frame} @{name}",
    "pin": "pin {frame}",
    "unpin": "unpin {frame}",
}
# Titles that begin with the name of a task or of a file of the kernel.
_OF_A_NAME: Final[dict[str, str]] = {
    "sysctl": "vm.{name} = {value}",
    "debugfs": "{name} = {value}",
    "hugepages": "vm.nr_hugepages = {pages}",
    "overcommit_hugepages": "vm.nr_overcommit_hugepages = {pages}",
    "prctl": "{task}: PR_MCE_KILL {mce_kill}",
    "read": "{task} reads {at}",
    "write": "{task} writes {at}",
    "fork": "{task} forks {child}",
    "exit": "{task} exits",
    "mmap": "{task} maps {name}",
    "munmap": "{task} unmaps {at}",
    "open": "{task} opens {path}",
    "pread": "{task} preads {fd} page {page}",
    "pwrite": "{task} pwrites {fd} page {page}",
    "fsync": "{task} fsyncs {fd}",
    "sigaction": "{task}: SIGBUS {handler}",
    "poison madvise": "{task}: MADV_HWPOISON on {frame}",
}


def title_of(operation: Operation | Asked) -> str:
    """Return a short title of an operation, built from its arguments."""
    return title(operation.name, operation.args)


def heading_of(operation: Operation | Asked) -> str:
    """Return the title with a capital, unless it begins with a name: of a task, a file of the kernel, a function."""
    words = title_of(operation)
    return words if _pattern(operation.name, operation.args)[1] else words[:1].upper() + words[1:]


def title_in(session: Session, operation: Operation) -> str:
    """Return the title of a complete operation of a session; of a number that was not reached, also what it reads."""
    words = title_of(operation)
    mark = session.steps.marks[operation.last - 1] if operation.name == "hugepages" else None
    if mark is None or mark.site is not RESIZED or mark.value("new") == mark.value("asked"):
        return words
    return f"{words} written, reads {mark.value('new')}"


def at_step(session: Session, position: int) -> str:
    """Return what a timeline position is called: `step 2 of operation 5`, of many frames `frame 3, step 2 of …`."""
    part, whole = session.part_at(position), session.operation_at(position)
    if part is None or whole is None:
        return "the start"
    frame = f"frame {whole.part_number(position) + 1:,}, " if part is not whole else ""
    number = session.steps[position - 1].operation + 1
    return f"{frame}step {position - part.first:,} of operation {number:,}"


def title(name: str, args: Mapping[str, Any]) -> str:
    """Return a short title of an operation, given its name and arguments."""
    shown = {key: str(value).removeprefix("pfn:") for key, value in args.items()}
    if name == "debugfs" and args["name"] in FLAG_FILES:
        shown["value"] = f"{args['value']:#x}"
    if name == "sigaction":
        shown["handler"] = args.get("sigbus") or args["sigsegv"]
    shown["what"] = f"frame {shown.get('frame', '')}"
    if many := named(args):
        shown["what"] = shown["frame"] = counted(many, "frame")
    pattern, _ = _pattern(name, args)
    if pattern:
        return pattern.format_map(shown)
    rest = [shown[key] for key in ("task", "at", "path", "frame", "advice") if shown.get(key)]
    return " ".join((name, *rest))


def _pattern(name: str, args: Mapping[str, Any]) -> tuple[str, bool]:
    """The form of a title, empty if it is the operation's own name, and whether it begins with a name."""
    for key in (f"{name} {args['via']}", name) if name == "poison" and "via" in args else (name,):
        if key in _OF_A_NAME:
            return _OF_A_NAME[key], True
        if key in _TITLES:
            return _TITLES[key], False
    return "", True
