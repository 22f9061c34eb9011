"""Filter expressions: what they find, as page-types would, and what is said of those that mean nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.filter.expression import Filter, FilterError, parse, slug
from hwpoison_gui.view.map.codes import FOUND
from hwpoison_gui.view.map.layout_curves import Hilbert
from hwpoison_gui.view.map.lens_sheets import made
from hwpoison_gui.view.map.lenses import BY_KEY, LENSES, Lens
from hwpoison_gui.view.map.plane import FramePlane

FLAGS = [flag.name.lower() for flag in pf.FLAGS]


@pytest.fixture(scope="module", name="session")
def _session() -> Session:
    return Session.fresh(8192, 2, "desktop")


def found(session: Session, text: str) -> np.ndarray:
    """The frames that an expression finds."""
    m = session.machine

    def classes_of(lens: Lens) -> np.ndarray:
        sheet = made(lens.sheet, m, m.frames)
        return np.asarray(np.frombuffer(lens.codes, np.uint8)[sheet.held.values])

    parsed = parse(text)
    assert parsed is not None
    match = parsed.match(m, classes_of)
    mask = np.array([match.word(word) for word in m.flags.view.tolist()])
    return np.flatnonzero(mask if match.frames is None else mask & match.frames)


def words(session: Session, text: str) -> set[int]:
    return set(session.machine.flags.view[found(session, text)].tolist())


def test_flags_as_page_types_reads_them(session: Session) -> None:
    every = set(session.machine.flags.view.tolist())
    assert words(session, "lru,slab") == {w for w in every if w & (pf.LRU | pf.SLAB)}
    assert words(session, "lru,~dirty") == {w for w in every if w & pf.LRU and not w & pf.DIRTY}
    assert words(session, "~lru") == {w for w in every if not w & pf.LRU}
    assert words(session, "LRU,dirty=lru") == words(session, "lru,~dirty")
    word = next(iter(w for w in every if w & pf.ANON))
    assert words(session, "=" + ",".join(pf.names_of(word))) == {word}
    assert words(session, "lru ~dirty,anon") == {w for w in every if w & pf.LRU and w & pf.ANON and not w & pf.DIRTY}


@given(st.lists(st.sampled_from(FLAGS), min_size=1, unique=True), st.integers(0, (1 << 42) - 1))
def test_any_flags(names: list[str], word: int) -> None:
    mask = sum(getattr(pf, name.upper()) for name in names)
    any_of, none_of, exactly = (parse(text) for text in (
        ",".join(names), ",".join("~" + name for name in names), "=" + ",".join(names)))  # fmt: skip
    assert any_of is not None
    assert none_of is not None
    assert exactly is not None
    assert any_of.flags[0].holds(word) == bool(word & mask)
    assert none_of.flags[0].holds(word) == (not word & mask)
    assert exactly.flags[0].holds(word) == (word == mask)


@pytest.mark.parametrize(
    ("text", "pfns"),
    [
        ("7", range(7, 8)),
        ("0x10", range(16, 17)),
        ("0x10+3", range(16, 19)),
        ("16,0x14", range(16, 20)),
        ("8190,", range(8190, 8192)),
        (",3", range(3)),
        ("010", range(10, 11)),
        ("16,20 18,", range(18, 20)),
        ("9000", range(2, 3)),  # a physical address
        ("0x1fff000", range(0x1FFF, 0x2000)),
        ("Memory failure: 0x12: recovery action for dirty LRU page: Recovered", range(0x12, 0x13)),
        ("0x2000+1", range(2, 3)),
    ],
)
def test_ranges_of_frames(session: Session, text: str, pfns: range) -> None:
    assert found(session, text).tolist() == list(pfns)


def test_processes_and_files(session: Session) -> None:
    m = session.machine
    process = next(process for process in m.living() if process.name == "postgres:530")
    by_name, by_pid = found(session, "task:postgres"), found(session, f"pid:{process.tgid}")
    assert set(by_pid.tolist()) <= set(by_name.tolist())
    assert len(by_pid)
    inode = max(m.inodes.view.values(), key=lambda inode: len(m.page_cache.of(inode.id)))
    cached = sorted(m.page_cache.of(inode.id).values())
    assert set(cached) <= set(found(session, inode.path.partition(" ")[0]).tolist())
    assert len(found(session, "/usr/lib/*")) > len(found(session, "libc*"))


def test_classes_of_lenses(session: Session) -> None:
    assert set(found(session, "kind:free").tolist()) == set(found(session, "buddy").tolist())
    lost = found(session, "outcome:data-lost")
    assert lost.tolist() == found(session, "outcome:lost").tolist()
    assert len(lost)
    for key, former in (("late", "sigbus-when-touched"), ("init", "panic-when-touched")):
        assert found(session, f"outcome:{former}").tolist() == found(session, f"outcome:{key}").tolist()
    assert len(found(session, "mapcount:1"))
    for lens in LENSES[:-1]:
        for one in lens.classes[1:]:
            assert parse(f"{lens.key}:{slug(one.shortest)}") is not None


@pytest.mark.parametrize(
    ("text", "at", "length", "message"),
    [
        ("lru,drity", 4, 5, "did you mean dirty? There is no such flag"),
        ("lru 0x10+", 8, 1, "not a frame, 4096 or 0x1000, nor several"),
        ("lru,,dirty", 4, 1, "a flag is missing"),
        ("lru,~", 4, 1, "a flag is missing; flags are written lru,~dirty"),
        ("lru=dirty", 4, 5, "must stand before the = too"),
        ("8,4", 0, 3, "no frame lies in it"),
        ("pid:", 0, 4, "a process’s number is missing"),
        ("lru nosuchthing", 4, 11, "no such flag, process or file; try lru,~dirty"),
        ("pid:99999", 4, 5, "no process has that number; there is 1 (systemd)"),
        ("/no/such", 0, 8, "no such file"),
        ("postgres:hepa", 0, 13, "did you mean heap? There is no such VMA"),
        ("postgres:", 0, 9, "which VMA? there is "),
        ("postgers:heap", 0, 13, "did you mean postgres"),
        ("outcom:lost", 0, 11, "did you mean outcome?"),
        ("zone:normal", 5, 6, "no such zone; there is dma, dma32, none"),
        ("node:1", 5, 1, "no such node; there is 0"),
        ("kind:", 0, 5, "which class? there is no-page, free"),
        ("mapcont>=14", 0, 7, "did you mean mapcount"),
        ("lru mapcount>=", 14, 1, "a number is missing: mapcount>=14"),
        ("mapcount>=14x", 10, 3, "numbers are written 14, 0xe, 64K, 10M or 1G"),
        ("mapcount", 0, 8, "compare it with a number: mapcount>=14"),
        ("rss>mapcount", 0, 12, "rss is a number of processes; compare it with a plain number: rss>10M"),
        ("3>2", 0, 3, "compare a number of the frames: mapcount, refcount"),
        ("pfn<99999999999999999999", 4, 20, "this number is too large"),
        ("outcome:best", 0, 12, "no such class; there is no-page, filtered"),
    ],
)
def test_what_means_nothing_is_shown_where(session: Session, text: str, at: int, length: int, message: str) -> None:
    with pytest.raises(FilterError) as error:
        found(session, text)
    assert (error.value.at, error.value.length) == (at, length)
    assert message in error.value.message
    assert str(error.value).startswith(f"at {at + 1}: ")


def test_hugetlb_is_another_name_of_its_flag() -> None:
    for text in ("hugetlb", "~hugetlb", "lru,~hugetlb", "=HUGETLB"):
        assert parse(text).flags == parse(text.lower().replace("hugetlb", "huge")).flags


def test_flags_are_suggested() -> None:
    with pytest.raises(FilterError, match="did you mean swapcache or swapbacked"):
        parse("=swapfoo")


def test_nothing_is_no_filter() -> None:
    assert parse("  ") is None
    assert isinstance(parse("lru"), Filter)


@pytest.mark.parametrize("lens", ["kind", "mapcount"])
@pytest.mark.parametrize("curve", [False, True])
def test_a_plane_marks_counts_and_finds(session: Session, lens: str, curve: bool) -> None:
    m = session.machine
    plane = FramePlane(m.flags.view, m.refcount.view, m.mapcount.view)
    if curve:
        plane.set_layout(Hilbert(m.frames))
    plane.set_lens(BY_KEY[lens], made("counts", m, plane.room) if lens == "mapcount" else None)
    classes = plane.class_counts().tolist()
    for text in ("lru,~dirty", "lru 4096,5000", "postgres"):
        expected = found(session, text)
        parsed = parse(text)
        assert parsed is not None
        plane.set_filter(parsed.match(m, lambda _: np.zeros(0, np.uint8)))
        x, y = plane.layout.positions(np.arange(m.frames))
        assert np.flatnonzero(plane.codes.at(x, y) & FOUND).tolist() == expected.tolist()
        assert plane.found_count() == len(expected)
        assert plane.class_counts().tolist() == classes
        assert plane.next_found(-1, True) == expected[0]
        assert plane.next_found(int(expected[0]), True) == expected[1]
        assert plane.next_found(int(expected[-1]), True) == expected[0]
        assert plane.next_found(int(expected[0]), False) == expected[-1]
        assert plane.next_found(int(expected[-1]), False) == expected[-2]
        plane.patch(expected[:40])
        assert plane.found_count() == len(expected)
    plane.set_filter(None)
    assert plane.found_count() == m.frames
    assert not (plane.pyramid.level(0) & FOUND).any()


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("mapcount=7", (7, 7)),
        ("mapcount>=2 mapcount<=9", (2, 9)),
        ("maps <= 9  mapcount >= 0x2", (2, 9)),
        ("mapcount==7", (7, 7)),
        ("mapcount>=5 mapcount>=2 mapcount<=9", (5, 9)),
        ("mapcount>=2", None),
        ("mapcount>=2 mapcount<9", None),
        ("mapcount=refcount+1", None),
        ("mapcount=1,2", None),
        ("mapcount=refcount", None),
        ("mapcount!=7", None),
        ("refcount=7", None),
        ("mapcount=7 lru", None),
        ("mapcount=7 nginx", None),
        ("mapcount=7 0x1000+512", None),
    ],
)
def test_an_interval_of_a_quantity_is_told_from_other_filters(text: str, interval: tuple[int, int] | None) -> None:
    asked = parse(text)
    assert asked is not None and asked.interval_of("mapcount") == interval
