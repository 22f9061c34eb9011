"""Recordings of the function_graph tracer: how they are read, and what it means to follow one."""

from __future__ import annotations

import pytest

from hwpoison_gui.session.fidelity.function_graph import Call, follow, parse

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
