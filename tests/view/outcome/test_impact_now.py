"""How an error has hit each process by now: at its end, after touches, and wherever it is shown."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base import impacts
from hwpoison_gui.view.facts.frame_facts import facts_of
from hwpoison_gui.view.outcome.impact import is_free
from hwpoison_gui.view.outcome.impact_now import error_of, impact_now
from hwpoison_gui.view.walk.layout import Row
from hwpoison_gui.view.walk.news import news_of
from hwpoison_gui.view.walk.state import map_for, state_of
from hwpoison_gui.view.walk.words import row_words
from tests.workbench import do


def broken(profile: str = "v7") -> tuple[Session, int]:
    """Page 0 of a file was written and broke with early kill: one process for each way to be hit."""
    session = Session.fresh(4096, profile=profile, sysctl={"memory_failure_early_kill": 0})
    do(session, "file", path="/f", pages=2)
    # Names say what becomes of them. Who has no entry is not hit by the frame, but misses what was written.
    for name, sigbus, policy in (
        ("dead", "default", "early"), ("told", "handler", "early"), ("waits", "blocked", "early"),
        ("later", "default", "default"), ("caught", "handler", "default"), ("stale", "default", "default"),
        ("safe", "default", "default"),
    ):  # fmt: skip
        do(session, "task", name=name, sigbus=sigbus, mce_kill=policy)
        do(session, "mmap", task=name, name="m", pages=2, file="/f", shared=name != "safe")
        if name == "safe":
            do(session, "write", task=name, at="m+0", value="its own")
    for name in ("dead", "told", "waits", "later", "caught"):
        do(session, "write", task=name, at="m+0", value="new")
    pfn = session.resolve_frame("/f@0")
    do(session, "poison", frame=f"pfn:{pfn:#x}")
    return session, pfn


def told(session: Session, pfn: int) -> dict[str, str]:
    return {session.machine.processes.view[tgid].name: kind for tgid, kind in impact_now(session, pfn).items()}


AT_THE_END = {
    "dead": impacts.DEAD, "told": impacts.SIGNALLED, "waits": impacts.PENDING, "later": impacts.LATER,
    "caught": impacts.CAUGHT, "stale": impacts.STALE, "safe": impacts.SAFE,
}  # fmt: skip


def test_each_state_is_a_fact_at_the_end() -> None:
    session, pfn = broken()
    assert told(session, pfn) == AT_THE_END


def test_nothing_is_said_of_the_end_before_it_or_of_another_frame() -> None:
    session, pfn = broken()
    error = session.operations[-1]
    assert error_of(session, pfn) is error and not impact_now(session, pfn + 1)
    for position in range(error.first, error.last):
        session.seek(position)
        assert not impact_now(session, pfn)


def test_what_happens_afterwards_is_counted_in() -> None:
    session, pfn = broken()
    do(session, "read", task="later", at="m+0")
    do(session, "read", task="stale", at="m+0")
    do(session, "munmap", task="caught", at="m+0", pages=1)
    do(session, "exit", task="safe")
    do(session, "sigaction", task="waits", sigbus="handler")
    assert told(session, pfn) == {
        "dead": impacts.DEAD, "told": impacts.SIGNALLED, "waits": impacts.SIGNALLED, "later": impacts.DEAD,
        "stale": impacts.STALE,
    }  # fmt: skip
    session.seek(error.last if (error := error_of(session, pfn)) else 0)
    assert told(session, pfn) == AT_THE_END


def test_who_goes_back_and_does_something_else_is_told_of_that() -> None:
    session, pfn = broken()
    broke = session.operations[-1].last
    do(session, "munmap", task="later", at="m+0", pages=1)
    position = session.position
    assert "later" not in told(session, pfn) and "caught" in told(session, pfn)
    session.seek(broke)
    do(session, "munmap", task="caught", at="m+0", pages=1)
    assert session.position == position, "the two must not be told apart by their steps"
    assert "caught" not in told(session, pfn) and "later" in told(session, pfn)


def test_a_second_report_changes_nothing_and_an_error_taken_back_hits_nobody() -> None:
    session, pfn = broken()
    do(session, "poison", frame=f"pfn:{pfn:#x}")
    assert told(session, pfn) == AT_THE_END
    session = Session.fresh(4096, profile="6.1")
    do(session, "file", path="/f", pages=1)
    do(session, "task", name="a")
    do(session, "open", task="a", path="/f", fd="d")
    do(session, "pread", task="a", fd="d", page=0)
    pfn = session.resolve_frame("/f@0")
    do(session, "poison", frame=f"pfn:{pfn:#x}")
    assert error_of(session, pfn) is not None
    do(session, "unpoison", frame=f"pfn:{pfn:#x}")
    assert session.operations[-1].outcome.errno == 0 and error_of(session, pfn) is None


def test_of_an_error_taken_back_only_hwpoison_entries_are_left() -> None:
    session, pfn = broken("6.1")
    assert told(session, pfn)["stale"] == impacts.STALE
    assert do(session, "unpoison", frame=f"pfn:{pfn:#x}").errno == 0
    by_handler = dict.fromkeys(("told", "caught"), impacts.CAUGHT)
    assert told(session, pfn) == by_handler | dict.fromkeys(("waits", "later"), impacts.LATER)


def test_the_reverse_map_the_frame_panel_and_groups_say_so() -> None:
    session, pfn = broken()
    graph = map_for(session, pfn)
    assert graph is not None
    state = state_of(session, graph)
    said = {mapper.task: row_words(row, state, news_of(row, state))[0].partition("  ")[2]
            for mapper in graph.mappers for row in [Row((mapper,))]}  # fmt: skip
    assert said == {
        "dead:101": "SIGBUS (AO)", "told:102": "SIGBUS AO caught", "waits:103": "SIGBUS AO pending",
        "later:104": "dies on touch", "caught:105": "signalled on touch", "stale:106": "silently reads old data",
        "safe:107": "safe",
    }  # fmt: skip
    group = Row(graph.mappers, "all", folded=True)
    assert row_words(group, state, news_of(group, state))[0].endswith(
        "1 killed, 1 dies on touch, 1 signalled on touch, 1 reads old data, 1 safe"
    )
    lines = {fact.name: fact.value for fact in facts_of(session, pfn).hits}
    assert list(lines) == [impacts.IMPACTS[kind].meaning for kind in impacts.IMPACTS if kind in AT_THE_END.values()]
    assert lines["Silently reads old data from disk"] == "stale:106"


def test_nothing_is_said_in_the_middle_of_a_later_operation() -> None:
    session, pfn = broken()
    assert error_of(session, pfn) is session.operations[-1]
    do(session, "write", task="stale", at="m+1")
    following = session.operations[-1]
    assert following.last - following.first > 1
    session.seek(following.first + 1)
    assert error_of(session, pfn) is None and impact_now(session, pfn) == {}


def test_a_frame_is_free_wherever_an_allocator_holds_it() -> None:
    session = Session.fresh(8192, huge_pages=1)
    m = session.machine
    for kind in ("free", "free-inside", "free-pcp", "free-huge"):
        assert is_free(m, session.resolve_frame(f"any:{kind}")), kind
    assert is_free(m, session.resolve_frame("any:free-huge") + 511)
    assert not is_free(m, session.resolve_frame("any:slab"))


def private(profile: str = "6.1", pages: int = 2) -> Session:
    """`a` has written private memory, from page 0 on."""
    session = Session.fresh(4096, profile=profile, sysctl={"memory_failure_early_kill": 0})
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=pages)
    for page in range(pages):
        do(session, "write", task="a", at=f"m+{page}", value="x")
    return session


@pytest.mark.parametrize("profile", list(PROFILES))
def test_a_child_inherits_the_hwpoison_entry(profile: str) -> None:
    session = private(profile)
    pfn = session.resolve_frame("a:m+0")
    do(session, "poison", frame="a:m+0")
    do(session, "fork", task="a", child="b")
    assert told(session, pfn) == {"a": impacts.LATER, "b": impacts.LATER}


def test_a_hwpoison_entry_moves_along() -> None:
    session = private()
    pfn = session.resolve_frame("a:m+0")
    do(session, "poison", frame="a:m+0")
    do(session, "mremap", task="a", at="m+0", pages=2, name="n")
    assert told(session, pfn) == {"a": impacts.LATER}


def test_what_is_left_of_a_mapping_keeps_its_hwpoison_entry() -> None:
    session = private(pages=3)
    pfn = session.resolve_frame("a:m+2")
    do(session, "poison", frame="a:m+2")
    do(session, "munmap", task="a", at="m+0", pages=2)
    assert told(session, pfn) == {"a": impacts.LATER}
    do(session, "munmap", task="a", at="m+2", pages=1)
    assert told(session, pfn) == {}


def test_a_new_mapping_finds_what_the_file_has_kept() -> None:
    session = Session.fresh(4096, profile="6.1")
    do(session, "file", path="/f", pages=2, filesystem="tmpfs")
    do(session, "task", name="a")
    pfn = session.resolve_frame("/f@0")
    do(session, "poison", frame="/f@0")
    assert told(session, pfn) == {}
    do(session, "mmap", task="a", name="m", pages=2, file="/f", shared=True)
    assert told(session, pfn) == {"a": impacts.LATER}


@pytest.mark.parametrize("profile", list(PROFILES))
def test_a_page_that_madvise_faults_in_has_its_user(profile: str) -> None:
    session = Session.fresh(4096, profile=profile, sysctl={"memory_failure_early_kill": 0})
    do(session, "file", path="/f", pages=2)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=2, file="/f")
    do(session, "poison", frame="a:m+0", via="madvise", task="a")
    outcome = session.operations[-1].outcome
    assert outcome.result == "Recovered" and outcome.pfn is not None
    assert told(session, outcome.pfn) == {"a": impacts.SAFE}


def test_a_swap_entry_taken_away_hits_nobody() -> None:
    session = private()
    do(session, "madvise", task="a", at="m+0", pages=1, advice="pageout")
    do(session, "swapin", task="a", at="m+0")
    pfn = next(iter(session.machine.swap_cache.view.values()))
    session.machine.set_flags(pfn, pf.DIRTY)
    do(session, "poison", frame=f"pfn:{pfn:#x}")
    assert told(session, pfn) == {"a": impacts.LATER}
    do(session, "munmap", task="a", at="m+0", pages=1)
    assert told(session, pfn) == {}


def test_an_error_that_stopped_the_thread_leaves_the_page_to_others() -> None:
    """Without a valid return address memory_failure() is not called: a process that maps the page later uses it."""
    session = Session.fresh(4096, profile="6.1")
    do(session, "file", path="/f", pages=1)
    for name in ("a", "b"):
        do(session, "task", name=name)
        do(session, "mmap", task=name, name="m", pages=1, file="/f", shared=True)
    do(session, "read", task="a", at="m+0")
    pfn = session.resolve_frame("a:m+0")
    do(session, "poison", frame="a:m+0", via="srar", task="a", rip_valid=False)
    assert told(session, pfn) == {"a": impacts.DEAD, "b": impacts.USES}


def test_the_entry_of_a_dissolved_huge_page_is_not_that_of_a_frame_which_breaks_later() -> None:
    session = Session.fresh(4096, huge_pages=2, profile="6.1")
    for name in ("a", "b"):
        do(session, "task", name=name)
    do(session, "mmap", task="a", name="h", pages=512, huge="hugetlb")
    do(session, "read", task="a", at="h+1")
    pfn = session.resolve_frame("a:h+5")
    do(session, "poison", frame=f"pfn:{pfn:#x}")
    for later in (pfn + 1, pfn - 5):
        do(session, "poison", frame=f"pfn:{later:#x}")
    do(session, "fork", task="a", child="c")
    assert told(session, pfn) == {"a": impacts.LATER, "c": impacts.LATER}
    assert told(session, pfn + 1) == told(session, pfn - 5) == {}


def test_another_frame_of_the_file_that_broke_later_is_an_error_of_its_own() -> None:
    session = Session.fresh(4096, profile="6.1")
    do(session, "file", path="/f", pages=2, filesystem="tmpfs")
    for name in ("a", "b"):
        do(session, "task", name=name)
        do(session, "mmap", task=name, name="m", pages=2, file="/f", shared=True)
    first = session.resolve_frame("/f@0")
    do(session, "poison", frame="/f@0")
    do(session, "punch_hole", path="/f", page=0)
    do(session, "poison", frame="a:m+0", via="madvise", task="a")
    second = session.resolve_frame("/f@0")
    assert told(session, second) == {"a": impacts.LATER, "b": impacts.LATER}
    assert told(session, first) == {}


def test_a_huge_page_that_early_kernels_hand_out_again_is_used_by_who_maps_its_new_file() -> None:
    session = Session.fresh(4096, huge_pages=2)
    do(session, "file", path="/huge", pages=512, filesystem="hugetlbfs", hole=True)
    for name in ("a", "c"):
        do(session, "task", name=name)
    do(session, "mmap", task="a", name="h", pages=512, huge="hugetlb")
    do(session, "write", task="a", at="h+0", value="I")
    pfn = session.resolve_frame("a:h+511")
    do(session, "poison", frame="a:h+511")
    do(session, "munmap", task="a", at="h+0", pages=512)
    assert told(session, pfn) == {}
    for name in ("c", "a"):
        do(session, "mmap", task=name, name="n", pages=512, file="/huge", shared=True)
        do(session, "write", task="c", at="n+511", value="H")
    assert session.resolve_frame("c:n+511") == pfn
    assert told(session, pfn) == {"a": impacts.USES, "c": impacts.USES}


def test_views_of_several_frames_do_not_drop_each_others_answers() -> None:
    session, first = broken()
    do(session, "write", task="told", at="m+1")
    second = session.resolve_frame("/f@1")
    do(session, "poison", frame=f"pfn:{second:#x}")
    of_first, of_second = impact_now(session, first), impact_now(session, second)
    assert of_first is not of_second
    assert impact_now(session, first) is of_first, "asked again at the same position"


def test_who_was_not_signalled_is_hit_as_it_would_be_by_now() -> None:
    """A handler installed since catches the next touch; who has unmapped the file will never read it."""
    session, pfn = broken()
    do(session, "sigaction", task="later", sigbus="handler")
    do(session, "munmap", task="stale", at="m+0", pages=2)
    assert told(session, pfn) == {
        name: impacts.CAUGHT if name == "later" else kind for name, kind in AT_THE_END.items() if name != "stale"
    }


@pytest.mark.parametrize(("path", "offset"), [("/g", 0), ("/f", 1)])
def test_who_has_something_else_there_by_now_is_safe(path: str, offset: int) -> None:
    """At the old address: another file, or another page of the same one."""
    session, pfn = broken()
    do(session, "file", path="/g", pages=4)
    do(session, "munmap", task="later", at="m+0", pages=2)
    do(session, "mmap", task="later", name="n", pages=2, file=path, offset=offset, shared=True, fixed="m+0")
    assert told(session, pfn)["later"] == impacts.SAFE


@pytest.mark.parametrize("path", ["/f", "/dev/shm/f"])
def test_who_has_not_read_old_data_is_safe_once_it_is_written_anew(path: str) -> None:
    """`b` reads the page after the error, `c` only after `d` has written to it again."""
    session, pfn = lost(path)
    old = told(session, pfn)["b"]
    assert old in (impacts.STALE, impacts.ZEROS) and told(session, pfn)["c"] == old
    do(session, "read", task="b", at="m+0")
    do(session, "write", task="d", at="m+0", value="newer")
    assert told(session, pfn)["b"] == old
    assert do(session, "read", task="c", at="m+0").value == "newer"
    session.seek(session.operations[-1].first)
    assert told(session, pfn)["c"] == impacts.SAFE


def test_old_data_is_of_the_error_that_lost_what_was_newer() -> None:
    """`b` reads the page after it was lost a second time, and not after the first."""
    session, first = lost("/f")
    do(session, "write", task="c", at="m+0", value="newer")
    second = session.resolve_frame("/f@0")
    do(session, "poison", frame=f"pfn:{second:#x}")
    assert do(session, "read", task="b", at="m+0").value == "disk"
    do(session, "write", task="d", at="m+0", value="newest")
    assert (told(session, first)["b"], told(session, second)["b"]) == (impacts.SAFE, impacts.STALE)


def test_who_has_read_old_data_may_read_zeros_by_now() -> None:
    session, pfn = lost("/f")
    do(session, "read", task="b", at="m+0")
    do(session, "truncate", path="/f", pages=0)
    do(session, "truncate", path="/f", pages=1)
    assert told(session, pfn)["b"] == impacts.ZEROS


def lost(path: str) -> tuple[Session, int]:
    """Four processes share a page of a file; what `a` wrote to it is lost with its frame, under late kill."""
    session = Session.fresh(4096, profile="v7", sysctl={"memory_failure_early_kill": 0})
    do(session, "file", path=path, pages=1, filesystem="tmpfs" if "shm" in path else "ext4")
    for name in "abcd":
        do(session, "task", name=name, sigbus="handler")
        do(session, "open", task=name, path=path, fd="d")
        do(session, "mmap", task=name, name="m", pages=1, file=path, fd="d", shared=True)
    do(session, "write", task="a", at="m+0", value="new")
    pfn = session.resolve_frame(f"{path}@0")
    do(session, "poison", frame=f"pfn:{pfn:#x}")
    return session, pfn


def test_beyond_the_end_of_the_file_the_touch_is_not_of_the_error() -> None:
    """A truncated file has no such page; extended again it has a hole there, not what the disk had before."""
    session, pfn = broken()
    assert told(session, pfn)["stale"] == impacts.STALE
    do(session, "truncate", path="/f", pages=0)
    assert "stale" not in told(session, pfn)
    do(session, "truncate", path="/f", pages=2)
    assert told(session, pfn)["stale"] == impacts.ZEROS


def test_a_huge_page_that_broke_may_be_another_page_of_another_file_by_now() -> None:
    """2.6.32 hands it out again, and maps it without a look at PG_hwpoison."""
    session = Session.fresh(4096, huge_pages=2, sysctl={"memory_failure_early_kill": 0})
    do(session, "file", path="/old", pages=1024, filesystem="hugetlbfs")
    for name in ("a", "b", "c"):
        do(session, "task", name=name)
    do(session, "mmap", task="a", name="h", pages=1024, file="/old", shared=True)
    do(session, "read", task="a", at="h+512")
    pfn = session.resolve_frame("a:h+515")
    do(session, "poison", frame=f"pfn:{pfn:#x}")
    do(session, "munmap", task="a", at="h+0", pages=1024)
    do(session, "truncate", path="/old", pages=0)
    do(session, "file", path="/new", pages=512, filesystem="hugetlbfs")
    do(session, "truncate", path="/new", pages=1536)
    for name in ("b", "c"):
        do(session, "mmap", task=name, name="h", pages=512, file="/new", offset=1024, shared=True)
    do(session, "read", task="b", at="h+0")
    assert session.resolve_frame("b:h+3") == pfn
    assert told(session, pfn) == {"b": impacts.USES, "c": impacts.USES}


def test_errors_that_broke_nothing_do_not_hide_the_one_that_did() -> None:
    session = private()
    pfn = session.resolve_frame("a:m+0")
    do(session, "poison", frame="a:m+0")
    error = session.operations[-1]

    def report_again() -> None:
        assert do(session, "poison", frame="a:m+0", via="madvise", task="a").errno == "EFAULT"
        do(session, "debugfs", name="corrupt-filter-enable", value=1)
        assert do(session, "poison", frame=f"pfn:{pfn:#x}").filtered
        do(session, "debugfs", name="corrupt-filter-enable", value=0)

    do(session, "debugfs", name="corrupt-filter-memcg", value=99)
    report_again()
    assert error_of(session, pfn) is error and told(session, pfn) == {"a": impacts.LATER}
    do(session, "unpoison", frame=f"pfn:{pfn:#x}")
    assert error_of(session, pfn) is None and told(session, pfn) == {"a": impacts.LATER}
    report_again()
    assert error_of(session, pfn) is None and told(session, pfn) == {"a": impacts.LATER}, "its entry is left"


def test_after_a_panic_nobody_touches_anything() -> None:
    session = Session.fresh(4096, sysctl={"memory_failure_recovery": 0})
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0")
    pfn = session.resolve_frame("a:m+0")
    assert do(session, "poison", frame="a:m+0").panic
    assert impact_now(session, pfn) == {}
    do(session, "check", task="a")
    assert impact_now(session, pfn) == {}
