"""What was lost and who is hit, as people read it."""

from __future__ import annotations

import re

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.actions import DIRTY_FILE as DIRTY_FILE_2009
from hwpoison_gui.kernel.actions import TRUNCATED
from hwpoison_gui.kernel.actions_6_1 import DIRTY_FILE
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base import impacts
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.outcome import loss
from hwpoison_gui.view.outcome.classes import CLASSES, LOST
from hwpoison_gui.view.outcome.impact_now import impact_now
from hwpoison_gui.view.outcome.loss import Loss, ending_of, loss_of
from hwpoison_gui.view.outcome.prediction import predict
from hwpoison_gui.view.outline.actions import MARK_ERROR
from hwpoison_gui.view.rmap.graph import reverse_map
from hwpoison_gui.view.words.lookup import behaviour_of, text_of
from tests.workbench import do


def came(session: Session) -> Loss:
    found = loss_of(session, session.operations[-1])
    assert found is not None
    return found


def kinds(found: Loss) -> dict[str, str]:
    return {hit.task: hit.kind for hit in found.hits}


def with_file(filesystem: str = "ext4", profile: str = "v7", early_kill: int = 0) -> Session:
    """`a` has written page 0, `b` has it mapped too, `c` covers it with a mapping but never touched it."""
    session = Session.fresh(4096, profile=profile, sysctl={"memory_failure_early_kill": early_kill})
    do(session, "file", path="/f", pages=2, filesystem=filesystem)
    for name in ("a", "b", "c"):
        do(session, "task", name=name)
        do(session, "open", task=name, path="/f", fd="d")
        do(session, "mmap", task=name, name="m", pages=2, file="/f", fd="d", shared=True)
    return session


def anonymous(early_kill: int, **second: str) -> Session:
    session = Session.fresh(4096, sysctl={"memory_failure_early_kill": early_kill})
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "fork", task="a", child="b", **second)
    do(session, "poison", frame="a:m+0")
    return session


def test_private_memory_is_lost_with_those_who_had_it() -> None:
    found = came(anonymous(1))
    assert found.lost == "Lost: 4 KiB of anonymous memory of a:101 and b:102."
    assert kinds(found) == {"a:101": impacts.DEAD, "b:102": impacts.DEAD}


@pytest.mark.parametrize(
    ("early_kill", "second", "kind"),
    [
        (0, {}, impacts.LATER),
        (0, {"sigbus": "handler"}, impacts.CAUGHT),
        (0, {"sigbus": "blocked"}, impacts.LATER),
        (1, {"sigbus": "handler"}, impacts.SIGNALLED),
        (1, {"sigbus": "ignored"}, impacts.IGNORED),
        (1, {"sigbus": "blocked"}, impacts.PENDING),
    ],
)
def test_who_is_hit_how(early_kill: int, second: dict[str, str], kind: str) -> None:
    assert kinds(came(anonymous(early_kill, **second)))["b:102"] == kind


def test_a_clean_page_of_a_file_is_no_loss_and_all_are_safe() -> None:
    session = with_file()
    do(session, "read", task="a", at="m+0")
    do(session, "poison", frame="a:m+0")
    found = came(session)
    assert found.lost == "Nothing is lost: /f, page 0, is read from disk again."
    assert set(kinds(found).values()) == {impacts.SAFE}


def test_a_dirty_page_of_a_file_loses_its_last_write_and_who_had_no_entry_reads_old_data() -> None:
    session = with_file()
    do(session, "write", task="a", at="m+0", value="new")
    do(session, "read", task="b", at="m+0")
    do(session, "poison", frame="a:m+0")
    found = came(session)
    assert found.lost.startswith("Lost: the last write to /f, page 0 (4 KiB); fsync() returns EIO once (but nothing")
    assert kinds(found) == {"a:101": impacts.LATER, "b:102": impacts.LATER, "c:103": impacts.STALE}
    do(session, "read", task="c", at="m+0")
    assert session.operations[-1].outcome.value == "disk"


def errors_of_fsync(session: Session) -> list[object]:
    """What fsync returns to `a`, to `b`, and to `a` again."""
    for name in ("a", "b", "a"):
        do(session, "fsync", task=name, fd="d")
    return [operation.outcome.errno for operation in session.operations[-3:]]


@pytest.mark.parametrize(
    ("profile", "said", "errors"),
    [
        ("v7", "fsync() returns EIO once; the disk has the older data", ["EIO", 0, 0]),
        ("6.1", "fsync() returns EIO once per open file; the disk has the older data", ["EIO", "EIO", 0]),
    ],
)
def test_fsync_says_so_as_often_as_it_is_told(profile: str, said: str, errors: list[object]) -> None:
    session = with_file(profile=profile)
    do(session, "read", task="b", at="m+1")  # of 2009's mark nobody hears while nothing of the file is cached
    do(session, "write", task="a", at="m+0", value="new")
    do(session, "poison", frame="a:m+0")
    assert came(session).lost == f"Lost: the last write to /f, page 0 (4 KiB); {said}."
    assert errors_of_fsync(session) == errors


def test_without_a_page_in_the_cache_the_mark_of_2009_is_not_looked_at() -> None:
    session = with_file()
    do(session, "write", task="a", at="m+0", value="new")
    do(session, "poison", frame="a:m+0")
    assert "(but nothing while no page of the file is cached)" in came(session).lost
    do(session, "fsync", task="a", fd="d")
    assert session.operations[-1].outcome.errno == 0
    do(session, "pread", task="a", fd="d", page=1)
    assert errors_of_fsync(session) == ["EIO", 0, 0]


@pytest.mark.parametrize("pages", [1, 2])
@pytest.mark.parametrize("filesystem", ["ext4", "tmpfs", "nofs", "blockdev"])
@pytest.mark.parametrize("profile", PROFILES)
def test_step_and_loss_say_of_fsync_what_it_then_returns(profile: str, filesystem: str, pages: int) -> None:
    session = Session.fresh(4096, profile=profile, sysctl={"memory_failure_early_kill": 0})
    do(session, "file", path="/f", pages=2, filesystem=filesystem)
    do(session, "task", name="a")
    do(session, "open", task="a", path="/f", fd="d")
    do(session, "mmap", task="a", name="m", pages=2, file="/f", shared=True)
    do(session, "read", task="a", at="m+1") if pages == 2 else None
    do(session, "write", task="a", at="m+0", value="new")
    first = len(session.steps)
    do(session, "poison", frame="a:m+0")
    cached = bool(session.machine.page_cache.of(session.machine.paths.view["/f"]))
    marks = {one.mark.site: one.mark for one in session.steps[first:]}
    site = next(site for site in (DIRTY_FILE_2009, DIRTY_FILE) if site in marks)
    step, found = text_of(marks[site]), came(session).lost
    do(session, "fsync", task="a", fd="d")
    returned = session.operations[-1].outcome.errno
    for said in (step, found):
        while_cached = "but nothing while no page of" in said
        assert bool(re.search(r"fsync\(\) returns EIO", said)) is (returned == "EIO" or while_cached), said
        assert not while_cached or returned == ("EIO" if cached else 0), said
    way = next(way.meaning for way in MARK_ERROR.ways if way.sign is site)
    silent = ("while a page of it is cached" in way and not cached, "0 on tmpfs" in way and filesystem == "tmpfs")
    assert returned == (0 if any(silent) else "EIO"), way
    if TRUNCATED in marks:  # "the next fault reads it from disk, or on tmpfs finds zeros"
        do(session, "pread", task="a", fd="d", page=0)
        assert session.operations[-1].outcome.value == ("zero" if filesystem == "tmpfs" else "disk")


def test_the_legend_of_lost_data_promises_of_fsync_what_holds_on_every_kernel() -> None:
    returned = set()
    for profile in PROFILES:
        session = Session.fresh(4096, profile=profile)
        do(session, "file", path="/f", pages=2)
        do(session, "task", name="a")
        do(session, "open", task="a", path="/f", fd="d")
        do(session, "pwrite", task="a", fd="d", page=0, value="new")
        assert predict(session.machine, session.resolve_frame("/f@0")).code == LOST
        do(session, "poison", frame="/f@0")
        do(session, "fsync", task="a", fd="d")
        returned.add(session.operations[-1].outcome.errno)
    assert ("may return EIO" in CLASSES[LOST].meaning) is (returned == {0, "EIO"})


def test_a_hole_is_read_as_zeros_and_what_was_never_written_is_no_loss() -> None:
    session = with_file()
    do(session, "punch_hole", path="/f", page=0)
    do(session, "write", task="a", at="m+0", value="new")
    do(session, "poison", frame="a:m+0")
    assert kinds(came(session))["c:103"] == impacts.ZEROS and "the disk has a hole there" in came(session).lost
    session = with_file("tmpfs")
    do(session, "punch_hole", path="/f", page=0)
    do(session, "read", task="a", at="m+0")
    do(session, "poison", frame="a:m+0")
    assert came(session).lost == "Nothing is lost: /f, page 0, was never written."


def test_a_second_report_in_6_1_has_no_result_line_and_is_told_all_the_same() -> None:
    session = with_file(profile="6.1")
    do(session, "write", task="a", at="m+0", value="new")
    do(session, "poison", frame="a:m+0")
    do(session, "poison", frame=f"pfn:{session.operations[-1].outcome.pfn:#x}")
    assert session.operations[-1].outcome.result is None
    assert came(session).lost == "Nothing more is lost: it was broken before."
    assert kinds(came(session))["a:101"] == impacts.LATER


def test_shared_memory_of_2009_reads_zeros_and_that_of_today_is_told() -> None:
    old, new = with_file("tmpfs"), with_file("tmpfs", "6.1")
    for session in (old, new):
        do(session, "write", task="a", at="m+0", value="new")
        do(session, "poison", frame="a:m+0")
    assert "reads zeros" in came(old).lost and kinds(came(old))["c:103"] == impacts.ZEROS
    assert "poisoned" in came(new).lost and kinds(came(new))["c:103"] == impacts.LATER


def test_a_file_system_that_cannot_drop_pages() -> None:
    session = with_file("nofs")
    do(session, "write", task="a", at="m+0", value="new")
    do(session, "poison", frame="a:m+0")
    assert "could not be dropped" in came(session).lost


def test_a_private_copy_is_not_hit() -> None:
    session = anonymous(0)
    do(session, "fork", task="a", child="c")
    session = Session.fresh(4096)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "fork", task="a", child="b")
    do(session, "write", task="b", at="m+0", value="y")
    do(session, "poison", frame="a:m+0")
    assert kinds(came(session)) == {"a:101": impacts.DEAD, "b:102": impacts.SAFE}


def test_free_memory_the_kernels_own_and_a_second_report() -> None:
    session = Session.fresh(4096)
    do(session, "poison", frame="any:free")
    assert came(session).lost.startswith("Nothing is lost: the page was free")
    do(session, "poison", frame=f"pfn:{session.operations[-1].outcome.pfn:#x}")
    assert came(session).lost == "Nothing more is lost: it was broken before."
    do(session, "poison", frame="any:slab")
    assert came(session).lost == "Nothing is saved: a slab page stays in use, broken."


@pytest.mark.parametrize(("sigbus", "said"), [
    ("default", "Nothing is saved: a large folio was left in use, and freed when its users died."),
    ("handler", "Nothing is saved: a large folio stays in use, broken."),
])  # fmt: skip
def test_a_folio_that_cannot_be_split_is_freed_when_its_last_user_is_killed(sigbus: str, said: str) -> None:
    session = Session.fresh(8192, profile="6.12", sysctl={"memory_failure_early_kill": 1})
    do(session, "task", name="a", sigbus=sigbus)
    do(session, "mmap", task="a", name="m", pages=512, huge="thp")
    do(session, "write", task="a", at="m+5", value="x")
    do(session, "pin", frame="a:m+5")
    do(session, "poison", frame="a:m+5")
    assert came(session).lost == said


def test_a_panic_loses_what_was_not_written() -> None:
    session = Session.fresh(4096, sysctl={"memory_failure_recovery": 0})
    do(session, "poison", frame="any:free")
    assert "not written yet" in came(session).lost


def test_a_touch_finds_out_what_was_lost_before() -> None:
    session = anonymous(0)
    do(session, "read", task="b", at="m+0")
    found = came(session)
    assert found.lost == loss.LOST_BEFORE and kinds(found) == {"b:102": impacts.DEAD}


def test_what_madvise_did_not_find_did_not_break() -> None:
    session = with_file()
    do(session, "write", task="a", at="m+0", value="new")
    do(session, "poison", frame=f"pfn:{session.resolve_frame('/f@0'):#x}", via="madvise", task="c")
    assert session.operations[-1].outcome.errno == "EFAULT"
    assert loss_of(session, session.operations[-1]) is None


def test_other_operations_lose_nothing() -> None:
    session = anonymous(0)
    do(session, "sysctl", name="memory_failure_early_kill", value=1)
    assert loss_of(session, session.operations[-1]) is None


def test_it_is_the_same_wherever_one_stands_afterwards() -> None:
    session = anonymous(0)
    operation = session.operations[-1]
    first = loss_of(session, operation)
    do(session, "read", task="b", at="m+0")
    loss_of(session, session.operations[-1])
    assert loss_of(session, operation) == first


def test_the_ending_names_each_way_to_be_hit() -> None:
    facts = ending_of(came(anonymous(1, sigbus="handler")))
    assert [fact.text for fact in facts] == [
        "Lost: 4 KiB of anonymous memory of a:101 and b:102.", "Killed: a:101.", "Signalled, and survives: b:102.",
    ]  # fmt: skip
    assert [fact.tone for fact in facts] == ["warn", "kill", "warn"]


@pytest.mark.parametrize("profile, brief", (("v7", "nothing is lost yet"), ("6.1", "nothing is lost")))
def test_a_free_huge_page_stays_in_its_pool_where_it_is_not_dissolved(profile: str, brief: str) -> None:
    session = Session.fresh(8192, huge_pages=2, profile=profile)
    do(session, "poison", frame="any:free-huge")
    assert came(session).brief == brief


def broken(filesystem: str, profile: str, pinned: bool) -> Session:
    """`a` wrote a page of a file, which somebody may hold, and an error strikes it."""
    session = with_file(filesystem, profile)
    do(session, "write", task="a", at="m+0", value="x")
    if pinned:
        do(session, "pin", frame="/f@0")
    do(session, "poison", frame="/f@0")
    return session


@pytest.mark.parametrize(
    ("filesystem", "profile", "pinned", "said"),
    [
        (
            "tmpfs",
            "v7",
            False,
            "Lost: 4 KiB of /f, page 0; fsync() returns EIO once, and a new mapping of it reads zeros.",
        ),
        (
            "tmpfs",
            "6.1",
            True,
            "Lost: 4 KiB of /f, page 0; it stays there, poisoned: a process that touches it is signalled; "
            "somebody still holds the broken page.",
        ),
        (
            "ext4",
            "6.1",
            True,
            "Lost: the last write to /f, page 0 (4 KiB); fsync() returns EIO once per open file; "
            "the disk has the older data; somebody still holds the broken page.",
        ),
    ],
)
def test_what_became_of_a_written_page(filesystem: str, profile: str, pinned: bool, said: str) -> None:
    found = came(broken(filesystem, profile, pinned))
    assert found.lost == said and found.gone and not found.in_use and found.tone == "warn"


def test_shared_memory_without_a_file_has_no_path() -> None:
    session = Session.fresh(4096, sysctl={"memory_failure_early_kill": 0})
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1, shared=True)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "poison", frame="a:m+0")
    found = came(session)
    assert found.lost == "Lost: 4 KiB of anonymous shared memory, page 0; a new mapping of it reads zeros."


@pytest.mark.parametrize("profile", ["v7", "6.1", "7.2"])
def test_shared_memory_goes_with_its_last_process_unless_it_has_a_name(profile: str) -> None:
    """iput() truncates the inode of a shared anonymous mapping; the one of a file on tmpfs has a name, and stays."""
    gone = "Lost: 4 KiB of anonymous shared memory, page 0; it went with its last user: nobody can touch it now."
    for survivor in (False, True):
        session = Session.fresh(4096, profile=profile, sysctl={"memory_failure_early_kill": 1})
        do(session, "task", name="a")
        do(session, "mmap", task="a", name="m", pages=1, shared=True)
        do(session, "write", task="a", at="m+0", value="x")
        if survivor:
            do(session, "fork", task="a", child="b", sigbus="handler")
        do(session, "poison", frame="a:m+0")
        assert kinds(came(session))["a:101"] == impacts.DEAD
        assert (came(session).lost == gone) is not survivor
    session = with_file("tmpfs", profile, early_kill=1)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "poison", frame="/f@0")
    assert came(session).lost.startswith("Lost: 4 KiB of /f, page 0; ") and "last user" not in came(session).lost


def test_what_was_broken_before_is_no_new_loss_but_a_warning() -> None:
    session = anonymous(0)
    pfn = session.operations[-1].outcome.pfn
    do(session, "poison", frame=f"pfn:{pfn:#x}")
    found = came(session)
    assert found.lost == "Nothing more is lost: it was broken before."
    assert not found.gone and not found.in_use and found.tone == "warn"


@pytest.mark.parametrize("pfn", [0, 1])
def test_a_reserved_page_stays_in_use(pfn: int) -> None:
    session = Session.fresh(4096)
    do(session, "poison", frame=f"pfn:{pfn:#x}")
    found = came(session)
    assert found.lost == "Nothing is saved: a reserved page stays in use, broken."
    assert found.in_use and not found.gone and found.tone == "warn"


@pytest.mark.parametrize("beyond", [0, 1])
def test_where_there_is_no_memory_nothing_is_lost(beyond: int) -> None:
    session = Session.fresh(4096)
    do(session, "poison", frame=f"pfn:{4096 + beyond:#x}")
    found = came(session)
    assert found.lost == "Nothing is lost: there is no memory at this number."
    assert not found.hits and not found.gone and not found.in_use and found.tone == "good"


def test_the_worst_hit_come_first() -> None:
    found = came(anonymous(1, sigbus="ignored"))
    assert [hit.kind for hit in found.hits] == sorted((hit.kind for hit in found.hits), key=impacts.rank)
    session = Session.fresh(4096, sysctl={"memory_failure_early_kill": 1})
    do(session, "task", name="a", sigbus="handler")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "fork", task="a", child="b", sigbus="default")
    do(session, "poison", frame="a:m+0")
    assert [hit.task for hit in came(session).hits] == ["b:102", "a:101"]


def test_before_the_handler_begins_there_is_no_beginning_to_look_at() -> None:
    """madvise() faults the page in first, in steps of its own; one may stand among them."""
    session = Session.fresh(4096)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "poison", frame="a:m+0", via="madvise", task="a")
    operation, said = session.operations[-1], came(session)
    again = Session.fresh(4096)
    for one in session.operations:
        again.act(one.name, one.args)
    again.seek(operation.first)
    loss.note_beginning(again, again.operations[-1])
    again.seek(operation.last)
    assert came(again) == said


def broken_twice() -> Session:
    """The frame of an error that was withdrawn is mapped by `b` now; `a` has nothing of it any more."""
    session = Session.fresh(4096, profile="6.1", sysctl={"memory_failure_early_kill": 0})
    for name in ("a", "b"):
        do(session, "task", name=name)
        do(session, "mmap", task=name, name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    pfn = session.resolve_frame("a:m+0")
    do(session, "poison", frame="a:m+0")
    do(session, "unpoison", frame=f"pfn:{pfn:#x}")
    do(session, "write", task="b", at="m+0", value="y")
    assert session.resolve_frame("b:m+0") == pfn
    do(session, "poison", frame="b:m+0")
    return session


def mapped_by_madvise() -> Session:
    """madvise() faults the page in that it then breaks: the map from before the operation lacks it."""
    session = with_file()
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "poison", frame="b:m+0", via="madvise", task="b")
    return session


def faulted_in_by_madvise() -> Session:
    """The frame was free before the operation: its map is empty."""
    session = with_file()
    do(session, "poison", frame="b:m+0", via="madvise", task="b")
    return session


def tail_twice(profile: str, shared: bool, second: int) -> Session:
    """Two errors in tails of a huge page, or in one: the flag stands on its head, or on tails, too."""
    session = Session.fresh(4096, profile=profile, huge_pages=2, sysctl={"memory_failure_early_kill": 0})
    do(session, "task", name="a", sigbus="handler")
    do(session, "mmap", task="a", name="h", pages=512, huge="hugetlb", shared=shared)
    do(session, "write", task="a", at="h+0", value="h")
    do(session, "fork", task="a", child="b")
    head = session.resolve_frame("a:h+0")
    for tail in (3, second):
        do(session, "poison", frame=f"pfn:{head + tail:#x}")
    return session


@pytest.mark.parametrize("profile", ["v7", "6.1"])
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("second", [3, 5])
def test_a_second_error_of_a_huge_page_hits_those_whom_the_first_one_hit(
    profile: str, shared: bool, second: int
) -> None:
    session = tail_twice(profile, shared, second)
    before, after = (loss_of(session, operation) for operation in session.operations[-2:])
    assert before is not None and after is not None
    assert set(kinds(before)) == {"a:101", "b:102"}
    is_dissolved = profile == "6.1" and not shared  # the entries are of the first error, and name its head
    assert kinds(after) == ({} if is_dissolved else kinds(before))


def of_a_file() -> Session:
    session = with_file(early_kill=1)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "read", task="b", at="m+0")
    do(session, "poison", frame="/f@0")
    return session


@pytest.mark.parametrize(
    "build", [broken_twice, mapped_by_madvise, faulted_in_by_madvise, of_a_file, lambda: anonymous(1)]
)
@pytest.mark.parametrize("map_of", ["no frame", "the frame", "another frame"])
def test_the_beginning_is_the_same_whenever_and_with_whatever_map_it_is_looked_at(build, map_of: str) -> None:
    said = came(build())
    session = build()
    error, end = session.operations[-1], len(session.steps)
    assert error.outcome.pfn is not None
    for position in range(error.first, end + 1):
        session = build()
        error = session.operations[-1]
        session.seek(error.first)
        pfn = error.outcome.pfn if map_of == "the frame" else session.resolve_frame("any:slab")
        graph = None if map_of == "no frame" else reverse_map(session, pfn)
        session.seek(position)
        to_the_end(loss.find_beginning(session, error, graph))
        session.seek(end)
        assert came(session) == said, position


def test_what_has_no_frame_has_no_beginning() -> None:
    session = anonymous(1)
    do(session, "sysctl", name="memory_failure_early_kill", value=0)
    do(session, "poison", frame="pfn:0x1000")
    for operation in session.operations[-2:]:
        session.seek(operation.last)
        loss.note_beginning(session, operation)
        assert loss.hits_now(session, operation) == {}
    do(session, "sysctl", name="memory_failure_early_kill", value=1)
    assert impact_now(session, 0x1000) == {}


@pytest.mark.parametrize("profile", ["v7", "6.1"])
def test_a_page_that_stays_in_its_cache_waits_for_those_without_an_entry(profile: str) -> None:
    session = with_file("nofs", profile)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "poison", frame="/f@0")
    assert kinds(came(session)) == {"a:101": impacts.LATER, "b:102": impacts.LATER, "c:103": impacts.LATER}


def test_a_huge_page_that_stays_in_its_cache_is_known_by_its_head() -> None:
    session = Session.fresh(4096, profile="6.1", huge_pages=2, sysctl={"memory_failure_early_kill": 0})
    do(session, "file", path="/h", pages=512, filesystem="hugetlbfs")
    for name in ("a", "b"):
        do(session, "task", name=name)
        do(session, "mmap", task=name, name="h", pages=512, file="/h", shared=True)
    do(session, "read", task="a", at="h+0")
    do(session, "poison", frame="a:h+3")
    assert kinds(came(session)) == {"a:101": impacts.LATER, "b:102": impacts.LATER}


def test_entries_of_swap_lead_to_a_page_that_is_kept_in_the_swap_cache() -> None:
    """try_to_unmap() of 2009 leaves them for a page in the swap cache; a dirty one stays there, poisoned."""
    session = Session.fresh(4096, sysctl={"memory_failure_early_kill": 0})
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "fork", task="a", child="b")
    do(session, "madvise", task="a", at="m+0", pages=1, advice="pageout")
    do(session, "read", task="b", at="m+0")
    pfn = session.resolve_frame("b:m+0")
    session.machine.flags.load(pfn, session.flags(pfn) | pf.DIRTY)
    assert session.flags(pfn) & pf.SWAPCACHE
    do(session, "poison", frame=f"pfn:{pfn:#x}")
    assert session.operations[-1].outcome.result == "Delayed"
    assert kinds(came(session)) == {"a:101": impacts.LATER, "b:102": impacts.LATER}
    assert do(session, "read", task="b", at="m+0").signals


@pytest.mark.parametrize(
    "profile", [name for name, kernel in PROFILES.items() if kernel.runs("try_memory_failure_hugetlb")]
)
def test_of_a_private_huge_page_4_kib_go_out_of_use_and_2_mib_are_lost(profile: str) -> None:
    session = Session.fresh(4096, profile=profile, huge_pages=1, sysctl={"memory_failure_early_kill": 0})
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=512, huge="hugetlb")
    do(session, "write", task="a", at="m+3", value="x")
    m, pfn = session.machine, session.resolve_frame("a:m+3")
    do(session, "poison", frame="a:m+3")
    assert came(session).lost == "Lost: 2 MiB of anonymous memory of a:101."
    head = pfn & -512
    assert [frame for frame in range(head, head + 512) if m.page(frame) & pf.HWPOISON] == [pfn]
    assert not any(
        m.page(frame) & pf.HUGE or m.refcount.view[frame] for frame in range(head, head + 512) if frame != pfn
    )
    does = behaviour_of(m.profile.results.actions["me_huge_page"])
    assert "only 4 KiB go out of use" in does and "all 2 MiB is lost" in does


def test_who_is_signalled_for_a_vma_alone_is_named_apart() -> None:
    """collect_procs_file() takes all VMAs over the page, also that of `b`, which never touched it."""
    session = Session.fresh(4096, profile="6.1", sysctl={"memory_failure_early_kill": 1})
    do(session, "file", path="/srv/data", pages=1)
    for name in "ab":
        do(session, "task", name=name, sigbus="handler")
        do(session, "open", task=name, path="/srv/data", fd="f")
        do(session, "mmap", task=name, name="m", pages=1, file="/srv/data", fd="f", shared=True)
    do(session, "write", task="a", at="m+0", value="new")
    do(session, "poison", frame="a:m+0")
    loss, label = loss_of(session, session.operations[-1]), session.world.process("b").label
    assert loss is not None and loss.covering == (label,)
    facts = [fact.text for fact in ending_of(loss)]
    assert f"Signalled for a VMA over the page, without a PTE for it: {label}." in facts
