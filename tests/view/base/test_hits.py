"""The rules of who is hit how are those of the kernel's own signals and faults."""

from __future__ import annotations

from itertools import product

import pytest

from hwpoison_gui.kernel.records import BUS_MCEERR_AO, SigInfo
from hwpoison_gui.kernel.signal import send_sig
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base import hits
from tests.workbench import do

_DISPOSITIONS = ("default", "handler", "ignored", "blocked")
_MEANT = {
    "queued": {hits.DEAD, hits.SIGNALLED}, "pending": {hits.PENDING}, "ignored": {hits.IGNORED}, "dropped": {""},
}  # fmt: skip


@pytest.mark.parametrize(("sigbus", "waits"), [*product(_DISPOSITIONS, (False, True))])
def test_what_telling_does_is_what_the_signal_does(sigbus: str, waits: bool) -> None:
    session = Session.fresh(512)
    do(session, "task", name="a", sigbus="blocked")
    m = session.machine
    tid = session.tid_of("a")
    assert tid is not None
    info = SigInfo("SIGBUS", BUS_MCEERR_AO)
    if waits and sigbus in ("blocked", "ignored"):
        send_sig(m, tid, info)
    do(session, "sigaction", task="a", sigbus=sigbus)
    process = m.processes.view[m.tasks.view[tid].tgid]
    foretold = hits.when_told(m, process, tid)
    assert foretold in _MEANT[send_sig(m, tid, info)]
    assert (foretold == hits.SIGNALLED) == (sigbus == "handler")


@pytest.mark.parametrize("sigbus", _DISPOSITIONS)
def test_a_touch_cannot_be_refused(sigbus: str) -> None:
    session = Session.fresh(512, sysctl={"memory_failure_early_kill": 0})
    do(session, "task", name="a", sigbus=sigbus)
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "poison", frame="a:m+0")
    m = session.machine
    foretold = hits.when_touched(m, m.processes.view[session.world.task_names.view["a"]])
    do(session, "read", task="a", at="m+0")
    assert session.alive("a") == (foretold == hits.CAUGHT)


def test_who_ignored_the_signal_is_hit_by_the_touch_alone() -> None:
    assert hits.told_and_touched(hits.IGNORED, hits.LATER) == hits.IGNORED
    assert hits.told_and_touched(hits.IGNORED, hits.STALE) == hits.STALE
    assert hits.told_and_touched(hits.SIGNALLED, hits.LATER) == hits.SIGNALLED
    assert hits.told_and_touched("", hits.SAFE) == hits.SAFE


def test_the_worst_counts_and_every_way_has_words() -> None:
    ways = list(hits.MEANINGS)
    for one, other in product(range(len(ways)), repeat=2):
        assert hits.worse(ways[one], ways[other]) == ways[min(one, other)]
    assert hits.worse("", hits.SAFE) == hits.worse(hits.SAFE, "") == hits.SAFE
    assert (
        hits.IN_SHORT.keys() == hits.MEANINGS.keys() and hits.TONES.keys() | hits.OF_MANY.keys() <= hits.MEANINGS.keys()
    )
