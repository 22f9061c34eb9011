"""Small requests for huge work are refused before they start, or answered by what is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from hwpoison_gui.kernel.records import TASK_SIZE
from hwpoison_gui.session import limits
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.scenario import schema
from hwpoison_gui.session.scenario.check import Checked, check_file
from hwpoison_gui.session.session import Session
from tests.invariants import check
from tests.paths import DATA
from tests.workbench import do

ATTACKED = DATA / "attacked"
MOST = schema.MOST_PAGES
LARGE = 1 << 27  # pages, half a TiB: far more than memory, and it fits into an address space
PROFILES = ["v7", "6.1"]


@pytest.mark.parametrize(
    ("name", "result", "said"),
    [
        ("x_frames_desktop_most", Checked.BAD, "memory.frames: expected at most 16777216 with a background"),
        ("x_hugetlb_big", Checked.BAD, "step 3: pages: expected an integer from 1 to 2147483648"),
        ("x_madv_big", Checked.BAD, "step 3: pages: expected an integer from 1 to 2147483648"),
        ("x_populate_ro_big", Checked.BAD, "step 3: pages: expected an integer from 1 to 2147483648"),
        ("x_tmpfs_full", Checked.HOLDS, " ok"),
        ("f1", Checked.BAD, "step 4: page: expected an integer from 0 to 4294967295, not 4294967296"),
        ("f2", Checked.DIFFERS, "alive nobody: expected alive, got no such task"),
        ("f2b", Checked.DIFFERS, "alive b: expected alive, got no such task"),
    ],
)
def test_files_that_once_ran_without_end_or_failed(name: str, result: Checked, said: str) -> None:
    report = check_file(ATTACKED / f"{name}.scenario")
    assert report.result is result
    assert said in report.message


@pytest.fixture(params=PROFILES)
def session(request: pytest.FixtureRequest) -> Session:
    session = Session.fresh(1024, profile=request.param)
    do(session, "task", name="a")
    return session


def test_addresses_end(session: Session) -> None:
    """More than user addresses hold: ENOMEM, and the name stays free."""
    assert do(session, "mmap", task="a", name="m", pages=MOST).errno == "ENOMEM"
    with pytest.raises(ScenarioError, match="no VMA 'm'"):
        do(session, "read", task="a", at="m+0")
    assert do(session, "mmap", task="a", name="m", pages=LARGE).errno == 0
    assert do(session, "mremap", task="a", at="m+0", pages=LARGE, name="n").errno == "ENOMEM"
    assert do(session, "write", task="a", at=f"m+{LARGE - 1}").errno == 0
    assert all(vma.end <= TASK_SIZE for vma in session.machine.vmas.view.values())
    check(session.machine)


@pytest.mark.parametrize(
    "args",
    [
        {"prot": "r", "populate": True},
        {"prot": "r", "locked": True},
        {"huge": "hugetlb"},
        {"huge": "hugetlb", "populate": True, "shared": True},
    ],
    ids=str,
)
def test_mapping_more_than_memory(args: dict[str, Any], session: Session) -> None:
    """Without a limit: as many entries of the zero page as page tables hold, or a list of all huge pages."""
    before = session.machine.gate.digest()
    if args.get("huge"):
        assert do(session, "mmap", task="a", name="m", pages=LARGE, **args).errno == "ENOMEM"
        return
    with pytest.raises(ScenarioError, match="one step can fault in at most 262,144 pages"):
        do(session, "mmap", task="a", name="m", pages=LARGE, **args)
    assert session.machine.gate.digest() == before


def test_a_writable_mapping_takes_what_memory_is_left(session: Session) -> None:
    assert do(session, "mmap", task="a", name="m", pages=LARGE, populate=True).errno == 0
    assert session.machine.rss.view[session.world.process("a").mm] > 500
    assert limits.free_frames(session.machine) == 0


@pytest.mark.parametrize(
    ("op", "args"),
    [
        ("madvise", {"advice": "pageout"}),
        ("madvise", {"advice": "dontneed"}),
        ("madvise", {"advice": "mergeable"}),
        ("mprotect", {"prot": "r"}),
        ("munlock", {}),
        ("msync", {}),
        ("mremap", {"name": "n"}),
        ("munmap", {}),
    ],
    ids=str,
)
def test_work_in_proportion_to_what_is_mapped(op: str, args: dict[str, Any], session: Session) -> None:
    """2^26 pages of addresses, two of them present."""
    if args.get("advice") == "mergeable":
        session = Session.fresh(1024, profile="6.1")
        do(session, "task", name="a")
    pages = LARGE >> 1
    do(session, "mmap", task="a", name="m", pages=pages)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "write", task="a", at=f"m+{pages - 1}", value="x")
    assert do(session, op, task="a", at="m+0", pages=pages, **args).errno == 0
    assert len(session.steps) < 30
    check(session.machine)


@pytest.mark.parametrize(("op", "args"), [("mlock", {}), ("madvise", {"advice": "populate_read"})], ids=str)
def test_faulting_in_more_than_the_limit(op: str, args: dict[str, Any], session: Session) -> None:
    do(session, "mmap", task="a", name="m", pages=LARGE, prot="r")
    before = session.machine.gate.digest()
    with pytest.raises(ScenarioError, match="fault in at most"):
        do(session, op, task="a", at="m+0", pages=LARGE, **args)
    assert session.machine.gate.digest() == before
    assert do(session, op, task="a", at="m+0", pages=100, **args).errno == 0


def test_files_and_frames_that_fit_and_are_too_many() -> None:
    session = Session.fresh(1 << 21)
    with pytest.raises(ScenarioError, match="one step can create at most 262,144 pages"):
        do(session, "file", path="/f", pages=1 << 20, filesystem="tmpfs")
    with pytest.raises(ScenarioError, match="one step allocates at most 1,048,576 frames"):
        do(session, "alloc", frames=1 << 40)
    assert not session.machine.paths.view


def test_a_file_that_does_not_fit_is_not_made(session: Session) -> None:
    free = limits.free_frames(session.machine)
    before = session.machine.gate.digest()
    for filesystem in ("tmpfs", "hugetlbfs"):
        assert do(session, "file", path="/f", pages=1 << 12, filesystem=filesystem).errno == "ENOMEM"
    assert limits.free_frames(session.machine) == free and not session.machine.paths.view
    session.seek(0)
    assert session.machine.gate.digest() != before  # the task is gone, too
    assert do(session, "file", path="/f", pages=10, filesystem="tmpfs").errno == 0


def test_a_file_is_taken_back_where_memory_ends(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames that are free and poisoned are not handed out, so the count is too high."""
    monkeypatch.setattr("hwpoison_gui.session.ops.check_created", lambda m, pages: True)
    free = limits.free_frames(session.machine)
    assert do(session, "file", path="/f", pages=1 << 12, filesystem="tmpfs").errno == "ENOMEM"
    assert not session.machine.paths.view and not session.machine.page_cache.view
    assert limits.free_frames(session.machine) == free
    check(session.machine)


def _largest(keys: Sequence[str] = ("page", "offset")) -> list[tuple[str, str, int]]:
    found = [(op, key, spec.most) for op, row in schema.OPS.items() for key, spec in row.keys.items() if key in keys]
    assert len(found) >= 4
    return found


@pytest.mark.parametrize(("op", "key", "most"), _largest())
def test_the_largest_index_fits_the_column(op: str, key: str, most: int, session: Session) -> None:
    """A page index has 32 bits in the machine, so has the schema."""
    do(session, "file", path="/f", pages=schema.MOST_FILE_PAGES)
    do(session, "open", task="a", path="/f", fd="d")
    args: dict[str, Any] = {
        "pread": {"task": "a", "fd": "d"},
        "pwrite": {"task": "a", "fd": "d", "value": "x"},
        "punch_hole": {"path": "/f"},
        "mmap": {"task": "a", "name": "m", "file": "/f", "pages": 2, "populate": True},
    }[op]
    assert do(session, op, **args, **{key: most}).errno == 0
    if op == "mmap":
        assert do(session, "write", task="a", at="m+0").errno == 0
    with pytest.raises(ScenarioError, match="expected an integer"):
        do(session, op, **args, **{key: most + 1})
    check(session.machine)


def test_an_anonymous_vma_of_terabytes(session: Session) -> None:
    """As a real process has; page->index begins again after 2^32 pages."""
    do(session, "mmap", task="a", name="m", pages=1024)
    (vma,) = session.machine.vmas.view.values()
    wide = vma._replace(start=0x1000_0000_0000, end=0x7000_0000_0000, pgoff=0x7FFF_FFFF)
    session.machine.vmas.load({vma.id: wide})
    mm = session.world.process("a").mm
    session.machine.put(session.world.areas, (mm, "m"), (wide.start, wide.pages))
    far = (1 << 32) - 5
    assert do(session, "write", task="a", at=f"m+{far}").errno == 0
    pfn = session.resolve_frame(f"a:m+{far}")
    assert session.machine.mapcount.view[pfn] == 1
    assert wide.address_of(int(session.machine.index.view[pfn])) == wide.start + (far << 12)
