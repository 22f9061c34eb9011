"""Comparison of a click under two or more settings, fact by fact; tasks with equal facts share a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.profile.type import SYSCTL_EARLY_KILL, SYSCTL_RECOVERY
from hwpoison_gui.kernel.records import PAGE_SHIFT
from hwpoison_gui.record import Record
from hwpoison_gui.session.branches import Inputs
from hwpoison_gui.session.compare import Boot, Recipe, Settings, Side, Skipped, built, line_recipe, matrix
from hwpoison_gui.session.operation import Operation
from hwpoison_gui.session.outcome import Outcome, SignalSeen
from hwpoison_gui.session.peek import at
from hwpoison_gui.session.recall import Question
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.impacts import IMPACTS
from hwpoison_gui.view.base.moment import title
from hwpoison_gui.view.base.naming import names
from hwpoison_gui.view.facts.counters import counts_of
from hwpoison_gui.view.facts.operation_chips import RESULT_TONES
from hwpoison_gui.view.outcome.loss import loss_of
from hwpoison_gui.view.rmap.graph import reverse_map
from hwpoison_gui.view.walk.entries import ENTRY_WORDS, entry_state
from hwpoison_gui.view.words.kernels import listed
from hwpoison_gui.view.words.words import counted

NOTHING: Final = "–"
RESULT, SIGNALS, AFTERWARDS, ENTRIES = "Result", "Signal", "Afterwards", "Page table entry"
FRAME, COUNTERS, LOG = "Frame", "Counter", "Kernel log"
_GROUPED: Final = frozenset({SIGNALS, AFTERWARDS, ENTRIES})
_LAST: Final = 3  # last operations of a branch, which distinguish it from the others
_MOST_LINES: Final = 6  # lines of the log that only one side printed
_MOST_SKIPPED: Final = 2  # operations before the click that are listed in full
_MOST_NUMBERS: Final = 8  # numbers of those that are not listed in full
_FEATURES: Final = (
    (pf.KSM, "ksm", "merged pages (KSM)"), (pf.THP, "transparent_hugepages", "folios larger than a page"),
)  # fmt: skip
_WORD: Final = Question[int]("flag word of the frame before the click")
_ENTRY_TONES: Final = {"hwpoison": "warn"}
_EFFECT_TONES: Final = {"killed": "kill", "handled": "warn", "pending": "warn", "ignored": "warn", "dropped": "warn"}


class Line(Record):
    """A line of operations: the present one, or a branch."""

    words: str
    recipe: Recipe


def lines_of(session: Session, boot: Boot) -> Iterator[Line]:
    """The present line of operations and the branches, those that have an error.

    Each takes time in proportion to its operations, so the caller can do something else in between.
    """
    named: list[tuple[str, Sequence[Inputs], Sequence[Inputs]]]
    named = [("this line", session.operations, session.operations)]
    named += [(f"branch {branch.number}", branch.own, branch.operations) for branch in session.branches.kept]
    for name, own, operations in named:
        recipe = line_recipe(boot, operations)
        if recipe is not None:
            what = ", ".join(title(one.name, one.args) for one in own[-_LAST:])
            yield Line(f"{name}: {what}", recipe)


class Value(Record):
    """The value of a fact on one side. `tone`: plain, kill, warn or good."""

    text: str = NOTHING
    tone: str = "plain"


LEFT_OUT: Final = Value("")  # of a kernel without an outcome here: it differs from nothing


class Row(Record):
    """One fact on all sides; `subjects`: the tasks that it holds for.

    `differs`: true if equal texts stand for different things.
    """

    aspect: str
    subjects: tuple[str, ...]
    values: tuple[Value, ...]
    differs: bool = False

    @property
    def same(self) -> bool:
        return len({value.text for value in self.values if value != LEFT_OUT}) <= 1 and not self.differs

    @property
    def subject(self) -> str:
        """The subjects in a few words."""
        many = f"{len(self.subjects):,}: " if len(self.subjects) > 4 else ""
        return many + names(self.subjects, 4) if self.subjects else ""


Key = tuple[str, str]


def settings_words(settings: Settings) -> str:
    """A side's settings in a line."""
    kill, recovery = settings.sysctl.get(SYSCTL_EARLY_KILL, 0), settings.sysctl.get(SYSCTL_RECOVERY, 1)
    return f"{settings.profile}, {'early' if kill else 'late'} kill, recovery {'on' if recovery else 'off'}"


def rows_of(left: Side, right: Side) -> list[Row]:
    """All facts in display order, differing or not. Both sides must be at their ends."""
    one, other = facts_of(left), facts_of(right)
    keys = dict.fromkeys([*one, *other])
    order = {aspect: number for number, aspect in enumerate((RESULT, SIGNALS, AFTERWARDS, ENTRIES, FRAME, COUNTERS))}
    missing = Value()
    rows = [Row(key[0], (key[1],), (one.get(key, missing), other.get(key, missing))) for key in keys]
    rows = sorted(_grouped(rows), key=lambda row: order[row.aspect])
    return [*rows, *_log_rows(_log_of(left), _log_of(right))]


class Column(Record):
    """Results of the click under one of several settings."""

    settings: Settings
    facts: dict[Key, Value]
    log: Sequence[str]
    already_poisoned: bool = False
    ran: bool = True
    modelled: bool = True

    @property
    def has_outcome(self) -> bool:
        """Whether there is an outcome to compare with those of other columns."""
        return self.ran and self.modelled

    @property
    def head(self) -> str:
        """Kernel and kill policy of the column, in one line."""
        return f"{listed(self.settings.profile)}, {self.kill} kill"

    @property
    def kill(self) -> str:
        """Kill policy: `early` or `late`."""
        return "early" if self.settings.sysctl.get(SYSCTL_EARLY_KILL, 0) else "late"


def column_of(side: Side) -> Column:
    """A side, which must be at its end, as a column of a matrix."""
    facts = facts_of(side)
    if side.skipped:
        facts[RESULT, "not repeated"] = Value(_not_repeated(side.skipped), "warn")
    modelled = side.click is None or not _lacking(side, side.click)
    return Column(side.settings, facts, _log_of(side), side.already_poisoned, side.ran, modelled)


def skipped_words(one: Skipped) -> str:
    """An operation that could not be repeated, as its chip calls it, and why."""
    return f"{one.number}. {title(one.asked.name, one.asked.args)}: {one.why.replace('`', '')}"


def _not_repeated(skipped: Sequence[Skipped]) -> str:
    """The operations that this kernel cannot repeat; of many only the first, which most of the others depend on."""
    if len(skipped) <= _MOST_SKIPPED:
        return "; ".join(map(skipped_words, skipped))
    numbers = names([str(one.number) for one in skipped[1:]], _MOST_NUMBERS)
    return f"{skipped_words(skipped[0])}; nor could {numbers} be repeated"


def columns_of(
    recipe: Recipe, base: Settings, progress: Callable[[float, str], None], stopped: Callable[[], bool]
) -> Iterator[Column]:
    """Yield the results of a click under every kernel, early and late; one machine at a time. Raises StoppedError."""
    every, side = matrix(base), None
    for number, settings in enumerate(every):
        progress(number / len(every), settings.profile)
        side = built(recipe, settings, side, lambda share, doing: None, stopped)
        yield column_of(side)


def matrix_rows(columns: Sequence[Column]) -> list[Row]:
    """All facts of many sides in display order, and the first lines of each log."""
    order = {aspect: number for number, aspect in enumerate((RESULT, SIGNALS, AFTERWARDS, ENTRIES, FRAME, COUNTERS))}
    keys = dict.fromkeys(key for column in columns for key in column.facts)
    missing = [Value() if column.has_outcome else LEFT_OUT for column in columns]
    cells = list(zip(columns, missing, strict=True))
    rows = [Row(key[0], (key[1],), tuple(column.facts.get(key, none) for column, none in cells)) for key in keys]
    rows = sorted(_grouped(rows), key=lambda row: order[row.aspect])
    longest = max((len(column.log) for column in columns), default=0)
    for n in range(min(longest, _MOST_LINES)):
        values = tuple(Value(column.log[n]) if n < len(column.log) else none for column, none in cells)
        rows.append(Row(LOG, (f"line {n + 1}",), values))
    if longest > _MOST_LINES:
        differs = len({column.log[_MOST_LINES:] for column in columns}) > 1
        rows.append(Row(LOG, ("and so on",), tuple(Value(_more(len(column.log))) for column in columns), differs))
    return rows


def differences(rows: Iterable[Row]) -> list[Row]:
    """The rows whose sides differ."""
    return [row for row in rows if not row.same]


def _log_of(side: Side) -> Sequence[str]:
    return side.click.outcome.log if side.click is not None and not _lacking(side, side.click) else ()


def facts_of(side: Side) -> dict[Key, Value]:
    """The facts about the click of one side."""
    if side.click is None:
        return {(RESULT, "result"): Value(f"not possible: {side.refused}", "kill")}
    if lacking := _lacking(side, side.click):
        why = f"not modelled: this kernel has no {lacking}, the memory is of another one"
        return {(RESULT, "result"): Value(why, "warn")}
    outcome = side.click.outcome
    found = dict(_result(outcome, side.session.machine.profile.has("result_says_dirty")))
    loss = loss_of(side.session, side.click)
    if loss is not None:
        found[RESULT, "lost"] = Value(loss.lost, loss.tone)
        for hit in loss.hits:
            impact = IMPACTS[hit.kind]
            found[AFTERWARDS, hit.task] = Value(impact.meaning, impact.tone)
    for task, signals in _by_task(outcome.signals).items():
        text = ", ".join(f"{one.signal} {one.code}: {one.effect}" for one in signals)
        found[SIGNALS, task] = Value(text, _EFFECT_TONES.get(signals[-1].effect, "plain"))
    found.update(_frame_facts(side, outcome))
    found.update(_counted(side, side.click))
    return found


def _lacking(side: Side, click: Operation) -> str:
    """Return the features of the frame that the kernel of this side lacks: it has no outcome there."""
    session, pfn = side.session, click.outcome.pfn
    lacks = [(flag, what) for flag, feature, what in _FEATURES if not session.machine.profile.has(feature)]
    if pfn is None or not lacks:
        return ""
    word = session.recall.answer(_WORD, lambda: at(session, click.first, lambda: session.flags(pfn)), click)
    return names([what for flag, what in lacks if word & flag])


def _counted(side: Side, click: Operation) -> Iterator[tuple[Key, Value]]:
    """Yield what the click and later operations added to the counters; the share of earlier errors is left out."""
    m = side.session.machine
    before = at(side.session, click.first, lambda: counts_of(m))
    for name, count in counts_of(m).items():
        added = count - before[name]
        if name == "HardwareCorrupted":
            yield (COUNTERS, name), Value(f"{added:,} kB")
        elif added:
            yield (COUNTERS, name), Value(f"{added:,}", "kill" if name == "Killed" else RESULT_TONES.get(name, "plain"))


def _result(outcome: Outcome, says_dirty: bool) -> Iterator[tuple[Key, Value]]:
    if outcome.panic:
        yield (RESULT, "result"), Value("panic", "kill")
    else:
        word = outcome.result or "none"
        yield (RESULT, "result"), Value(word, RESULT_TONES.get(word, "plain"))
        yield (RESULT, "returned"), Value(f"−{outcome.errno}" if outcome.errno else "0")
    if outcome.kind is not None:
        dirty = "dirty " if outcome.dirty and says_dirty else ""  # else the kind has the word
        yield (RESULT, "kind"), Value(f"{dirty}{outcome.kind}")


def _by_task(signals: Sequence[SignalSeen]) -> dict[str, list[SignalSeen]]:
    found: dict[str, list[SignalSeen]] = {}
    for signal in signals:
        found.setdefault(signal.label, []).append(signal)
    return found


def _frame_facts(side: Side, outcome: Outcome) -> dict[Key, Value]:
    """The flags of the frame, its mapcount, and the PTEs that mapped it."""
    session, pfn = side.session, outcome.pfn
    m = session.machine
    if side.click is None or pfn is None or not 0 <= pfn < m.frames:
        return {}
    graph = at(session, side.click.first, lambda: reverse_map(session, pfn))
    found: dict[Key, Value] = {}
    often = Counter(mapper.task for mapper in graph.mappers)
    for mapper in graph.mappers:
        state = entry_state(m, pfn, mapper)
        where = f"{mapper.task} at {mapper.vpn << PAGE_SHIFT:#x}" if often[mapper.task] > 1 else mapper.task
        gone = bool(m.processes.view[mapper.tgid].ended)
        words = "gone with its process" if gone else ENTRY_WORDS[state].full
        found[ENTRIES, where] = Value(words, _ENTRY_TONES.get(state, "plain"))
    found[FRAME, "flags"] = Value(" ".join(pf.names_of(session.flags(pfn))).lower() or "none")
    found[FRAME, "mapped"] = Value(counted(int(m.mapcount.view[pfn]), "time"))
    return found


def _grouped(rows: Iterable[Row]) -> list[Row]:
    """Merge rows of tasks with equal values."""
    found: dict[tuple[object, ...], Row] = {}
    groups: dict[tuple[object, ...], list[str]] = {}
    for row in rows:
        key = (row.aspect, row.values, None if row.aspect in _GROUPED else row.subjects)
        found.setdefault(key, row)
        groups.setdefault(key, []).extend(row.subjects)
    return [row._replace(subjects=tuple(groups[key])) for key, row in found.items()]


def _log_rows(left: Sequence[str], right: Sequence[str]) -> Iterator[Row]:
    """Log lines side by side; of a long run that only one side has, the first lines."""
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        longest = max(b - a, d - c)
        for n in range(min(longest, _MOST_LINES)):
            one = Value(left[a + n]) if a + n < b else Value()
            other = Value(right[c + n]) if c + n < d else Value()
            yield Row(LOG, (f"line {max(a, c) + n + 1}",), (one, other))
        if longest > _MOST_LINES:
            one, other = (Value(_more(size)) for size in (b - a, d - c))
            yield Row(LOG, ("and so on",), (one, other), differs=kind != "equal")


def _more(lines: int) -> str:
    return counted(lines - _MOST_LINES, "more line") if lines > _MOST_LINES else NOTHING


def headline(rows: Sequence[Row], sides: Sequence[Side | Column]) -> str:
    """The number of differences between the sides and their aspects, as a sentence."""
    differing = differences(rows)
    if not any(side.ran for side in sides):
        return "Nothing was compared: the click is not possible on any side."
    if not differing:
        why = "it was broken before" if sides[0].already_poisoned else "these settings do not matter"
        return f"Nothing differs: {why}."
    aspects = list(dict.fromkeys(row.aspect.lower() for row in differing))
    things = counted(len(differing), "thing differs", "things differ")
    return f"{things}: {names(aspects, 7)}."
