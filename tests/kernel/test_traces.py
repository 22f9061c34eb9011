"""The path itself: the functions that steps name come in the order in which a real kernel entered them."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from hwpoison_gui.session.fidelity.function_graph import Call, follow, parse, root_of
from hwpoison_gui.session.fidelity.kernel_functions import all_known
from hwpoison_gui.session.fidelity.recorded_paths import case_of, functions_of_steps
from tests.paths import DATA

TRACES = sorted((DATA / "traces").glob("*/*.txt"))


def name_of(trace: Path) -> str:
    return f"{trace.parent.name}-{trace.stem}"


@cache
def entered(trace: Path) -> list[Call]:
    return parse(trace.read_text())


def entered_and_told(trace: Path) -> tuple[list[Call], list[str]]:
    calls = entered(trace)
    return calls, functions_of_steps(case_of(trace, DATA / "cases" / trace.parent.name), root_of(calls).function)


@pytest.mark.parametrize("trace", TRACES, ids=name_of)
def test_steps_follow_the_kernel(trace: Path) -> None:
    calls, functions = entered_and_told(trace)
    assert follow(calls, functions) is None
    assert len(functions) >= 6
    known = all_known()
    assert [function for function in functions if known.get(function) != "modelled"] == []


@pytest.mark.parametrize("trace", TRACES, ids=name_of)
def test_what_the_kernel_entered_is_accounted_for(trace: Path) -> None:
    """Modelled, folded into a neighbour, or left out with a reason: down to the callees of the callees."""
    calls, known = entered(trace), all_known()
    near = {call.function for call in calls if call.depth <= root_of(calls).depth + 2}
    assert near - known.keys() == set()


@pytest.mark.parametrize("trace", TRACES, ids=name_of)
def test_a_function_that_was_not_entered_fails(trace: Path) -> None:
    """Wherever it is told; and so does a step too many, and steps in another order."""
    calls, functions = entered_and_told(trace)
    for at in range(len(functions) + 1):
        found = follow(calls, [*functions[:at], "me_unknown", *functions[at:]])
        assert found is not None and (found.step, found.function) == (at + 1, "me_unknown")
    assert follow(calls, [*functions, *functions[:3]]) is not None
    assert follow(calls, functions[::-1]) is not None


def test_there_are_recordings_of_all_sorts() -> None:
    assert Counter(trace.parent.name for trace in TRACES) == {"6.1": 14, "6.12": 14, "7.2": 14}
