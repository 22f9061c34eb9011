"""Raw files of page flags."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.profile.linux_6_1 import V6_1
from hwpoison_gui.session.session import Session
from hwpoison_gui.sources.errors import LivePermissionError, SourceError
from hwpoison_gui.sources.raw import EXPORTED, open_raw
from tests.workbench import do


def _write(folder: Path, words: Sequence[int] | np.ndarray, end: bytes = b"") -> Path:
    path = folder / "flags"
    path.write_bytes(_bytes(words) + end)
    return path


def _bytes(words: Sequence[int]) -> bytes:
    return np.array(words, np.uint64).tobytes()


def test_words(tmp_path: Path) -> None:
    # Without what tests/sources/test_own_flags.py has.
    words = np.arange(200_000, dtype=np.uint64) % np.uint64(4000) & ~np.uint64(pf.HUGE | pf.SLAB)
    image = open_raw(_write(tmp_path, words))
    assert (image.kpageflags == words).all() and image.title == "flags"
    assert not image.processes and not len(image.pagemap_entry) and not image.kpagecount.any()
    assert "has no processes" in image.notes[0]


def test_every_exported_bit_is_taken(tmp_path: Path) -> None:
    words = [1 << bit for bit in range(64) if EXPORTED >> bit & 1]
    assert len(words) == 27 + 11  # include/uapi/linux/kernel-page-flags.h, include/linux/kernel-page-flags.h
    assert open_raw(_write(tmp_path, words)).kpageflags.tolist() == words
    for bit in set(range(64)) - {word.bit_length() - 1 for word in words}:
        with pytest.raises(SourceError, match=rf"no kernel exports bit {bit}, which is set in word 0x26"):
            open_raw(_write(tmp_path, [*words, 1 << bit]))


@pytest.mark.parametrize(
    ("words", "end", "said"),
    [
        ([], b"", "there are no frames"),
        ([0] * 64, b"", "nothing but zeros"),
        ([0, 0x868, 0x868], b"123", r"at byte 24: page flags that end within a word of 8 bytes: 3 frames and 3 bytes"),
        (np.array([0x1_0000_0000, 0x868, 0x80000], np.uint64).byteswap(), b"", "big-endian"),
        ([0, 0, 1, 1, 1, 2, 14, 312], b"", "counts of mappings, as /proc/kpagecount"),
        ([0, 1 << 63 | 0x1234, 1 << 63 | 1 << 61 | 0x2345, 1 << 62 | 26 | 7 << 5], b"", "as /proc/PID/pagemap"),
        ([0x0123_4567_89AB_CDEF] * 9, b"12", "no kernel exports bit|end within a word"),
    ],
)
def test_what_is_no_page_flags(words: Sequence[int], end: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=said):
        open_raw(_write(tmp_path, words, end))


@pytest.mark.parametrize("kind", [pf.HUGE, pf.THP])
@pytest.mark.parametrize("there", [1, 2, 100, 511])
def test_a_huge_page_that_is_cut_is_left_out(kind: int, there: int, tmp_path: Path) -> None:
    """Nobody can say what its other frames are."""
    head, tail = pf.COMPOUND_HEAD | kind, pf.COMPOUND_TAIL | kind
    image = open_raw(_write(tmp_path, [pf.LRU] * 512 + [head] + [tail] * (there - 1)))
    assert image.kpageflags.tolist() == [pf.LRU] * 512
    assert f"The last {there} frames are left out" in image.notes[1]
    whole = [pf.LRU] * 512 + [head] + [tail] * 511
    assert open_raw(_write(tmp_path, whole)).kpageflags.tolist() == whole
    with pytest.raises(SourceError, match="it ends within its first huge page"):
        open_raw(_write(tmp_path, [head] + [tail] * (there - 1)))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        open_raw(tmp_path / "flags")
    with pytest.raises(SourceError, match="directory"):
        open_raw(tmp_path)


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "flags").write_bytes(bytes(8))

    def refuse(*asked: object, **named: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(LivePermissionError, match="not permitted"):
        open_raw(tmp_path / "flags")


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=100), st.lists(st.sampled_from([0, 1, 0x868, 0x80000])).map(_bytes)))
def test_any_bytes(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "flags").write_bytes(content)
    try:
        image = open_raw(tmp_path / "flags")
    except SourceError:
        return
    assert image.kpageflags.tobytes() == content
    assert not (image.kpageflags & np.uint64(~EXPORTED & (1 << 64) - 1)).any()


def test_hardware_corrupted_is_counted_from_the_flags(tmp_path: Path) -> None:
    words = np.full(512, pf.RESERVED, np.uint64)
    words[[8, 9]] = pf.HWPOISON
    (tmp_path / "flags").write_bytes(words.tobytes())
    session = Session(machine_from_image(open_raw(tmp_path / "flags"), V6_1))
    assert session.machine.hardware_corrupted_kb == 8
    for pfn, left in ((8, 4), (9, 0)):
        assert do(session, "unpoison", frame=f"pfn:{pfn:#x}").errno == 0
        assert session.machine.hardware_corrupted_kb == left
