"""Names in filters: VMAs of processes and pages of them, zones and nodes, and what is suggested."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.image import ZoneImage
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mmzone import zones_by_address
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.filter.expression import parse
from hwpoison_gui.view.filter.terms import FilterError, did_you_mean, quoted, some_of
from tests.workbench import do


@pytest.fixture(name="session")
def _session() -> Session:
    """Two processes with a heap, a file and a huge page."""
    session = Session.fresh(4096, profile="6.1")
    do(session, "file", path="/srv/data.bin", pages=4)
    do(session, "task", name="srv")
    do(session, "mmap", task="srv", name="heap", pages=8)
    for page in (0, 2, 7):
        do(session, "write", task="srv", at=f"heap+{page}")
    do(session, "mmap", task="srv", name="m", pages=4, file="/srv/data.bin", shared=True)
    do(session, "read", task="srv", at="m+1")
    do(session, "mmap", task="srv", name="big", pages=512, huge="thp")
    do(session, "write", task="srv", at="big+5")
    do(session, "task", name="other")
    do(session, "mmap", task="other", name="heap", pages=2)
    do(session, "write", task="other", at="heap+0")
    return session


def found(m: Machine, text: str) -> list[int]:
    parsed = parse(text)
    assert parsed is not None
    frames = parsed.match(m, lambda _: np.zeros(m.frames, np.uint8)).frames
    assert frames is not None
    return np.flatnonzero(frames).tolist()


def test_a_vma_is_what_a_process_has_mapped_there(session: Session) -> None:
    m, pfn = session.machine, session.resolve_frame
    assert found(m, "srv:heap") == sorted(pfn(f"srv:heap+{page}") for page in (0, 2, 7))
    tgid = next(process.tgid for process in m.living() if process.name == "srv")
    assert found(m, f"{tgid}:heap") == found(m, "srv:[heap]") == found(m, "srv:heap")
    assert found(m, "other:heap") == [pfn("other:heap+0")]
    assert found(m, "srv:data.bin") == found(m, "srv:m") == [pfn("srv:m+1")]
    assert found(m, "srv:/srv/*") == found(m, "srv:data*") == found(m, "srv:m")


def test_a_process_is_a_name_or_a_number_and_commas_are_explained(session: Session) -> None:
    m = session.machine
    tgid = next(process.tgid for process in m.living() if process.name == "srv")
    assert found(m, f"task:{tgid}") == found(m, "task:srv") == found(m, f"pid:{tgid}")
    with pytest.raises(FilterError, match=f"blanks stand between conditions: srv:{tgid} ~dirty kind:file$"):
        found(m, f"srv:{tgid},~dirty,file")
    with pytest.raises(FilterError, match="no such VMA"):
        found(m, "srv:a,b")


def test_a_page_of_a_vma(session: Session) -> None:
    m, pfn = session.machine, session.resolve_frame
    assert found(m, "srv:heap+2") == found(m, "srv:heap+0x2") == [pfn("srv:heap+2")]
    assert found(m, "srv:heap+1") == []
    with pytest.raises(FilterError, match="no such VMA"):
        found(m, "srv:heap+9")


def test_a_huge_page_is_mapped_whole_and_in_parts(session: Session) -> None:
    m, first = session.machine, session.resolve_frame("srv:big+0")
    assert found(m, "srv:big") == list(range(first, first + 512))
    assert found(m, "srv:big+5") == [first + 5]
    assert found(m, "srv:big+511") == [first + 511]


def test_a_name_with_a_space_stands_in_quotes(session: Session) -> None:
    do(session, "task", name="Web Content")
    do(session, "mmap", task="Web Content", name="heap", pages=1)
    do(session, "write", task="Web Content", at="heap+0")
    m, frame = session.machine, session.resolve_frame("Web Content:heap+0")
    for text in ('"Web Content"', 'task:"Web Content"', '"Web Content":heap', '"Web Content:heap', '"Web Content" 0,'):
        assert found(m, text) == [frame]
    assert quoted("Web Content") == '"Web Content"' and quoted("/a/b") == "/a/b"


def test_terms_hold_together(session: Session) -> None:
    pfn = session.resolve_frame("srv:heap+0")
    assert found(session.machine, f"srv:heap {pfn}+1") == [pfn]
    assert found(session.machine, "srv:heap other:heap") == []


def test_zones_and_nodes(session: Session) -> None:
    m = session.machine
    m.zones = (ZoneImage(0, "DMA", 1, 1024), ZoneImage(0, "Normal", 1024, 2048), ZoneImage(1, "Normal", 2048, 4000))
    assert found(m, "node:1") == list(range(2048, 4000))
    assert found(m, "zone:normal") == list(range(1024, 4000))
    assert found(m, "node:0 zone:NORMAL") == list(range(1024, 2048))
    assert found(m, "zone:none") == [0, *range(4000, 4096)]
    m.zones = zones_by_address(m.frames)
    assert found(m, "zone:dma") == list(range(4096))
    with pytest.raises(FilterError, match="does not say nodes"):
        found(m, "node:0")


def test_holes_are_in_no_zone() -> None:
    m = Session.fresh(8192, 2, "desktop").machine
    pages = np.flatnonzero((m.flags.view & np.uint64(pf.NOPAGE)) == 0).tolist()
    assert len(pages) < m.frames
    assert found(m, "zone:dma") + found(m, "zone:dma32") == found(m, "node:0") == pages


def test_suggestions() -> None:
    assert did_you_mean("drity", ["lru", "dirty"]) == "did you mean dirty?"
    assert did_you_mean("firefix", ["firefox", "firefox-2", "vim"]) == "did you mean firefox or firefox-2?"
    assert did_you_mean("xyz", ["lru"]) == ""
    assert did_you_mean("web", ["Web Content"]) == 'did you mean "Web Content"?'
    assert some_of("abcdefgh") == "there is a, b, c, d, e, f and 2 more"
    assert some_of("aab") == "there is a, b"
