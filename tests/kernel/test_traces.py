"""The path itself: the functions that steps name come in the order in which a real kernel entered them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwpoison_gui.session.function_graph import Call, follow, parse
from hwpoison_gui.session.kernel_functions import all_known
from hwpoison_gui.session.recorded_paths import case_of, told

DATA = Path(__file__).parents[1] / "data"
TRACES = sorted((DATA / "traces").glob("*.txt"))

CASES = DATA / "cases" / "6.1"


def entered_and_told(trace: Path) -> tuple[list[Call], list[str]]:
    calls = parse(trace.read_text())
    return calls, told(case_of(trace, CASES), calls[0].function)


@pytest.mark.parametrize("trace", TRACES, ids=lambda path: path.stem)
def test_steps_follow_the_kernel(trace: Path) -> None:
    calls, functions = entered_and_told(trace)
    assert follow(calls, functions) is None
    assert len(functions) >= 6
    known = all_known()
    assert [function for function in functions if known.get(function) != "modelled"] == []


@pytest.mark.parametrize("trace", TRACES, ids=lambda path: path.stem)
def test_what_the_kernel_entered_is_accounted_for(trace: Path) -> None:
    """Modelled, folded into a neighbour, or left out with a reason: down to the callees of the callees."""
    calls, known = parse(trace.read_text()), all_known()
    near = {call.function for call in calls if call.depth <= calls[0].depth + 2}
    assert near - known.keys() == set()


@pytest.mark.parametrize("trace", TRACES, ids=lambda path: path.stem)
def test_a_function_that_was_not_entered_fails(trace: Path) -> None:
    """Wherever it is told; and so does a step too many, and steps in another order."""
    calls, functions = entered_and_told(trace)
    for at in range(len(functions) + 1):
        found = follow(calls, [*functions[:at], "me_unknown", *functions[at:]])
        assert found is not None and (found.step, found.function) == (at + 1, "me_unknown")
    assert follow(calls, [*functions, *functions[:3]]) is not None
    assert follow(calls, functions[::-1]) is not None


def test_there_are_recordings_of_all_sorts() -> None:
    assert len(TRACES) == 14


RECORDING = """\
# tracer: function_graph
 0)   oracle-126   |               |  memory_failure() {
 0)   oracle-126   |   1.521 us    |    pfn_to_online_page();
 0)   oracle-126   |               |    hwpoison_user_mappings() {
 0)   oracle-126   |               |      collect_procs.part.0() {
 0)   oracle-126   |   8.566 us    |        add_to_kill();
 0)   oracle-126   |   8.566 us    |        add_to_kill();
 0)   oracle-126   |   8.566 us    |      }
 0)   oracle-126   |               |      /* signal_generate: sig=7 errno=0 code=5 comm=w0 pid=128 grp=0 res=0 */
 0)   oracle-126   |   8.566 us    |      kill_proc();
 0)   oracle-126   |   8.566 us    |    }
 0)   oracle-126   |   1.521 us    |    action_result();
 0)   oracle-126   | ! 999.706 us  |  }
"""


def test_parse() -> None:
    assert parse(RECORDING) == [
        Call("memory_failure", 1, 7),
        Call("pfn_to_online_page", 2, 1),
        Call("hwpoison_user_mappings", 2, 6),
        Call("collect_procs", 3, 5),
        Call("add_to_kill", 4, 4),
        Call("add_to_kill", 4, 5),
        Call("kill_proc", 3, 6),
        Call("action_result", 2, 7),
    ]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("memory_failure memory_failure pfn_to_online_page memory_failure collect_procs action_result", None),
        ("memory_failure collect_procs add_to_kill collect_procs kill_proc memory_failure", None),
        ("add_to_kill add_to_kill", None),
        ("add_to_kill add_to_kill add_to_kill", "step 3: add_to_kill(): entered, but not after add_to_kill()"),
        ("add_to_kill collect_procs add_to_kill", None),
        ("collect_procs kill_proc collect_procs", "step 3: collect_procs(): entered, but not after kill_proc()"),
        ("kill_proc memory_failure kill_proc", "step 3: kill_proc(): entered, but not after memory_failure()"),
        ("kill_proc add_to_kill", "step 2: add_to_kill(): entered, but not after kill_proc()"),
        ("action_result hwpoison_user_mappings", "step 2: hwpoison_user_mappings(): entered, but not after"),
        ("memory_failure kill_procs", "step 2: kill_procs(): the kernel did not enter it"),
    ],
)
def test_follow(steps: str, said: str | None) -> None:
    found = follow(parse(RECORDING), steps.split())
    assert (found is None) if said is None else str(found).startswith(said)
