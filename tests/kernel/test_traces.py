"""The path itself: the functions that steps name come in the order in which a real kernel entered them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwpoison_gui.session import replay
from hwpoison_gui.session.function_graph import Call, follow, parse
from hwpoison_gui.session.scenario import load

DATA = Path(__file__).parents[1] / "data"
TRACES = sorted((DATA / "traces").glob("*.txt"))

# What happens when the handler has returned: threads on their way to user space take their signals.
AFTERWARDS = {"handle_signal", "do_group_exit", "do_exit"}


def case_of(trace: Path) -> Path:
    """The scenario of a recording: the recorded case of that name, or the one beside it."""
    recorded = DATA / "cases" / "6.1"
    candidates = (recorded / f"trc_{trace.stem}.toml", recorded / f"{trace.stem}.toml", trace.with_suffix(".toml"))
    return next(path for path in candidates if path.exists())


def told(case: Path, root: str) -> list[str]:
    """Functions that the steps of the first injection name, from where the recording begins."""
    scenario = load(case)
    session = replay.boot(scenario)
    for done in replay.play(session, scenario):
        assert done.differences == ()
        if done.step.op in ("poison", "soft_offline"):
            break
    operation = session.operations[-1]
    functions = [step.mark.function for step in session.steps[operation.first : operation.last]]
    end = next((at for at, function in enumerate(functions) if function in AFTERWARDS), len(functions))
    return functions[functions.index(root) : end]


@pytest.mark.parametrize("trace", TRACES, ids=lambda path: path.stem)
def test_steps_follow_the_kernel(trace: Path) -> None:
    calls = parse(trace.read_text())
    functions = told(case_of(trace), calls[0].function)
    assert follow(calls, functions) is None
    assert len(functions) >= 6


@pytest.mark.parametrize("trace", TRACES, ids=lambda path: path.stem)
def test_a_function_that_was_not_entered_fails(trace: Path) -> None:
    """Wherever it is told; and so does a step too many, and steps in another order."""
    calls = parse(trace.read_text())
    functions = told(case_of(trace), calls[0].function)
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
