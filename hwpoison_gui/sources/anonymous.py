"""Takes names out of what a machine exported: of processes, files, cgroups, users and the host.

What the model needs stays: which mappings are of one file, what kind of memory a VMA is, signal masks and policies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from hwpoison_gui.image import Capture
from hwpoison_gui.sources.assemble import Exported, release_of
from hwpoison_gui.sources.maps import ProcessText
from hwpoison_gui.sources.renumbered import renumbered

# Fields of status that say nothing of who runs what.
_STATUS: Final = frozenset(
    ("State", "Tgid", "Pid", "PPid", "NSpid", "NStgid", "Threads", "SigQ", "SigPnd", "ShdPnd", "SigBlk", "SigIgn",
     "SigCgt", "VmPeak", "VmSize", "VmLck", "VmPin", "VmHWM", "VmRSS", "RssAnon", "RssFile", "RssShmem", "VmData",
     "VmStk", "VmExe", "VmLib", "VmPTE", "VmSwap", "HugetlbPages")
)  # fmt: skip
_LINE: Final = re.compile(r"((?:\S+\s+){4}\S+)(\s*)(.*)", re.ASCII)  # of maps: the fields, and the path
_DELETED: Final = " (deleted)"
_SYSV: Final = re.compile(r"/SYSV[0-9a-f]{8}")
_KEPT: Final = ("/dev/zero", "/anon_hugepage")  # no file has these names: the kernel made them
_MEMFD: Final = "/memfd:"
_SO: Final = re.compile(r"\.so(\.[0-9.]+)?$")
_TEXTS: Final = ("proc/buddyinfo",)

_LOCAL: Final = re.compile(r"(?<=\d)[-+_~].*", re.ASCII | re.DOTALL)  # what a builder added to a kernel's version

Name = Callable[[str], str]


def anonymized(exported: Exported) -> Exported:
    """Return the same with stable pseudonyms: equal names get equal ones (`task-1`, `/lib-2.so`, `/cgroup-3`)."""
    tasks, files = _Numbers("task-{}"), _Numbers("{}")

    def path(text: str) -> str:
        number = files(text)
        return f"/lib-{number}.so" if _SO.search(text) else f"/file-{number}"

    return _renamed(exported, tasks, path, _Numbers("/cgroup-{}"))


def without_names(exported: Exported) -> Exported:
    """Return the same where every process is `task`, and every file and cgroup has only the number of its inode."""
    return _renamed(exported, lambda _: "task", lambda _: "/file", lambda _: "")


class _Numbers:
    """Numbers names in the order in which they come."""

    def __init__(self, form: str) -> None:
        self._form, self._known = form, dict[str, int]()

    def __call__(self, name: str) -> str:
        return self._form.format(self._known.setdefault(name, len(self._known) + 1))


def _renamed(exported: Exported, task: Name, path: Name, cgroup: Name) -> Exported:
    release = _LOCAL.sub("", release_of(exported.version).removeprefix("Linux "))
    named = {number: cgroup(name) for number, name in sorted(exported.cgroups.items())}
    texts = {name: text for name, text in exported.texts.items() if name in _TEXTS or "/memory_failure/" in name}
    bare = replace(
        exported,
        title=f"a machine (Linux {release})" if release != "Linux" else "a machine (Linux)",
        version=f"Linux version {release}\n" if release != "Linux" else "",
        processes=tuple(_process(one, task, path) for one in exported.processes),
        cgroups={number: name for number, name in named.items() if name},
        texts=texts,
        capture=Capture(pids=exported.capture.pids),
    )
    return renumbered(bare)


def _process(one: ProcessText, task: Name, path: Name) -> ProcessText:
    name = task(one.comm)
    status: Mapping[str, str] = {key: value for key, value in one.status.items() if key in _STATUS}
    return replace(one, comm=name, status={"Name": name, **status}, maps=tuple(_lines(one.maps, path)))


def _lines(lines: Iterable[str], path: Name) -> Iterable[str]:
    for line in lines:
        found = _LINE.fullmatch(line.rstrip("\n"))
        yield f"{found[1]}{found[2]}{_path(found[3], path)}" if found and found[3] else line


def _path(text: str, path: Name) -> str:
    """A path of maps without its name; what the kernel itself calls so stays: `[heap]`, `/dev/zero`, `/SYSV…`."""
    bare, deleted = text.removesuffix(_DELETED), _DELETED if text.endswith(_DELETED) else ""
    if bare.startswith("[anon:") or bare.startswith("[anon_shmem:"):
        return f"{bare.partition(':')[0]}:named]"
    if not bare.startswith("/") or bare in _KEPT:
        return text
    if _SYSV.fullmatch(bare):
        return f"/SYSV00000000{deleted}"
    if bare.startswith(_MEMFD):
        return f"{_MEMFD}{path(bare).removeprefix('/')}{deleted}"
    return f"{path(bare)}{deleted}"
