"""What the user can do: acts upon the session, moves on its timeline, and what is looked at.

Widgets tell it what is meant; it tells them what changed, once for each thing done.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from hwpoison_gui.gui.control.playback import Playback
from hwpoison_gui.gui.control.selection import Selection
from hwpoison_gui.gui.control.slices import LongWork, Work
from hwpoison_gui.kernel.mark import counted
from hwpoison_gui.opening import Opened
from hwpoison_gui.session.branches import Told
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.recording import Recording
from hwpoison_gui.session.scenario import schema, shape
from hwpoison_gui.session.session import SLICE_SECONDS, Session
from hwpoison_gui.session.timeline import Notice, Step
from hwpoison_gui.view.base.moment import moment_of, title

_FEW: Final = 2000  # steps: of what they touched it can be said what they changed
# Who looked at tables while an operation was recorded that was then given up must look again: all listen to this one.
_GIVEN_UP: Final = Notice(0, 0, np.empty(0, np.int64), frozenset({"processes"}))


class Moved(NamedTuple):
    """The machine changed: which frames, ascending, and which tables. `acted`: there are new steps.

    `steps` are those that were walked, either way, where that were few and no new ones; else None.
    """

    pfns: npt.NDArray[np.int64]
    tables: frozenset[str]
    acted: bool
    steps: tuple[Step, ...] | None = None


class Controller(QObject):
    """One machine at a time, and the user's way with it."""

    opened = Signal()
    moved = Signal(object)
    viewChanged = Signal()
    failed = Signal(str, str)  # a title, a message

    def __init__(self, opened: Opened, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.machine = opened
        self.selection = Selection(self)
        self.selection.changed.connect(self._look)
        self.playback = Playback(self, lambda: self.session)
        self.playback.seekWanted.connect(lambda position: None if self.busy else self._seek(position))
        self.work = LongWork(self)
        # What views need, made before they are told; asked with whether more than a few steps have been walked.
        self.prepare: Callable[[bool], Iterator[None]] = lambda _: iter(())
        self._depth = 0
        self._looked = False
        self._acted = self._refused = False
        self._hasty = self._hurried = False  # what is under way may be hurried on, and is
        self._notices: list[Notice] = []
        self._unsubscribe = opened.session.subscribe(self._heard)

    @property
    def session(self) -> Session:
        return self.machine.session

    @property
    def panicked(self) -> bool:
        return self.session.machine.panicked

    @property
    def busy(self) -> bool:
        """Whether something is under way, so that the machine may be between two moments: it is not to be read now."""
        return self.work.busy

    @property
    def occupied(self) -> bool:
        """Whether nothing else can be done meanwhile. A walk, and what views prepare, can be hurried on."""
        return self.busy and (self.session.recording is not None or not self._hasty)

    def _settle(self) -> bool:
        """Hurries on what is under way; tells whether something else can be done now."""
        if self.occupied:
            return False
        self._hurried = True
        self.work.finish()
        self._hurried = False
        return True

    def open(self, opened: Opened) -> None:
        """Takes another machine."""
        self.work.give_up()
        self.playback.pause()
        self.playback.forget()
        self._unsubscribe()
        self.machine = opened
        self.selection.forget()
        self._unsubscribe = opened.session.subscribe(self._heard)
        gc.unfreeze()  # what belonged to the machine that goes can be garbage now
        self.opened.emit()

    # -- what changed

    def _heard(self, notice: Notice) -> None:
        self._notices.append(notice)
        if not self._depth:
            self._tell()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What happens inside is told once, at the end."""
        self._depth += 1
        try:
            yield
        finally:
            self._leave()

    def _leave(self) -> None:
        self._depth -= 1
        if self._depth:
            return
        if self._notices or self._acted:
            self._tell()
        if self._looked:
            self._looked = False
            self.viewChanged.emit()

    def _run(self, work: Work, then: Callable[[], None] = lambda: None) -> None:
        """Does something that may take long; it is told when it has ended, and only a complete one has a sequel."""
        self._depth += 1
        self._hasty = True

        def ended(complete: bool) -> None:
            self._hasty = False
            self._leave()
            if complete:
                then()

        self.work.start(work, ended)

    def _tell(self) -> None:
        notices, self._notices = self._notices, []
        acted, self._acted = self._acted, False
        empty = np.empty(0, np.int64)
        pfns = np.unique(np.concatenate([empty, *(notice.pfns for notice in notices)]))
        tables = frozenset().union(*(notice.tables for notice in notices)) if notices else frozenset[str]()
        self.moved.emit(Moved(pfns, tables, acted, None if acted else self._few_steps(notices)))

    def _few_steps(self, notices: Sequence[Notice]) -> tuple[Step, ...] | None:
        spans = [sorted((notice.before, notice.after)) for notice in notices]
        if sum(last - first for first, last in spans) > _FEW:
            return None
        return tuple(step for first, last in spans for step in self.session.steps[first:last])

    # -- acts

    def act(self, name: str, args: Mapping[str, Any], *, animate: bool = False) -> bool:
        """Carries an operation out; tells whether that was possible. What plays is finished first.

        One that takes long goes on between events, and nothing else can be done until it is complete or given up.
        """
        with self.together():
            if not self._settle():
                return False
            self._refused = False
            self._run(self._acting(name, args, animate), lambda: self._play(animate))
        return not self._refused

    def _acting(self, name: str, args: Mapping[str, Any], animate: bool) -> Work:
        yield from self._finishing()
        words, session = title(name, args), self.session
        try:
            recording = session.begin(name, shape.values_of(schema.OPS[name].keys, dict(args)))
            yield from self._recording(recording, words)
        except ScenarioError as error:
            self._refused = True
            self.failed.emit(f"Cannot do that: {words}", str(error))
            return
        self.playback.forget()
        if animate:
            yield from self._going(session.operations[-1].first + 1)
        yield from self._preparing()

    def _recording(self, recording: Recording, words: str) -> Work:
        try:
            while not recording.advance(SLICE_SECONDS):
                yield f"{words}: {counted(recording.steps, 'step')} so far"
        finally:
            if self.session.recording is recording:
                recording.give_up()
                self._acted = True
                self._notices.append(_GIVEN_UP)
        self._acted = True

    def _play(self, animate: bool) -> None:
        if animate and not self._refused:
            self.playback.play()

    def fire(self, pfn: int) -> None:
        """The click: memory_failure() for this frame. A machine that has panicked can only be looked at."""
        if self.occupied or self.panicked:
            self.selection.select(pfn)
            return
        with self.together():
            self.selection.select(pfn)
            self.selection.select_task(None)
            self.act("poison", {"frame": f"pfn:{pfn:#x}"}, animate=True)

    def inject(self, pfn: int, name: str, args: Mapping[str, Any]) -> None:
        """Another operation on a frame than a click: the frame is looked at, and the operation played."""
        with self.together():
            self.selection.select(pfn)
            self.selection.select_task(None)
            self.act(name, args, animate=True)

    def set_sysctl(self, name: str, value: int) -> None:
        """A write to /proc/sys/vm; nothing when it has that value already."""
        if self.session.machine.sysctl.view[name] != value:
            self.act("sysctl", {"name": name, "value": value})

    def set_task(self, field: str, task: str, word: str) -> None:
        """Another policy or SIGBUS disposition for a task: `field` says which of the two."""
        if field == "policy":
            self.set_policy(task, word)
        else:
            self.set_sigbus(task, word)

    def set_policy(self, task: str, policy: str) -> None:
        """prctl(PR_MCE_KILL) of every thread of a task."""
        process = self.session.machine.processes.view[self.session.world.task_names.view[task]]
        with self.together():
            for number, tid in enumerate(process.threads):
                if self.session.machine.tasks.view[tid].mce_kill != policy:
                    self.act("prctl", {"task": task, "thread": number, "mce_kill": policy})

    def set_sigbus(self, task: str, disposition: str) -> None:
        """sigaction(SIGBUS) and sigprocmask() of a task."""
        self.act("sigaction", {"task": task, "sigbus": disposition})

    def touch(self, verb: str, task: str, at: str) -> None:
        """A task reads or writes a page: `verb` is the operation's name."""
        self.act(verb, {"task": task, "at": at}, animate=True)

    def go_along(self, line: Sequence[Told], progress: Callable[[int], bool]) -> bool:
        """Makes the operations begin with those of a line; `progress` hears how many are left, and may stop it."""
        if not self._settle():
            return False
        with self.together():
            self.finish()
            self._settle()
            with closing(self.session.go_along(line)) as doing:  # one that is stopped is given up before that is told
                for left in doing:
                    self._acted = True
                    self.playback.forget()
                    if not progress(left):
                        return False
        return True

    # -- the timeline

    def seek(self, position: int) -> None:
        """The user goes to a step: what plays stops."""
        if not self.occupied:
            self.playback.pause()
            self._seek(position)

    def show_step(self, position: int) -> None:
        """To a step, with the frame that its operation is about selected."""
        self.seek(position)
        operation = moment_of(self.session).operation
        if operation is not None and operation.outcome.pfn is not None:
            self.selection.select(operation.outcome.pfn)

    def _seek(self, position: int) -> None:
        with self.together():
            self.work.give_up()  # on the way to another step: from here on to this one
            position = min(max(position, 0), len(self.session.steps))
            if position != self.session.position:
                self._run(self._walking(position))

    def _walking(self, position: int) -> Work:
        yield from self._going(position)
        yield from self._preparing()

    def _going(self, position: int) -> Work:
        for _ in self.session.walking(position):
            yield f"Step {self.session.position:,} of {len(self.session.steps):,}"

    def _preparing(self) -> Work:
        """Views find what they need at hand; of what is selected meanwhile, too."""
        looked_at = None
        while looked_at != self.selection.pair:
            looked_at = self.selection.pair
            for _ in self.prepare(self._acted or self._few_steps(self._notices) is None):
                if self._hurried:
                    return
                yield "Looking at what has changed"

    def step(self, by: int) -> None:
        self.seek(self.session.position + by)

    def finish(self) -> None:
        """The operation that is under way is shown at its end, and stays there."""
        if self._settle():
            self._run(self._finishing())

    def _finishing(self) -> Work:
        playing = self.playback.playing
        self.playback.pause()
        operation = moment_of(self.session).operation
        if playing and operation is not None:
            yield from self._walking(operation.last)

    def step_operation(self, by: int) -> None:
        """To the end of the operation before or after."""
        session = self.session
        ends = [0, *(operation.last for operation in session.operations)]
        if by > 0:
            self.seek(next((end for end in ends if end > session.position), ends[-1]))
        else:
            self.seek(next((end for end in reversed(ends) if end < session.position), 0))

    def toggle(self) -> None:
        """Play, or pause."""
        if not self._settle():
            return
        if self.playback.playing:
            self.playback.pause()
        else:
            self.playback.play(again=True)

    # -- the selection

    def _look(self) -> None:
        self._looked = True
        if self._depth:
            return
        if self.busy:  # with something that leaves the machine alone
            self._depth += 1
            self._leave()
        else:
            self._run(self._preparing())
