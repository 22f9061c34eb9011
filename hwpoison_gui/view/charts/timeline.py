"""Curves of events along the timeline: HardwareCorrupted, signals, deaths of processes."""

from __future__ import annotations

import numpy as np

from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.kernel.records import PAGE_SHIFT
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.steps import ACTS
from hwpoison_gui.view.charts.chart import F64, Curve, Curves
from hwpoison_gui.view.words.words import counted

_KB = 1 << (PAGE_SHIFT - 10)


def timeline_curves(session: Session) -> Curves:
    """Counts at each timeline position, as steps: a point where one changes, and at both ends."""
    steps = session.steps
    poisoned = _counter(session)
    acts = np.frombuffer(bytes(steps.marks.acts), np.uint8)
    signals, deaths = (np.flatnonzero(acts == ACTS.index(act)) + 1 for act in (Act.SIGNAL, Act.DIE))
    total = len(steps)
    curves = (
        Curve("outcome:poison", "HardwareCorrupted (frames of 4 kB)", *poisoned, steps=True),
        Curve("outcome:early", "signals", *_counted(signals, total), steps=True),
        Curve("outcome:panic", "processes killed", *_counted(deaths, total), steps=True),
    )
    broken, sent, died = (curve.y[-1] for curve in curves)
    title = (
        f"By the end of the timeline {counted(int(broken), 'frame')} broken, {counted(int(sent), 'signal')} sent, "
        f"{counted(int(died), 'process', 'processes')} killed"
    )
    return Curves(title, "timeline position", "number so far", curves, playhead=True)


def _counter(session: Session) -> tuple[F64, F64]:
    """Timeline positions and HardwareCorrupted, in frames, from its changes."""
    store, steps = session.machine.counters, session.steps
    x, y = [0.0], [0.0]
    for number, (_, key, old, new) in steps.changes.of(store):
        if key == "num_poisoned_pages":
            if len(x) == 1:
                y[0] = _number(old)
            x.append(float(steps.position_after(number)))
            y.append(_number(new))
    if len(x) == 1:
        y[0] = float(session.machine.hardware_corrupted_kb // _KB)
    return _closed(x, y, len(steps))


def _number(value: object) -> float:
    """A value of the table of counters, 0 for one that is absent."""
    return float(value) if isinstance(value, int) else 0.0


def _counted(positions: np.ndarray[tuple[int], np.dtype[np.int64]], total: int) -> tuple[F64, F64]:
    """Positions of events, and how many there were until then."""
    return _closed([0.0, *positions.astype(float).tolist()], list(map(float, range(len(positions) + 1))), total)


def _closed(x: list[float], y: list[float], total: int) -> tuple[F64, F64]:
    """The points, with one at the end of the timeline."""
    if x[-1] < total:
        x, y = [*x, float(total)], [*y, y[-1]]
    return np.array(x), np.array(y)
