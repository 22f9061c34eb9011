"""Reads the recorded memory of a machine: a snapshot, which is one file, or NAME.npz, NAME.json and NAME_hidden.npz.

All files are checked completely before an image is made of them. docs/snapshot-format.md describes the format.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.image import SYSCTLS, Capture, HiddenState, MemoryImage, ZoneImage
from hwpoison_gui.sources import frame_runs, npz
from hwpoison_gui.sources.assemble import PRESENT, Exported, assemble, page_aligned, release_of
from hwpoison_gui.sources.errors import MalformedError, SourceError
from hwpoison_gui.sources.frame_runs import FrameRuns, Integers
from hwpoison_gui.sources.maps import PAGE_SHIFT, ProcessText
from hwpoison_gui.sources.own_flags import own_flags
from hwpoison_gui.sources.recognise import MOST_JSON, members_of
from hwpoison_gui.sources.text import number_of
from hwpoison_gui.sources.threads import ThreadText
from hwpoison_gui.sources.vma_table import U64
from hwpoison_gui.sources.zoneinfo import zones_of

FRAME_COLUMNS: Final = ("kpageflags", "kpagecount")
_ENTRY_COLUMNS: Final = ("pagemap_pid", "pagemap_va", "pagemap_entry")
PMD_COLUMN: Final = "pagemap_pmd"  # optional: 1 for an entry that a huge PMD maps
CGROUP_COLUMN: Final = "kpagecgroup"  # optional: the inode number of the memory cgroup of each frame
INSIDE: Final = "machine.json"  # member of a snapshot with what a recording has in NAME.json
FORMAT: Final[dict[str, Any]] = {"format": "hwpoison-gui snapshot", "snapshot": 2}
_MAY_BE_RUNS: Final = (*FRAME_COLUMNS, CGROUP_COLUMN)  # in snapshots from version 2 on
_COLUMNS: Final = (
    *FRAME_COLUMNS, *_ENTRY_COLUMNS, PMD_COLUMN, CGROUP_COLUMN,
    *(member for name in _MAY_BE_RUNS for member in frame_runs.members(name)),
)  # fmt: skip
HIDDEN: Final = "_hidden.npz"
_HIDDEN_COLUMNS: Final = ("raw_flags", "mapping", "index", "private", "refcount", "pagemap_pte")
_PTE_DIRTY: Final = np.uint64(1 << 6)
_PTE_LEAF_PMD: Final = np.uint64(1 << 7)
_MOST_NODES: Final = 1 << 10
_MOST_FRAMES: Final = 1 << 52
_MOST_TIME: Final = 1 << 37  # seconds: the year 6325


def open_recording(path: Path | str, hidden: bool | None = None) -> MemoryImage:
    """Read a recording and make an image of it.

    Parameters and errors as for `read_recording`; SourceError also if its parts contradict each other.
    """
    arrays, side = _pair(Path(path))
    try:
        return assemble(_read(arrays, side, hidden))
    except MalformedError as bad:
        file = arrays if bad.where.startswith(("pagemap_", "kpage")) else side
        raise SourceError(file, bad.where, bad.why) from None


def parts_of(path: Path) -> tuple[Path, ...]:
    """The existing files of a recording, NAME.npz first; `path` is NAME.npz or NAME.json."""
    arrays, side = _names(path)
    if is_snapshot(arrays):
        return (arrays,)
    return tuple(part for part in (arrays, side, hidden_beside(arrays)) if part.exists())


def is_snapshot(path: Path) -> bool:
    """Return whether a file is a snapshot, which has its notes inside; False also for a file that cannot be read."""
    return INSIDE in (members_of(path) or ())


def hidden_beside(arrays: Path) -> Path:
    """The path at which a recording keeps the state that Linux does not export; it need not exist."""
    return arrays.with_name(f"{arrays.stem}{HIDDEN}")


def read_recording(path: Path | str, hidden: bool | None = None) -> Exported:
    """Read a recording as it is, without deriving what Linux does not export.

    Parameters
    ----------
    path
        A snapshot, or NAME.npz or NAME.json of a recording.
    hidden
        True requires NAME_hidden.npz, False ignores it, None uses it if it exists.

    Raises
    ------
    SourceError
        With the file and the place in it: missing, damaged, of a newer version, or with impossible values.
    """
    arrays, side = _pair(Path(path))
    return _read(arrays, side, hidden)


def _read(path: Path, side: Path, hidden: bool | None) -> Exported:
    """Read a pair of files; for a snapshot, both are the same file."""
    with npz.opened(path) as archive:
        columns = archive.columns(_COLUMNS)
        inside = archive.text(INSIDE, MOST_JSON) if path == side else None
    try:
        frame_runs.expand(columns, _MAY_BE_RUNS, _most_frames())
    except MalformedError as bad:
        raise SourceError(path, bad.where, bad.why) from None
    frames, entries = _check(path, columns)
    notes = _read_json(side) if inside is None else _parse_json(path, inside)
    if inside is not None:
        _check_format(path, notes)
    processes = _processes(side, notes)
    beside = hidden_beside(path)
    wanted = path != side and beside.exists() if hidden is None else hidden
    state = _read_hidden(beside, frames, entries, columns) if wanted else HiddenState(pte_pmd=_pmd(path, columns))
    version = _text(side, notes, "version")
    return Exported(
        title=f"{path.stem} ({release_of(version)})",
        kpageflags=_unsigned(path, columns, "kpageflags"),
        kpagecount=_not_negative(path, columns, "kpagecount"),
        pagemap_pid=columns["pagemap_pid"].astype(np.int64),
        pagemap_va=_unsigned(path, columns, "pagemap_va"),
        pagemap_entry=_unsigned(path, columns, "pagemap_entry"),
        processes=processes,
        meminfo=_text(side, notes, "meminfo"),
        version=version,
        sysctl=_sysctls(side, notes),
        hidden=state,
        mounts=_mounts(side, notes),
        zones=_zones(side, notes),
        notes=_lines(side, notes, "notes"),
        cgroup=_cgroup(path, columns),
        cgroups=_cgroups(side, notes),
        texts=_texts(side, notes),
        capture=_capture(side, notes, processes),
    )


def first_frames(path: Path) -> FrameRuns | U64:
    """Read only the flag words, which the first picture of the map needs.

    Returns
    -------
    FrameRuns or ndarray of uint64, shape (frames,)
        Words of /proc/kpageflags with the bits of 6.1: as runs of equal words, or one per frame, as the file has them.

    Raises
    ------
    SourceError
        If they are damaged or missing.
    """
    path, _ = _pair(path)
    with npz.opened(path) as archive:
        arrays = archive.columns((*frame_runs.members("kpageflags"), "kpageflags"))
    try:
        runs = frame_runs.runs_in(arrays, "kpageflags", _most_frames())
        if runs is not None:
            return runs._replace(words=own_flags(frame_runs.unsigned(runs.words)))
    except MalformedError as bad:
        raise SourceError(path, bad.where, bad.why) from None
    if "kpageflags" not in arrays:
        raise SourceError(path, "kpageflags", "the array is missing")
    return own_flags(_unsigned(path, arrays, "kpageflags"))


def zones_in(path: Path) -> tuple[ZoneImage, ...]:
    """Read only the zones, sorted by address; empty if the recording does not have them. Raises SourceError."""
    arrays, side = _pair(path)
    with npz.opened(arrays) as archive:
        inside = archive.text(INSIDE, MOST_JSON) if arrays == side else None
    return _zones(side, _read_json(side) if inside is None else _parse_json(path, inside))


def _most_frames() -> int:
    """The largest number of frames that is read; 32 bytes per frame hold flags, counts and cgroup."""
    return npz.MOST_BYTES >> 5


def _check_format(path: Path, notes: dict[str, Any]) -> None:
    """Raise SourceError unless this program can read the version of the snapshot."""
    if notes.get("format") != FORMAT["format"]:
        raise SourceError(path, f"{INSIDE}: format", f"{FORMAT['format']!r} expected")
    number = _integer(path, INSIDE, notes, "snapshot")
    if number > FORMAT["snapshot"]:
        why = f"format version {number} is newer than the supported {FORMAT['snapshot']}"
        raise SourceError(path, f"{INSIDE}: snapshot", why)


def _cgroup(path: Path, columns: dict[str, Integers]) -> U64 | None:
    if CGROUP_COLUMN not in columns:
        return None
    if len(columns[CGROUP_COLUMN]) != len(columns["kpageflags"]):
        raise SourceError(path, CGROUP_COLUMN, f"{len(columns['kpageflags'])} frames expected")
    return _unsigned(path, columns, CGROUP_COLUMN)


def _cgroups(path: Path, notes: dict[str, Any]) -> dict[int, str]:
    """Paths of memory cgroups by inode number."""
    given = _mapping(path, notes, "cgroups")
    numbers = {name: number_of(name, (1 << 63) - 1) for name in given}
    bad = next((name for name, number in numbers.items() if number is None), None)
    if bad is not None:
        raise SourceError(path, "cgroups", f"the inode number of a cgroup expected, not {bad[:40]!r}")
    return {number: given[name] for name, number in numbers.items() if number is not None}


def _texts(path: Path, notes: dict[str, Any]) -> dict[str, str]:
    """Texts of other files of /proc and /sys, by path. Older recordings have some under keys of their own: ignored."""
    return _mapping(path, notes, "texts")


def _capture(path: Path, notes: dict[str, Any], processes: tuple[ProcessText, ...]) -> Capture:
    """Return time and boot of the capture, unknown in older files, and its processes if only some were read."""
    time, boot, partial = notes.get("captured"), _text(path, notes, "boot"), notes.get("partial", False)
    if time is not None and (isinstance(time, bool) or not isinstance(time, int | float) or not 0 <= time < _MOST_TIME):
        raise SourceError(path, "captured", "seconds since 1970 expected")
    if not isinstance(partial, bool):
        raise SourceError(path, "partial", "true or false expected")
    return Capture(time, boot, tuple(one.pid for one in processes) if partial else ())


def _mapping(path: Path, notes: dict[str, Any], key: str) -> dict[str, str]:
    value = notes.get(key, {})
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise SourceError(path, key, "an object of texts expected")
    return value


def _pmd(path: Path, columns: dict[str, Integers]) -> npt.NDArray[np.bool_] | None:
    """Return whether each entry is mapped by a huge PMD; None where that was not recorded."""
    column = columns.get(PMD_COLUMN)
    if column is None:
        return None
    if len(column) != len(columns["pagemap_entry"]):
        raise SourceError(path, PMD_COLUMN, f"{len(columns['pagemap_entry'])} entries expected, {len(column)} there")
    return np.asarray(column != 0, np.bool_)


def _names(path: Path) -> tuple[Path, Path]:
    """The names of the arrays and the notes of a recording, by one of them."""
    return (path.with_suffix(".npz"), path) if path.suffix == ".json" else (path, path.with_suffix(".json"))


def _pair(path: Path) -> tuple[Path, Path]:
    """Return the same as `_names`; for a snapshot, which has its notes inside, the same file twice.

    Raises SourceError if one of the two files is missing.
    """
    arrays, side = _names(path)
    if path == arrays and is_snapshot(arrays):
        return arrays, arrays
    if path == side and not arrays.exists():
        raise SourceError(path, "", f"the notes of a recording; its memory, {arrays.name}, is not beside it")
    if path == arrays and arrays.exists() and not side.exists():
        with npz.opened(arrays):  # a truncated archive is reported as such
            pass
        why = f"the memory of a recording; its notes are neither in it, as {INSIDE}, nor beside it, as {side.name}"
        raise SourceError(path, "", why)
    return arrays, side


def _check(path: Path, columns: dict[str, Integers]) -> tuple[int, int]:
    """Check that all arrays exist and have matching lengths; returns the numbers of frames and page-table entries."""
    for name in FRAME_COLUMNS + _ENTRY_COLUMNS:
        if name not in columns:
            raise SourceError(path, name, "the array is missing")
    frames, entries = len(columns["kpageflags"]), len(columns["pagemap_entry"])
    if frames == 0:
        raise SourceError(path, "kpageflags", "there are no frames")
    for names, count, what in ((FRAME_COLUMNS, frames, "frames"), (_ENTRY_COLUMNS, entries, "entries")):
        for name in names:
            if len(columns[name]) != count:
                raise SourceError(path, name, f"{count} {what} expected, {len(columns[name])} there")
    if not page_aligned(_unsigned(path, columns, "pagemap_va")):
        raise SourceError(path, "pagemap_va", "an address that is not the first of a page")
    return frames, entries


def _unsigned(path: Path, columns: dict[str, Integers], name: str) -> U64:
    return _not_negative(path, columns, name).astype(np.uint64, copy=False)


def _not_negative(path: Path, columns: dict[str, Integers], name: str) -> Integers:
    column = columns[name]
    if column.dtype.kind == "i" and len(column) and int(column.min()) < 0:
        raise SourceError(path, name, "a negative value")
    return column


def _read_hidden(path: Path, frames: int, entries: int, columns: dict[str, Integers]) -> HiddenState:
    """Read NAME_hidden.npz, the state that Linux does not export."""
    hidden = npz.read_columns(path, _HIDDEN_COLUMNS)
    for name, column in hidden.items():
        count = entries if name == "pagemap_pte" else frames
        if len(column) != count:
            raise SourceError(path, name, f"{count} values expected, {len(column)} there")
    words = {name: _unsigned(path, hidden, name) for name in hidden if name != "refcount"}
    dirty, pmd = None, None
    if "pagemap_pte" in words:
        dirty, pmd = _pte_bits(words["pagemap_pte"], columns)
    return HiddenState(
        refcount=_refcounts(hidden),
        pte_dirty=dirty,
        mapping=words.get("mapping"),
        index=words.get("index"),
        private=words.get("private"),
        pte_pmd=pmd,
    )


def _refcounts(hidden: dict[str, Integers]) -> npt.NDArray[np.int32] | None:
    """Reference counts; -1 where struct page could not be read (its flags encode the zone and are never 0)."""
    if "refcount" not in hidden:
        return None
    counts = hidden["refcount"].clip(0, 1 << 30).astype(np.int32)
    if "raw_flags" in hidden:
        counts[hidden["raw_flags"] == 0] = -1
    return counts


def _pte_bits(pte: U64, columns: dict[str, Integers]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return whether each entry is dirty, and whether it is a leaf at PMD level, from raw x86 page-table entries."""
    entry, va = columns["pagemap_entry"].astype(np.uint64), columns["pagemap_va"].astype(np.uint64)
    present = (entry & PRESENT) != 0
    # In a PTE the PSE bit means PAT; a huge mapping is also aligned.
    aligned = ((entry ^ (va >> np.uint64(PAGE_SHIFT))) & np.uint64(511)) == 0
    return present & ((pte & _PTE_DIRTY) != 0), present & aligned & ((pte & _PTE_LEAF_PMD) != 0)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MOST_JSON:
            raise SourceError(path, "", "too large to be the notes of a recording")
        return _parse_json(path, path.read_bytes())
    except OSError as error:
        raise SourceError(path, "", error.strerror or str(error)) from error


def _parse_json(path: Path, data: bytes) -> dict[str, Any]:
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SourceError(path, "", f"not JSON ({str(error)[:120]})") from error
    if not isinstance(content, dict):
        raise SourceError(path, "", "an object expected")
    return content


def _processes(path: Path, notes: dict[str, Any]) -> tuple[ProcessText, ...]:
    listed = notes.get("processes")
    if not isinstance(listed, list):
        raise SourceError(path, "processes", "a list expected")
    return tuple(_process(path, f"processes[{number}]", one) for number, one in enumerate(listed))


def _process(path: Path, where: str, one: Any) -> ProcessText:
    if not isinstance(one, dict):
        raise SourceError(path, where, "an object expected")
    pid, ppid = _integer(path, where, one, "pid"), _integer(path, where, one, "ppid", default=0)
    comm, status, maps = one.get("comm", ""), one.get("status", {}), one.get("maps", [])
    if not isinstance(comm, str):
        raise SourceError(path, f"{where}.comm", "a text expected")
    if not isinstance(status, dict) or not all(isinstance(value, str) for value in status.values()):
        raise SourceError(path, f"{where}.status", "an object of texts expected")
    if not isinstance(maps, list) or not all(isinstance(line, str) for line in maps):
        raise SourceError(path, f"{where}.maps", "a list of lines expected")
    pid_ns = _integer(path, where, one, "pid_ns", 1 << 63, 0)
    return ProcessText(pid, ppid, comm, status, tuple(maps), _threads(path, where, one, pid), pid_ns)


def _threads(path: Path, where: str, one: dict[str, Any], pid: int) -> tuple[ThreadText, ...]:
    """The recorded threads of a process, the main one first; empty if they were not recorded."""
    listed = one.get("threads", [])
    if not isinstance(listed, list) or not all(isinstance(thread, dict) for thread in listed):
        raise SourceError(path, f"{where}.threads", "a list of objects expected")
    found = []
    for number, thread in enumerate(listed):
        at = f"{where}.threads[{number}]"
        mask = thread.get("SigBlk", "0")
        if not isinstance(mask, str):
            raise SourceError(path, f"{at}.SigBlk", "a text expected")
        found.append(ThreadText(_integer(path, at, thread, "tid"), _integer(path, at, thread, "flags", 1 << 32), mask))
    if found and (found[0].tid != pid or len({thread.tid for thread in found}) < len(found)):
        raise SourceError(path, f"{where}.threads", "the main thread first, and none twice, expected")
    return tuple(found)


def _integer(
    path: Path, where: str, one: dict[str, Any], key: str, limit: int = 1 << 31, default: int | None = None
) -> int:
    """The value of a key, 0 to `limit` exclusive, which is that of a process number unless given."""
    value = one.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < limit:
        raise SourceError(path, f"{where}.{key}", f"a whole number below {limit:,} expected")
    return value


def _text(path: Path, notes: dict[str, Any], key: str) -> str:
    value = notes.get(key, "")
    if not isinstance(value, str):
        raise SourceError(path, key, "a text expected")
    return value


def _lines(path: Path, notes: dict[str, Any], key: str) -> tuple[str, ...]:
    value = notes.get(key, [])
    if not isinstance(value, list) or not all(isinstance(line, str) for line in value):
        raise SourceError(path, key, "a list of texts expected")
    return tuple(value)


def _mounts(path: Path, notes: dict[str, Any]) -> dict[str, str]:
    """File-system type by device, written as in maps."""
    return _mapping(path, notes, "mounts")


def _zones(path: Path, notes: dict[str, Any]) -> tuple[ZoneImage, ...]:
    """The recorded zones; else those that the text of zoneinfo says."""
    listed = notes.get("zones")
    if listed is None:
        return zones_of(_text(path, notes, "zoneinfo"))
    if not isinstance(listed, list):
        raise SourceError(path, "zones", "a list expected")
    zones: list[ZoneImage] = []
    for number, one in enumerate(listed):
        least = zones[-1].end if zones else 0
        match one:
            case {"node": int(node), "name": str(name), "start": int(start), "end": int(end)} if (
                -1 <= node < _MOST_NODES and least <= start < end <= _MOST_FRAMES
            ):
                zones.append(ZoneImage(int(node), name, int(start), int(end)))
            case _:
                raise SourceError(path, f"zones[{number}]", "a zone after the one before it expected")
    return tuple(zones)


def _sysctls(path: Path, notes: dict[str, Any]) -> dict[str, int]:
    """The sysctls of SYSCTLS in the recording; their names may begin with `vm.`."""
    recorded = notes.get("sysctl", {})
    if not isinstance(recorded, dict):
        raise SourceError(path, "sysctl", "an object expected")
    found = {}
    for key, value in recorded.items():
        name = key.removeprefix("vm.")
        if name in SYSCTLS:
            if value not in (0, 1):
                raise SourceError(path, f"sysctl.{key}", "0 or 1 expected")
            found[name] = int(value)
    return found
