"""The printed outcome of a scenario: as text, and as JSON whose values hold when they are expected."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from hwpoison_gui.session.scenario import replay, shape
from hwpoison_gui.session.scenario.reader import load, loads
from hwpoison_gui.session.scenario.simulate import record, simulate
from tests.paths import DATA
from tests.session.scenario.texts import HEAD, MMAP, NEW, TASK, step

POISONED = TASK + MMAP + step("write", 'task = "a"\nat = "m+0"') + step("poison", 'frame = "a:m+0"')
CASES = sorted((DATA / "cases").glob("*/*.toml"))[::9]


def printed(text: str, as_json: bool = False) -> list[str]:
    out = io.StringIO()
    scenario = loads(text)
    simulate(replay.Story(replay.boot(scenario), scenario), out, as_json)
    return out.getvalue().splitlines()


def test_text_has_a_line_for_each_step_and_below_it_log_and_signals() -> None:
    lines = printed(HEAD + POISONED)
    assert lines[0] == "t  (profile v7, 4096 frames)"
    assert [line.split(" -> ")[0] for line in lines if line.startswith("step")] == [
        "step 1: task name=a",
        "step 2: mmap task=a name=m pages=2",
        "step 3: write task=a at=m+0",
        "step 4: poison frame=a:m+0",
    ]
    assert lines[-1] == "    SIGBUS BUS_MCEERR_AO at m+0 to a: killed"
    assert any(line.startswith("    MCE") for line in lines)


def test_words_that_would_not_read_back_are_quoted() -> None:
    (line,) = printed(HEAD + step("file", 'path = "/a b"\npages = 1\nhole = true'))[1:]
    assert line.startswith('step 1: file path="/a b" pages=1 hole=true -> returns 0')


def test_a_panic_and_a_failure_are_told_from_a_return() -> None:
    (line, *_) = printed(HEAD + "[sysctl]\nmemory_failure_recovery = 0\n" + step("poison", 'frame = "any:free"'))[1:]
    assert line.endswith("the machine stopped")
    (fails, *_) = printed(NEW + step("unpoison", 'frame = "any:out-of-range"'))[1:]
    assert fails.endswith("fails with EIO")


def test_json_is_one_object_per_step_with_only_the_keys_that_apply() -> None:
    task, *_, poison = (json.loads(line) for line in printed(HEAD + POISONED, as_json=True))
    assert (task["step"], task["op"], task["result"]) == (1, "task", "none")
    assert not task.keys() & {"kind", "dirty", "value", "flags_set", "mapcount"}
    assert poison["result"] == "Recovered" and "HWPOISON" in poison["flags_set"] and poison["dead"] == ["a"]
    (signal,) = poison["signals"]
    assert signal["at"] == "m+0" and signal["effect"] == "killed"


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_is_recorded_of_a_step_holds_as_its_expect(path: Path) -> None:
    scenario = load(path)
    session = replay.boot(scenario)
    records = [record(session, done) for done in replay.play(session, scenario)]
    for found in records:
        for key in ("step", "op", "pfn"):
            del found[key]
    steps = tuple(
        one._replace(expect=shape.expectation(found)) for one, found in zip(scenario.steps, records, strict=True)
    )
    again = scenario._replace(steps=steps)
    session = replay.boot(again)
    assert not [difference for done in replay.play(session, again) for difference in done.differences]
