"""The frames that the operation of this moment has changed so far, and those that its last step changed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel.gate import Cells, Column
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.timeline import Step

Pfns = npt.NDArray[np.int64]


def touched_frames(session: Session) -> tuple[Pfns, Pfns]:
    """Frames changed by earlier steps of the operation, and by the last one applied; each ascending."""
    operation = session.operation_at(session.position)
    if operation is None:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    steps, at = session.steps, session.position
    return _frames(steps[operation.first : at - 1]), _frames(steps[at - 1 : at])


def _frames(steps: Iterable[Step]) -> Pfns:
    single: set[int] = set()
    many = [np.zeros(0, np.int64)]
    for step in steps:
        for store, key, _, _ in step.changes:
            if isinstance(store, Column):
                single.add(key)
            elif isinstance(store, Cells):
                many.append(key)
    return np.unique(np.concatenate((np.array(sorted(single), np.int64), *many)))
