"""The scenario that belongs to a recorded path, and the functions that its steps name."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.scenario import replay
from hwpoison_gui.session.scenario.reader import load

INJECTIONS: Final = ("poison", "soft_offline")

# Functions that run after the handler has returned: threads take their signals on their way to user space.
_AFTERWARDS: Final = {"handle_signal", "do_group_exit", "do_exit"}


def case_of(recording: Path, cases: Path) -> Path:
    """The recorded case of that name below `cases`, or the scenario next to the recording."""
    named = (cases / f"trc_{recording.stem}.toml", cases / f"{recording.stem}.toml", recording.with_suffix(".toml"))
    found = next((path for path in named if path.exists()), None)
    if found is None:
        raise ScenarioError("no scenario belongs to this recording", file=str(recording))
    return found


def functions_of_steps(case: Path, root: str) -> list[str]:
    """The functions of the steps of the first injection, from `root` until the handler returns."""
    scenario = load(case)
    session = replay.boot(scenario)
    for done in replay.play(session, scenario):
        if done.step.op in INJECTIONS:
            break
    operation = session.operations[-1]
    marks, called = session.steps.marks[operation.first : operation.last], session.machine.profile.called
    functions = [called(mark.site.function) for mark in marks]
    if root not in functions:
        raise ScenarioError(f"no step of the injection names {root}()", file=str(case))
    end = next((at for at, function in enumerate(functions) if function in _AFTERWARDS), len(functions))
    return functions[functions.index(root) : end]
