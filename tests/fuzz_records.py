"""Feeds damaged and made-up files to every reader of records: they give records or one SourceError, and in time.

By hand: `.venv/bin/python -m tests.fuzz_records [INPUTS [SEED]]`; tests/sources/records/test_fuzz.py runs a few inputs.
"""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from hwpoison_gui.export.records import as_json, as_text
from hwpoison_gui.sources.errors import SourceError
from hwpoison_gui.sources.recognise import form_of
from hwpoison_gui.sources.records.history import history_of
from hwpoison_gui.sources.records_file import read
from tests.paths import DATA

LONGEST_S: Final = 5.0  # of processor time, for an input of at most MOST bytes
MOST: Final = 1 << 19
_PIECES: Final = (
    b"Memory failure: ", b"MCE 0x", b"MCE: Killing ", b"0x", b": recovery action for ",
    b" due to hardware memory corruption",
    b"EDAC MC0: 1 CE ", b" on ", b"(", b" page:0x", b"mc_event: 1 Corrected error",
    b" address:0x", b"signal_generate: ",
    b"sig=7 errno=0 code=5 comm=", b" pid=", b"memory_failure_event: pfn ", b"Linux version 6.12", b"[  1.000000] ",
    b"[Mon Mar  3 04:12:07 2025] ", b'"time": ', b'"msg": "', b'{"MESSAGE":[', b'"__REALTIME_TIMESTAMP":"', b"ADDR ",
    b"CPU 1 BANK 2\n", b"TIME 99999999999 ", b"STATUS ffff", b"\n", b"\n\n", b"\0" * 40, b"\xff\xfe", b"9" * 400,
    b"Hardware event. This is not a software error.\n", b"2025-13-41 99:99:99 +9999 error: pfn=0xf, page_type=",
    b":" * 300,
    b"setting system clock to x (9999999999)", b" " * 2000, b"recovery: Recovered", b"%s" * 50, b"\xe2\x80\xae",
)  # fmt: skip


def seeds() -> list[bytes]:
    """Return the inputs to damage: every recorded and made file, and files that people have at hand."""
    folders = (DATA / "records", DATA / "files")
    return [path.read_bytes()[:MOST] for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]


def damaged(random: random.Random, content: bytes) -> bytes:
    """A file with a few places changed, cut, repeated, or mixed with pieces of lines."""
    data = bytearray(content)
    for _ in range(random.choice((1, 2, 5, 30))):
        at = random.randrange(len(data) + 1)
        how = random.randrange(7)
        if how == 0 and data:
            data[at % len(data)] = random.randrange(256)
        elif how == 1:
            data[at:at] = random.choice(_PIECES)
        elif how == 2:
            del data[at : at + random.choice((1, 7, 500))]
        elif how == 3:
            data[at:at] = data[at : at + 2000] * random.choice((1, 3))
        elif how == 4:
            del data[at:]
        elif how == 5:
            data[at:at] = bytes(random.randrange(256) for _ in range(random.choice((1, 30))))
        else:
            data[at : at + 1] = random.choice((b"\n", b"\r\n", b"0", b":", b"=", b'"', b"\\"))
    return bytes(data[:MOST])


def invented(random: random.Random) -> bytes:
    """Pieces of lines in any order."""
    return b"".join(random.choice(_PIECES) for _ in range(random.choice((3, 40, 1500))))[:MOST]


def database(random: random.Random, path: Path) -> None:
    """A database with tables of rasdaemon's whose columns and values are of any type."""
    values = (None, -1, 0, 7, 1 << 62, -(1 << 62), 1.5, "", "0x2a2d", "0xffffffffffffffff", "Recovered", b"\xff\0",
              "x" * 300,
              "2026-11-28 06:56:44 +0000", "9999-99-99 99:99:99 +9999", "Corrected", "SIGBUS")  # fmt: skip
    names = ("id", "timestamp", "pfn", "page_type", "action_result", "sig", "code", "comm", "pid", "err_count",
             "err_type",
             "label", "address", "status", "addr", "bank_name")  # fmt: skip
    with closing(sqlite3.connect(path)) as connection, connection:
        for table in ("memory_failure_event", "signal_event", "mc_event", "mce_record", "cxl_poison_event"):
            columns = random.sample(names, random.randrange(1, len(names)))
            connection.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
            for _ in range(random.randrange(4)):
                marks = ", ".join("?" * len(columns))
                connection.execute(f"INSERT INTO {table} VALUES ({marks})", [random.choice(values) for _ in columns])


def write(random: random.Random, path: Path, known: list[bytes]) -> None:
    """Write one input."""
    path.unlink(missing_ok=True)
    how = random.randrange(10)
    if how == 0:
        database(random, path)
        return
    content = invented(random) if how == 1 else damaged(random, random.choice(known))
    packs: tuple[Callable[[bytes], bytes], ...] = (gzip.compress, lzma.compress, bz2.compress)
    if how == 2:
        content = damaged(random, random.choice(packs)(content))
    path.write_bytes(content)


def run(inputs: int, seed: int) -> Counter[str]:
    """Run inputs; returns how many were read and refused. Raises what a reader raised, or AssertionError."""
    random_, known, counted = random.Random(seed), seeds(), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        path, other = Path(folder, "file"), DATA / "records" / "6.12" / "dmesg.txt"
        for number in range(inputs):
            write(random_, path, known)
            start = time.process_time()
            try:
                form_of(path)
                source = read(path)
            except SourceError as error:
                assert "\n" not in str(error), str(error)
                counted["refused"] += 1
            except BaseException:
                print(f"input {number} of seed {seed}", file=sys.stderr)
                Path(folder).joinpath("file").replace("/tmp/fuzz_records.failed")
                raise
            else:
                counted["read"] += 1
                counted["events"] += len(source.events)
                try:
                    made = history_of([source] if number % 3 else [source, read(other)])
                    as_text(made)
                    json.loads(as_json(made))
                    assert source.lines >= source.others >= 0
                except BaseException:
                    print(f"input {number} of seed {seed}", file=sys.stderr)
                    Path(folder).joinpath("file").replace("/tmp/fuzz_records.failed")
                    raise
            took = time.process_time() - start
            if took > LONGEST_S:
                path.replace("/tmp/fuzz_records.failed")
                raise AssertionError(f"input {number} of seed {seed} took {took:.1f} s")
    return counted


if __name__ == "__main__":
    arguments = [*map(int, sys.argv[1:])]
    print(dict(run(*(arguments + [2000, 1][len(arguments) :]))))
