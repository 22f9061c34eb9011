"""Lines of maps and fields of status."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.sources.errors import MalformedError
from hwpoison_gui.sources.maps import ProcessText, is_file, meminfo_kb, parse_line, parse_maps, process_image


def test_a_file_mapping() -> None:
    vma = parse_line("7f00-8f00 r-xp".replace("7f00", "7f000").replace("8f00", "8f000") + " 00002000 fe:00 12  /a b c")
    assert vma is not None
    assert (vma.start, vma.end, vma.perms, vma.offset) == (0x7F000, 0x8F000, "r-xp", 0x2000)
    assert (vma.device, vma.inode, vma.path) == ("fe:00", 12, "/a b c")
    assert is_file(vma)


@pytest.mark.parametrize(
    ("rest", "path", "file"),
    [
        ("00:00 0 ", "", False),
        ("00:00 0", "", False),
        ("00:00 0                  [heap]", "[heap]", False),
        ("00:00 0                  [anon:some name]", "[anon:some name]", False),
        ("00:01 0                  /SYSV00003a19 (deleted)", "/SYSV00003a19 (deleted)", True),
        ("00:01 1024               /dev/zero (deleted)", "/dev/zero (deleted)", True),
        ("00:01 9                  [anon_shmem:x]", "[anon_shmem:x]", True),
        ("103:02 5                 /home/ünï\\012code", "/home/ünï\\012code", True),
    ],
)
def test_what_stands_behind_it(rest: str, path: str, file: bool) -> None:
    vma = parse_line(f"1000-2000 rw-s 00000000 {rest}")
    assert vma is not None and vma.path == path and is_file(vma) is file


def test_vsyscall_is_no_area() -> None:
    assert parse_line("ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0   [vsyscall]") is None


@pytest.mark.parametrize(
    "line",
    [
        "", "nonsense", "1000-2000", "1000-2000 rw-p", "2000-1000 rw-p 0 00:00 0", "1001-2000 rw-p 0 00:00 0",
        "1000-1000 rw-p 0 00:00 0", "1000-2000 rw-p 5 00:00 0", "-1000-2000 rw-p 0 00:00 0",
        "1_000-2000 rw-p 0 00:00 0", "1000-2000 rwxq 0 00:00 0", "1000-2000 rw-p 0 00:00 x",
        "ffffffff000-fffffffffffff000 rw-p 0 00:00 0",
    ],
)  # fmt: skip
def test_what_is_no_line_of_maps(line: str) -> None:
    with pytest.raises(MalformedError):
        parse_line(line)


def test_areas_must_be_in_order() -> None:
    with pytest.raises(MalformedError, match="overlap"):
        parse_maps(["2000-4000 rw-p 0 00:00 0", "3000-5000 rw-p 0 00:00 0"])


@pytest.mark.parametrize(
    ("status", "sigbus"),
    [
        ({}, "default"),
        ({"SigCgt": "0000000000000040"}, "handler"),
        ({"SigCgt": "0000000000000080"}, "default"),
        ({"SigCgt": "0000000000000040", "SigBlk": "0000000000000040"}, "handler"),
        ({"SigIgn": "0000000000001040", "SigBlk": "0000000000000040"}, "ignored"),
        ({"SigCgt": "0000000000000400", "SigBlk": "0000000000000040"}, "default"),
    ],
)
def test_signals(status: dict[str, str], sigbus: str) -> None:
    image = process_image(ProcessText(5, 1, "a", status, ()))
    assert (image.sigbus, image.blocked) == (sigbus, "SigBlk" in status)
    assert image.sigsegv == ("handler" if status.get("SigCgt", "").endswith("400") else "default")


def test_a_process() -> None:
    image = process_image(ProcessText(5, 1, "a", {"Threads": "4"}, ("1000-2000 rw-p 00000000 00:00 0",)))
    assert (image.pid, image.ppid, image.comm, image.threads, len(image.vmas)) == (5, 1, "a", 4, 1)
    odd = ("many", "", "-1", "²", "٣", "4194305", "9999999", "9" * 5000)
    for status in (*({"Threads": count} for count in odd), {"SigCgt": "xyz"}, {"SigBlk": "٤٠"}, {"SigIgn": "0x40"}):
        with pytest.raises(MalformedError):
            process_image(ProcessText(5, 1, "a", status, ()))


def test_meminfo() -> None:
    assert meminfo_kb("A:   1 kB\nHardwareCorrupted:     12 kB\n", "HardwareCorrupted") == 12
    assert meminfo_kb("A: 1 kB\n", "HardwareCorrupted") is None


@given(st.one_of(st.text(), st.from_regex(r"[0-9a-f]+-[0-9a-f]+ [rwxsp-]{4} [0-9a-f]+ ..:.. [0-9]+ .*")))
def test_any_text_is_an_area_or_malformed(line: str) -> None:
    try:
        vma = parse_line(line)
    except MalformedError:
        return
    assert vma is None or 0 <= vma.start < vma.end
