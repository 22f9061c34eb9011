"""Finding page-table entries without reading over terabytes of nothing."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest

from hwpoison_gui.image import VmaImage
from hwpoison_gui.sources import pagemap
from hwpoison_gui.sources.frames import never
from hwpoison_gui.sources.pagemap import Tables, _joined, _whole, _within


def test_ranges_are_joined_over_small_gaps() -> None:
    assert _joined([(1, 2), (2, 5), (10, 12), (100, 101)], 4) == [(1, 5), (10, 12), (100, 101)]
    assert _joined([(1, 2), (2, 5), (10, 12), (100, 101)], 5) == [(1, 12), (100, 101)]
    assert _joined([], 5) == []


def test_reservations_are_not_read() -> None:
    vmas = [VmaImage(0x1000, 0x3000, "---p"), VmaImage(1 << 40, 1 << 44, "---p"), VmaImage(1 << 45, 1 << 46, "rw-p")]
    assert list(_whole(vmas)) == [(1, 3), (1 << 33, 1 << 34)]


def test_what_lies_in_ranges() -> None:
    pages = np.array([1, 4, 5, 9, 10, 11], np.uint64)
    assert _within(pages, [(4, 6), (10, 11)]).tolist() == [False, True, True, False, True, False]
    assert not _within(pages, []).any()


@pytest.mark.parametrize("number", [errno.ENOTTY, errno.EINVAL])
def test_a_kernel_without_the_scan_is_read_plainly(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pagemap").write_bytes(np.array([0, 1 << 63 | 5, 0, 1 << 62 | 32], np.uint64).tobytes())
    asked = []

    def ioctl(*asking: object) -> int:
        asked.append(asking)
        raise OSError(number, "no such ioctl")

    monkeypatch.setattr(pagemap.fcntl, "ioctl", ioctl)
    tables = Tables()
    for _ in range(2):
        va, entry, huge = tables.entries(tmp_path / "pagemap", ["0-4000 rw-p 0 0:0 0"], never)
        assert va.tolist() == [0x1000, 0x3000] and entry.tolist() == [1 << 63 | 5, 1 << 62 | 32] and huge is None
    assert len(asked) == 1


def test_another_error_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pagemap").write_bytes(b"")

    def ioctl(*asking: object) -> int:
        raise OSError(errno.ESRCH, "gone")

    monkeypatch.setattr(pagemap.fcntl, "ioctl", ioctl)
    with pytest.raises(OSError, match="gone"):
        Tables().entries(tmp_path / "pagemap", ["0-4000 rw-p 0 0:0 0"], never)


def test_no_areas(tmp_path: Path) -> None:
    (tmp_path / "pagemap").write_bytes(b"")
    va, entry, _ = Tables().entries(tmp_path / "pagemap", [], never)
    assert len(va) == len(entry) == 0
