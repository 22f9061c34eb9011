"""Recorded effects of poisoning frames of a real machine: the rows of a .jsonl file, one frame each.

A file is checked while it is read; an invalid row raises ScenarioError with the line and the key.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hwpoison_gui.record import Record
from hwpoison_gui.session.errors import ScenarioError

PRESENT: Final = 1 << 63
SWAPPED: Final = 1 << 62
_FIRST_SPECIAL_TYPE: Final = 23  # below it are swap areas; above it are migration, markers, poison
_INJECTOR: Final = ("Injecting memory failure", "Soft offlining pfn", "mce: ")
_FATES: Final = ("sent", "ignored", "dropped")  # signal_generate's res: 0, 1, 2


class Sent(Record):
    """A signal sent to a thread; `fate` is sent, ignored, or dropped because one was pending."""

    tid: int
    number: int
    fate: str


class Mapper(Record):
    """A PTE that mapped the frame; `dirty` and `pmd` are None if they were not recorded."""

    pid: int
    address: int
    dirty: bool | None
    pmd: bool | None


@dataclass(frozen=True, slots=True)
class Row:
    """One poisoned frame: the state before, the result, and the PTEs afterwards.

    `entries`: (pid, address) -> state, `present`, `none`, `swap` or `hwpoison`. `refcount` is that of the compound
    head; `filesystem` is empty for pages of no file. None: not recorded.
    """

    number: int
    pfn: int
    early_kill: int
    stopped: bool
    changed: bool
    kind: str | None
    result: str | None
    errno: int | str
    sent: tuple[Sent, ...]
    log: tuple[str, ...]
    entries: Mapping[tuple[int, int], str]
    mappers: tuple[Mapper, ...]
    flags: int
    flags_after: int
    refcount: int | None
    filesystem: str


def read_rows(path: Path) -> list[Row]:
    """The rows in the order in which the frames were poisoned. Raises ScenarioError and OSError."""
    rows = list(_rows(path))
    if not rows:
        raise ScenarioError("no row has the outcome of a frame", file=str(path))
    return sorted(rows, key=lambda row: row.number)


def _rows(path: Path) -> Iterator[Row]:
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not line.strip():
            continue
        where = f"line {number}"
        try:
            content = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ScenarioError(f"not JSON ({str(error)[:120]})", key=where, file=str(path)) from None
        if not isinstance(content, dict):
            raise ScenarioError("an object expected", key=where, file=str(path))
        if "skipped" in content or "type" in content:  # no frame was left for it; or about the whole run
            continue
        try:
            yield _row(content)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            said = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise ScenarioError(f"not a row of a recording ({said})", key=where, file=str(path)) from None


def _row(content: dict[str, Any]) -> Row:
    verdict = content.get("verdict") or {}
    errno = content["errno"]
    mappers = tuple(_mapper(one) for one in content.get("mappers", ()))
    page = content.get("head_page_before") or content.get("page_before") or {}
    return Row(
        number=int(content["n"]),
        pfn=int(content["pfn"], 16),
        early_kill=_flag(content.get("early_kill", 0), "early_kill"),
        stopped=content.get("workload", "stopped") == "stopped",
        changed=bool(content.get("flags_changed_since_snapshot", False)),
        kind=verdict.get("page"),
        result=verdict.get("result"),
        errno=0 if errno in (0, "0") else str(errno),
        sent=tuple(Sent(int(one["pid"]), int(one["sig"]), _FATES[one["res"]]) for one in content["signalled"]),
        log=tuple(str(line) for line in content["log"] if not line.startswith(_INJECTOR)),
        entries={(int(one["pid"]), int(one["va"], 16)): _state(one) for one in content["mappers_after"]},
        mappers=mappers,
        flags=int(content["word_before"], 16),
        flags_after=int(content["word_after"], 16),
        refcount=page.get("refcount"),
        filesystem=_filesystem(content.get("file")),
    )


def _flag(value: Any, name: str) -> int:
    if value not in (0, 1):
        raise ValueError(f"{name} is {value!r}, 0 or 1 expected")
    return int(value)


def _mapper(one: dict[str, Any]) -> Mapper:
    pmd = bool(one.get("pmd", False)) if "pte" in one else None
    return Mapper(int(one["pid"]), int(one["va"], 16), one.get("dirty"), pmd)


def _state(one: dict[str, Any]) -> str:
    """State of a PTE by its raw pagemap word."""
    word = int(one["pagemap"], 16)
    if word & PRESENT:
        return "present"
    if not word & SWAPPED:
        return "none"
    return "hwpoison" if word & 31 >= _FIRST_SPECIAL_TYPE else "swap"


def _filesystem(file: dict[str, Any] | None) -> str:
    """The name of a file system in scenario files."""
    if not file:
        return ""
    return {"bdev": "blockdev", "tmpfs": "tmpfs", "hugetlbfs": "hugetlbfs"}.get(str(file.get("sb", "")), "ext4")
