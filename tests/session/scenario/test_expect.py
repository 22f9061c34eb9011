"""Comparison by `expect`: every key is reported when it does not hold, and only then."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.session.outcome import Outcome, SignalSeen
from hwpoison_gui.session.scenario import expect, replay
from hwpoison_gui.session.scenario.reader import loads
from hwpoison_gui.session.scenario.scenario import Scenario
from hwpoison_gui.session.session import Session

SET_UP = """
format = 1
title = "t"
[sysctl]
memory_failure_early_kill = 1
[[step]]
op = "task"
name = "a"
comm = "alpha"
sigbus = "handler"
threads = 2
[[step]]
op = "mmap"
task = "a"
name = "m"
pages = 2
[[step]]
op = "write"
task = "a"
at = "m+0"
value = "A"
[[step]]
op = "fork"
task = "a"
child = "b"
sigbus = "default"
"""
POISON = '[[step]]\nop = "poison"\nframe = "a:m+0"\n[step.expect]\n'
READ = '[[step]]\nop = "read"\ntask = "a"\nat = "m+0"\n[step.expect]\n'
AO = '{ task = "a", thread = 0, signal = "SIGBUS", code = "BUS_MCEERR_AO", at = "m+0", lsb = 12, effect = "handled" }'
KILLED = '{ task = "b", signal = "SIGBUS", code = "BUS_MCEERR_AO", at = "m+0", effect = "killed" }'
LOG = """log = [
    "MCE 0x{pfn}: Killing alpha:{pid:a} early due to hardware memory corruption",
    "MCE 0x{head}: Killing b:{pid:b/0} early due to hardware memory corruption",
    "MCE 0x{pfn}: dirty LRU page recovery: Recovered",
]"""


def differences(steps: str) -> list[expect.Difference]:
    scenario = loads(SET_UP + steps)
    session = replay.boot(scenario)
    return [difference for done in replay.play(session, scenario) for difference in done.differences]


def told(steps: str) -> list[tuple[str, str, str]]:
    return [(difference.key, difference.expected, difference.got) for difference in differences(steps)]


HOLDS = {
    "result": 'result = "Recovered"\nkind = "LRU"\ndirty = true\nerrno = 0',
    "signals in any order": f"signals = [{KILLED}, {AO}]",
    "signals with keys left out": 'signals = [{ effect = "handled" }, { at = "m+0" }]',
    "log": LOG,
    "parts of the log": 'log_contains = ["alpha:{pid:a} early", "{pfn}: dirty"]\nlog_lacks = ["Ignored"]',
    "flags": 'flags_set = ["HWPOISON", "DIRTY"]\nflags_clear = ["LRU", "SLAB"]\nmapcount = 0',
    "entries": 'pte = [{ task = "a", at = "m+0", is = "hwpoison" }, { task = "a", at = "m+1", is = "none" }]',
    "tasks": 'alive = ["a"]\ndead = ["b"]\ncorrupted_kb = 4\npanic = false',
}
DIFFERS = {
    "result": ('result = "Failed"', ("result", "Failed", "Recovered")),
    "no result": ('result = "none"', ("result", "none", "Recovered")),
    "kind": ('kind = "clean LRU"', ("kind", '"clean LRU"', '"LRU"')),
    "dirty": ("dirty = false", ("dirty", "false", "true")),
    "errno": ('errno = "EBUSY"', ("errno", "EBUSY", "0")),
    "mapcount": ("mapcount = 2", ("mapcount", "2", "0")),
    "corrupted_kb": ("corrupted_kb = 0", ("corrupted_kb", "0", "4")),
    "panic": ("panic = true", ("panic", "true", "false")),
    "alive": ('alive = ["a", "b"]', ("alive b", "alive", "dead")),
    "dead": ('dead = ["a"]', ("dead a", "dead", "alive")),
    "pte": ('pte = [{ task = "a", at = "m+0", is = "none" }]', ("pte a:m+0", "none", "hwpoison")),
    "no line": ("log = []", ("log[1]", "no further line", '"MCE 0x')),
    "another line": (LOG.replace("dirty LRU", "LRU"), ("log[3]", '"MCE 0x', '"MCE 0x')),
    "one line more": (LOG.replace("\n]", '\n    "more",\n]'), ("log[4]", '"more"', "no further line")),
    "no such part": ('log_contains = ["Failed"]', ("log_contains", '"Failed"', "MCE 0x")),
    "a part that is there": ('log_lacks = ["Recovered"]', ("log_lacks", 'no "Recovered"', '"MCE 0x')),
    "nobody": ("signals = []", ("signals", "nobody", "a SIGBUS BUS_MCEERR_AO at m+0 lsb 12 handled; b SIGBUS")),
    "somebody": (f"signals = [{AO}]", ("signals", "a SIGBUS BUS_MCEERR_AO at m+0 lsb 12 handled", "a SIGBUS")),
    "another address": (
        f"signals = [{AO.replace('m+0', 'm+1')}, {KILLED}]",
        ("signals", "a SIGBUS BUS_MCEERR_AO at m+1", "a SIGBUS BUS_MCEERR_AO at m+0"),
    ),
    "another thread": (
        f"signals = [{AO.replace('thread = 0', 'thread = 1')}, {KILLED}]",
        ("signals", "a/1 SIGBUS", "a SIGBUS"),
    ),
}


@pytest.mark.parametrize("said", HOLDS.values(), ids=HOLDS)
def test_what_holds_is_silent(said: str) -> None:
    assert differences(POISON + said) == []


@pytest.mark.parametrize(("said", "wanted"), DIFFERS.values(), ids=DIFFERS)
def test_what_differs_is_told(said: str, wanted: tuple[str, str, str]) -> None:
    (found,) = told(POISON + said)
    assert found[0] == wanted[0]
    assert found[1].startswith(wanted[1])
    assert found[2].startswith(wanted[2])


def test_flags_tell_only_what_is_wrong() -> None:
    set_, clear = told(POISON + 'flags_set = ["LRU", "HWPOISON"]\nflags_clear = ["DIRTY", "LRU"]')
    assert set_[:2] == ("flags_set", "LRU set")
    assert clear[:2] == ("flags_clear", "DIRTY clear")
    assert "HWPOISON" in set_[2].split()


def test_a_difference_is_one_line() -> None:
    (difference,) = differences(POISON + 'result = "Failed"')
    assert str(difference) == "step 5 (poison): result: expected Failed, got Recovered"


def test_the_address_of_a_step_fills_its_lines() -> None:
    fault = 'log = ["MCE: Killing alpha:{pid:a} due to hardware memory corruption fault at {addr}"]'
    assert differences(POISON + READ + fault) == []
    assert told(POISON + READ + fault.replace("{pid:a}", "{pid:a/1}"))[0][0] == "log[1]"


def test_values_policies_and_allocations() -> None:
    good = READ + 'value = "A"\nsignals = []\n'
    good += '[[step]]\nop = "prctl"\ntask = "a"\nthread = 1\nmce_kill = "late"\n[step.expect]\nmce_kill = "late"\n'
    good += '[[step]]\nop = "check"\ntask = "a"\nframe = "a:m+0"\n[step.expect]\nmce_kill = "default"\nmapcount = 2\n'
    good += '[[step]]\nop = "alloc"\nframes = 3\n[step.expect]\nnever_handed_out = ["a:m+0"]\n'
    assert differences(good) == []
    bad = good.replace('"A"', '"B"').replace('"late"\n[[', '"early"\n[[').replace("mapcount = 2", "mapcount = 1")
    assert told(bad) == [
        ("value", '"B"', '"A"'), ("mce_kill", "early", "late"), ("mapcount", "1", "2")
    ]  # fmt: skip


def test_pages_handed_out_are_told() -> None:
    text = '[[step]]\nop = "alloc"\nframes = 100000\n[step.expect]\nnever_handed_out = ["any:free"]\n'
    ((key, expected, got),) = told(text)
    assert (key, expected) == ("never_handed_out", "any:free to stay")
    assert got.endswith("handed out")


# Signals are matched one to one, whatever the order.


@pytest.fixture(scope="module")
def machine() -> tuple[Session, Scenario]:
    scenario = loads(SET_UP)
    session = replay.boot(scenario)
    for _ in replay.play(session, scenario):
        pass
    return session, scenario


TASKS, EFFECTS = ("a", "b"), ("handled", "killed")
SEEN = st.builds(
    SignalSeen, st.sampled_from(TASKS), st.integers(0, 1), st.just("SIGBUS"), st.just("BUS_MCEERR_AO"), st.just(4096),
    st.just(12), st.sampled_from(EFFECTS),
)  # fmt: skip
WANTED = st.fixed_dictionaries(
    {}, optional={"task": st.sampled_from(TASKS), "thread": st.integers(0, 1), "effect": st.sampled_from(EFFECTS)}
)


@given(st.lists(SEEN, max_size=5), st.lists(WANTED, max_size=5))
def test_signals_match_one_to_one(
    machine: tuple[Session, Scenario], seen: list[SignalSeen], wanted: list[dict[str, object]]
) -> None:
    """Against trying every order."""
    session, scenario = machine
    step = scenario.steps[0]._replace(op="check", args={}, expect={"signals": tuple(wanted)})
    found = expect.compare(session, expect.look(session, step), Outcome(op="check", signals=tuple(seen)))
    fits = len(seen) == len(wanted) and any(
        all(
            getattr(signal, key) == value
            for entry, signal in zip(wanted, order, strict=True)
            for key, value in entry.items()
        )
        for order in itertools.permutations(seen)
    )
    assert (found == ()) == fits
