"""Identifies files by their content; the name does not count.

Most files that people have at hand are not memory: logs, databases, archives, crash dumps. They are named and refused,
with what to do instead. Words without any sign of a form may be page flags; sources/raw.py looks at their bits.
"""

from __future__ import annotations

import json
import os
import re
import stat
import zipfile
from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from hwpoison_gui.record import Record
from hwpoison_gui.sources.errors import SourceError

HEAD: Final = 1 << 16  # bytes that are looked at; a multiple of 8, as /proc/kpageflags asks for
MOST_JSON: Final = 1 << 28
SQLITE: Final = b"SQLite format 3\0"


class Reader(Enum):
    """Kind of content that a file is opened as."""

    NONE = "nothing"
    SCENARIO = "a scenario"
    SESSION = "a session"
    RECORDING = "a recording"
    NOTES = "the notes of a recording"
    RAW = "raw page flags"
    RECORDS = "error records"


class Form(Record):
    """Form of a file. `name`: with its article; `advice`: why it is refused, or what to do instead."""

    name: str
    advice: str = ""
    reader: Reader = Reader.NONE

    def refusal(self, path: Path) -> SourceError:
        """The error for a file of this form where it cannot be read."""
        return SourceError(path, "", f"{self.name}; {self.advice}" if self.advice else self.name)


_RECORDS: Final = "it has error records, but no memory: `hwpoison-gui records` reads it"
_NO_DUMPS: Final = "crash dumps cannot be opened yet"
_UNPACK: Final = "unpack it first"

SCENARIO: Final = Form("a scenario", reader=Reader.SCENARIO)
SESSION: Final = Form("a saved session", reader=Reader.SESSION)
RECORDING: Final = Form("a recording", reader=Reader.RECORDING)
NOTES: Final = Form("the notes of a recording", reader=Reader.NOTES)
RAW: Final = Form("raw words", reader=Reader.RAW)
KERNEL_LOG: Final = Form("a kernel log", _RECORDS, Reader.RECORDS)
JOURNAL: Final = Form("a journal or system log", _RECORDS, Reader.RECORDS)
TRACE: Final = Form("text of a trace", _RECORDS, Reader.RECORDS)
MCELOG: Final = Form("a log of mcelog", _RECORDS, Reader.RECORDS)
STATISTICS: Final = Form("memory_failure statistics", _RECORDS, Reader.RECORDS)

_EXPORTED: Final = "open the scenario or session it was made from"

# Signs at a fixed place of the content: (offset, bytes, form). The first that matches counts.
_SIGNS: Final[tuple[tuple[int, bytes, Form], ...]] = (
    (0, SQLITE, Form("an SQLite database", "databases cannot be opened")),
    (0, b"KDUMP   ", Form("a crash dump of makedumpfile (kdump)", _NO_DUMPS)),
    (0, b"DISKDUMP", Form("a crash dump of makedumpfile (diskdump)", _NO_DUMPS)),
    (0, b"makedumpfile\0", Form("a crash dump of makedumpfile (flattened)", _NO_DUMPS)),
    (0, b"EMiL", Form("a memory dump of LiME", _NO_DUMPS)),
    (0, b"PAGEDU64", Form("a crash dump of Windows", _NO_DUMPS)),
    (0, b"\x7fELF", Form("an ELF file", "programs cannot be opened")),
    (0, b"\x1f\x8b", Form("compressed by gzip", f"{_UNPACK}: gunzip")),
    (0, b"\xfd7zXZ\0", Form("compressed by xz", f"{_UNPACK}: unxz")),
    (0, b"\x28\xb5\x2f\xfd", Form("compressed by zstd", f"{_UNPACK}: unzstd")),
    (0, b"BZh", Form("compressed by bzip2", f"{_UNPACK}: bunzip2")),
    (0, b"\x04\x22\x4d\x18", Form("compressed by lz4", f"{_UNPACK}: unlz4")),
    (0, b"\x89LZO\0", Form("compressed by lzop", f"{_UNPACK}: lzop -d")),
    (0, b"\x1f\x9d", Form("compressed by compress", f"{_UNPACK}: uncompress")),
    (0, b"7z\xbc\xaf\x27\x1c", Form("a 7z archive", _UNPACK)),
    (257, b"ustar", Form("a tar archive", _UNPACK)),
    (0, b"070701", Form("a cpio archive", _UNPACK)),
    (0, b"LPKSHHRH", Form("a binary systemd journal", "write it as text: journalctl -k -o json --file FILE")),
    (0, b"PERFILE2", Form("a recording of perf", "traces cannot be opened")),
    (0, b"\x17\x08\x44tracing", Form("a recording of trace-cmd", "traces cannot be opened")),
    (0, b"\x93NUMPY", Form("a single NumPy array", "a recording is an .npz file with several")),
    (0, b"QFI\xfb", Form("a disk image of QEMU", "disk images cannot be opened")),
    (0, b"QEVM", Form("the saved state of a QEMU machine", _NO_DUMPS)),
    (0, b"\x89PNG\r\n", Form("a PNG picture", "pictures cannot be opened")),
    (0, b"\xff\xd8\xff", Form("a JPEG picture", "pictures cannot be opened")),
    (0, b"GIF8", Form("a GIF animation", _EXPORTED)),
    (4, b"ftyp", Form("a video", _EXPORTED)),
    (0, b"\x1a\x45\xdf\xa3", Form("a video", _EXPORTED)),
    (0, b"<!DOCTYPE html", Form("a page for a browser", _EXPORTED)),
    (0, b"<?xml", Form("an XML document", "documents cannot be opened")),
    (0, b"%PDF-", Form("a PDF document", "documents cannot be opened")),
    (0, b"version https://git-lfs", Form("a Git LFS pointer", "fetch the file itself: git lfs pull")),
    (0, b"\xff\xfe", Form("text in UTF-16", "save it as UTF-8")),
    (0, b"\xfe\xff", Form("text in UTF-16", "save it as UTF-8")),
)  # fmt: skip

_MONTH: Final = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK: Final = r"\d\d:\d\d:\d\d"
_PRIORITY: Final = r"(?:<\d+>|kern *:\w+ *: ?)?"  # dmesg --raw, dmesg --decode

# Forms of a line; a text has the form of at least half of its lines.
_LINES: Final[tuple[tuple[str, Form], ...]] = (
    (rf"{_PRIORITY}\[ *\d+\.\d{{6}}\]", KERNEL_LOG),
    (rf"{_PRIORITY}\[\w{{3}} {_MONTH} [ \d]\d {_CLOCK} \d{{4}}\]", KERNEL_LOG),
    (rf"{_PRIORITY}\d{{4}}-\d\d-\d\dT{_CLOCK},\d+[+-]\d\d:\d\d ", KERNEL_LOG),
    (r"\d+,\d+,\d+,[-c+][^;]*;", KERNEL_LOG),
    (rf"{_MONTH} [ \d]\d {_CLOCK} \S+ ", JOURNAL),
    (rf"\d{{4}}-\d\d-\d\d[T ]{_CLOCK}\S* \S+ [^ :]+: ", JOURNAL),
    (r'\{.*"__REALTIME_TIMESTAMP"', JOURNAL),
    (
        r'\{(?=.*"pfn")(?=.*"word_before")',
        Form("the rows of poisoned frames", "`hwpoison-gui agree` compares with them"),
    ),
    (r"[0-9a-f]{7,16}[: ] ?(?:[0-9a-f]{2,16} ){4}", Form("a hex dump as text", "open the file it was made from")),
    (
        r"[0-9a-f]{8,16}-[0-9a-f]{8,16} [r-][w-][x-][ps] ",
        Form("text of /proc/PID/maps", "record the machine's memory instead"),
    ),
)  # fmt: skip

# Lines that occur in one form only; the first match decides.
_HEADS: Final[tuple[tuple[str, Form], ...]] = (
    (r"- hwpoison-gui \d+\.\d+\S*, profile `", Form("a report as Markdown", _EXPORTED)),
    (r"(?:format\s*=\s*\d|\[\[\s*step\s*\]\])", SCENARIO),
    (
        r"(?:voffset\t)?offset\t(?:len|cgroup|count|flags)|\s*flags\tpage-count",
        Form("the output of page-types", "open a copy of /proc/kpageflags instead"),
    ),
    (
        r"(?:No )?(?:Memory|MCE|PCIe AER|Extlog|ARM|Devlink|Disk|CXL)[\w ]* (?:events|errors)(?: summary)?[:.]$",
        Form("output of ras-mc-ctl", _RECORDS, Reader.RECORDS),
    ),
    (r"Hardware event\. This is not a software error|.*mcelog: |MCE \d+$", MCELOG),
    (r"# tracer: \w|.*: (?:ras:)?memory_failure_event: pfn ", TRACE),
    (r".*(?:Memory failure: 0x|MCE 0x|\[Hardware Error\]:|mce: |EDAC MC\d)", KERNEL_LOG),
    (r".*rasdaemon: |\S{0,200}node\d+/memory_failure/total:\d", Form("error records", _RECORDS, Reader.RECORDS)),
    (r"MemTotal: +\d+ kB", Form("text of /proc/meminfo", "record the machine's memory instead")),
    (r"(?:VmFlags:|Rss:) ", Form("text of /proc/PID/smaps", "record the machine's memory instead")),
    (r"Node \d+, zone +\w+", Form("text of /proc/buddyinfo or zoneinfo", "record the machine's memory instead")),
    (r"#!", Form("a script", "scripts cannot be opened")),
    (r"<(?:\?xml|!DOCTYPE|html)", Form("an XML or HTML document", "documents cannot be opened")),
    (r"\[memory\]|title\s*=|profile\s*=", SCENARIO),
)  # fmt: skip

ANY_TEXT: Final = Form("text, but not a scenario", "a scenario is TOML that begins with `format = 1`")
_EMPTY: Final = Form("an empty file")
_NOT_FILES: Final[tuple[tuple[Callable[[int], bool], Form], ...]] = (
    (stat.S_ISDIR, Form("a folder", "expected a scenario or recorded memory")),
    (stat.S_ISFIFO, Form("a pipe", "save what comes out of it as a file")),
    (stat.S_ISSOCK, Form("a socket", "only files can be opened")),
    (stat.S_ISCHR, Form("a device", "only files can be opened")),
    (stat.S_ISBLK, Form("a device", "only files can be opened")),
)


def form_of(path: Path) -> Form:
    """The form of a file.

    Raises
    ------
    SourceError
        If it is no regular file.
    OSError
    """
    mode = path.stat().st_mode
    for is_that, form in _NOT_FILES:
        if is_that(mode):
            raise form.refusal(path)
    head = _head(path)
    if not head:
        return _EMPTY
    for offset, sign, form in _SIGNS:
        if head.startswith(sign, offset):
            return _CLOSER[sign](path, head, form) if sign in _CLOSER else form
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return _archive(path, head)
    text = _text(head)
    return RAW if text is None else _form_of_text(path, text)


def _head(path: Path) -> bytes:
    """The first bytes. Unbuffered: files of /proc allow only reads of whole words."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, HEAD)
    finally:
        os.close(descriptor)


def _database(path: Path, head: bytes, form: Form) -> Form:
    """A database of rasdaemon is known by the names of its tables, which may be anywhere in the file.

    A damaged one is refused by what is wrong with it, as its reader does.
    """
    from hwpoison_gui.sources.records.database import is_of_rasdaemon

    try:
        known = b"mc_event" in head or is_of_rasdaemon(path)
    except SourceError as error:
        return Form(error.why)
    return Form("a database of rasdaemon", _RECORDS, Reader.RECORDS) if known else form


def _packed(path: Path, head: bytes, form: Form) -> Form:
    """Compressed logs and databases are read as they are; anything else has to be unpacked first."""
    from hwpoison_gui.sources.records.stream import head_of

    try:
        inside = head_of(path, HEAD)
    except SourceError:
        return form
    if inside.startswith(SQLITE):
        return Form("a packed database", _RECORDS, Reader.RECORDS)
    text = _text(inside)
    found = _form_of_text(path, text) if text is not None and not text.lstrip().startswith("{") else form
    return found if found.reader is Reader.RECORDS else form


def _elf(path: Path, head: bytes, form: Form) -> Form:
    kind = head[16:18][:: -1 if head[5:6] == b"\1" else 1]  # e_type; EI_DATA 1 is little-endian
    if int.from_bytes(kind, "big") == 4:  # ET_CORE
        return Form("an ELF core file, as crash dumps (vmcore) are", _NO_DUMPS)
    return form


_CLOSER: Final[dict[bytes, Callable[[Path, bytes, Form], Form]]] = {
    SQLITE: _database,
    b"\x7fELF": _elf,
    b"\x1f\x8b": _packed,
    b"\xfd7zXZ\0": _packed,
    b"BZh": _packed,
}


def members_of(path: Path) -> frozenset[str] | None:
    """The names in a zip archive; None if it is none, or lacks its end, where they stand."""
    try:
        now = path.stat()
        return _members_of(path, now.st_mtime_ns, now.st_size, now.st_ino)
    except (OSError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile):
        return None


@lru_cache(1)
def _members_of(path: Path, *_: int) -> frozenset[str]:
    """Return the same as `members_of`; a file is read once while it is opened, unless it changes."""
    with zipfile.ZipFile(path) as archive:
        return frozenset(archive.namelist())


def _archive(path: Path, head: bytes) -> Form:
    """The form of a zip archive, which a recording (.npz) is, and a session with its memory inside."""
    members = members_of(path)
    if members is None:
        # Without its end it may still be half a recording, whose reader says what is missing.
        length = int.from_bytes(head[26:28], "little")
        first = head[30 : 30 + length].decode("utf-8", "replace")
        return (
            RECORDING
            if first.endswith(".npy")
            else Form("a damaged zip archive", "its end, where the list of its members stands, is missing or damaged")
        )
    if "session.json" in members:
        return SESSION
    if members & {"kpageflags.npy", "kpageflags_run.npy"}:
        return RECORDING
    if members & {"raw_flags.npy", "refcount.npy", "pagemap_pte.npy"}:
        return Form("the hidden state of a recording", "open the recording itself, which lies beside it")
    if any(name.endswith(".npy") for name in members):
        return Form("an .npz file without page flags", "a recording has an array `kpageflags`")
    if path.suffix == ".npz" or "machine.json" in members:
        return Form("a zip archive, but no snapshot or recording", "those have the arrays `kpageflags*`")
    return Form("a zip archive", _UNPACK)


def _text(head: bytes) -> str | None:
    """The head as text; None if it is none. Logs may have a few bytes of another encoding."""
    if b"\0" in head:
        return None
    text = head.decode("utf-8", "replace").removeprefix("\ufeff")
    odd = sum(not (char.isprintable() or char in "\t\n\r\f\x1b") for char in text) + text.count("\ufffd")
    return text if odd * 20 <= len(text) else None


def _form_of_text(path: Path, text: str) -> Form:
    lines = [line for line in re.split(r"\r?\n", text) if line.strip()]
    if not lines:
        return Form("a file of blank lines only")
    for pattern, form in _LINES:
        compiled = re.compile(pattern)
        if 2 * sum(compiled.match(line) is not None for line in lines) >= len(lines):
            return form
    if text.lstrip()[:1] in ("{", "["):
        found = _form_of_json(path, text)
        if found is not None:
            return found
    for pattern, form in _HEADS:
        if re.search(f"^(?:{pattern})", text, re.MULTILINE):
            return form
    return SCENARIO if path.suffix == ".toml" else ANY_TEXT


def _form_of_json(path: Path, text: str) -> Form | None:
    """The form of JSON; None for other text, as a table of TOML begins with a bracket, too."""
    if re.match(r'\s*\{\s*"format"\s*:\s*"hwpoison-gui session"', text):
        return SESSION
    if re.match(r'\s*\{\s*"dmesg"\s*:', text):
        return KERNEL_LOG
    if re.search(r'"processes"\s*:\s*\[\s*\{\s*"pid"', text):
        return NOTES
    from hwpoison_gui.sources.records.statistics import NAMES

    content = _json(path)
    if content is None:
        return Form("damaged JSON") if re.match(r'\s*(\{\s*["}]|\[\s*[{"])', text) else None
    if isinstance(content, dict) and content.get("format") == "hwpoison-gui session":
        return SESSION
    if isinstance(content, dict) and "processes" in content:
        return NOTES
    if isinstance(content, dict) and content.keys() >= set(NAMES):
        return STATISTICS
    return Form("JSON", "it is neither a saved session nor the notes of a recording")


def _json(path: Path) -> Any:
    """The content of a JSON file; None if it is none, or null."""
    try:
        return json.loads(path.read_bytes()) if path.stat().st_size <= MOST_JSON else None
    except (ValueError, RecursionError, OSError):
        return None
