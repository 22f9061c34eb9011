"""Names in scenario files: which exist when a step uses them, and how the others are refused."""

from __future__ import annotations

import pytest

from hwpoison_gui.session.scenario.reader import loads
from tests.session.scenario.texts import EXIT, FILE, HEAD, MMAP, OPEN, TASK, refused, step

NAMES = {
    "a task never created": (EXIT, "task", 1),
    "a task that exited": (TASK + EXIT + EXIT, "task", 3),
    "a copier that exited": (
        TASK + step("task", 'name = "b"') + MMAP + step("exit", 'task = "b"')
        + step("copy_from_user", 'task = "a"\nat = "m+0"\nby = "b"'), "by", 5
    ),
    "a task twice": (TASK + TASK, "name", 2),
    "a child that is there": (TASK + step("fork", 'task = "a"\nchild = "a"'), "child", 2),
    "a thread it has not": (TASK + step("prctl", 'task = "a"\nthread = 1\nmce_kill = "late"'), "thread", 2),
    "an area never mapped": (TASK + step("read", 'task = "a"\nat = "m+0"'), "at", 2),
    "a page outside its area": (TASK + MMAP + step("read", 'task = "a"\nat = "m+2"'), "at", 3),
    "an area mapped later": (TASK + step("read", 'task = "a"\nat = "m+0"') + MMAP, "at", 2),
    "a replaced page of no area": (TASK + MMAP + 'fixed = "n+0"', "fixed", 2),
    "an area of the parent, mapped after fork": (
        TASK + step("fork", 'task = "a"\nchild = "b"') + MMAP + step("read", 'task = "b"\nat = "m+0"'), "at", 4
    ),
    "a file never created": (TASK + OPEN, "path", 2),
    "a file twice": (FILE + FILE, "path", 2),
    "an unlinked file": (FILE + step("unlink", 'path = "/f"') + step("sync", 'path = "/f"'), "path", 3),
    "a mapped file never created": (TASK + MMAP + 'file = "/f"', "file", 2),
    "a descriptor never opened": (TASK + step("fsync", 'task = "a"\nfd = "d"'), "fd", 2),
    "a descriptor closed": (
        TASK + FILE + OPEN + step("close", 'task = "a"\nfd = "d"') + step("fsync", 'task = "a"\nfd = "d"'), "fd", 5
    ),
    "a page never remembered": (step("pin", 'frame = "@p"'), "frame", 1),
    "a page of no file": (step("pin", 'frame = "/f@0"'), "frame", 1),
    "a head of nothing": (step("pin", 'frame = "head:@p"'), "frame", 1),
    "huge pages in parts": (TASK + MMAP + 'huge = "hugetlb"', "pages", 2),
    "a hugetlbfs file in parts": (FILE + 'filesystem = "hugetlbfs"', "pages", 1),
    "huge pages of an ext4 file": (
        TASK + FILE + MMAP.replace("2", "512") + 'file = "/f"\nhuge = "hugetlb"', "huge", 3
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "key", "number"), NAMES.values(), ids=NAMES)
def test_names_that_stand_for_nothing(text: str, key: str, number: int) -> None:
    error = refused(HEAD + text)
    assert (error.key, error.step) == (key, number), error


def test_names_go_on_where_they_may() -> None:
    """A child has its parent's areas and descriptors; an unmapped area and an unlinked file keep their names."""
    text = HEAD + TASK + FILE + OPEN + MMAP + 'file = "/f"\nfd = "d"\n'
    text += step("fork", 'task = "a"\nchild = "b"') + EXIT
    text += step("pread", 'task = "b"\nfd = "d"\npage = 0') + step("munmap", 'task = "b"\nat = "m+0"')
    text += step("unlink", 'path = "/f"') + MMAP.replace('"a"', '"b"') + 'file = "/f"\nfd = "d"\n'
    text += FILE + step("check", '[step.expect]\ndead = ["a"]\npte = [{ task = "a", at = "m+0", is = "none" }]')
    assert len(loads(text).steps) == 12


def test_what_fails_makes_nothing() -> None:
    """A step that expects an error leaves its name free, and nobody may use it."""
    failed = '[step.expect]\nerrno = "ENOMEM"\n'
    assert len(loads(HEAD + TASK + failed + TASK).steps) == 2
    assert len(loads(HEAD + FILE + failed + FILE).steps) == 2
    error = refused(HEAD + TASK + failed + MMAP)
    assert (error.key, error.step) == ("task", 2)
    error = refused(HEAD + TASK + MMAP + failed + step("read", 'task = "a"\nat = "m+0"'))
    assert (error.key, error.step) == ("at", 3)


def test_only_the_machine_knows_whether_these_can_be_done() -> None:
    """A descriptor opened again, one of another file, a page of a dead task, a file larger than memory."""
    other = FILE.replace("/f", "/g")
    assert loads(HEAD + TASK + FILE + OPEN + OPEN)
    assert loads(HEAD + TASK + FILE + other + OPEN + MMAP + 'file = "/g"\nfd = "d"')
    assert loads(HEAD + TASK + FILE + OPEN + step("unlink", 'path = "/f"') + MMAP + 'fd = "d"')
    assert loads(HEAD + TASK + MMAP + EXIT + step("pin", 'frame = "a:m+0"'))
    assert loads(HEAD + FILE.replace("4", "5000") + 'filesystem = "tmpfs"')


def test_a_background_has_names_of_its_own() -> None:
    text = HEAD + '[memory]\nbackground = "desktop"\n'
    text += step("read", 'task = "shell"\nat = "heap+3"') + step("fork", 'task = "shell"\nchild = "b"')
    text += step("pread", 'task = "b"\nfd = "log"\npage = 0') + step("pin", 'frame = "/lib/libc.so@0"')
    assert len(loads(text).steps) == 4
