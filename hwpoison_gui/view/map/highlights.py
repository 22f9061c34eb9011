"""Frames that the map outlines at a timeline position: the target, and the frames of the process concerned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.gate import Column
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.kernel.records import HPAGE_PMD_NR, PAGE_SHIFT
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.moment import Moment, moment_of
from hwpoison_gui.view.map.roles import FREED, SKIPPED, TARGET, UNMAPPED, VISITED, Role, of_selected, owned

Pfns = npt.NDArray[np.int64]
Highlights = list[tuple[Pfns, Role]]

_OWN: Final = (Act.VISIT, Act.SIGNAL)
_OF_TARGET: Final = {Act.UNMAP: UNMAPPED, Act.SKIP: SKIPPED}


def frames_of(m: Machine, mm: int) -> Pfns:
    """Return the frames that an address space maps, ascending; a frame mapped twice is listed twice."""
    _, entries = m.ptes.arrays(mm)
    entries = entries[entries & ptes.PRESENT != 0]
    pfns, huge = entries >> PAGE_SHIFT, entries & ptes.PSE != 0
    return np.sort(np.concatenate((pfns[~huge], (pfns[huge, None] + np.arange(HPAGE_PMD_NR)).ravel())))


def highlights_of(session: Session, selected_task: int | None, colours: Mapping[int, int]) -> Highlights:
    """Return frames and roles in drawing order: later ones are drawn on top. `colours`: see ReverseMap.numbers."""
    m = session.machine
    found: Highlights = []
    if selected_task is not None and selected_task in m.processes.view:
        found.append((_frames(m, selected_task), of_selected(colours.get(selected_task, selected_task))))
    moment = moment_of(session)
    if moment.step is not None:
        found += _of_step(m, moment, colours)
    return [(pfns, role) for pfns, role in found if len(pfns)]


def _frames(m: Machine, tgid: int) -> Pfns:
    return frames_of(m, m.processes.view[tgid].mm)


def _of_step(m: Machine, moment: Moment, colours: Mapping[int, int]) -> Highlights:
    assert moment.step is not None and moment.operation is not None
    mark = moment.step.mark
    target = moment.operation.outcome.pfn
    inside = [pfn for pfn in (target,) if pfn is not None and 0 <= pfn < m.frames]
    others = np.array(sorted(set(mark.frames) - set(inside)), np.int64)
    found: Highlights = []
    if mark.act is Act.DIE:
        found.append((_freed(m, moment), FREED))
    elif moment.at_end:  # the walk is over: its last step is not outlined any more
        found = []
    elif mark.act in _OWN:
        tgids = [m.tasks.view[tid].tgid for tid in mark.tasks[:1]]
        found += [(_frames(m, tgid), owned(colours.get(tgid, tgid))) for tgid in tgids]
    elif mark.act in _OF_TARGET:
        found.append((np.array(inside, np.int64), _OF_TARGET[mark.act]))
    if moment.operation.name == "poison" or not len(others):
        broken = moment.operation.name == "poison" or any(m.page(pfn) & pf.HWPOISON for pfn in inside)
        found.append((np.array(inside, np.int64), TARGET if broken else VISITED))
    if len(others):
        found.append((others, VISITED))
    return found


def _freed(m: Machine, moment: Moment) -> Pfns:
    """Return the frames that became free in this step; the others it changed are still in use."""
    assert moment.step is not None
    changed = {key for store, key, _, _ in moment.step.changes if isinstance(store, Column)}
    pfns: Pfns = np.array(sorted(changed), np.int64)
    left: Pfns = pfns[m.refcount.view[pfns] == 0]
    return left
