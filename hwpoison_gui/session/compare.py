"""The same operation (the click) under two settings: both machines boot alike and run the same operations before it.

Both sides can be stepped together. If only the sysctls of a side change, it runs again from the click on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.kernel.profile.registry import PROFILES, counterpart
from hwpoison_gui.kernel.profile.type import SYSCTL_EARLY_KILL, SYSCTL_RECOVERY
from hwpoison_gui.record import Record, from_columns
from hwpoison_gui.session.branches import Inputs
from hwpoison_gui.session.comparisons import Compared
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.operation import Asked, Operation
from hwpoison_gui.session.scenario.reader import step_of
from hwpoison_gui.session.session import SLICE_SECONDS, Session

Boot = Callable[[str], Session]  # of a profile's name
Progress = Callable[[float, str], None]


KILLS: Final = 2  # early and late
_LACKING: Final = frozenset({"file", "mmap"})  # operations without which frames stay free


class StoppedError(Exception):
    """The comparison was cancelled."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a side: the profile of its kernel, and sysctls of /proc/sys/vm at the click."""

    profile: str
    sysctl: Mapping[str, int]

    def but(self, **sysctl: int) -> Settings:
        """A copy with other values for some sysctls."""
        return Settings(self.profile, {**self.sysctl, **sysctl})


@dataclass(frozen=True, slots=True)
class Recipe:
    """Steps that reproduce a click: boot a machine, run `before`, then `click`, then `after`."""

    boot: Boot
    before: tuple[Asked, ...]
    click: Asked
    after: tuple[Asked, ...] = ()


class Skipped(Record):
    """An operation, by its number from 1, that a kernel could not repeat, and why."""

    number: int
    asked: Asked
    why: str


@dataclass(slots=True)
class Side:
    """A side of a comparison.

    `click` is None if it could not run, and `refused` says why. `skipped`: operations before it that could not run.
    """

    settings: Settings
    session: Session
    start: int  # position of the click's first step
    click: Operation | None = None
    refused: str = ""
    skipped: list[Skipped] = field(default_factory=list)

    @property
    def steps(self) -> int:
        """The number of steps of the click and of what was done after it."""
        return len(self.session.steps) - self.start if self.click else 0

    @property
    def ran(self) -> bool:
        """Whether the click was possible."""
        return self.click is not None

    @property
    def already_poisoned(self) -> bool:
        """Whether the frame of the click was poisoned before."""
        return self.click is not None and self.click.outcome.already_poisoned

    def seek(self, within: int) -> None:
        """Move to step `within` of the click; 0 is before its first step."""
        self.session.seek(min(self.start + within, len(self.session.steps)))


def line_recipe(boot: Boot, operations: Sequence[Inputs]) -> Recipe | None:
    """A whole line of operations, a branch or the present one, walked from its first error on; None without one."""
    number = next((number for number, operation in enumerate(operations) if operation.name == "poison"), -1)
    if number < 0:
        return None
    done = _asked(operations)
    return Recipe(boot, done[:number], done[number], done[number + 1 :])


def _asked(operations: Sequence[Inputs]) -> tuple[Asked, ...]:
    """The inputs alone: they outlive the steps of the operations, and there may be ten thousand."""
    inputs = (map(attrgetter(field), operations) for field in Asked._fields)
    return tuple(from_columns(Asked, *inputs))


def settings_of(session: Session) -> Settings:
    """The present settings of a machine."""
    values = session.machine.sysctl.view
    return Settings(session.machine.profile.name, {name: values[name] for name in (SYSCTL_EARLY_KILL, SYSCTL_RECOVERY)})


def differing(base: Settings, what: str) -> tuple[Settings, Settings]:
    """Two settings that differ in `what`: `early`, `recovery` or `profile`. Equal ones for any other word.

    Of profiles one is that of `base`, and the older one comes first.
    """
    match what:
        case "early":
            return base.but(**{SYSCTL_EARLY_KILL: 1, SYSCTL_RECOVERY: 1}), base.but(
                **{SYSCTL_EARLY_KILL: 0, SYSCTL_RECOVERY: 1}
            )
        case "recovery":
            return base.but(**{SYSCTL_RECOVERY: 1}), base.but(**{SYSCTL_RECOVERY: 0})
        case "profile":
            own = PROFILES[base.profile]
            of_both = (profile.name for profile in PROFILES.values() if profile in (own, counterpart(own)))
            return Settings(next(of_both), base.sysctl), Settings(next(of_both), base.sysctl)
    return base, base


def matrix(base: Settings) -> list[Settings]:
    """Every kernel, the oldest first, with early and with late kill: KILLS settings a kernel."""
    return [Settings(name, {**base.sysctl, SYSCTL_EARLY_KILL: early}) for name in PROFILES for early in (1, 0)]


def recipe_of(session: Session, boot: Boot, selected: int = -1) -> Recipe | None:
    """The click to compare, in this order; None if there is none.

    The one that broke the selected frame, else a click on that; without a selected frame (-1) the error that broke the
    frame of the present operation, else the last one before the position.
    An error in a frame that was poisoned before would show nothing: the one that broke it counts.
    """
    operations, position = session.operations, session.position
    number = session.steps.operations[position - 1] if position else -1
    broke = -1
    if number >= 0:
        here, pfn = operations[number], operations[number].outcome.pfn
        if here.name == "poison" and selected in (pfn, -1):
            broke = _breaking(session, pfn, number)
            broke = broke if broke >= 0 else number
        elif selected >= 0:
            broke = _breaking(session, selected, number) if session.machine.page(selected) & pf.HWPOISON else -1
        else:
            broke = _breaking(session, pfn, number)
            broke = broke if broke >= 0 else _breaking(session, None, number)
    if broke >= 0:
        *before, click = _asked(operations[: broke + 1])
        return Recipe(boot, tuple(before), click)
    if selected >= 0:
        return Recipe(boot, _asked(operations[: number + 1]), with_defaults("poison", frame=f"pfn:{selected:#x}"))
    return None


def _breaking(session: Session, pfn: int | None, upto: int) -> int:
    """Number of the last operation up to `upto` that poisoned the frame, or any frame if `pfn` is None; -1: none."""
    for number in range(upto, -1, -1):
        operation = session.operations[number]
        if operation.name != "poison":
            continue
        parts = operation.parts or (operation,)
        if any(part.outcome.broke and pfn in (None, part.outcome.pfn) for part in parts):
            return number
    return -1


def with_defaults(name: str, /, **args: object) -> Asked:
    """The inputs of an operation, with the defaults of the scenario format filled in."""
    from hwpoison_gui.session.scenario import schema, shape  # only here

    return Asked(name, shape.values_of(schema.OPS[name].keys, args))


def build(recipe: Recipe, settings: Settings, progress: Progress, stopped: Callable[[], bool]) -> Side:
    """Boot and run a side.

    Parameters
    ----------
    progress
        Called with the share done (0 to 1) and the name of the operation under way.
    stopped
        Polled; if it returns True, StoppedError is raised.

    Raises
    ------
    StoppedError
        If `stopped` returned True. Errors of `recipe.boot` are passed on; a refused operation is listed in
        `Side.skipped`.
    """
    progress(0.0, "booting")
    session = recipe.boot(settings.profile)
    skipped: list[Skipped] = []
    for number, asked in enumerate(recipe.before):
        if stopped():
            raise StoppedError
        progress((number + 1) / (len(recipe.before) + 2), asked.name)
        try:
            step_of({"op": asked.name, **asked.args}, number + 1, settings.profile)  # raises if this kernel lacks it
            _carry_out(session, asked, stopped)
        except ScenarioError as error:
            skipped.append(Skipped(number + 1, asked, error.message))
    if stopped():
        raise StoppedError
    side = Side(settings, session, session.position, skipped=skipped)
    _click(side, recipe, stopped)
    progress(1.0, "")
    return side


def built(recipe: Recipe, wanted: Settings, old: Side | None, progress: Progress, stopped: Callable[[], bool]) -> Side:
    """A side at its end; an `old` one of the same recipe serves again where only its sysctls change.

    Raises StoppedError.
    """
    if stopped():
        raise StoppedError
    if old is not None and old.settings == wanted:
        old.session.seek(len(old.session.steps))
        return old
    if old is not None and old.settings.profile == wanted.profile and not recipe.after:
        again(old, recipe, wanted, stopped)
        return old
    return build(recipe, wanted, progress, stopped)


def _carry_out(session: Session, asked: Asked, stopped: Callable[[], bool]) -> None:
    """Run an operation. Raises StoppedError, with the operation undone."""
    recording = session.begin(asked.name, asked.args, asked.telling)
    while not recording.advance(SLICE_SECONDS):
        if stopped():
            recording.give_up()
            raise StoppedError


def again(side: Side, recipe: Recipe, settings: Settings, stopped: Callable[[], bool] = lambda: False) -> None:
    """Run the click of a side again with other sysctls and the same profile. Raises StoppedError."""
    assert settings.profile == side.settings.profile
    assert not recipe.after  # what could not be repeated would be counted twice
    side.session.seek(_end_of(side.session, len(recipe.before) - len(side.skipped)))
    side.settings, side.click, side.refused = settings, None, ""
    _click(side, recipe, stopped)
    side.session.branches.kept.clear()


def _end_of(session: Session, operations: int) -> int:
    return session.operations[operations - 1].last if operations else 0


def _click(side: Side, recipe: Recipe, stopped: Callable[[], bool]) -> None:
    session = side.session
    try:
        for name, value in side.settings.sysctl.items():
            session.act(
                "sysctl", {"name": name, "value": value}
            )  # even if it has that value: both sides take the same number of steps
        side.start = session.position
        _check_repeated(side, recipe)
        _carry_out(session, recipe.click, stopped)
    except ScenarioError as error:
        side.refused = error.message
        return
    side.click = session.operations[-1]
    for number, asked in enumerate(recipe.after, start=len(recipe.before) + 2):
        try:
            _carry_out(session, asked, stopped)
        except ScenarioError as error:
            side.skipped.append(Skipped(number, asked, error.message))


def _check_repeated(side: Side, recipe: Recipe) -> None:
    """Raise ScenarioError if a number names the frame, and what was to use it could not be repeated: it is free."""
    frame = str(recipe.click.args.get("frame", ""))
    if not frame.startswith("pfn:") or _LACKING.isdisjoint(one.asked.name for one in side.skipped):
        return
    m, pfn = side.session.machine, side.session.resolve_frame(frame)
    if 0 <= pfn < m.frames and not m.refcount.view[m.compound_head(pfn)]:
        raise ScenarioError("what used the frame could not be repeated")


class Tick(Record):
    """The number of steps of the click that are applied on each side."""

    left: int
    right: int


_MOST_RUNS: Final = 400


def aligned(left: Sequence[str], right: Sequence[str]) -> list[Tick]:
    """Align the steps of two sides, given by their function names: from (0, 0) to the ends of both.

    Runs of the same function are shown at the same time. What lies between two such runs advances proportionally; a
    side without steps there waits. With more than _MOST_RUNS runs everything advances proportionally.
    """
    one, other = _runs(left), _runs(right)
    if max(len(one), len(other)) > _MOST_RUNS:
        return _together(Tick(0, 0), len(left), len(right))
    ticks = [Tick(0, 0)]
    for a, b in _paired(one, other):
        ticks += _together(ticks[-1], sum(size for _, size in a), sum(size for _, size in b))[1:]
    return ticks


def _runs(names: Sequence[str]) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    for name in names:
        if found and found[-1][0] == name:
            found[-1] = name, found[-1][1] + 1
        else:
            found.append((name, 1))
    return found


Runs = Sequence[tuple[str, int]]


def _paired(one: Runs, other: Runs) -> list[tuple[Runs, Runs]]:
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(None, [name for name, _ in one], [name for name, _ in other], autojunk=False)
    pairs: list[tuple[Runs, Runs]] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            pairs += [(one[a + n : a + n + 1], other[c + n : c + n + 1]) for n in range(b - a)]
        else:
            pairs.append((one[a:b], other[c:d]))
    return pairs


def _together(start: Tick, left: int, right: int) -> list[Tick]:
    """Ticks that advance both sides proportionally, one for each step of the longer side."""
    most = max(left, right)
    return [
        Tick(start.left + (left * n + most - 1) // max(most, 1), start.right + (right * n + most - 1) // max(most, 1))
        for n in range(most + 1)
    ]


def ticks_of(left: Side, right: Side) -> list[Tick]:
    """The ticks by which the clicks of both sides are stepped together."""
    return aligned(_functions(left), _functions(right))


# Steps are aligned by these words where the function depends on settings or kernel, and by their function elsewhere.
_BY_ACT: Final = {
    Act.VISIT: "a pair of the walk",
    Act.SKIP: "a pair of the walk",
    Act.UNMAP: "unmap",
    Act.SIGNAL: "signal",
    Act.DIE: "die",
    Act.RESULT: "result",
}
_SAME_PHASE: Final = {
    "collect_procs_anon": "collect_procs",
    "collect_procs_file": "collect_procs",
    "lock_page_nosync": "lock_page",
}


def _functions(side: Side) -> list[str]:
    if side.click is None:
        return []
    marks = side.session.steps.marks[side.click.first :]
    return [_BY_ACT.get(mark.act) or _SAME_PHASE.get(mark.site.function, mark.site.function) for mark in marks]


# -- what a session keeps of a comparison


def kept_of(way: str, recipes: tuple[Recipe, Recipe], settings: tuple[Settings, Settings], said: str) -> Compared:
    """Return the record of a comparison; `said` is the summary that was shown."""
    one, other = recipes
    left, right = settings
    return Compared(
        way,
        ((*one.before, one.click, *one.after), (*other.before, other.click, *other.after)),
        (len(one.before), len(other.before)),
        ((left.profile, dict(left.sysctl)), (right.profile, dict(right.sysctl))),
        said,
    )


def recipes_of(kept: Compared, boot: Boot) -> tuple[tuple[Recipe, Recipe], tuple[Settings, Settings]]:
    """Return the recipes and settings that repeat a comparison on the machine that `boot` returns."""

    def recipe(number: int) -> Recipe:
        line, click = kept.lines[number], kept.clicks[number]
        return Recipe(boot, line[:click], line[click], line[click + 1 :])

    left, right = (Settings(profile, sysctl) for profile, sysctl in kept.settings)
    return (recipe(0), recipe(1)), (left, right)
