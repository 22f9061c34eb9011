"""What is predicted of a frame is what then happens: to the machine, to each user, and to what the page held."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from hwpoison_gui import resources
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session.fidelity.agreement import session_of
from hwpoison_gui.session.peek import at
from hwpoison_gui.session.scenario import replay
from hwpoison_gui.session.scenario.reader import load
from hwpoison_gui.session.session import Session
from hwpoison_gui.sources.recording import open_recording
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.outcome.assessment import Assessment
from hwpoison_gui.view.outcome.prediction import Prediction, find_predicted, predict
from tests.paths import DATA
from tests.programs import Kind, prepared, run
from tests.session.test_properties import EXAMPLES, PROGRAMS
from tests.truth import disagreements, kinds_of_frames
from tests.workbench import do

few = settings(
    max_examples=max(3, EXAMPLES // 8),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def assert_true(session: Session, pfns: list[int]) -> None:
    assessment = Assessment.of(session.machine)
    for pfn in pfns:
        wrong = list(disagreements(session, pfn, assessment))
        assert not wrong, (hex(pfn), pf.letters_of(session.machine.page(pfn)), wrong)


def one_of_each_kind(m: Machine) -> list[int]:
    used = (m.mapcount.view > 0) | ((m.flags.view & np.uint64(pf.LRU | pf.HWPOISON | pf.SWAPCACHE | pf.HUGE)) != 0)
    return [pfn for pfn in kinds_of_frames(m, 1) if used[pfn]]


@pytest.fixture(params=sorted(PROGRAMS), name="kind", scope="module", ids=lambda kind: f"{kind[0]}-{kind[1]}")
def _kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@few
@given(data=st.data())
def test_after_any_program_of_operations(kind: Kind, data: st.DataObject) -> None:
    session = prepared(kind)
    run(session, data.draw(PROGRAMS[kind]))
    assert_true(session, one_of_each_kind(session.machine))


@pytest.mark.parametrize("early_kill", [0, 1])
@pytest.mark.parametrize("profile", list(PROFILES))
def test_on_a_booted_machine(profile: str, early_kill: int) -> None:
    session = Session.fresh(4096, 3, "desktop", 0, profile, {"memory_failure_early_kill": early_kill})
    assert_true(session, kinds_of_frames(session.machine, 1)[::3])


def test_on_a_recorded_machine() -> None:
    session = session_of(open_recording(resources.path("machines/victim_before.npz"), hidden=False), stopped=False)
    do(session, "sysctl", name="memory_failure_early_kill", value=1)
    assert_true(session, kinds_of_frames(session.machine, 1)[::9])


CASES = DATA / "cases"
SOME = [file for profile in PROFILES for file in sorted((CASES / profile).glob("*.toml"))[5::15]]


@pytest.mark.parametrize("file", SOME, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_before_each_error_of_the_recorded_cases(file: Path) -> None:
    scenario = load(file)
    session = replay.boot(scenario)
    for step in scenario.steps:
        if step.op == "poison" and (pfn := session.resolve_frame(step.args["frame"])) < session.machine.frames:
            assert_true(session, [pfn])
        session.act(step.op, step.args)
        if session.machine.panicked:
            return


def users(profile: str = "6.1", early_kill: int = 0, **file: Any) -> Session:
    """`a` wrote page 0 of a file, `b` has it mapped too, `c` covers it with an area of its own."""
    session = Session.fresh(4096, profile=profile, sysctl={"memory_failure_early_kill": early_kill})
    do(session, "file", path="/f", pages=2, **file)
    for name in ("a", "b", "c"):
        do(session, "task", name=name)
        do(session, "mmap", task=name, name="m", pages=2, file="/f", shared=True)
    do(session, "write", task="a", at="m+0", value="new")
    do(session, "read", task="b", at="m+0")
    return session


def predicted(session: Session, frame: str) -> dict[str, str]:
    m = session.machine
    hits = predict(m, session.resolve_frame(frame)).hits
    return {m.processes.view[mm].name: way for way, mms in hits.items() for mm in mms}


@pytest.mark.parametrize(
    ("profile", "filesystem", "of_c"), [("v7", "ext4", "stale"), ("v7", "tmpfs", "zeros"), ("6.1", "tmpfs", "later")]
)
def test_an_area_without_an_entry(profile: str, filesystem: str, of_c: str) -> None:
    session = users(profile, filesystem=filesystem)
    assert predicted(session, "/f@0") == {"a": "later", "b": "later", "c": of_c}
    assert_true(session, [session.resolve_frame("/f@0")])


def test_a_file_of_memory_that_nobody_maps_waits_for_those_who_cover_it() -> None:
    session = users(filesystem="tmpfs")
    for name in ("a", "b"):
        do(session, "munmap", task=name, at="m+0", pages=2)
    assert predicted(session, "/f@0") == {"c": "later"}
    assert_true(session, [session.resolve_frame("/f@0")])


@pytest.mark.parametrize(
    ("sigbus", "way"), [("ignored", "stale"), ("blocked", "pending"), ("handler", "signalled"), ("default", "dead")]
)
def test_who_has_no_entry_is_told_all_the_same_and_only_ignoring_leaves_it_with_old_data(sigbus: str, way: str) -> None:
    session = users(early_kill=1)
    do(session, "sigaction", task="c", sigbus=sigbus)
    assert predicted(session, "/f@0")["c"] == way
    assert_true(session, [session.resolve_frame("/f@0")])


def test_a_second_signal_is_dropped_while_one_waits() -> None:
    session = users(early_kill=1)
    do(session, "write", task="a", at="m+1", value="new")
    do(session, "sigaction", task="a", sigbus="blocked")
    do(session, "poison", frame="/f@1")
    assert predicted(session, "/f@0")["a"] == "later"
    assert_true(session, [session.resolve_frame("/f@0")])


def test_a_copy_of_its_own_in_swap_is_not_the_page() -> None:
    session = Session.fresh(4096, profile="6.1")
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "fork", task="a", child="b")
    do(session, "write", task="b", at="m+0", value="y")
    do(session, "madvise", task="b", at="m+0", pages=1, advice="pageout")
    assert predicted(session, "a:m+0") == {"a": "later", "b": "safe"}
    assert_true(session, [session.resolve_frame("a:m+0")])


def test_merged_pages_stay_in_use() -> None:
    session = Session.fresh(4096, profile="6.1")
    for name in ("a", "b"):
        do(session, "task", name=name)
        do(session, "mmap", task=name, name="m", pages=1)
        do(session, "write", task=name, at="m+0", value="same")
    for name in ("a", "b"):
        do(session, "madvise", task=name, at="m+0", pages=1, advice="mergeable")
    assert predicted(session, "a:m+0") == {"a": "uses", "b": "uses"}
    assert_true(session, [session.resolve_frame("a:m+0")])


def test_the_errno_does_not_say_that_the_page_was_poisoned(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session.fresh(4096, profile="6.12")
    m = session.machine
    slab = int(np.flatnonzero(m.flags.view & np.uint64(pf.SLAB))[0])
    code = predict(m, slab).code
    exits = {by: exit_._replace(errno="EHWPOISON") for by, exit_ in m.profile.results.exits.items()}
    monkeypatch.setattr(m, "profile", replace(m.profile, results=replace(m.profile.results, exits=exits)))
    prediction = predict(m, slab)
    assert prediction.errno == "EHWPOISON" and prediction.code == code == outcomes.IGNORED


def test_small_entries_of_a_huge_page_are_not_told() -> None:
    session = Session.fresh(1 << 14, profile="6.1", sysctl={"memory_failure_early_kill": 1})
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="t", pages=512, huge="thp")
    do(session, "write", task="a", at="t+0", value="x")
    do(session, "fork", task="a", child="b")
    do(session, "write", task="b", at="t+1", value="y")
    frames = [session.resolve_frame("a:t+5"), session.resolve_frame("a:t+0")]
    assert sorted(predicted(session, "a:t+5").values()) == ["dead", "later"]
    assert_true(session, frames)


def test_a_huge_page_of_hugetlb_counts_as_one() -> None:
    session = Session.fresh(1 << 14, huge_pages=2, profile="6.1", sysctl={"memory_failure_early_kill": 1})
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="h", pages=512, huge="hugetlb", shared=True)
    do(session, "write", task="a", at="h+7", value="x")
    do(session, "fork", task="a", child="b")
    do(session, "read", task="b", at="h+7")
    assert predicted(session, "a:h+9") == {"a": "dead", "b": "dead"}
    assert_true(session, [session.resolve_frame("a:h+9"), session.resolve_frame("a:h+0")])


def test_who_was_cut_off_an_earlier_frame_of_the_page_is_not_hit_by_the_next() -> None:
    """`b` still has the hwpoison entry of the frame that broke; `a` has a new frame for the same page of the file.

    do_swap_page() knows the frame of a hwpoison entry, and try_to_unmap_one() leaves the entry as it is.
    """
    session = prepared(("v7", False))
    run(
        session,
        [
            ("poison", {"frame": "a:o+2", "via": "madvise", "task": "b"}),
            ("close", {"task": "a", "fd": "f"}),
            ("sysctl", {"name": "memory_failure_early_kill", "value": 0}),
            ("unlink", {"path": "/srv/data"}),
            ("read", {"task": "a", "at": "o+2"}),
        ],
    )
    assert "b" not in predicted(session, "a:o+2")
    assert_true(session, [session.resolve_frame("a:o+2")])


def test_a_withdrawn_error_is_not_one_of_the_page_that_has_the_frame_now() -> None:
    """`b` keeps its hwpoison entry when the frame is unpoisoned, freed and given to a page of a file."""
    session = Session.fresh(640, profile="6.1")
    do(session, "file", path="/f", pages=4)
    do(session, "task", name="a", sigbus="handler")
    do(session, "mmap", task="a", name="m", pages=4)
    do(session, "write", task="a", at="m+3", value="x")
    do(session, "mmap", task="a", name="n", pages=4, file="/f", shared=True)
    do(session, "fork", task="a", child="b")
    pfn = session.resolve_frame("a:m+3")
    do(session, "poison", frame="a:m+3", via="madvise", task="b")
    do(session, "unpoison", frame=f"pfn:{pfn:#x}")
    do(session, "read", task="b", at="n+0")
    assert session.resolve_frame("b:n+0") == pfn
    assert_true(session, [pfn])


def test_a_private_copy_is_not_the_page_of_the_file() -> None:
    """mlock() of a private mapping of a hole copies its pages; an error in the file is not one of the copies."""
    session = Session.fresh(640, profile="6.1")
    do(session, "file", path="/hole", pages=4, filesystem="tmpfs", hole=True)
    do(session, "task", name="e", mce_kill="late", sigbus="handler", sigsegv="handler", threads=3)
    do(session, "mmap", task="e", name="o", pages=3, file="/hole", locked=True)
    m = session.machine
    assert_true(session, [*m.page_cache.of(m.paths.view["/hole"]).values(), session.resolve_frame("e:o+0")])


def test_a_copy_made_before_is_not_hit() -> None:
    session = Session.fresh(640, profile="6.1")
    do(session, "task", name="a", sigbus="handler")
    do(session, "mmap", task="a", name="m", pages=4)
    do(session, "write", task="a", at="m+2", value="x")
    do(session, "fork", task="a", child="b")
    do(session, "write", task="a", at="m+2", value="A")
    do(session, "poison", frame="a:m+2", via="hard_offline")
    assert_true(session, [session.resolve_frame("b:m+2")])


def test_a_huge_page_that_broke_is_mapped_without_a_check_by_early_kernels() -> None:
    session = Session.fresh(4096, huge_pages=2)
    for name in ("a", "b"):
        do(session, "task", name=name)
    do(session, "file", path="/huge", pages=512, filesystem="hugetlbfs")
    for name in ("a", "b"):
        do(session, "mmap", task=name, name="h", pages=512, file="/huge", shared=True)
    do(session, "read", task="a", at="h+0")
    frames = [session.resolve_frame("a:h+0"), session.resolve_frame("a:h+5")]
    assert predicted(session, "a:h+0") == predicted(session, "a:h+5") == {"a": "uses", "b": "uses"}
    assert_true(session, frames)
    do(session, "poison", frame="a:h+0")
    assert not do(session, "read", task="b", at="h+0").signals


def test_shared_memory_under_writeback_keeps_what_was_written() -> None:
    """shmem_writepage() moves a page to the swap cache first, so that no disk has it while it is in the file."""
    session = Session.fresh(640)
    do(session, "file", path="/dev/shm/x", pages=4, filesystem="tmpfs")
    do(session, "task", name="a", sigbus="handler")
    do(session, "mmap", task="a", name="o", pages=4, file="/dev/shm/x", shared=True)
    do(session, "writeback", frame="/dev/shm/x@1")
    assert session.flags(session.resolve_frame("/dev/shm/x@1")) & pf.DIRTY
    assert_true(session, [session.resolve_frame("/dev/shm/x@1")])


def kept(session: Session, pfn: int) -> Prediction:
    return to_the_end(find_predicted(session, pfn))


def test_a_session_keeps_a_prediction_for_one_state_of_its_machine() -> None:
    session = users()
    pfn, before = session.resolve_frame("/f@0"), session.position
    first = kept(session, pfn)
    assert first == predict(session.machine, pfn) and kept(session, pfn) is first
    assert kept(session, pfn + 1) != first
    do(session, "munmap", task="b", at="m+0", pages=1)
    after = kept(session, pfn)
    assert after == predict(session.machine, pfn) != first
    position = session.position
    session.seek(before)
    assert kept(session, pfn) is first
    do(session, "munmap", task="a", at="m+0", pages=1)
    assert session.position == position and kept(session, pfn) == predict(session.machine, pfn) != after


def test_a_look_at_another_position_keeps_no_prediction() -> None:
    session = users()
    pfn, before = session.resolve_frame("/f@0"), session.position
    first = predict(session.machine, pfn)
    do(session, "munmap", task="b", at="m+0", pages=1)
    assert at(session, before, lambda: kept(session, pfn)) == first
    now = kept(session, pfn)
    assert now == predict(session.machine, pfn) != first
    assert at(session, before, lambda: kept(session, pfn)) == first
