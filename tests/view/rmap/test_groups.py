"""Users of a frame by the rows that they share: each is in one group, whether they are found in slices or at once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.rmap.graph import Mapping, ReverseMap
from hwpoison_gui.view.rmap.groups import GROUP_FROM, Mapper


def graph(tasks: Sequence[str]) -> ReverseMap:
    """A frame that each task maps twice."""
    mappers = tuple(
        Mapper(2 * n + half, n, 16 + half, n, task, "heap", "rw-p") for n, task in enumerate(tasks) for half in (0, 1)
    )
    return ReverseMap(7, kinds.KINDS[kinds.ANON], "UDl", Mapping("anon", "anon_vma 3", name="3"), mappers)


@pytest.mark.parametrize("tasks", [
    ["init"], [f"worker-{n}" for n in range(2000)],
    ["init", *["bash"] * GROUP_FROM, "sshd-1", "sshd-2", *(f"w{n}" for n in range(9))],
])  # fmt: skip
def test_each_user_is_in_one_group_and_the_groups_know_whom_they_hold(tasks: list[str]) -> None:
    at_once, sliced = graph(tasks), graph(tasks)
    to_the_end(sliced.grouping())
    assert sliced.__dict__["groups"] == at_once.groups
    held = [mapper for group in at_once.groups for mapper in group.mappers]
    assert sorted(held) == sorted(at_once.mappers)
    for group in at_once.groups:
        if group.label:
            assert group.vmas == {mapper.vma for mapper in group.mappers}
            assert group.tasks == {mapper.tgid for mapper in group.mappers}
            assert all(mapper.task.startswith(group.label) for mapper in group.mappers)


def test_groups_that_are_known_are_not_looked_for_again() -> None:
    one = graph(["init", *(f"w-{n}" for n in range(5000))])
    assert len(list(one.grouping())) > 5, "between them the window handles events"
    known = one.groups
    assert not list(one.grouping()) and one.groups is known
