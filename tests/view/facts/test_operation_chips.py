"""Operations and branches in a few words."""

from __future__ import annotations

from random import Random

import pytest

from hwpoison_gui.session.notebook import Notebook
from hwpoison_gui.session.scenario import shape
from hwpoison_gui.session.scenario.schema import OPS
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.telling import Telling
from hwpoison_gui.view.facts.operation_chips import Chips, branch_words, line_words
from hwpoison_gui.view.outcome.loss import ending_of, loss_of
from hwpoison_gui.view.rows.notes import note_rows
from tests.workbench import chips_of, do

POISON = OPS["poison"].keys


@pytest.fixture
def session() -> Session:
    made = Session.fresh(4096, sysctl={"memory_failure_early_kill": 1})
    do(made, "task", name="a", sigbus="handler")
    do(made, "mmap", task="a", name="m", pages=4)
    do(made, "write", task="a", at="m+0", value="x")
    do(made, "poison", frame="a:m+0")
    return made


def test_what_came_of_each(session: Session) -> None:
    do(session, "read", task="a", at="m+0")
    do(session, "task", name="b")
    do(session, "mmap", task="b", name="m", pages=1)
    do(session, "write", task="b", at="m+0", value="x")
    do(session, "poison", frame="b:m+0")
    chips = chips_of(session)
    assert [(chip.result, chip.sign) for chip in chips] == [
        ("", ""), ("", ""), ("", ""), ("Recovered, 1 signalled, data lost", "dot"), ("SIGBUS", "dot"), ("", ""),
        ("", ""), ("", ""), ("Recovered, 1 killed, data lost", "cross"),
    ]  # fmt: skip
    assert chips[3].text.startswith("4  break frame") and chips[0].first == 0


def test_the_ending_is_told_at_the_end(session: Session) -> None:
    chip = chips_of(session)[-1]
    assert {chip.shown_at(position)[2:5] for position in range(chip.last)} == {("…", "plain", "")}
    assert chip.shown_at(chip.last)[2:5] == ("Recovered, 1 signalled, data lost", "warn", "dot")
    assert chips_of(session)[0].shown_at(0).result == ""


def test_a_recovery_that_cost_something_is_no_good_news(session: Session) -> None:
    do(session, "sysctl", name="memory_failure_early_kill", value=0)
    do(session, "write", task="a", at="m+1", value="y")
    do(session, "fork", task="a", child="b")
    do(session, "poison", frame="a:m+1")
    assert chips_of(session)[-1][2:5] == ("Recovered, 2 signalled on touch, data lost", "warn", "dot")
    do(session, "file", path="/srv/data", pages=2)
    do(session, "open", task="b", path="/srv/data", fd="f")
    do(session, "pread", task="b", fd="f", page=0)
    do(session, "pwrite", task="b", fd="f", page=1, value="new")
    for page, came in ((0, ("Recovered", "good", "tick")), (1, ("Recovered, data lost", "warn", "dot"))):
        do(session, "poison", frame=f"/srv/data@{page}")
        assert chips_of(session)[-1][2:5] == came


def test_entries_of_a_clean_file_page_are_cut_without_poison_and_nobody_is_hit(session: Session) -> None:
    do(session, "file", path="/usr/lib/libc.so", pages=1)
    do(session, "open", task="a", path="/usr/lib/libc.so", fd="f")
    do(session, "mmap", task="a", name="libc", pages=1, file="/usr/lib/libc.so", fd="f", shared=True)
    do(session, "read", task="a", at="libc+0")
    do(session, "poison", frame="a:libc+0")
    assert chips_of(session)[-1][2:5] == ("Recovered", "good", "tick")


def test_a_panic_is_loud(session: Session) -> None:
    do(session, "sysctl", name="memory_failure_recovery", value=0)
    do(session, "write", task="a", at="m+1", value="y")
    do(session, "poison", frame="a:m+1")
    assert chips_of(session)[-1][2:5] == ("panic", "kill", "cross")


def test_a_branch_in_words(session: Session) -> None:
    for number in range(3):
        do(session, "write", task="a", at=f"m+{number + 1}", value="y")
    session.seek(session.operations[3].first)
    do(session, "task", name="b")
    (branch,) = session.branches.kept
    assert branch_words(branch, 3).startswith("after 3: break frame a:m+0, 2 more, a writes m+3")
    session.seek(0)
    do(session, "task", name="c")
    assert branch_words(session.branches.kept[0], 0).startswith("from the start: start a")
    assert line_words(()) == "" and line_words(branch.own[:1]).endswith(": Recovered, 1 signalled")


def test_notes_say_where_they_stand(session: Session) -> None:
    book = Notebook(session)
    book.write("at the end")
    session.seek(0)
    book.write("at the start")
    rows = note_rows(session, book)
    assert [row.text for row in rows] == ["at the start", "at the end"]
    assert rows[0].here and rows[0].where == "the machine at the start"
    assert rows[1].where.startswith("4. break frame") and not rows[1].here
    do(session, "task", name="b")
    rows = note_rows(session, book)
    assert rows[1].position is None and rows[1].where.endswith("(on a branch)")


def test_who_swaps_in_a_page_that_was_never_written_is_to_be_hit(session: Session) -> None:
    do(session, "sysctl", name="memory_failure_early_kill", value=0)
    do(session, "write", task="a", at="m+1", value="y")
    pfn = session.resolve_frame("a:m+1")
    do(session, "pin", frame=f"pfn:{pfn:#x}")  # reclaim unmaps it, and leaves it in the swap cache unwritten
    do(session, "madvise", task="a", at="m+1", pages=1, advice="pageout")
    do(session, "unpin", frame=f"pfn:{pfn:#x}")
    do(session, "read", task="a", at="m+1")
    do(session, "poison", frame=f"pfn:{pfn:#x}")
    assert chips_of(session)[-1].result == "Delayed, 1 signalled on touch, data lost"


def test_the_chip_counts_who_the_sentence_names(session: Session) -> None:
    """Shared memory that was written: page tables are cleared, not poisoned, and yet everybody dies on touch."""
    do(session, "sysctl", name="memory_failure_early_kill", value=0)
    do(session, "file", path="/dev/shm/s", pages=1, fs="tmpfs")
    for name in ("p", "q", "r"):
        do(session, "task", name=name)
        do(session, "open", task=name, path="/dev/shm/s", fd="f")
        do(session, "mmap", task=name, name="s", pages=1, file="/dev/shm/s", fd="f", shared=True)
        do(session, "write", task=name, at="s+0", value="new")
    for operation in ({"frame": "/dev/shm/s@0"}, {"frame": "a:m+0"}):
        do(session, "poison", **operation)
    lost = loss_of(session, session.operations[-2])
    assert lost is not None
    on_touch = len(lost.names().get("later", []))
    chip = chips_of(session)[-2]
    assert f"{on_touch} die on touch" in chip.result if on_touch else "on touch" not in chip.result


def test_a_chip_is_counted_once_the_machine_is_at_its_end(session: Session) -> None:
    do(session, "write", task="a", at="m+1", value="x")
    do(session, "poison", frame="a:m+1")
    session.seek(session.operations[-1].first)
    chips = Chips()
    assert chips.read(session)
    early = list(chips.each)
    assert not early[-1].final and early[3].final
    session.seek(session.position - 1)
    assert not chips.read(session)
    session.seek(len(session.steps))
    assert chips.read(session)
    assert chips.each[-1].final and chips.each[3] is early[3]
    assert session.at_rest and session.position == len(session.steps)


def test_chips_that_are_kept_are_those_read_anew(session: Session) -> None:
    """After operations done one by one and together, going back, redoing a branch, and giving an operation up."""
    random, kept, changed = Random(1), Chips(), 0
    for number in range(60):
        before = list(kept.each), list(kept.shown)
        if random.random() < 0.6:
            joined = Telling(joined=random.random() < 0.5 and number > 0)
            frame = f"pfn:{random.randrange(session.machine.frames):#x}"
            session.act("poison", shape.values_of(POISON, {"frame": frame}), joined)
        elif random.random() < 0.3:
            session.begin("poison", shape.values_of(POISON, {"frame": "a:m+1"})).give_up()
        elif session.branches.kept and random.random() < 0.5:
            session.reopen(random.choice(session.branches.kept).operations)
        else:
            session.seek(random.randrange(len(session.steps) + 1))
        told = kept.read(session)
        fresh = Chips()
        fresh.read(session)
        finals = [one._replace(final=True, result="", tone="", sign="") for one in fresh.each]
        assert [one._replace(final=True, result="", tone="", sign="") for one in kept.each] == finals
        for one, anew in zip(kept.each, fresh.each, strict=True):
            assert one == anew or one.final  # a sum that was computed once is kept when the user goes back
        assert [chip.title for chip in kept.shown] == [chip.title for chip in fresh.shown]
        assert [chip.last for chip in kept.shown] == [chip.last for chip in fresh.shown]
        assert told == (before != (kept.each, kept.shown))
        changed += told
    assert changed > 20


def test_a_second_error_does_not_count_what_the_first_one_did() -> None:
    session = Session.fresh(4096, profile="6.12")
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    pfn = session.resolve_frame("a:m+0")
    for _ in range(2):
        do(session, "poison", frame=f"pfn:{pfn:#x}")
    first, second = (chip.result for chip in chips_of(session)[-2:])
    assert "1 dies on touch" in first and second == "Failed"
    for operation, said in zip(
        session.operations[-2:], ("Dies on touch: a:101.", "Dies on touch, as before: a:101."), strict=True
    ):
        loss = loss_of(session, operation)
        assert loss is not None and said in [fact.text for fact in ending_of(loss)]
