"""An operation on many frames: it is what the same operations on one frame each would be, and one for the timeline."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session import grammar, many
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.scenario.reader import loads
from hwpoison_gui.session.scenario.scenario import Memory, Scenario
from hwpoison_gui.session.scenario.transcript import steps_of
from hwpoison_gui.session.scenario.writer import dumps
from hwpoison_gui.session.session import Session
from tests.workbench import do

PFNS = st.lists(st.integers(0, 4095), min_size=1, max_size=40, unique=True)


def busy(profile: str = "6.1", **sysctl: int) -> Session:
    """Two processes share anonymous pages and a dirty file."""
    session = Session.fresh(4096, profile=profile, sysctl=sysctl)
    do(session, "task", name="a", sigbus="handler")
    do(session, "file", path="f", pages=8)
    do(session, "mmap", task="a", name="m", pages=16)
    do(session, "mmap", task="a", name="s", pages=8, file="f", shared=True)
    for page in range(16):
        do(session, "write", task="a", at=f"m+{page}")
    for page in range(8):
        do(session, "write", task="a", at=f"s+{page}")
    do(session, "fork", task="a", child="b", sigbus="default")
    return session


@given(PFNS)
def test_ranges_name_the_frames_in_their_order(pfns: list[int]) -> None:
    entries = many.ranges_of(pfns)
    assert many.frames_of(entries, 4096, lambda text, key: None) == tuple(pfns)
    assert many.named({"frames": entries}) == len(pfns)


def test_frames_at_equal_distances_are_one_range() -> None:
    assert many.ranges_of(range(0x1000, 0x1200)) == ("0x1000+0x200",)
    assert many.ranges_of(range(0x10, 0x50, 8)) == ("0x10+0x39/0x8",)
    assert many.ranges_of([1, 2, 3, 7, 9, 20, 19]) == ("0x1+0x3", "0x7", "0x9", "0x14", "0x13")
    assert grammar.parse_frames("0x10+0x40/8") == range(0x10, 0x50, 8)
    assert grammar.parse_frames("16") == range(16, 17)


def _changes(session: Session) -> list[list[str]]:
    """The changes of each step, their stores by name."""
    return [[repr((store.name, *rest)) for store, *rest in step.changes] for step in session.steps]


@pytest.mark.parametrize("profile", list(PROFILES))
@pytest.mark.parametrize("early", [0, 1])
def test_many_are_as_one_by_one(profile: str, early: int) -> None:
    at_once, singly = busy(profile, memory_failure_early_kill=early), busy(profile, memory_failure_early_kill=early)
    frames = ("a:m+0", "a:m+3", "a:s+1", "a:s+2", "any:free", "any:slab", "any:pgtable")
    pfns = [singly.resolve_frame(frame) for frame in frames]
    do(at_once, "poison", frames=list(frames))
    for pfn in pfns:
        do(singly, "poison", frame=f"pfn:{pfn:#x}")
    assert at_once.machine.gate.digest() == singly.machine.gate.digest()
    whole = at_once.operations[-1]
    assert [part.outcome for part in whole.parts] == [one.outcome for one in singly.operations[-len(pfns) :]]
    assert list(at_once.steps.marks) == list(singly.steps.marks)
    assert _changes(at_once) == _changes(singly)
    ends = [part.last for part in whole.parts]
    assert [part.first for part in whole.parts] == [whole.first, *ends[:-1]] and ends[-1] == whole.last
    assert [at_once.part_at(end) for end in ends] == list(whole.parts)
    for end in ends:
        assert next(at_once.parts(end)) is at_once.part_at(end)
    for number, pfn in enumerate(pfns):
        assert list(at_once.parts(pfn=pfn)) == [whole.parts[number]]
        assert list(at_once.parts(ends[number] - 1, pfn)) == []


def test_it_is_one_operation_of_the_timeline() -> None:
    session = busy()
    before, digest = len(session.operations), session.machine.gate.digest()
    outcome = do(session, "poison", frames=["a:m+0", "a:m+1"])
    assert len(session.operations) == before + 1
    assert (outcome.result, outcome.errno, outcome.pfn) == ("Recovered", 0, session.operations[-1].parts[0].outcome.pfn)
    assert [part.outcome.op for part in session.parts()][:2] == ["poison", "poison"]
    session.seek(session.operations[-1].first)
    assert session.machine.gate.digest() == digest
    do(session, "write", task="a", at="m+2", value="x")
    (branch,) = session.branches.kept
    session.reopen(branch.operations)
    assert [len(one.parts) for one in session.operations[-1:]] == [2]


def test_results_that_differ_are_no_result_of_all() -> None:
    session = busy()
    outcome = do(session, "poison", frames=["any:free", "any:slab"])
    assert (outcome.result, outcome.kind, outcome.errno) == (None, None, "EBUSY")
    assert [part.outcome.result for part in session.operations[-1].parts] == ["Recovered", "Ignored"]


def test_what_is_recorded_so_far_is_counted_in_frames() -> None:
    session = busy()
    recording = session.begin("poison", {"frames": ("a:m+0", "any:free"), "via": "corrupt-pfn", "thread": 0})
    assert len(recording.parts) == 0
    recording.advance()
    assert len(recording.parts) == 2 and len(session.operations[-1].parts) == 2


def test_a_panic_ends_it() -> None:
    session = busy(memory_failure_recovery=0)
    outcome = do(session, "poison", frames=["any:free", "any:slab", "a:m+0"])
    assert outcome.panic and len(session.operations[-1].parts) == 1


def test_what_cannot_run_changes_nothing() -> None:
    session = busy()
    digest, steps = session.machine.gate.digest(), len(session.steps)
    for frames in (["0xff0+0x20"], ["0x10", "0x8+0x10"], ["a:m+0", "a:m+99"], [f"0+{4096}", "5"]):
        with pytest.raises(ScenarioError) as refused:
            do(session, "poison", frames=frames)
        assert (refused.value.key or "").startswith("frames")
    with pytest.raises(ScenarioError, match="a process cannot map"):  # half-way: the frames before are whole again
        do(session, "poison", frames=["a:m+0", "any:free"], via="madvise", task="a")
    assert session.machine.gate.digest() == digest and len(session.steps) == steps


def test_it_is_saved_as_it_was_asked_for() -> None:
    session = busy()
    do(session, "soft_offline", frames="0x800+0x40/0x10")
    do(session, "poison", frames=["a:m+0", "0x900+3"])
    saved = Scenario("t", profile="6.1", memory=Memory(4096), steps=steps_of(session.operations))
    text = dumps(saved)
    assert 'frames = "0x800+0x40/0x10"' in text and 'frames = ["a:m+0", "0x900+3"]' in text
    assert loads(text) == saved
    numbers = loads(text.replace('"a:m+0", "0x900+3"', '"a:m+0", 0x900, 0x901, 2306'))
    assert numbers.steps[-1].args["frames"] == ("a:m+0", "0x900", "0x901", "0x902")
