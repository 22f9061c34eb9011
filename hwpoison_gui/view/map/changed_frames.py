"""Frames changed by the operation at the current timeline position, and by its last step."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel.gate import Cells, Change, Column
from hwpoison_gui.session.session import Session

Pfns = npt.NDArray[np.int64]


def touched_frames(session: Session) -> tuple[Pfns, Pfns]:
    """Return the frames changed by earlier steps of the operation, and by the last step applied; each ascending."""
    operation = session.operation_at(session.position)
    if operation is not None and operation.last != session.position:
        operation = session.part_at(session.position)
    if operation is None:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    steps, at = session.steps, session.position
    return frames_of(steps.between(operation.first, at - 1)), frames_of(steps.between(at - 1, at))


def frames_of(changes: Iterable[Change]) -> Pfns:
    """Return the frames whose columns changes concern; ascending, each once."""
    single: set[int] = set()
    many = [np.zeros(0, np.int64)]
    for store, key, _, _ in changes:
        if isinstance(store, Column):
            single.add(key)
        elif isinstance(store, Cells):
            many.append(key)
    return np.unique(np.concatenate((np.array(sorted(single), np.int64), *many)))
