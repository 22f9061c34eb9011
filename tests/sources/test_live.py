"""This machine's own memory, on a made-up /proc and, where permitted, on the real one."""

from __future__ import annotations

import builtins
import ctypes
import errno
import io
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from hwpoison_gui.image import MemoryImage, ThreadImage
from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.profile.v7 import V7
from hwpoison_gui.sources import live, pagemap
from hwpoison_gui.sources.errors import CancelledError, LivePermissionError, SourceError
from hwpoison_gui.sources.text import lines_of, text_of
from tests.sources.conftest import add_thread

PRESENT = np.uint64(1 << 63)


def test_a_made_up_machine(fake_proc: Path) -> None:
    image = live.capture(proc=fake_proc)
    assert image.title == "made-up, live (Linux 6.18.0)" and image.kernel == (6, 18)
    assert [(p.pid, p.ppid, p.comm, p.threads, p.sigbus) for p in image.processes] == [
        (10, 1, "writer", 3, "handler"),
        (11, 10, "reader", 1, "ignored"),
    ]
    assert len(image.kpageflags) == len(image.kpagecount) == 8
    assert len(image.pagemap_entry) == 9
    assert image.sysctl == {"memory_failure_early_kill": 1}
    assert image.hardware_corrupted_kb == 4
    assert [(f.path, f.filesystem) for f in image.files] == [("/bin/a program", "ext4")]  # xfs drops pages as ext4 does
    assert image.cached is not None and list(image.cached.pfn) == [3, 4]
    assert "simulated" in image.notes[0]


def test_a_file_system_that_cannot_drop_pages(fake_proc: Path) -> None:
    (fake_proc / "10" / "mountinfo").write_text("27 1 254:0 / / rw - 9p host rw\n")
    assert live.capture(proc=fake_proc).files[0].filesystem == "nofs"


def test_policies_and_masks_of_threads(fake_proc: Path) -> None:
    """A virtual machine monitor asks for early kill (PR_MCE_KILL_EARLY); one of its threads chose late kill."""
    (fake_proc / "10" / "task" / "10" / "stat").write_text(f"10 (qemu) S 1 1 1 0 -1 {0x8000080 | 0x400000} 7 8 9\n")
    add_thread(fake_proc / "10", 9, 0x400080, "0000000000000040")
    add_thread(fake_proc / "10", 12, 0x8400000)
    (fake_proc / "10" / "task" / "14").mkdir()  # it ended before its stat was read
    image = live.capture(proc=fake_proc)
    assert image.processes[0].listed == (
        ThreadImage(10, "early"),
        ThreadImage(9, "late", blocked=True),
        ThreadImage(12, "default"),
    )
    assert not any("PR_MCE_KILL" in note for note in image.notes)
    m = machine_from_image(image, V7)
    assert m.processes.view[10].threads == (10, 9, 12)
    assert [(m.tasks.view[tid].mce_kill, m.tasks.view[tid].blocked) for tid in (10, 9, 12)] == [
        ("early", False),
        ("late", True),
        ("default", False),
    ]


@pytest.mark.parametrize("gone", ["10/task", "10/task/10/stat"])
def test_threads_that_vanish(gone: str, fake_proc: Path) -> None:
    (shutil.rmtree if (fake_proc / gone).is_dir() else os.unlink)(fake_proc / gone)
    image = live.capture(proc=fake_proc)
    assert [(one.pid, one.threads, len(one.listed)) for one in image.processes] == [(10, 3, 0), (11, 1, 1)]


def test_processes_of_a_container(fake_proc: Path) -> None:
    for pid, numbers, link in ((10, "10\t1", "pid:[4026532000]"), (11, "11\t7", "pid:[4026532000]")):
        with open(fake_proc / str(pid) / "status", "a") as file:
            file.write(f"NSpid:\t{numbers}\n")
        (fake_proc / str(pid) / "ns").mkdir()
        (fake_proc / str(pid) / "ns" / "pid").symlink_to(link)
    assert [(one.pid, one.pid_ns) for one in live.capture(proc=fake_proc).processes] == [(10, (10,)), (11, (10,))]


HOSTILE = ["\u0085", "\u2028", "\u2029", "\r", "\f", "\v", "\x1c", "\x1d", "\x1e", "\u00a0", "<b>", "\x9b31m", "\u202e"]


@pytest.mark.parametrize("odd", HOSTILE)
def test_names_that_are_no_line_break(odd: str, fake_proc: Path) -> None:
    for pid in (10, 11):
        maps = fake_proc / str(pid) / "maps"
        maps.write_bytes(maps.read_bytes().replace(b"/a program", f"/a{odd}program{odd}".encode()))
    status = fake_proc / "11" / "status"
    status.write_bytes(status.read_bytes().replace(b"reader", f"{odd}re{odd}ader".encode()))
    mounts = fake_proc / "10" / "mountinfo"
    mounts.write_bytes(f"26 1 254:1 / /mnt/{odd} rw - 9p host rw\n".encode() + mounts.read_bytes())
    image = live.capture(proc=fake_proc)
    assert [file.path for file in image.files] == [f"/bin/a{odd}program{odd}"]
    assert image.processes[1].comm == f"{odd}re{odd}ader" and image.processes[1].sigbus == "ignored"


@pytest.mark.parametrize("ppid", ["²", "٣", "१२", "9" * 5000, str(1 << 63), str(1 << 31), "-1", "1e3", "", "0x1"])
def test_odd_parents(ppid: str, fake_proc: Path) -> None:
    status = fake_proc / "11" / "status"
    status.write_bytes(status.read_bytes().replace(b"PPid:\t10", f"PPid:\t{ppid}".encode()))
    assert [process.ppid for process in live.capture(proc=fake_proc).processes] == [1, 0]


@pytest.mark.parametrize("name", ["²", "٣", "9" * 200, str(1 << 63), str(1 << 31), "0", "-1", "1_0"])
def test_folders_that_are_no_process(name: str, fake_proc: Path) -> None:
    (fake_proc / name).symlink_to("11")
    assert [process.pid for process in live.capture(proc=fake_proc).processes] == [10, 11]


def test_progress_rises_to_one(fake_proc: Path) -> None:
    said: list[tuple[float, str]] = []
    live.capture(lambda share, doing: said.append((share, doing)), proc=fake_proc)
    shares = [share for share, _ in said]
    assert shares == sorted(shares) and shares[0] == 0.0 and shares[-1] == 1.0
    assert all(doing for _, doing in said)


@pytest.mark.parametrize("after", range(8))
def test_it_can_be_cancelled_at_any_moment(after: int, fake_proc: Path) -> None:
    asked = iter(range(1000))
    with pytest.raises(CancelledError):
        live.capture(cancelled=lambda: next(asked) >= after, proc=fake_proc)


def test_in_a_thread(fake_proc: Path) -> None:
    found: list[MemoryImage] = []
    thread = threading.Thread(target=lambda: found.append(live.capture(proc=fake_proc)))
    thread.start()
    thread.join()
    assert len(found) == 1


@pytest.mark.parametrize("number", [errno.ENOENT, errno.ESRCH])
def test_a_process_that_vanishes_is_counted(number: int, fake_proc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _refuse(monkeypatch, fake_proc / "11" / "pagemap", number)
    image = live.capture(proc=fake_proc)
    assert [process.pid for process in image.processes] == [10]
    assert any("Skipped 1 process that exited during the capture." in note for note in image.notes)
    assert set(image.pagemap_pid.tolist()) == {10}


def test_a_process_that_may_not_be_looked_into_is_counted(fake_proc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _refuse(monkeypatch, fake_proc / "11" / "pagemap", errno.EACCES)
    assert any(
        "Skipped 1 process that the kernel does not let anyone inspect." in note
        for note in live.capture(proc=fake_proc).notes
    )
    with pytest.raises(SourceError, match="/11: the kernel does not let anyone inspect this process$"):
        live.read(proc=fake_proc, pids=[11])


def test_without_permission_it_says_what_is_missing(fake_proc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _refuse(monkeypatch, fake_proc / "kpageflags", errno.EACCES)
    with pytest.raises(LivePermissionError) as caught:
        live.capture(proc=fake_proc)
    assert "kpageflags" in str(caught.value) and "sudo hwpoison-gui --live" in str(caught.value)
    assert caught.value.remedy and caught.value.missing


def test_hidden_frame_numbers_are_noticed(fake_proc: Path) -> None:
    with open(fake_proc / "10" / "pagemap", "r+b") as file:
        for va in (0x400000, 0x401000, 0x402000, 0x7F0000000000, 0x7F0000001000):
            file.seek(va // 4096 * 8)
            file.write(((1 << 63) | (1 << 61)).to_bytes(8, "little"))
    with pytest.raises(LivePermissionError, match="CAP_SYS_ADMIN"):
        live.capture(proc=fake_proc)


@pytest.mark.parametrize("name", ["kpageflags", "kpagecount"])
def test_a_kernel_without_it(name: str, fake_proc: Path) -> None:
    (fake_proc / name).unlink()
    with pytest.raises(SourceError, match="CONFIG_PROC_PAGE_MONITOR"):
        live.capture(proc=fake_proc)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        live.capture(proc=tmp_path)


def test_a_frame_count_that_changes_between_two_reads(fake_proc: Path) -> None:
    (fake_proc / "kpagecount").write_bytes(np.ones(5, np.uint64).tobytes())
    assert live.capture(proc=fake_proc).kpagecount.tolist() == [1, 1, 1, 1, 1, 0, 0, 0]
    (fake_proc / "kpagecount").write_bytes(np.ones(50, np.uint64).tobytes())
    assert len(live.capture(proc=fake_proc).kpagecount) == 8


def test_entries_of_devices_and_markers_are_left_out(fake_proc: Path) -> None:
    with open(fake_proc / "10" / "pagemap", "r+b") as file:
        file.seek(0x7F0000002000 // 4096 * 8)
        file.write((1 << 63 | 1 << 40).to_bytes(8, "little"))  # a frame beyond all memory: a device
        file.write((1 << 62 | 31).to_bytes(8, "little"))  # a marker
    image = live.capture(proc=fake_proc)
    assert len(image.pagemap_entry) == 9
    assert any("2 page-table entries of devices" in note for note in image.notes)


def test_poison_under_another_swap_type_is_poison(fake_proc: Path) -> None:
    with open(fake_proc / "11" / "pagemap", "r+b") as file:
        file.seek(0x7F0000003000 // 4096 * 8)
        file.write((1 << 62 | 7 << 5 | 28).to_bytes(8, "little"))
    image = live.capture(proc=fake_proc)
    poison = [int(e) for e in image.pagemap_entry if int(e) >> 62 == 1 and int(e) & 31 == 26]
    assert [(entry >> 5) & (1 << 50) - 1 for entry in poison] == [7]


def test_scan_and_plain_reading_find_the_same(fake_proc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ioctl is missing on the made-up /proc; here it is answered as a 6.7 kernel would."""
    plain = live.capture(proc=fake_proc)
    asked = []

    def ioctl(descriptor: int, request: int, argument: Any, mutate: bool = True) -> int:
        words = np.frombuffer(argument, np.uint64)
        asked.append(request)
        regions = np.ctypeslib.as_array((ctypes.c_uint64 * 3 * 4096).from_address(int(words[5])))
        pages = [*range(0x400000, 0x403000, 4096), *range(0x7F0000000000, 0x7F0000004000, 4096)]
        found = 0
        words[4] = words[3]
        for first in (page for page in pages if words[2] <= page < words[3]):
            if found == 2:
                words[4] = first  # no more room for regions: to be asked again from here
                break
            entry = int.from_bytes(os.pread(descriptor, 8, first // 4096 * 8), "little")
            if entry >> 62:
                regions[found] = first, first + 4096, (1 << 3) if entry >> 63 else (1 << 4)
                found += 1
        return found

    monkeypatch.setattr(pagemap.fcntl, "ioctl", ioctl)
    scanned = live.capture(proc=fake_proc)
    assert len(asked) > 4 and set(asked) == {0xC0606610}
    assert (scanned.pagemap_va == plain.pagemap_va).all() and (scanned.pagemap_entry == plain.pagemap_entry).all()
    assert scanned.hidden.pte_pmd is not None and not scanned.hidden.pte_pmd.any()
    assert plain.hidden.pte_pmd is None


def _refuse(monkeypatch: pytest.MonkeyPatch, path: Path, number: int) -> None:
    really = os.open

    def refuse(asked: Any, flags: int, *more: Any, **named: Any) -> int:
        if Path(asked) == path:
            raise OSError(number, os.strerror(number), str(asked))
        return really(asked, flags, *more, **named)

    monkeypatch.setattr(os, "open", refuse)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths that are opened during a test; opening for writing fails it."""
    seen: list[str] = []
    really = os.open

    def watched(path: Any, flags: int, *more: Any, **named: Any) -> int:
        assert flags & os.O_ACCMODE == os.O_RDONLY, f"{path} is opened for writing"
        assert not flags & (os.O_CREAT | os.O_TRUNC | os.O_APPEND), f"{path} is opened for writing"
        seen.append(str(path))
        return really(path, flags, *more, **named)

    def forbidden(*asked: Any, **named: Any) -> Any:
        raise AssertionError(f"opened past os.open: {asked}")

    monkeypatch.setattr(os, "open", watched)
    for module in (builtins, io):
        monkeypatch.setattr(module, "open", forbidden)
    return seen


def test_nothing_is_opened_for_writing(fake_proc: Path, opened: list[str]) -> None:
    live.capture(proc=fake_proc)
    assert {str(fake_proc / name) for name in ("kpageflags", "kpagecount", "10/pagemap", "11/maps")} <= set(opened)


def _privileged() -> str:
    """Return why the real /proc cannot be read; empty if it can."""
    try:
        live._check_pagemap(live.PROC)
    except SourceError as error:
        return str(error)
    return ""


# Asks for early kill, then makes a child that is the init of a PID namespace; both end with their standard input.
_SETTER: Final = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
assert libc.prctl(33, 1, 1, 0, 0) == 0 and libc.unshare(0x20000000) == 0
if os.fork():
    print(flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def setter() -> Iterator[int]:
    why = _privileged()
    if why:
        pytest.skip(f"this machine's memory cannot be read: {why}")
    with subprocess.Popen([sys.executable, "-c", _SETTER], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        if not process.stdout.readline():
            pytest.skip("this machine's kernel makes no PID namespace")
        yield process.pid


@pytest.fixture(scope="module")
def real(setter: int) -> MemoryImage:
    return live.capture()


@pytest.mark.live
def test_a_policy_and_a_container_of_this_machine(real: MemoryImage, setter: int) -> None:
    parent = next(process for process in real.processes if process.pid == setter)
    child = next(process for process in real.processes if process.ppid == setter)
    assert [thread.mce_kill for thread in (*parent.listed, *child.listed)] == ["early", "early"]
    assert parent.pid_ns == child.pid_ns[:-1] and child.pid_ns[-1] == child.pid


@pytest.mark.live
def test_this_machine(real: MemoryImage) -> None:
    assert os.getpid() in {process.pid for process in real.processes}
    mine = real.pagemap_pid == os.getpid()
    assert mine.sum() > 500
    me = next(process for process in real.processes if process.pid == os.getpid())
    assert me.threads >= len(me.listed) > 0 and {thread.mce_kill for thread in me.listed} == {"default"}
    assert len(real.kpageflags) == len(real.kpagecount) > 0


@pytest.mark.live
def test_this_machine_both_ways(real: MemoryImage) -> None:
    """PAGEMAP_SCAN and reading area by area find the same of this process, but for what changes meanwhile."""
    maps = lines_of(text_of(live.PROC / "self" / "maps"))
    path = live.PROC / "self" / "pagemap"
    first, second = (pagemap.Tables(scan).entries(path, maps, live.never)[0] for scan in (True, False))
    both = np.intersect1d(first, second)
    assert len(both) > 0.95 * max(len(first), len(second))


@pytest.mark.live
def test_this_machine_is_only_read(real: MemoryImage, opened: list[str]) -> None:
    live.capture()
    assert "/proc/kpageflags" in opened


def test_errors_are_plain_text() -> None:
    error = LivePermissionError("/proc/kpageflags", "only root may read it.", "Start with `sudo`.")
    assert str(error) == "/proc/kpageflags: only root may read it. Start with `sudo`."
    assert str(SourceError("a", "b", "c")) == "a: b: c"
