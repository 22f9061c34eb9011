"""The rules of who is hit how are those of the kernel's own signals and faults."""

from __future__ import annotations

from itertools import product

import pytest

from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base import hits
from tests.workbench import do

_DISPOSITIONS = ("default", "handler", "ignored", "blocked")


@pytest.mark.parametrize("sigbus", _DISPOSITIONS)
def test_a_touch_cannot_be_refused(sigbus: str) -> None:
    session = Session.fresh(512, sysctl={"memory_failure_early_kill": 0})
    do(session, "task", name="a", sigbus=sigbus)
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "poison", frame="a:m+0")
    m = session.machine
    predicted = hits.when_touched(m, m.processes.view[session.world.task_names.view["a"]])
    do(session, "read", task="a", at="m+0")
    assert session.alive("a") == (predicted == hits.CAUGHT)


def test_who_ignored_the_signal_is_hit_by_the_touch_alone() -> None:
    assert hits.signalled_and_touched(hits.IGNORED, hits.LATER) == hits.IGNORED
    assert hits.signalled_and_touched(hits.IGNORED, hits.STALE) == hits.STALE
    assert hits.signalled_and_touched(hits.SIGNALLED, hits.LATER) == hits.SIGNALLED
    assert hits.signalled_and_touched("", hits.SAFE) == hits.SAFE


def test_the_worst_counts_and_every_way_has_words() -> None:
    ways = list(hits.MEANINGS)
    for one, other in product(range(len(ways)), repeat=2):
        assert hits.worse(ways[one], ways[other]) == ways[min(one, other)]
    assert hits.worse("", hits.SAFE) == hits.worse(hits.SAFE, "") == hits.SAFE
    assert (
        hits.IN_SHORT.keys() == hits.MEANINGS.keys() and hits.TONES.keys() | hits.OF_MANY.keys() <= hits.MEANINGS.keys()
    )
