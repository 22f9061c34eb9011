"""Reads that get what was there before the write that an error took: said where they are, and only there."""

from __future__ import annotations

import pytest

from hwpoison_gui.session.session import Session
from hwpoison_gui.view.outcome.old_data import read_old_data
from hwpoison_gui.view.outcome.verdict import verdict
from tests.workbench import do


def lost(filesystem: str = "ext4") -> Session:
    """`a` wrote page 0 of a file, which an error took; `b` never had it."""
    session = Session.fresh(4096, sysctl={"memory_failure_early_kill": 0})
    do(session, "file", path="/f", pages=2, filesystem=filesystem)
    for name in ("a", "b"):
        do(session, "task", name=name)
        do(session, "open", task=name, path="/f", fd="d")
        do(session, "mmap", task=name, name="m", pages=2, file="/f", fd="d", shared=True)
    do(session, "write", task="a", at="m+0", value="new")
    do(session, "write", task="a", at="m+1", value="kept")
    do(session, "poison", frame="/f@0")
    return session


def is_old(session: Session) -> bool:
    return read_old_data(session, session.operations[-1])


@pytest.mark.parametrize(("filesystem", "value"), [("ext4", "disk"), ("tmpfs", "zero")])
def test_a_read_through_a_mapping_and_by_a_call(filesystem: str, value: str) -> None:
    session = lost(filesystem)
    do(session, "read", task="b", at="m+0")
    assert is_old(session)
    assert verdict(session, session.operations[-1]) == (
        f"b:102 read “{value}”, which is old: the last write was lost, and the read does not say so."
    )
    do(session, "pread", task="b", fd="d", page=0)
    assert is_old(session)


def test_an_error_in_one_of_many_frames() -> None:
    session = lost()
    session.seek(session.operations[-1].first)
    do(session, "poison", frames=["any:free", "/f@0", "any:slab"])
    do(session, "read", task="b", at="m+0")
    assert is_old(session)
    do(session, "read", task="b", at="m+1")
    assert not is_old(session)


def test_another_page_of_the_file_is_as_it_was_written() -> None:
    session = lost()
    do(session, "read", task="b", at="m+1")
    assert not is_old(session)
    assert verdict(session, session.operations[-1]) == "b:102 read “kept”."


def test_what_was_written_since_is_new() -> None:
    session = lost()
    do(session, "pwrite", task="b", fd="d", page=0, value="again")
    do(session, "fsync", task="b", fd="d")
    do(session, "pread", task="b", fd="d", page=0)
    assert session.operations[-1].outcome.value == "again" and not is_old(session)


def test_what_was_cut_away_is_missed_by_nobody() -> None:
    session = lost()
    do(session, "truncate", path="/f", pages=0)
    do(session, "truncate", path="/f", pages=2)
    do(session, "pread", task="b", fd="d", page=0)
    assert not is_old(session)


def test_it_is_the_same_wherever_one_stands() -> None:
    session = lost()
    do(session, "read", task="b", at="m+0")
    read = session.operations[-1]
    do(session, "pwrite", task="b", fd="d", page=0, value="later")
    assert read_old_data(session, read)


def test_errors_that_lost_nothing_of_the_file_are_passed_over() -> None:
    session = lost()
    do(session, "poison", frame="pfn:0x1000")  # where there is no memory
    do(session, "poison", frame="pfn:0x0")
    do(session, "poison", frame="any:free")
    do(session, "read", task="b", at="m+0")
    assert is_old(session)
    do(session, "read", task="b", at="m+1")
    assert not is_old(session)


def test_another_file_is_not_meant() -> None:
    session = lost()
    do(session, "file", path="/g", pages=2)
    do(session, "open", task="b", path="/g", fd="g")
    do(session, "pread", task="b", fd="g", page=0)
    assert not is_old(session), "the same page number, and what the disk has"
    do(session, "truncate", path="/g", pages=1)
    do(session, "read", task="b", at="m+0")
    assert is_old(session), "what was cut is another file"


def test_what_read_nothing_is_not_old() -> None:
    session = lost()
    do(session, "fsync", task="a", fd="d")
    assert not is_old(session)
    do(session, "write", task="b", at="m+1", value="z")
    assert not is_old(session)


def test_what_was_lost_may_be_equal_to_what_is_left() -> None:
    session = lost()
    do(session, "write", task="b", at="m+1", value="disk")
    do(session, "poison", frame="/f@1")
    do(session, "pread", task="b", fd="d", page=1)
    assert session.operations[-1].outcome.value == "disk" and not is_old(session)


def test_a_call_of_one_step_reads_the_page_of_that_step() -> None:
    session = lost()
    do(session, "file", path="/g", pages=1)
    do(session, "open", task="b", path="/g", fd="g")
    for fd in ("d", "g", "d"):
        do(session, "pread", task="b", fd=fd, page=0)
        assert is_old(session) is (fd == "d")
    assert session.operations[-1].last - session.operations[-1].first == 1


def test_a_read_before_the_write_was_lost_got_what_was_new_then() -> None:
    session = Session.fresh(4096, sysctl={"memory_failure_early_kill": 0})
    do(session, "file", path="/f", pages=1)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1, file="/f", shared=True)
    do(session, "read", task="a", at="m+0")
    read = session.operations[-1]
    do(session, "write", task="a", at="m+0", value="new")
    do(session, "poison", frame="/f@0")
    assert read.outcome.value == "disk" and not read_old_data(session, read)
