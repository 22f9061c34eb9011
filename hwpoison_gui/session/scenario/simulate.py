"""Prints the outcome of each step of a scenario, as text or as JSON with the keys of `expect`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, TextIO

import numpy as np

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.page_flags import names_of
from hwpoison_gui.session.outcome import Outcome, SignalSeen
from hwpoison_gui.session.scenario import replay
from hwpoison_gui.session.scenario.replay import Done, Story
from hwpoison_gui.session.scenario.writer import non_defaults
from hwpoison_gui.session.session import Session
from hwpoison_gui.terminal import one_line


def simulate(story: Story, out: TextIO, as_json: bool = False) -> None:
    """Run the steps of a story and print each. JSON: one object per line."""
    session, scenario, notes = story
    if not as_json:
        frames = session.machine.frames
        print(f"{one_line(scenario.title)}  (profile {scenario.profile}, {frames} frames)", file=out)
        for note in notes:
            print(f"    note: {one_line(note)}", file=out)
        if not scenario.steps:
            print(f"    {_state(session)}", file=out)
    for done in replay.play(session, scenario):
        if as_json:
            print(json.dumps(record(session, done), ensure_ascii=False), file=out)
        else:
            print("\n".join(_lines(session, done)), file=out)


def _state(session: Session) -> str:
    """The machine in a line, where there is no step to tell of."""
    m = session.machine
    poisoned = int(np.count_nonzero(m.flags.view & np.uint64(pf.HWPOISON)))
    return (
        f"processes: {sum(1 for _ in m.living()):,}, frames with HWPOISON: {poisoned:,}, "
        f"HardwareCorrupted: {session.corrupted_kb()} kB"
    )


def record(session: Session, done: Done) -> dict[str, Any]:
    """The outcome of the step just run, as values for the keys of `expect`.

    Keys that do not apply are left out: no `value` without a read, no `kind` without a result.
    """
    step, outcome = done.step, done.outcome
    fields: dict[str, Any] = {
        "step": step.number,
        "op": step.op,
        "pfn": outcome.pfn,
        "result": outcome.result or "none",
    }
    if outcome.kind is not None:
        fields["kind"] = outcome.kind
        if session.machine.profile.has("result_says_dirty"):
            fields["dirty"] = outcome.dirty
    if not outcome.panic:  # the operation does not return
        fields["errno"] = outcome.errno
    if parts := session.operations[-1].parts:
        fields["frames"] = [_frame(part.outcome) for part in parts]
    if outcome.value is not None:
        fields["value"] = outcome.value
    fields["signals"] = [_signal(session, seen) for seen in outcome.signals]
    fields["log"] = list(outcome.log)
    if outcome.pfn is not None and "frame" in step.args:
        fields["flags_set"] = list(names_of(session.flags(outcome.pfn)))
        fields["mapcount"] = session.mapcount(outcome.pfn)
    if outcome.mce_kill is not None:
        fields["mce_kill"] = outcome.mce_kill
    fields["corrupted_kb"] = session.corrupted_kb()
    if session.machine.profile.has("memory_failure_stats"):
        fields["mf_stats"] = session.machine.mf_stats()
    fields.update(_tasks(session))
    fields["panic"] = outcome.panic
    if session.machine.profile.has("injection_filters"):
        fields["filtered"] = outcome.filtered
    return fields


def _frame(outcome: Outcome) -> dict[str, Any]:
    """Return the fields of one frame of a step on many frames."""
    found = {"pfn": outcome.pfn, "result": outcome.result or "none", "kind": outcome.kind}
    return {**found, "errno": None if outcome.panic else outcome.errno, "signals": len(outcome.signals)}


def _signal(session: Session, seen: SignalSeen) -> dict[str, Any]:
    at = session.address_name(seen.task, seen.addr)
    entry = {
        "task": seen.task,
        "thread": seen.thread,
        "signal": seen.signal,
        "code": seen.code,
        "at": at,
        "lsb": seen.lsb,
        "effect": seen.effect,
    }
    return {key: value for key, value in entry.items() if value is not None}


def _tasks(session: Session) -> dict[str, list[str]]:
    processes = session.machine.processes.view.values()
    return {
        "alive": [process.name for process in processes if not process.ended],
        "dead": [process.name for process in processes if process.ended],
    }


def _lines(session: Session, done: Done) -> list[str]:
    step, outcome = done.step, done.outcome
    keys = " ".join(f"{key}={_word(value)}" for key, value in non_defaults(step))
    parts = [part.outcome for part in session.operations[-1].parts]
    came = _came_of_many(parts) if parts else _came(session, outcome)
    lines = [f"step {step.number}: {step.op} {keys}".rstrip() + came]
    lines += [f"    frame {part.pfn:#x}{_came(session, part, named=True)}" for part in parts]
    lines += [f"    {line}" for line in outcome.log]
    for seen in outcome.signals:
        at = session.address_name(seen.task, seen.addr) or f"{seen.addr:#x}"
        thread = f" thread {seen.thread}" if seen.thread else ""
        lines.append(f"    {seen.signal} {seen.code} at {at} to {seen.task}{thread}: {seen.effect}")
    return lines


def _came_of_many(parts: Sequence[Outcome]) -> str:
    counts = Counter(map(_result, parts))
    return f" -> {', '.join(f'{count:,} {result}' for result, count in sorted(counts.items()))}"


def _result(part: Outcome) -> str:
    again = "already hardware poisoned" if part.already_poisoned else "without a result line"
    return "filtered" if part.filtered else part.result or again


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    plain = not isinstance(value, str) or (value.isprintable() and " " not in value and value != "")
    return str(value) if plain else json.dumps(value, ensure_ascii=False)


def _came(session: Session, outcome: Outcome, named: bool = False) -> str:
    """The second half of a step's line: page (unless it is `named` before), result, return value, value read."""
    said = []
    if outcome.pfn is not None and not named:
        said.append(f"pfn {outcome.pfn:#x}")
    if outcome.filtered:
        said.append("filtered")
    if outcome.result is not None:
        dirty = "dirty " if outcome.dirty and session.machine.profile.has("result_says_dirty") else ""
        said.append(f"{outcome.result} ({dirty}{outcome.kind})")
    if outcome.panic:
        said.append("the machine stopped")
    else:
        said.append(f"returns {outcome.errno}" if outcome.errno == 0 else f"fails with {outcome.errno}")
    if outcome.value is not None:
        said.append(f'reads "{outcome.value}"')
    return " -> " + ", ".join(said)
