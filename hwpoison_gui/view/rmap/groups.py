"""Groups the users of a frame by the name of their tasks, so that a server and its ten thousand workers are two rows.

Which users share a row does not depend on the handler: it is found once for a reverse map, in slices.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Sequence
from typing import Final

from hwpoison_gui.kernel.records import label_of
from hwpoison_gui.record import Record
from hwpoison_gui.view.base.slicing import ITEMS_PER_SLICE

GROUP_FROM: Final = 25  # as many mappers are grouped by the name of their tasks
_LEAST_GROUP: Final = 4
_NUMBER: Final = re.compile(r"[-:#_. ]*\d+$")


class Mapper(Record):
    """A VMA that could map the frame at virtual page `vpn`, in address space `mm` of process `tgid`, by name `comm`."""

    vma: int
    mm: int
    vpn: int
    tgid: int
    comm: str
    name: str
    rights: str

    @property
    def task(self) -> str:
        """The process as it is called wherever it is shown, `COMM:PID`."""
        return label_of(self.comm, self.tgid)


class Group(Record):
    """Mappers that share a row, their VMAs and the tgids of their processes; without a `label` each has its own."""

    mappers: tuple[Mapper, ...]
    label: str = ""
    vmas: frozenset[int] = frozenset()
    tasks: frozenset[int] = frozenset()


def base_name(comm: str) -> str:
    """Name of a task without the number that distinguishes it from its siblings."""
    return _NUMBER.sub("", comm) or comm


def find_groups(mappers: Sequence[Mapper]) -> Generator[None, None, tuple[Group, ...]]:
    """One group of a few mappers; of many, tasks share one whose comms are equal, or differ in a number only.

    Yields now and then.
    """
    if len(mappers) < GROUP_FROM:
        return (Group(tuple(mappers)),)
    often = Counter(mapper.comm for mapper in mappers)
    found: dict[str, list[Mapper]] = {}
    for number, mapper in enumerate(mappers):
        if number % ITEMS_PER_SLICE == 0:
            yield
        label = mapper.comm if often[mapper.comm] >= _LEAST_GROUP else base_name(mapper.comm)
        found.setdefault(label, []).append(mapper)
    groups = []
    for label, alike in found.items():
        if len(alike) < _LEAST_GROUP:
            groups.append(Group(tuple(alike)))
            continue
        yield
        vmas, tasks = frozenset(mapper.vma for mapper in alike), frozenset(mapper.tgid for mapper in alike)
        groups.append(Group(tuple(alike), label, vmas, tasks))
    return tuple(groups)


def numbered(mappers: Sequence[Mapper]) -> dict[int, int]:
    """tgid -> number of the process, from 0 on, in the order of the mappers."""
    return {tgid: number for number, tgid in enumerate(dict.fromkeys(mapper.tgid for mapper in mappers))}
