"""Compares the outcome of a step with its `expect`. Each difference is a value, printed in one line.

Names in `expect` are resolved before the step if they exist then (it may unmap a VMA or kill a task), else after it.
Keys that are not given are not compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hwpoison_gui.kernel.page_flags import names_of
from hwpoison_gui.record import Record
from hwpoison_gui.session import grammar
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.outcome import Outcome, SignalSeen
from hwpoison_gui.session.scenario.scenario import ScenarioStep
from hwpoison_gui.session.session import Session


class Difference(Record):
    """A key of `expect` that does not hold."""

    step: int
    op: str
    key: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"step {self.step} ({self.op}): {self.key}: expected {self.expected}, got {self.got}"


class _Mismatch(Record):
    """A mismatch not yet attributed to a step."""

    key: str
    expected: str
    got: str


@dataclass(slots=True)
class Before:
    """The names of a step and its `expect`, as resolved before the step. `frames` by the text of the page."""

    step: ScenarioStep
    addresses: dict[tuple[str, str], int] = field(default_factory=dict)
    tids: dict[tuple[str, int], int] = field(default_factory=dict)
    frames: dict[str, int] = field(default_factory=dict)


def look(session: Session, step: ScenarioStep) -> Before:
    """Resolve the names of a step; call it before the step runs. Raises ScenarioError for an unknown page."""
    before = Before(step)
    for task, at in _addresses(step):
        address = _address(session, task, at)
        if address is not None:
            before.addresses[task, at] = address
    for name, thread in _threads(step):
        tid = session.tid_of(name, thread)
        if tid is not None:
            before.tids[name, thread] = tid
    for text in step.expect.get("never_handed_out", ()):
        before.frames[text] = session.resolve_frame(text)
    return before


def compare(session: Session, before: Before, outcome: Outcome) -> tuple[Difference, ...]:
    """The differences between `outcome`, with the machine after it, and the step's `expect`."""
    step = before.step
    asked = _Asked(session, before, outcome)
    return tuple(
        Difference(step.number, step.op, *mismatch)
        for key, wanted in step.expect.items()
        for mismatch in _HOW[key](asked, key, wanted)
    )


class _Asked:
    """A completed step, with the names that `expect` uses resolved."""

    def __init__(self, session: Session, before: Before, outcome: Outcome) -> None:
        self.session = session
        self.outcome = outcome
        self.before = before

    def address(self, task: str, at: str) -> int | None:
        """The virtual address, in bytes, of `at` before the step, or after it if the step created the name."""
        address = self.before.addresses.get((task, at))
        return _address(self.session, task, at) if address is None else address

    def filled(self, line: str) -> str:
        """A log line with its placeholders replaced."""
        return grammar.PLACEHOLDER.sub(lambda found: self._filling(found[1]), line)

    def _filling(self, inside: str) -> str:
        args = self.before.step.args
        if inside == "addr":
            address = self.address(args["task"], args["at"])
            return "{addr}" if address is None else f"{address:x}"
        if inside in ("pfn", "head"):
            pfn = self.outcome.pfn if inside == "pfn" or self.outcome.head is None else self.outcome.head
            return f"{{{inside}}}" if pfn is None else f"{pfn:x}"
        whose = grammar.split_thread(inside.removeprefix("pid:"))
        assert whose is not None, inside
        if whose == (args.get("task"), 0) and self.before.step.op in ("read", "write"):
            # The fault path names the thread that touched the page (arch/x86/mm/fault.c, do_sigbus(): tsk->pid).
            whose = (whose[0], args["thread"])
        tid = self.before.tids.get(whose) or self.session.tid_of(*whose)
        return f"{{{inside}}}" if tid is None else str(tid)


def _address(session: Session, task: str, at: str) -> int | None:
    try:
        return session.resolve_address(task, at)
    except ScenarioError:
        return None  # the step creates it, or the task is gone


def _addresses(step: ScenarioStep) -> Iterator[tuple[str, str]]:
    if "task" in step.args and "at" in step.args:
        yield step.args["task"], step.args["at"]
    for entry in step.expect.get("signals", ()):
        if "task" in entry and "at" in entry:
            yield entry["task"], entry["at"]


def _threads(step: ScenarioStep) -> Iterator[tuple[str, int]]:
    for key in ("log", "log_contains", "log_lacks"):
        for line in step.expect.get(key, ()):
            for found in grammar.PLACEHOLDER.finditer(line):
                whose = grammar.split_thread(found[1].removeprefix("pid:"))
                if found[1].startswith("pid:") and whose is not None:
                    yield whose


# One value


def _word(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _quoted(value: str | None) -> str:
    return "none" if value is None else f'"{value}"'


def _same(key: str, wanted: object, got: object) -> Iterator[_Mismatch]:
    if wanted != got:
        yield _Mismatch(key, _word(wanted), _word(got))


def _result(asked: _Asked, key: str, wanted: str) -> Iterator[_Mismatch]:
    return _same(key, wanted, asked.outcome.result or "none")


def _text(asked: _Asked, key: str, wanted: str) -> Iterator[_Mismatch]:
    got = getattr(asked.outcome, key)
    if wanted != got:
        yield _Mismatch(key, _quoted(wanted), _quoted(got))


def _of_outcome(asked: _Asked, key: str, wanted: object) -> Iterator[_Mismatch]:
    return _same(key, wanted, getattr(asked.outcome, key))


def _corrupted_kb(asked: _Asked, key: str, wanted: int) -> Iterator[_Mismatch]:
    return _same(key, wanted, asked.session.corrupted_kb())


def _mf_stats(asked: _Asked, key: str, wanted: Mapping[str, int]) -> Iterator[_Mismatch]:
    got = asked.session.machine.mf_stats()
    for name, number in wanted.items():
        yield from _same(f"{key}.{name}", number, got[name])


def _mapcount(asked: _Asked, key: str, wanted: int) -> Iterator[_Mismatch]:
    pfn = asked.outcome.pfn
    return _same(key, wanted, None if pfn is None else asked.session.mapcount(pfn))


# Flags, PTEs, tasks


def _flags(asked: _Asked, key: str, wanted: Sequence[str]) -> Iterator[_Mismatch]:
    pfn = asked.outcome.pfn
    present = () if pfn is None else names_of(asked.session.flags(pfn))
    wrong = [name for name in wanted if (name in present) != (key == "flags_set")]
    if wrong:
        yield _Mismatch(
            key, f"{' '.join(wrong)} {'set' if key == 'flags_set' else 'clear'}", " ".join(present) or "no flag"
        )


def _pte(asked: _Asked, key: str, wanted: Sequence[Mapping[str, str]]) -> Iterator[_Mismatch]:
    for entry in wanted:
        got = asked.session.pte_state(entry["task"], entry["at"])
        yield from _same(f"{key} {entry['task']}:{entry['at']}", entry["is"], got)


def _lives(asked: _Asked, key: str, wanted: Sequence[str]) -> Iterator[_Mismatch]:
    for name in wanted:
        there = asked.session.tid_of(name) is not None
        got = ("alive" if asked.session.alive(name) else "dead") if there else "no such task"
        yield from _same(f"{key} {name}", key, got)


def _handed_out(asked: _Asked, key: str, wanted: Sequence[str]) -> Iterator[_Mismatch]:
    for text in wanted:
        if asked.before.frames[text] in asked.outcome.handed_out:
            yield _Mismatch(key, f"{text} to stay", f"pfn:{asked.before.frames[text]:#x} handed out")


# The log


def _lines(asked: _Asked, key: str, wanted: Sequence[str]) -> Iterator[_Mismatch]:
    """Compare all lines in order; only the first difference is reported."""
    lines, got = [asked.filled(line) for line in wanted], asked.outcome.log
    for number, (line, seen) in enumerate(zip(lines, got, strict=False), start=1):
        if line != seen:
            yield _Mismatch(f"{key}[{number}]", _quoted(line), _quoted(seen))
            return
    if len(lines) > len(got):
        yield _Mismatch(f"{key}[{len(got) + 1}]", _quoted(lines[len(got)]), "no further line")
    elif len(got) > len(lines):
        yield _Mismatch(f"{key}[{len(lines) + 1}]", "no further line", _quoted(got[len(lines)]))


def _contains(asked: _Asked, key: str, wanted: Sequence[str]) -> Iterator[_Mismatch]:
    for part in (asked.filled(line) for line in wanted):
        found = [line for line in asked.outcome.log if part in line]
        if key == "log_contains" and not found:
            yield _Mismatch(key, _quoted(part), " | ".join(asked.outcome.log) or "no line")
        if key == "log_lacks" and found:
            yield _Mismatch(key, f"no {_quoted(part)}", _quoted(found[0]))


# Signals


def _signals(asked: _Asked, key: str, wanted: Sequence[Mapping[str, Any]]) -> Iterator[_Mismatch]:
    """Match expected and seen signals one to one, in any order."""
    got = asked.outcome.signals
    fits = [[number for number, seen in enumerate(got) if _fits(asked, entry, seen)] for entry in wanted]
    if len(wanted) != len(got) or not _all_matched(fits):
        yield _Mismatch(
            key, _listed(_wanted_signal(entry) for entry in wanted), _listed(_seen_signal(asked, seen) for seen in got)
        )


def _fits(asked: _Asked, entry: Mapping[str, Any], seen: SignalSeen) -> bool:
    if "task" in entry and asked.session.tid_of(entry["task"]) != asked.session.tid_of(seen.task):
        return False
    if any(getattr(seen, key) != value for key, value in entry.items() if key not in ("task", "at")):
        return False
    return "at" not in entry or asked.address(seen.task, entry["at"]) == seen.addr


def _all_matched(fits: Sequence[Sequence[int]]) -> bool:
    """Return whether each expected signal matches a different seen one (bipartite matching, augmenting paths)."""
    entry_of: dict[int, int] = {}

    def place(entry: int, tried: set[int]) -> bool:
        for seen in fits[entry]:
            if seen in tried:
                continue
            tried.add(seen)
            if seen not in entry_of or place(entry_of[seen], tried):
                entry_of[seen] = entry
                return True
        return False

    return all(place(entry, set()) for entry in range(len(fits)))


def _wanted_signal(entry: Mapping[str, Any]) -> str:
    thread = f"/{entry['thread']}" if entry.get("thread") else ""
    parts = [f"{entry.get('task', 'anybody')}{thread}", *(entry.get(key, "") for key in ("signal", "code"))]
    parts += [f"at {entry['at']}" if "at" in entry else "", f"lsb {entry['lsb']}" if "lsb" in entry else ""]
    return " ".join(part for part in (*parts, entry.get("effect", "")) if part)


def _seen_signal(asked: _Asked, seen: SignalSeen) -> str:
    at = asked.session.address_name(seen.task, seen.addr) or f"{seen.addr:#x}"
    thread = f"/{seen.thread}" if seen.thread else ""
    return f"{seen.task}{thread} {seen.signal} {seen.code} at {at} lsb {seen.lsb} {seen.effect}"


def _listed(parts: Iterable[str]) -> str:
    return "; ".join(parts) or "nobody"


_HOW: Final[dict[str, Callable[[_Asked, str, Any], Iterator[_Mismatch]]]] = {
    "result": _result,
    "kind": _text,
    "dirty": _of_outcome,
    "errno": _of_outcome,
    "value": _text,
    "signals": _signals,
    "log": _lines,
    "log_contains": _contains,
    "log_lacks": _contains,
    "flags_set": _flags,
    "flags_clear": _flags,
    "mapcount": _mapcount,
    "pte": _pte,
    "mce_kill": _of_outcome,
    "corrupted_kb": _corrupted_kb,
    "mf_stats": _mf_stats,
    "alive": _lives,
    "dead": _lives,
    "never_handed_out": _handed_out,
    "panic": _of_outcome,
    "filtered": _of_outcome,
}
