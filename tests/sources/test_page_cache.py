"""Pages of files in the page cache: frame, file and index."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.sources.page_cache import _filesystem, _once

pairs = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2), st.integers(0, 2)), max_size=12)


@given(pairs)
def test_a_frame_is_one_page_and_a_page_has_one_frame(claims: list[tuple[int, int, int]]) -> None:
    columns = [np.array(column, np.int64) for column in (zip(*claims, strict=True) if claims else ([], [], []))]
    pfn, file, index = _once(*columns)
    found = list(zip(pfn.tolist(), file.tolist(), index.tolist(), strict=True))
    assert set(found) <= set(claims)
    assert len({frame for frame, _, _ in found}) == len(found)
    assert len({(number, place) for _, number, place in found}) == len(found)
    frames, pages = {frame for frame, _, _ in claims}, {(number, place) for _, number, place in claims}
    assert bool(found) == bool(frames and pages)


@pytest.mark.parametrize(
    ("path", "kind", "mounts", "filesystem"),
    [
        ("/usr/bin/x", "disk", {}, "ext4"),
        ("/usr/bin/x", "", {}, "ext4"),
        ("/usr/bin/x", "disk", {"fe:00": "btrfs"}, "ext4"),
        ("/usr/bin/x", "disk", {"fe:00": "nfs4"}, "nofs"),
        ("/usr/bin/x", "tmpfs", {"fe:00": "rootfs"}, "tmpfs"),
        ("/dev/sda", "disk", {}, "blockdev"),
        ("/dev/shm/x", "", {}, "tmpfs"),
        ("/memfd:x (deleted)", "", {}, "tmpfs"),
        ("/SYSV00000000 (deleted)", "", {}, "tmpfs"),
        ("/memfd:x (deleted)", "hugetlbfs", {}, "hugetlbfs"),
        ("/anon_hugepage (deleted)", "", {}, "hugetlbfs"),
    ],
)
def test_file_systems(path: str, kind: str, mounts: dict[str, str], filesystem: str) -> None:
    assert _filesystem("fe:00", path, kind, mounts) == filesystem
