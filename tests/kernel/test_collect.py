"""The walk for users promises nobody what only a later step decides."""

from __future__ import annotations

from hwpoison_gui.kernel.collect import LATE
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.words.lookup import text_of
from tests.workbench import do


def test_who_is_passed_by_is_promised_no_signal_that_a_clean_page_never_gives() -> None:
    session = Session.fresh(4096, profile="6.1", sysctl={"memory_failure_early_kill": 0})
    do(session, "file", path="/srv/data", pages=1)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1, file="/srv/data", shared=True)
    do(session, "read", task="a", at="m+0")
    do(session, "poison", frame="a:m+0")
    (passed,) = [text_of(step.mark) for step in session.steps if step.mark.site is LATE]
    assert "not signalled now" in passed and "touches" not in passed
    do(session, "read", task="a", at="m+0")  # from the disk again, and nobody notices
    assert not any(process.ended for process in session.machine.processes.view.values())
