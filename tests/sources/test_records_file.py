"""Files of every kind and state: packed, damaged, locked, long, binary, of other things."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from hwpoison_gui.sources.errors import SourceError
from hwpoison_gui.sources.recognise import Reader, form_of
from hwpoison_gui.sources.records import event as ev
from hwpoison_gui.sources.records import page_types
from hwpoison_gui.sources.records.history import history_of
from hwpoison_gui.sources.records_file import read, read_stream, records_in
from hwpoison_gui.view.rows.error_records import limits_of, summary_words
from tests.paths import DATA
from tests.sources.records.truth import RECORDS

LINE = b"[ 1.000000] Memory failure: 0x2a2d: recovery action for dirty LRU page: Recovered\n"


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
@pytest.mark.parametrize("name", ["dmesg.txt", "ras-mc_event.db", "trace.txt"])
def test_packed(pack: Callable[[bytes], bytes], name: str, tmp_path: Path) -> None:
    plain = RECORDS / "6.12" / name
    packed = tmp_path / "file"
    packed.write_bytes(pack(plain.read_bytes()))
    assert read(packed).events == read(plain).events


def test_packed_and_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(gzip.compress(LINE * 20_000 + bytes(range(256)) * 5000)[:2000])
    with pytest.raises(SourceError, match=r"log: after line [1-9][\d,]+: damaged gzip data: unexpected end of file"):
        read(path)


def test_a_packed_database_that_is_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "db"
    path.write_bytes(gzip.compress((RECORDS / "6.12" / "ras-mc_event.db").read_bytes())[:1500])
    with pytest.raises(SourceError, match=r"db: after byte [1-9][\d,]+: damaged gzip data: unexpected end of file"):
        read(path)


def test_a_file_that_blocks_its_reader_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "trace_pipe").touch()
    with pytest.raises(SourceError, match="save a copy first"):
        read(tmp_path / "trace_pipe")


def test_a_line_of_any_length_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(LINE + b"[ 2.000000] " + b"x" * 3_000_000 + b"\n" + LINE + LINE.strip() + b" " * 40_000)
    source = read(path)
    assert [event.line for event in source.events] == [1, 3, 4]
    assert source.cut == 2
    assert source.lines == 4


def test_binary_junk_in_a_log(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(LINE * 3 + bytes(4000) + b"\n\xff\xfe\x00\n" + LINE)
    assert [event.line for event in read(path).events] == [1, 2, 3, 6]


def test_lines_at_the_edges_of_blocks(tmp_path: Path) -> None:
    path = tmp_path / "log"
    other = b"[ 1.000000] usb 1-1: new high-speed USB device number 2 using xhci_hcd\n"
    path.write_bytes(b"".join(LINE if n % 100 == 0 else other for n in range(50_000)))
    source = read(path)
    assert [event.line for event in source.events] == list(range(1, 50_001, 100))
    assert (source.lines, source.others) == (50_000, 49_500)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[ 1.0] x\n[ 1.0] Memory failure: 0xfffffffffffffff: recovery action for dirty LRU page: Failed\n",
         "log: line 2: frame 0xfffffffffffffff lies beyond any physical memory"),
        (b"\x00\x01\x02\x03" * 100, "log: binary data, not a log or database of memory errors"),
        (b"", "log: an empty file, not a log, trace, list or database of memory errors"),
        (b"Dear all,\n", "log: text, not a log, trace"),
        (b"SQLite format 3\0" + bytes(4080), "log: the database cannot be read: "),
    ],
)  # fmt: skip
def test_refused(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(content)
    with pytest.raises(SourceError) as refused:
        read(path)
    assert said in str(refused.value)


def test_a_pipe_is_read_to_its_end_and_has_a_name() -> None:
    line = b"[ 1.000000] Memory failure: 0x10: recovery action for dirty LRU page: Failed\n"
    found = read_stream(io.BytesIO(line), "standard input")
    assert found.path == "standard input" and len(found.events) == 1
    with pytest.raises(SourceError, match="^standard input: text, not a log"):
        read_stream(io.BytesIO(b"Dear all,\n"), "standard input")


def test_a_folder_stands_for_the_records_in_it(tmp_path: Path) -> None:
    """Foreign files are named, and counters of sysfs are one source more."""
    (tmp_path / "dmesg.txt").write_bytes(LINE)
    (tmp_path / "meminfo.txt").write_text("MemTotal: 1 kB\n")
    assert records_in(tmp_path) == ([tmp_path / "dmesg.txt"], [tmp_path / "meminfo.txt"])
    (tmp_path / "node0").mkdir()
    (tmp_path / "node0" / "total").write_text("1\n")
    assert records_in(tmp_path)[0] == [tmp_path / "dmesg.txt", tmp_path]
    assert records_in(tmp_path / "node0") == ([tmp_path / "node0"], [])


def test_what_was_only_counted_is_no_all_clear() -> None:
    counters = b"node0/memory_failure/total:23\nnode0/memory_failure/recovered:19\n"
    counted = history_of([read_stream(io.BytesIO(counters), "x")])
    assert summary_words(counted) == "23 errors counted; no source lists them one by one."


def test_a_frame_that_the_kernel_itself_does_not_know(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"[ 1.000000] Memory failure: 0xfffffffffffff: memory outside kernel control\n")
    assert read(path).events[0].result == "memory outside kernel control"


def test_folders(tmp_path: Path) -> None:
    counts = read(RECORDS / "6.12" / "node0_memory_failure").counts
    assert {count.name: count.value for count in counts}["total"] == 23
    with pytest.raises(SourceError, match="a folder without node"):
        read(tmp_path)
    (tmp_path / "total").write_text("many\n")
    with pytest.raises(SourceError, match="total: not a number"):
        read(tmp_path)


def test_statistics_as_text(tmp_path: Path) -> None:
    path = tmp_path / "statistics"
    path.write_text("/sys/devices/system/node/node1/memory_failure/total:3\nnode1/memory_failure/ignored:1\n")
    assert [tuple(count) for count in read(path).counts] == [("node 1", "total", 3), ("node 1", "ignored", 1)]
    path.write_text('{"total": 1, "recovered": 1, "ignored": 0, "failed": 0, "delayed": 0}')
    assert len(read(path).counts) == 5


MF = "CREATE TABLE memory_failure_event (id INTEGER PRIMARY KEY, timestamp TEXT, pfn TEXT, page_type TEXT, "
SCHEMAS = {
    "0.6.7": [MF + "action_result TEXT)", "CREATE TABLE mc_event (id INTEGER PRIMARY KEY, timestamp TEXT, "
              "err_count INTEGER, err_type TEXT, err_msg TEXT, label TEXT, address INTEGER)"],
    "0.8.4": [MF + "action_result TEXT)", "CREATE TABLE cxl_poison_event (id INTEGER PRIMARY KEY)",
              "CREATE TABLE signal_event (id INTEGER PRIMARY KEY, timestamp TEXT, sig INTEGER, errorno INTEGER, "
              "code INTEGER, comm TEXT, pid INTEGER, grp INTEGER, res INTEGER)"],
    "of tomorrow": ["CREATE TABLE memory_failure_event (pfn INTEGER, action_result TEXT, node INTEGER)"],
}  # fmt: skip


def _database(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    return path


def test_a_database_of_2021(tmp_path: Path) -> None:
    row = "INSERT INTO memory_failure_event VALUES (1, '2021-05-01 10:00:00 +0200', '0x2a2d', '{}', 'Ignored')"
    corrected = "INSERT INTO mc_event VALUES (1, '2021-05-01 09:00:00 +0200', 4, 'Corrected', 'read', 'DIMM_A1', {})"
    path = _database(tmp_path / "db", *SCHEMAS["0.6.7"], row.format("kernel slab page"), corrected.format(0x2A2D040))
    source = read(path)
    assert source.decoded_by == page_types.EITHER
    made = history_of([source])
    assert [(record.operation, record.pfn, record.times, record.time) for record in made.records] == [
        ("corrected error", 0x2A2D, 4, 1619852400.0),
        ("memory failure", 0x2A2D, 1, 1619856000.0),
    ]


def test_a_database_with_signals(tmp_path: Path) -> None:
    signals = [(7, 5, "qemu", 7), (7, 2, "own-bus-error", 8), (11, 1, "segfault", 9), (9, 128, "forced", 10)]
    rows = [
        f"INSERT INTO signal_event VALUES ({n}, '2025-05-01 10:00:00 +0000', {sig}, 0, {code}, '{comm}', {pid}, 0, 0)"
        for n, (sig, code, comm, pid) in enumerate(signals)
    ]
    source = read(_database(tmp_path / "db", *SCHEMAS["0.8.4"], *rows))
    assert source.decoded_by == (page_types.NEW,)
    assert [event.task[:3] for event in source.events if event.task] == [
        ("qemu", 7, "SIGBUS"),
        ("forced", 10, "SIGKILL"),
    ]


def test_a_database_that_cannot_know_of_memory_failures(tmp_path: Path) -> None:
    blind = history_of([read(_database(tmp_path / "blind.db", SCHEMAS["0.6.7"][1]))])
    because = "blind.db: It has no table memory_failure_event, so it cannot know of any memory failure"
    assert f"No memory errors recorded. {because}" in summary_words(blind)
    assert limits_of(blind)[0].startswith(because)
    able = history_of([read(_database(tmp_path / "able.db", *SCHEMAS["0.6.7"]))])
    assert summary_words(able) == "No memory errors recorded."
    assert not any("cannot know" in text for text in limits_of(able))


def test_columns_that_are_missing_or_of_another_type(tmp_path: Path) -> None:
    row = "INSERT INTO memory_failure_event VALUES (10797, 'Recovered', 0)"
    source = read(_database(tmp_path / "db", *SCHEMAS["of tomorrow"], row))
    assert [(event.pfn, event.kind, event.result, event.time) for event in source.events] == [
        (0x2A2D, "", "Recovered", None)
    ]


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (["CREATE TABLE contacts (id INTEGER)"], "an SQLite database, but not of rasdaemon"),
        (["CREATE TABLE memory_failure_event (id INTEGER, frame TEXT)"], "memory_failure_event: has no column pfn"),
        ([SCHEMAS["0.6.7"][0], "INSERT INTO memory_failure_event VALUES (3, '', 'many', '', '')"],
         "memory_failure_event, row 3: 'many' is not a number"),
        ([SCHEMAS["0.6.7"][0], "INSERT INTO memory_failure_event VALUES (3, '', '0xfffffffffffffff', '', '')"],
         "memory_failure_event, row 3: frame 0xfffffffffffffff lies beyond any physical memory"),
    ],
)  # fmt: skip
def test_databases_that_are_refused(statements: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as refused:
        read(_database(tmp_path / "db", *statements))
    assert str(refused.value).endswith(said) or said in str(refused.value)


def test_a_locked_database_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hwpoison_gui.sources.records.database._WAIT_S", 0.0)
    path = _database(tmp_path / "db", *SCHEMAS["0.6.7"])
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(SourceError, match="another program has locked the database"):
            read(path)
        assert form_of(path).reader is Reader.RECORDS  # the window says that it is locked, too


def test_a_damaged_database(tmp_path: Path) -> None:
    content = bytearray((RECORDS / "6.12" / "ras-mc_event.db").read_bytes())
    path = tmp_path / "db"
    path.write_bytes(content[: len(content) // 3])
    with pytest.raises(SourceError, match="the database cannot be read"):
        read(path)


def test_nothing_is_written_beside_a_database(tmp_path: Path) -> None:
    path = tmp_path / "db"
    path.write_bytes((RECORDS / "6.12" / "ras-mc_event.db").read_bytes())
    path.chmod(0o400)
    read(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["db"]


def test_files_that_people_have_at_hand() -> None:
    made = history_of([read(DATA / "files" / name) for name in ("dmesg-T.log", "ras-mc_event.db", "mcelog.txt")])
    assert {record.pfn for record in made.records} == {0x2A2D, 0x1C40, 0x3F01, None}
    assert all(len(source.unknown) == 0 for source in made.sources)


def test_too_many_events_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ev, "MOST_EVENTS", 10)
    path = tmp_path / "log"
    path.write_bytes(LINE * 12)
    with pytest.raises(SourceError, match="line 11: more than 10 lines about memory errors"):
        read(path)


def test_a_database_whose_schema_is_no_text(tmp_path: Path) -> None:
    content = (RECORDS / "6.12" / "ras-mc_event.db").read_bytes()
    path = tmp_path / "db"
    word = b"CREATE TABLE mc_event"
    path.write_bytes(content.replace(word, b"\xa2" * len(word)))
    with pytest.raises(SourceError, match="the database cannot be read"):
        read(path)


def test_signals_of_a_database_join_the_error_that_sent_them(tmp_path: Path) -> None:
    stamp = "2025-05-01 10:00:00 +0000"
    rows = (
        f"INSERT INTO memory_failure_event VALUES (1, '{stamp}', '0x2a2d', 'dirty LRU page', 'Recovered')",
        f"INSERT INTO signal_event VALUES (1, '{stamp}', 7, 0, 5, 'qemu', 7, 0, 0)",
        f"INSERT INTO signal_event VALUES (2, '{stamp}', 7, 0, 5, 'other', 8, 0, 0)",
        f"INSERT INTO signal_event VALUES (3, '{stamp}', 7, 0, 4, 'late', 9, 0, 0)",
    )
    database = read(_database(tmp_path / "db", *SCHEMAS["0.8.4"], *rows))
    log = tmp_path / "log"
    log.write_text(
        "1746093600.5 h kernel: Memory failure: 0x2a2d: Sending SIGBUS to qemu:7 due to hardware memory corruption\n"
        "1746093600.6 h kernel: Memory failure: 0x2a2d: recovery action for dirty LRU page: Recovered\n"
        "1746093601.6 h kernel: MCE: Killing late:9 due to hardware memory corruption fault at 7f00\n".replace(
            ".5 ", ".500000 "
        ).replace(".6 ", ".600000 ")
    )
    made = history_of([read(log), database])
    assert [(record.operation, record.pfn, [task.comm for task in record.tasks], len(record.seen))
            for record in made.records] == [
        ("signal", None, ["other"], 1),
        ("memory failure", 0x2A2D, ["qemu"], 3),
        ("kill at a page fault", None, ["late"], 2),
    ]  # fmt: skip
