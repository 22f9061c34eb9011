"""The same click under two settings: two machines made alike, what was done before done on both, then the click.

Both sides can be walked together; a side is done again from the click on when only its sysctls change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.kernel.profile.registry import newest, oldest
from hwpoison_gui.kernel.profile.type import SYSCTL_EARLY_KILL, SYSCTL_RECOVERY
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.notebook import Asked
from hwpoison_gui.session.scenario.reader import step_of
from hwpoison_gui.session.session import SLICE_SECONDS, Operation, Session

Boot = Callable[[str], Session]  # of a profile's name
Progress = Callable[[float, str], None]


class StoppedError(Exception):
    """Nobody wants to know any more."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a side is like when the click comes: the kernel, and /proc/sys/vm."""

    profile: str
    sysctl: Mapping[str, int]

    def but(self, **sysctl: int) -> Settings:
        """With other sysctls."""
        return Settings(self.profile, {**self.sysctl, **sysctl})


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to come to the click: boot a machine, do `before`, and then `click`."""

    boot: Boot
    before: tuple[Asked, ...]
    click: Asked


@dataclass(slots=True)
class Side:
    """One of the two. `click` is None where it could not be done; `refused` says why, or what before it could not."""

    settings: Settings
    session: Session
    start: int  # position of the click's first step
    click: Operation | None = None
    refused: str = ""
    skipped: list[str] = field(default_factory=list)

    @property
    def steps(self) -> int:
        """How many the click took."""
        return self.click.last - self.click.first if self.click else 0

    @property
    def already_poisoned(self) -> bool:
        """Whether the click hit a frame that was poisoned before."""
        return self.click is not None and self.click.outcome.already_poisoned

    def seek(self, within: int) -> None:
        """To a step of the click; 0 is just before it."""
        self.session.seek(min(self.start + within, len(self.session.steps)))


def settings_of(session: Session) -> Settings:
    """As the machine is now."""
    values = session.machine.sysctl.view
    return Settings(session.machine.profile.name, {name: values[name] for name in (SYSCTL_EARLY_KILL, SYSCTL_RECOVERY)})


def differing(base: Settings, what: str) -> tuple[Settings, Settings]:
    """Two settings that differ in one thing: `early`, `recovery` or `profile`; anything else: in nothing."""
    match what:
        case "early":
            return base.but(**{SYSCTL_EARLY_KILL: 1, SYSCTL_RECOVERY: 1}), base.but(
                **{SYSCTL_EARLY_KILL: 0, SYSCTL_RECOVERY: 1}
            )
        case "recovery":
            return base.but(**{SYSCTL_RECOVERY: 1}), base.but(**{SYSCTL_RECOVERY: 0})
        case "profile":
            return Settings(oldest().name, base.sysctl), Settings(newest().name, base.sysctl)
    return base, base


def can_compare(session: Session, selected: int) -> bool:
    """Whether `recipe_of` finds a click."""
    return selected >= 0 or any(op.name == "poison" and op.first < session.position for op in session.operations)


def recipe_of(session: Session, boot: Boot, selected: int = -1) -> Recipe | None:
    """The click that is looked at: the present one, else the one that broke or would break the selected frame.

    Without a selected frame it is the last one before. To break broken memory once more would tell nothing.
    """
    operations = session.operations
    number = session.steps.operations[session.position - 1] if session.position else -1
    done = [Asked(op.name, dict(op.args), op.caption) for op in operations]
    if number >= 0 and operations[number].name == "poison":
        same = operations[number].outcome.pfn == selected or selected < 0
        if same or session.position < operations[number].last:
            return Recipe(boot, tuple(done[:number]), done[number])
    broke = _broke(session, selected, number)
    if broke >= 0:
        return Recipe(boot, tuple(done[:broke]), done[broke])
    if selected >= 0:
        return Recipe(boot, tuple(done[: number + 1]), with_defaults("poison", frame=f"pfn:{selected:#x}"))
    for earlier in range(number, -1, -1):
        if operations[earlier].name == "poison":
            return Recipe(boot, tuple(done[:earlier]), done[earlier])
    return None


def _broke(session: Session, pfn: int, upto: int) -> int:
    """Number of the operation that made the frame what it is, broken; -1 where none up to `upto` did."""
    found = -1
    if pfn < 0 or not session.machine.page(pfn) & pf.HWPOISON:
        return found
    for number in range(upto, -1, -1):
        operation = session.operations[number]
        if operation.outcome.pfn == pfn and operation.name == "unpoison":
            break
        if operation.outcome.pfn == pfn and operation.name == "poison":
            found = number
    return found


def with_defaults(name: str, **args: object) -> Asked:
    """An operation that was not made yet, with what is left unsaid."""
    from hwpoison_gui.session.scenario import schema, shape  # only here

    return Asked(name, shape.values_of(schema.OPS[name].keys, args))


def build(recipe: Recipe, settings: Settings, progress: Progress, stopped: Callable[[], bool]) -> Side:
    """A side from nothing. Raises StoppedError, ScenarioError and whatever booting raises."""
    progress(0.0, "booting")
    session = recipe.boot(settings.profile)
    skipped = []
    for number, asked in enumerate(recipe.before):
        if stopped():
            raise StoppedError
        progress((number + 1) / (len(recipe.before) + 2), asked.name)
        try:
            step_of({"op": asked.name, **asked.args}, number + 1, settings.profile)  # one that this kernel knows
            _carry_out(session, asked, stopped)
        except ScenarioError as error:
            skipped.append(f"{number + 1}. {asked.name}: {error.message}")
    if stopped():
        raise StoppedError
    side = Side(settings, session, session.position, skipped=skipped)
    _click(side, recipe, stopped)
    progress(1.0, "")
    return side


def _carry_out(session: Session, asked: Asked, stopped: Callable[[], bool]) -> None:
    """Raises StoppedError, with the operation given up."""
    recording = session.begin(asked.name, asked.args, asked.caption)
    while not recording.advance(SLICE_SECONDS):
        if stopped():
            recording.give_up()
            raise StoppedError


def again(side: Side, recipe: Recipe, settings: Settings, stopped: Callable[[], bool] = lambda: False) -> None:
    """The same side with other sysctls; its profile must be the same. Raises StoppedError."""
    assert settings.profile == side.settings.profile
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
            session.act("sysctl", {"name": name, "value": value})  # also what is so already: sides begin alike
        side.start = session.position
        _carry_out(session, recipe.click, stopped)
    except ScenarioError as error:
        side.refused = error.message
        return
    side.click = session.operations[-1]


class Tick(NamedTuple):
    """How many steps of the click are done on either side."""

    left: int
    right: int


_MOST_RUNS: Final = 400


def aligned(left: Sequence[str], right: Sequence[str]) -> list[Tick]:
    """Steps of both sides, named by their functions, to be walked together: from 0, 0 to the ends of both.

    Runs of the same function stand beside each other. What lies between them is walked from start to end on both
    sides, while a side that has nothing there waits. With very many runs, all of it is walked like that.
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
    """Both ends are reached at the same time, in as many steps as the longer one needs."""
    most = max(left, right)
    return [
        Tick(start.left + (left * n + most - 1) // max(most, 1), start.right + (right * n + most - 1) // max(most, 1))
        for n in range(most + 1)
    ]


def ticks_of(left: Side, right: Side) -> list[Tick]:
    """How the clicks of both sides are walked together."""
    return aligned(_functions(left), _functions(right))


# What is done, where settings and kernels differ in who does it; else the function tells.
_DEEDS: Final = {
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
    "page_action": "identify_page_state",
    "lock_page_nosync": "lock_page",
}


def _functions(side: Side) -> list[str]:
    if side.click is None:
        return []
    marks = side.session.steps.marks[side.click.first : side.click.last]
    return [_DEEDS.get(mark.act) or _SAME_PHASE.get(mark.site.function, mark.site.function) for mark in marks]
