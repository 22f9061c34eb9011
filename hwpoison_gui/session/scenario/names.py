"""Checks that every name in a scenario exists when a step uses it.

Without running the machine: only the session finds that a task was killed by a signal. A machine with a background has
further names, so there an unknown name is accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hwpoison_gui.session import grammar, many
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.scenario import schema, shape
from hwpoison_gui.session.scenario.scenario import Scenario, ScenarioStep
from hwpoison_gui.session.scenario.schema import OPS, Kind


@dataclass(slots=True)
class _File:
    filesystem: str
    linked: bool = True


@dataclass(slots=True)
class _Task:
    """The names of a process. `areas`: name of a VMA -> pages; `fds`: descriptor -> file,
    None if it is one of the background.

    `known`: it has no other names; a child of a background process has.
    """

    threads: int
    areas: dict[str, int] = field(default_factory=dict)
    fds: dict[str, _File | None] = field(default_factory=dict)
    exited_in: int | None = None
    known: bool = True


def check(scenario: Scenario, elsewhere: bool = False) -> None:
    """Raise ScenarioError at the first name that does not exist. `elsewhere`: the steps run on another machine."""
    frames = schema.MOST_FRAMES if elsewhere else scenario.memory.frames
    names = _Names(frames, background=elsewhere or scenario.memory.background != "none")
    for step in scenario.steps:
        try:
            names.take(step)
        except ScenarioError as error:
            raise error.at(step=step.number) from None


class _Names:
    """The names that exist after the steps checked so far, on a machine of `frames` frames."""

    def __init__(self, frames: int, background: bool) -> None:
        self._frames = frames
        self._background = background
        self._tasks: dict[str, _Task] = {}
        self._files: dict[str, _File] = {}
        self._pages: set[str] = set()

    def take(self, step: ScenarioStep) -> None:
        """Look up the names that a step uses, then add those that it creates."""
        self._look_up(step)
        for number, text in enumerate(step.expect.get("never_handed_out", ()), start=1):
            self._page(text, f"expect.never_handed_out[{number}]")
        self._sizes(step)
        if not step.expect.get("errno"):  # what fails makes nothing
            self._make(step)
        self._expectation(step)

    def _look_up(self, step: ScenarioStep) -> None:
        keys = OPS[step.op].keys
        for key, value in step.args.items():
            kind = keys[key].kind
            if kind is Kind.TASK:
                self._living(value, key)
            elif kind is Kind.THREAD:
                self._thread(step.args.get("task"), value, key)
            elif kind is Kind.ADDRESS:
                self._address(step.args["task"], value, key)
            elif kind is Kind.PATH:
                self._path(step, value, key)
            elif kind is Kind.FD:
                self._fd(step.args["task"], value, key)
            elif kind is Kind.FRAME:
                self._page(value, key)
            elif kind is Kind.FRAMES:
                many.frames_of(value, self._frames, self._named_frame)

    def _named_frame(self, text: str, key: str) -> int | None:
        """Check the names of a page in `frames`; its pfn where the text says it."""
        self._page(text, key)
        page = grammar.parse_page(text)
        return page.pfn if isinstance(page, grammar.PfnPage) else None

    def _task(self, name: str, key: str) -> _Task | None:
        """The task; None if it may be one of the background. Raises ScenarioError."""
        task = self._tasks.get(name)
        if task is None and not self._background:
            raise ScenarioError(f"expected a task that was created, not {shape.shown(name)}", key=key)
        return task

    def _living(self, name: str, key: str) -> _Task | None:
        task = self._task(name, key)
        if task is not None and task.exited_in is not None:
            raise ScenarioError(f"expected a living task; {shape.shown(name)} exited in step {task.exited_in}", key=key)
        return task

    def _thread(self, name: str | None, thread: int, key: str) -> None:
        task = self._task(name, key) if name is not None else None
        if task is not None and thread >= task.threads:
            raise ScenarioError(f"expected a thread below {task.threads}, not {thread}", key=key)

    def _address(self, name: str, text: str, key: str) -> None:
        task = self._task(name, key)
        at = grammar.parse_address(text)
        if task is None or at is None:
            return
        pages = task.areas.get(at.area)
        if pages is None and not task.known:
            return
        if pages is None:
            raise ScenarioError(f"expected a VMA that {shape.shown(name)} mapped, not {shape.shown(text)}", key=key)
        if at.page >= pages:
            raise ScenarioError(f"expected a page below {pages} of `{at.area}`, not {at.page}", key=key)

    def _path(self, step: ScenarioStep, path: str, key: str) -> None:
        if "fd" in step.args and key == "file":
            return  # a mapping by descriptor does not use the path
        file = self._files.get(path)
        if file is None and not self._background:
            raise ScenarioError(f"expected a file that was created, not {shape.shown(path)}", key=key)
        if file is not None and not file.linked:
            raise ScenarioError(f"expected a file that was not unlinked, not {shape.shown(path)}", key=key)

    def _fd(self, name: str, fd: str, key: str) -> None:
        task = self._task(name, key)
        if task is not None and task.known and fd not in task.fds:
            raise ScenarioError(f"expected a descriptor open in {shape.shown(name)}, not {shape.shown(fd)}", key=key)

    def _page(self, text: str, key: str) -> None:
        page = grammar.parse_page(text)
        if isinstance(page, grammar.HeadPage):
            page = page.page
        if isinstance(page, grammar.NamedPage) and page.name not in self._pages:
            raise ScenarioError(f"expected a page that was remembered, not {shape.shown(text)}", key=key)
        if isinstance(page, grammar.TaskPage):
            self._task(page.task, key)
            self._address(page.task, f"{page.at.area}+{page.at.page}", key)
        if isinstance(page, grammar.FilePage) and page.path not in self._files and not self._background:
            raise ScenarioError(f"expected a file that was created, not {shape.shown(text)}", key=key)

    def _sizes(self, step: ScenarioStep) -> None:
        """Check sizes against the file system, and a descriptor against its file."""
        args = step.args
        if step.op == "file":
            self._new_file(args)
        elif step.op == "truncate":
            self._whole(args, "pages", self._filesystem(args["path"]) == "hugetlbfs")
        elif step.op == "mmap":
            self._mapping(args)

    def _new_file(self, args: Mapping[str, Any]) -> None:
        self._whole(args, "pages", args["filesystem"] == "hugetlbfs")

    def _mapping(self, args: Mapping[str, Any]) -> None:
        file = self._mapped_file(args)
        filesystem = file.filesystem if file is not None else None
        huge = args["huge"] == "hugetlb"
        if huge and filesystem not in (None, "hugetlbfs"):
            raise ScenarioError(f'"hugetlb" needs a file on hugetlbfs; this one is on {filesystem}', key="huge")
        self._whole(args, "pages", huge or filesystem == "hugetlbfs")
        self._whole(args, "offset", huge or filesystem == "hugetlbfs")

    def _mapped_file(self, args: Mapping[str, Any]) -> _File | None:
        """The file of a mapping: that of the descriptor, if one is given; None if it is not known, or there is none."""
        if "fd" in args:
            task = self._task(args["task"], "task")
            return task.fds.get(args["fd"]) if task is not None else None
        return self._files.get(args["file"]) if "file" in args else None

    def _filesystem(self, path: str | None) -> str | None:
        file = self._files.get(path) if path is not None else None
        return file.filesystem if file is not None else None

    def _whole(self, args: Mapping[str, Any], key: str, huge: bool) -> None:
        if huge and args[key] % schema.HUGE_PAGE:
            raise ScenarioError(f"expected a multiple of {schema.HUGE_PAGE} for huge pages, not {args[key]}", key=key)

    def _make(self, step: ScenarioStep) -> None:
        args = step.args
        match step.op:
            case "task":
                self._new_task(args["name"], "name", _Task(args["threads"]))
            case "fork":
                self._new_task(args["child"], "child", self._child(args))
            case "exit" if args["task"] in self._tasks:
                self._tasks[args["task"]].exited_in = step.number
            case "file":
                if args["path"] in self._files and self._files[args["path"]].linked:
                    raise ScenarioError(f"expected a new path; {shape.shown(args['path'])} exists", key="path")
                self._files[args["path"]] = _File(args["filesystem"])
            case "unlink" if args["path"] in self._files:
                self._files[args["path"]].linked = False
            case "remember":
                self._pages.add(args["name"])
            case _ if args.get("task") in self._tasks:
                self._make_in_task(step, self._tasks[args["task"]])

    def _make_in_task(self, step: ScenarioStep, task: _Task) -> None:
        args = step.args
        match step.op:
            case "open":
                task.fds[args["fd"]] = self._files.get(args["path"])
            case "close":
                task.fds.pop(args["fd"], None)
            case "mmap" | "mremap":
                task.areas[args["name"]] = args["pages"]

    def _child(self, args: Mapping[str, Any]) -> _Task:
        parent = self._tasks.get(args["task"], _Task(1, known=False))
        return _Task(args["threads"], dict(parent.areas), dict(parent.fds), known=parent.known)

    def _new_task(self, name: str, key: str, task: _Task) -> None:
        if name in self._tasks:
            raise ScenarioError(f"expected a new name; there is a task {shape.shown(name)}", key=key)
        self._tasks[name] = task

    def _expectation(self, step: ScenarioStep) -> None:
        for key in ("alive", "dead"):
            for number, name in enumerate(step.expect.get(key, ()), start=1):
                self._task(name, f"expect.{key}[{number}]")
        for number, entry in enumerate(step.expect.get("pte", ()), start=1):
            self._task(entry["task"], f"expect.pte[{number}].task")
            self._address(entry["task"], entry["at"], f"expect.pte[{number}].at")
        for number, entry in enumerate(step.expect.get("signals", ()), start=1):
            self._signal(entry, f"expect.signals[{number}]")
        for key in ("log", "log_contains", "log_lacks"):
            for number, line in enumerate(step.expect.get(key, ()), start=1):
                self._placeholders(step, line, f"expect.{key}[{number}]")

    def _signal(self, entry: Mapping[str, Any], key: str) -> None:
        name = entry.get("task")
        if name is not None:
            self._task(name, f"{key}.task")
            self._thread(name, entry.get("thread", 0), f"{key}.thread")
        if "at" not in entry:
            return
        if name is not None:
            self._address(name, entry["at"], f"{key}.at")
        elif not self._background and not any(
            entry["at"].rpartition("+")[0] in task.areas for task in self._tasks.values()
        ):
            raise ScenarioError(f"expected a VMA that a task mapped, not {shape.shown(entry['at'])}", key=f"{key}.at")

    def _placeholders(self, step: ScenarioStep, line: str, key: str) -> None:
        for found in grammar.PLACEHOLDER.finditer(line):
            inside = found[1]
            needed = {"pfn": "frame", "head": "frame", "addr": "at"}.get(inside)
            if needed is not None and needed not in step.args:
                raise ScenarioError(f"{found[0]} needs a step with `{needed}`", key=key)
            whose = grammar.split_thread(inside.removeprefix("pid:"))
            if needed is None and whose is not None:
                self._task(whose[0], key)
                self._thread(whose[0], whose[1], key)
