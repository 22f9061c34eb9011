"""Branches: a discarded future is kept, does again what it did, and does not pile up."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from random import Random

import pytest

from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session import branches
from hwpoison_gui.session.session import Session
from tests.workbench import do


@pytest.fixture
def session() -> Session:
    made = Session.fresh(4096)
    do(made, "task", name="a", sigbus="handler")
    do(made, "mmap", task="a", name="m", pages=4)
    do(made, "write", task="a", at="m+0", value="x")
    do(made, "poison", frame="a:m+0")
    do(made, "read", task="a", at="m+0")
    return made


def test_a_discarded_future_is_kept_and_reopened(session: Session) -> None:
    digest, steps = session.machine.gate.digest(), len(session.steps)
    outcomes = [operation.outcome for operation in session.operations]
    session.seek(session.operations[2].last)
    do(session, "write", task="a", at="m+1", value="y")
    (branch,) = session.branches.kept
    assert [past.name for past in branch.own] == ["poison", "read"] and branch.left_at == 3
    assert next(past.outcome.result for past in branch.own) == outcomes[3].result
    assert session.branches.leaving_at(session.operations) == {3: [branch]}
    session.reopen(branch.operations)
    assert session.machine.gate.digest() == digest and len(session.steps) == steps
    assert [operation.outcome for operation in session.operations] == outcomes
    (other,) = session.branches.kept
    assert [past.name for past in other.own] == ["write"]


def test_from_the_middle_of_an_operation_the_whole_of_it_stays(session: Session) -> None:
    session.seek(session.operations[3].first + 2)
    do(session, "write", task="a", at="m+1", value="y")
    (branch,) = session.branches.kept
    assert branch.left_at == 4 and [past.name for past in branch.own] == ["read"]


def test_doing_the_same_again_leaves_no_branch(session: Session) -> None:
    session.seek(session.operations[3].last)
    do(session, "read", task="a", at="m+0")
    assert not session.branches.kept


def test_a_longer_branch_takes_the_place_of_a_shorter_one(session: Session) -> None:
    def elsewhere() -> None:
        session.seek(session.operations[2].last)
        do(session, "write", task="a", at="m+1", value="y")

    elsewhere()
    line = session.branches.kept[0].operations
    session.reopen(line)
    do(session, "write", task="a", at="m+2", value="z")
    session.seek(session.operations[2].last)
    session.reopen([*session.line()[:3], *session.branches.kept[-1].own])
    elsewhere()
    names = sorted(len(branch.own) for branch in session.branches.kept)
    assert names == sorted(set(names)) and max(names) <= 3


def test_branches_are_limited(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(branches, "MOST_BRANCHES", 5)
    for number in range(12):
        session.seek(session.operations[2].last)
        do(session, "write", task="a", at="m+1", value=f"v{number}")
    assert len(session.branches.kept) == 5
    monkeypatch.setattr(branches, "MOST_OPERATIONS", 2)
    session.seek(session.operations[2].last)
    do(session, "write", task="a", at="m+2", value="w")
    assert sum(len(branch.own) for branch in session.branches.kept) <= 2


def plainly_shared(one: Sequence[branches.Inputs], other: Sequence[branches.Inputs]) -> int:
    pairs = zip(one, other, strict=False)
    return len(list(takewhile(lambda pair: (pair[0].name, pair[0].args) == (pair[1].name, pair[1].args), pairs)))


@pytest.mark.parametrize("seed", range(4))
def test_branches_leave_where_the_lines_differ_however_the_line_came_about(session: Session, seed: int) -> None:
    """Redone branches and spliced lines have equal arguments that are other objects, and the same ones elsewhere."""
    random = Random(seed)
    for _ in range(40):
        kept, line = session.branches.kept, session.line()
        what = random.random()
        if what < 0.5:
            do(session, "write", task="a", at=f"m+{random.randrange(3)}", value=random.choice("xy"))
        elif what < 0.8 or not kept:
            session.seek(session.operations[random.randrange(2, len(line))].last)
        elif what < 0.9:
            session.reopen(random.choice(kept).operations)
        else:
            own = random.choice(kept).own
            session.reopen([*line[: random.randrange(3, len(line) + 1)], *own])
        now = session.operations
        for common, those in session.branches.leaving_at(now).items():
            assert {plainly_shared(now, one.operations) for one in those} == {common}
            assert all(common < len(one.operations) for one in those)
    assert session.branches.kept


def test_on_a_recorded_machine() -> None:
    from hwpoison_gui import resources
    from hwpoison_gui.sources.recording import open_recording

    image = open_recording(resources.path("machines/victim_before.npz"))
    session = Session(machine_from_image(image, PROFILES["6.1"]))
    frame = session.resolve_frame("any:anon")
    do(session, "poison", frame=f"pfn:{frame:#x}")
    digest = session.machine.gate.digest()
    session.seek(0)
    do(session, "poison", frame=f"pfn:{frame + 1:#x}")
    session.reopen(session.branches.kept[0].operations)
    assert session.machine.gate.digest() == digest
