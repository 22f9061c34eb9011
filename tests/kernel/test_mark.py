"""Marks: values by name, unique sites, and loops in runs."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel.mark import LONGEST_RUN, SHORTEST_STRETCH, SITES, Act, Mark, Run, in_runs, site, stretches
from hwpoison_gui.kernel.phases import REFERENCED
from tests.workbench import Workbench


def test_a_value_is_found_by_its_name() -> None:
    mark = Mark(REFERENCED, (3,), (7,))
    assert mark.value("count") == 3 and mark.act is Act.FLAG
    with pytest.raises(ValueError):
        mark.value("users")


def test_two_sites_cannot_have_one_id() -> None:
    with pytest.raises(ValueError, match="two sites are called get_page_unless_zero/in use"):
        site("get_page_unless_zero", Act.FLAG, "in use")
    assert all(SITES[one.id] is one for one in SITES.values())


@pytest.mark.parametrize("steps", (0, 1, LONGEST_RUN, LONGEST_RUN + 1, 2 * LONGEST_RUN + 3))
def test_each_step_of_a_run_ends_with_its_own_changes(steps: int) -> None:
    """Step n makes n % 3 changes; `ends` counts all changes by its end, those from before the run included."""
    m = Workbench().m
    m.add_to(m.counters, "before", 1)
    begin = len(m.gate.recorded)

    def loop() -> object:
        for number in range(steps):
            for _ in range(number % 3):
                m.add_to(m.counters, "changes", 1)
            yield Mark(REFERENCED, (number,), ())

    runs: list[Run] = list(in_runs(m.gate, loop()))  # type: ignore[arg-type]
    assert [len(run.marks) for run in runs] == [LONGEST_RUN] * (steps // LONGEST_RUN) + [steps % LONGEST_RUN] * (
        steps % LONGEST_RUN > 0
    )
    marks = [mark for run in runs for mark in run.marks]
    assert [mark.value("count") for mark in marks] == list(range(steps))
    ends = [end for run in runs for end in run.ends]
    assert [end - start for start, end in zip([begin, *ends], ends, strict=False)] == [n % 3 for n in range(steps)]


@pytest.mark.parametrize("length", (0, 1, 2, SHORTEST_STRETCH - 1, SHORTEST_STRETCH, LONGEST_RUN + 2, LONGEST_RUN + 3))
def test_the_first_and_the_last_of_a_loop_stand_alone(length: int) -> None:
    parts = list(stretches(range(length)))
    assert [thing for part in parts for thing in part] == list(range(length))
    sizes = [len(part) for part in parts]
    if length < SHORTEST_STRETCH:
        assert sizes == [1] * length
    else:
        assert sizes[0] == sizes[-1] == 1
        assert sizes[1:-1] == [min(length - 2, LONGEST_RUN), *[1] * (length - 2 > LONGEST_RUN)]
