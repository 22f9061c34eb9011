"""The text report: what was hit, why, who was told, what was lost, the log; all by the facts of the session."""

from __future__ import annotations

import pytest

from hwpoison_gui import resources
from hwpoison_gui.export.report import MOST_SIGNALS, report
from hwpoison_gui.opening.opening import Opened, open_file
from hwpoison_gui.session.session import Session
from tests.workbench import do


def at_its_end(lesson: str) -> Opened:
    opened = open_file(resources.path(f"lessons/{lesson}.toml"))
    opened.session.seek(len(opened.session.steps))
    return opened


@pytest.fixture(scope="module")
def shared() -> str:
    opened = at_its_end("07-one-page-many-processes")
    return report(opened.session, opened.title)


def section(text: str, head: str) -> str:
    return text.split(f"\n{head}\n", 1)[1].split("\n#", 1)[0]


def test_it_says_what_came_of_the_error(shared: str) -> None:
    assert shared.startswith("# One page, many processes\n")
    assert "profile `v7`" in shared and "HardwareCorrupted 4 kB" in shared
    assert "Recovered (dirty LRU)" in shared


def test_it_describes_the_page_as_it_was_before(shared: str) -> None:
    page = section(shared, "### The page before")
    assert "anonymous" in page and "Mappings: 3" in page and "HWPOISON" not in page


def test_it_gives_the_decisions_that_were_taken_and_no_others(shared: str) -> None:
    why = section(shared, "### What the kernel did, and why")
    assert "worker-3:1806 is skipped" in why and "`page_mapped_in_vma: yes`" in why
    assert "swapcache" in why and "me_swapcache" not in why


def test_each_signal_and_each_line_of_the_log_is_there(shared: str) -> None:
    assert section(shared, "### Signals").count("| SIGBUS | BUS_MCEERR_AO | 0x7f0000000000 | 12 | killed |") == 3
    assert section(shared, "### Kernel log").count("Killing") == 3
    assert "Safe: worker-3:1806." in section(shared, "### What is left")


def test_operations_without_an_error_are_left_out_unless_asked_for() -> None:
    session = Session.fresh(4096)
    do(session, "task", name="quiet")
    assert "No error was injected" in report(session, "t")
    assert "## 1. start quiet" in report(session, "t", session.operations)


def test_the_session_stays_where_it_is(shared: str) -> None:
    opened = at_its_end("06-anonymous-late-kill")
    position, digest = opened.session.position, opened.session.machine.gate.digest()
    report(opened.session, opened.title)
    assert (opened.session.position, opened.session.machine.gate.digest()) == (position, digest)


def test_names_from_files_stay_text() -> None:
    session = Session.fresh(4096)
    name = "<b>|`a`\x1b[2J"
    do(session, "task", name="a", comm="<b>")
    do(session, "file", path="/srv/" + name.replace("\x1b", ""), pages=1)
    do(session, "mmap", task="a", name="m", pages=1, file="/srv/" + name.replace("\x1b", ""), shared=True)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "poison", frame="a:m+0")
    text = report(session, "# <script>\x1b")
    outside = "".join(part for number, part in enumerate(text.split("```")) if number % 2 == 0)
    assert "\x1b" not in text and "\n# <script>" not in text
    assert not [line for line in outside.splitlines() if "<b>" in line.replace("\\<b>", "") and "`" not in line]


def test_a_crowd_is_counted_not_listed() -> None:
    session = Session.fresh(8192)
    do(session, "task", name="p")
    do(session, "mmap", task="p", name="m", pages=1)
    do(session, "write", task="p", at="m+0", value="x")
    for number in range(MOST_SIGNALS + 5):
        do(session, "fork", task="p", child=f"c{number}")
    do(session, "poison", frame="p:m+0")
    text = report(session, "t")
    assert "and 6 more" in section(text, "### Signals") and len(text) < 200_000


def test_a_pool_that_was_not_reached_is_named_by_what_it_reads() -> None:
    session = Session.fresh(4096)
    do(session, "hugepages", pages=3000)
    text = report(session, "t", session.operations)
    assert "vm.nr_hugepages = 3000 written, reads " in text
