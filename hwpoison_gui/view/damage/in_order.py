"""Outcome of frames that fail one after another, each after the errors before it have been handled.

Foretold alone, each error meets all processes. Under early kill the first error kills a process, and those that follow
in its memory find free frames: fewer signals, and less content lost, than the sum of all errors alone says.
"""

from __future__ import annotations

from collections.abc import Sequence

from hwpoison_gui.dram.errors import DramError
from hwpoison_gui.session.compare import with_defaults
from hwpoison_gui.session.many import MOST_FRAMES, ranges_of
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.outcome.many import Summary
from hwpoison_gui.view.outcome.summing import summary_of


def broken_in_order(session: Session, pfns: Sequence[int], early: int) -> Summary:
    """Break frames, ascending, as one operation, and undo it.

    Parameters
    ----------
    session
        Is at its newest step, and is there again afterwards.
    early
        Value of vm.memory_failure_early_kill.

    Raises
    ------
    DramError
        If they are more than one operation breaks. Nothing is done then.
    """
    if len(pfns) > MOST_FRAMES:
        raise DramError(f"one after another, at most {MOST_FRAMES:,} frames fail; the fault has {len(pfns):,}")
    here = session.position
    session.act(*with_defaults("sysctl", name="memory_failure_early_kill", value=early))
    session.act(*with_defaults("poison", frames=ranges_of(pfns)))
    summary = summary_of(session, session.operations[-1])
    session.seek(here)
    return summary
