"""Words of a site: templates filled with the values and objects of a mark; and numbers with their noun."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from hwpoison_gui.kernel.mark import Mark
from hwpoison_gui.kernel.records import UNKNOWN_FILES
from hwpoison_gui.record import Record

# What stands for the pseudo-path of files that a source does not name.
_PSEUDO_PATHS: Final = {
    UNKNOWN_FILES["tmpfs"]: "(shared memory of unknown name)",
    UNKNOWN_FILES["blockdev"]: "(block devices)",
    UNKNOWN_FILES["ext4"]: "(files of unknown name)",
}

# A format string, or a function where words must be chosen. Both take what `values_of` gives, by name.
Template = str | Callable[..., str]


# What variants of phases and actions, and functions of a profile do, in a sentence each.
Behaviour = dict[Callable[..., Any], str]


class Words(Record):
    """`text` is a sentence; `why` completes "because ..."; `branch` replaces the site's where a value is the branch."""

    text: Template
    why: Template = ""
    branch: Template = ""


def values_of(mark: Mark) -> dict[str, Any]:
    """A mark's values by name, its objects (`frames`, `vmas`, `tasks`), and the first `frame` and `task`, if any."""
    found: dict[str, Any] = {"frames": mark.frames, "vmas": mark.vmas, "tasks": mark.tasks}
    found.update((name, some[0]) for name, some in (("frame", mark.frames), ("task", mark.tasks)) if some)
    found.update(zip(mark.site.args, mark.args, strict=True))
    if "path" in found:
        found["path"] = path_words(found["path"])
    return found


def path_words(path: str) -> str:
    """The path of an inode as it is shown: a pseudo-path is put in words."""
    return _PSEUDO_PATHS.get(path, path)


def parameters(function: Callable[..., str]) -> tuple[str, ...]:
    """The names of the values that a function of words takes."""
    code = function.__code__
    return code.co_varnames[: code.co_argcount]


def filled(template: Template, values: Mapping[str, Any]) -> str:
    """A template with the values in it."""
    if isinstance(template, str):
        return template.format_map(values)
    return template(**{name: values[name] for name in parameters(template)})


def counted(number: int, one: str, many: str = "") -> str:
    """`1 PTE`, `3 PTEs`; `many` where an s does not make it: `1 entry`, `3 entries`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
