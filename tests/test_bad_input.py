"""Bad input of every kind to the commands: one message with the file and the place, exit status 2, nothing written."""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hwpoison_gui.cli import main
from hwpoison_gui.commands import capture
from hwpoison_gui.sources import live
from hwpoison_gui.sources.recognise import form_of
from hwpoison_gui.sources.records import database, event, stream
from tests.paths import DATA, ROOT
from tests.sources.conftest import fake_proc  # noqa: F401  a fixture

LOG = "[    1.000000] Memory failure: 0x10: recovery action for dirty LRU page: Recovered\n"
DATABASE = DATA / "records" / "6.12" / "ras-mc_event.db"


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command that must be refused, and returns its message without the path of the file."""

    def run(*arguments: object, path: object = None) -> str:
        assert main([str(argument) for argument in arguments]) == 2
        shown = capsys.readouterr()
        assert shown.out == "" and shown.err.count("\n") == 1
        where = f"{path if path is not None else arguments[-1]}: "
        assert shown.err.startswith(where)
        return shown.err.removeprefix(where).rstrip("\n")

    return run


def _database(path: Path, *statements: str) -> Path:
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
    return path


# -- records

MF = "CREATE TABLE memory_failure_event (id INTEGER, timestamp TEXT, pfn TEXT, page_type TEXT, action_result TEXT)"


def test_a_locked_database(tmp_path: Path, refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_WAIT_S", 0.01)
    path = tmp_path / "ras.db"
    shutil.copy(DATABASE, path)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    said = refused("records", path)
    assert said == "another program has locked the database; try again, or stop that program"
    holder.close()


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (("CREATE TABLE t (a)",), "an SQLite database, but not of rasdaemon: it has none of its tables"),
        (("CREATE TABLE memory_failure_event (id, timestamp)",), "memory_failure_event: has no column pfn"),
        ((MF, "INSERT INTO memory_failure_event VALUES (7, '', '0x10000000000', 'x', 'Failed')"),
         "memory_failure_event, row 7: frame 0x10000000000 lies beyond any physical memory"),
        ((MF, "INSERT INTO memory_failure_event VALUES (7, '', 'nine', 'x', 'Failed')"),
         "memory_failure_event, row 7: 'nine' is not a number"),
        ((MF, "INSERT INTO memory_failure_event VALUES (7, '', NULL, 'x', 'Failed')"),
         "memory_failure_event, row 7: pfn is NULL"),
    ],
    ids=["another", "no column", "beyond", "no number", "null"],
)  # fmt: skip
def test_databases_that_are_none_or_absurd(tmp_path: Path, refused, statements: tuple[str, ...], said: str) -> None:
    assert refused("records", _database(tmp_path / "x.db", *statements)) == said


def test_a_truncated_database(tmp_path: Path, refused) -> None:
    path = tmp_path / "half.db"
    path.write_bytes(DATABASE.read_bytes()[:6000])
    said = refused("records", path)
    assert said.startswith("the database cannot be read: ") and said == str(form_of(path).refusal(path).why)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress], ids=["gzip", "bzip2"])
def test_a_packed_bomb_is_cut_off(tmp_path: Path, refused, pack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MOST_UNPACKED", 1 << 22)
    path = tmp_path / "log.gz"
    path.write_bytes(pack(b"0" * 99 + b"\n" + (b"0" * 99 + b"\n") * (1 << 17)))
    assert refused("records", path).endswith("unpacks to more than 4 MiB")
    monkeypatch.setattr(database, "MOST_BYTES", 1 << 22)
    path.write_bytes(pack(b"SQLite format 3\0" + bytes(1 << 24)))
    assert refused("records", path) == "unpacks to more than 4 MiB; unpack it first"


@pytest.mark.parametrize("cut", [0.2, 0.9])
def test_truncated_packed_logs_say_where(tmp_path: Path, refused, cut: float) -> None:
    path = tmp_path / "log.gz"
    data = gzip.compress(b"".join(os.urandom(40).hex().encode() + b"\n" for _ in range(2000)))
    path.write_bytes(data[: int(len(data) * cut)])
    said = refused("records", path)
    assert said.startswith("after line ") and said.endswith("damaged gzip data: unexpected end of file")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (LOG + LOG.replace("0x10", "0x10000000000"), "line 2: frame 0x10000000000 lies beyond any physical memory"),
        (bytes([1, 2, 3, 4]) * 99, "binary data, not a log or database of memory errors"),
        (
            "\ufeff".encode("utf-16-le") + LOG.encode("utf-16-le"),
            "text in UTF-16, not a log, trace, list or database of memory errors",
        ),
        ("[memory]\nframes = 16\n", "a scenario, not a log, trace, list or database of memory errors"),
    ],
    ids=["pfn", "junk", "utf-16", "scenario"],
)
def test_logs_that_are_none_or_absurd(tmp_path: Path, refused, content: str | bytes, said: str) -> None:
    path = tmp_path / "log"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    assert refused("records", path) == said


def test_a_log_with_binary_junk_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "log"
    path.write_bytes(LOG.encode() + bytes(range(256)) * 3 + b"\0" * 4096 + b"\n" + LOG.replace("0x10", "0x11").encode())
    assert main(["records", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "0x10" in shown and "0x11" in shown


def test_what_is_no_file_is_not_waited_for(tmp_path: Path, refused) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refused("records", tmp_path / "pipe") == "only files can be opened"
    assert refused("records", "/dev/zero") == "only files can be opened"
    assert refused("records", tmp_path) == "a folder without error records, and without node*/memory_failure"
    assert "No such file" in refused("records", tmp_path / "none")


def test_more_errors_than_can_be_shown(tmp_path: Path, refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event, "MOST_EVENTS", 10)
    path = tmp_path / "log"
    path.write_text(LOG * 20)
    assert refused("records", path) == "line 11: more than 10 lines about memory errors"


def test_a_large_log_is_streamed(tmp_path: Path) -> None:
    """A sparse file of 256 MiB: zeros without a line end, read with little memory."""
    path = tmp_path / "log"
    path.write_text(LOG)
    with open(path, "r+b") as file:
        file.truncate(1 << 28)
        file.seek(0, os.SEEK_END)
        file.write(b"\n" + LOG.replace("0x10", "0x11").encode())
    code = (
        "import resource, sys; from hwpoison_gui.cli import main; "
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29)); sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "records", str(path)]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert shown.returncode == 0, shown.stderr
    assert "0x11" in shown.stdout and "1 line longer than 16,384 bytes, truncated" in shown.stdout


# -- snapshots


def _npz(**columns: object) -> bytes:
    made = io.BytesIO()
    np.savez(made, **columns)  # type: ignore[arg-type]
    return made.getvalue()


FLAGS = np.zeros(8, np.uint64)
ENTRIES = {"pagemap_pid": np.zeros(0, np.int64), "pagemap_va": np.zeros(0, np.uint64)}


def _bomb() -> bytes:
    """An archive of a few kilobytes that says it unpacks to 8 EiB."""
    data = bytearray(_npz(kpageflags=FLAGS))
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = b"\xff\xff\xff\xff"
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (_npz(kpageflags=FLAGS)[:200], "not a complete .npz file"),
        (_bomb(), ""),
        (_npz(kpageflags=FLAGS.astype(">f8")), "kpageflags: integers expected, not >f8"),
        (_npz(kpageflags=FLAGS.reshape(2, 4)), "kpageflags: a single row of values expected, not shape (2, 4)"),
        (_npz(kpageflags=np.array([object()], object)), "kpageflags: integers expected, not object"),
        (np.full(64, 0x5868, ">u8").tobytes(), "page flags of a machine of the other byte order"),
        (np.full(64, 1 << 63 | 0x12345, "<u8").tobytes(), "page-table entries, as /proc/PID/pagemap has them"),
        (b"", "an empty file"),
    ],
    ids=["truncated", "bomb", "floats", "shape", "objects", "endian", "pagemap", "empty"],
)  # fmt: skip
@pytest.mark.parametrize(
    "command", [["assess"], ["changed", str(DATA / "files" / "kpageflags.bin")]], ids=lambda c: c[0]
)
def test_snapshots_that_are_none(tmp_path: Path, refused, command: list[str], data: bytes, said: str) -> None:
    path = tmp_path / "it.npz"
    path.write_bytes(data)
    (tmp_path / "it.json").write_text('{"processes": []}')
    assert said in refused(*command, path)


def test_big_endian_arrays_are_read_as_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile(DATA / "snapshot" / "before.npz") as archive:
        names = archive.namelist()
    columns = np.load(DATA / "snapshot" / "before.npz")
    swapped = {name.removesuffix(".npy"): columns[name.removesuffix(".npy")] for name in names}
    np.savez(tmp_path / "big.npz", **{name: one.astype(one.dtype.newbyteorder(">")) for name, one in swapped.items()})
    shutil.copy(DATA / "snapshot" / "before.json", tmp_path / "big.json")
    assert main(["changed", str(DATA / "snapshot" / "before.npz"), str(tmp_path / "big.npz")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-3:] for line in lines if "frames with other flags" in line] == [["0", "0", "B"]]


# -- /proc


@pytest.fixture
def proc(fake_proc: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    monkeypatch.setattr(capture, "PROC", fake_proc)
    return fake_proc


def test_a_read_error_is_not_called_a_write_error(
    proc: Path, tmp_path: Path, refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(proc / "kpagecount"))

    monkeypatch.setattr(live, "read", failing)
    said = refused("capture", tmp_path / "out.npz", path=proc / "kpagecount")
    assert said == "cannot be read: Input/output error; nothing was written"
    assert not (tmp_path / "out.npz").exists()


def test_what_cannot_be_written_is_said(proc: Path, tmp_path: Path, refused) -> None:
    (tmp_path / "folder").mkdir()
    assert refused("capture", tmp_path / "folder") == "cannot be written: Is a directory"
    assert "No such file" in refused("capture", tmp_path / "none" / "out.npz")
    assert os.listdir(tmp_path / "folder") == []


def test_a_proc_that_vanishes(proc: Path, tmp_path: Path, refused, monkeypatch: pytest.MonkeyPatch) -> None:
    real = live._processes

    def vanishing(*arguments: object) -> object:
        found = real(*arguments)  # type: ignore[arg-type]
        shutil.rmtree(proc)
        return found

    monkeypatch.setattr(live, "_processes", vanishing)
    said = refused("capture", tmp_path / "out.npz", path=proc / "kpageflags")
    assert "No such file or directory" in said
    assert not (tmp_path / "out.npz").exists()


def test_a_proc_that_denies(proc: Path, tmp_path: Path, refused, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def denying(path: object, *rest: object, **named: object) -> int:
        if str(path).endswith("kpageflags"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return real(path, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", denying)
    for option in ([], ["--raw"]):
        said = refused("capture", *option, tmp_path / "out.npz", path=proc / "kpageflags")
        assert said.startswith("only root may read it.")


def test_a_proc_that_changes(proc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Processes begin and end while it is read: what is written can be opened."""
    stop, out = threading.Event(), tmp_path / "out.npz"

    def change() -> None:
        while not stop.is_set():
            (proc / "11").rename(proc / "12")  # its page tables are a sparse file: not to be copied
            (proc / "12").rename(proc / "11")

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(10):
            assert main(["capture", "--force", str(out)]) == 0
            assert main(["changed", str(out), str(out)]) == 0
    finally:
        stop.set()
        thread.join()
    assert capsys.readouterr().err == ""
