"""Files are known by their content, whatever they are called."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hwpoison_gui import resources
from hwpoison_gui.sources.errors import SourceError
from hwpoison_gui.sources.recognise import Reader, form_of
from tests.paths import DATA

FILES = {
    "dmesg.txt": "a kernel log; it has error records, but no memory",
    "dmesg-656.txt": "a kernel log; it has error records, but no memory",
    "dmesg-T.log": "a kernel log; it has error records, but no memory",
    "journal-short.txt": "a journal or system log; it has error records",
    "mcelog.txt": "a log of mcelog; it has error records",
    "page-types-l.txt": "the output of page-types; ",
    "page-types-summary.txt": "the output of page-types; ",
    "ras-mc-ctl-errors.txt": "output of ras-mc-ctl; it has error records",
    "ras-mc_event.db": "a database of rasdaemon; it has error records",
    "kpageflags.gz": "compressed by gzip; unpack it first: gunzip",
    "vmcore": "a crash dump of makedumpfile (kdump); crash dumps cannot be opened yet",
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("suffix", ["", ".toml", ".npz", ".json", ".raw"])
def test_what_people_have_at_hand(name: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"file{suffix}"
    path.write_bytes((DATA / "files" / name).read_bytes())
    form = form_of(path)
    assert form.reader is (Reader.RECORDS if "it has error records" in FILES[name] else Reader.NONE)
    assert str(form.refusal(path)).startswith(f"{path}: {FILES[name]}")


def test_every_file_is_tried() -> None:
    raw = {"kpageflags.bin", "kpageflags-odd.bin"}
    assert {path.name for path in (DATA / "files").iterdir()} == {*FILES, *raw}
    assert {form_of(DATA / "files" / name).reader for name in raw} == {Reader.RAW}


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"GIF89a" + bytes(20), "a GIF animation"),
        (bytes(3) + b"\x20ftypisom" + bytes(20), "a video"),
        (b"\x1a\x45\xdf\xa3" + bytes(20), "a video"),
        (b"<!DOCTYPE html>\n<p>[   12.000000] MCE 0x43: Killing worker-1", "a page for a browser"),
        (b"# A page\n\n- hwpoison-gui 0.1.0, profile `v7`: HWPOISON v7\n\nMCE 0x43: Killing a", "a report as Markdown"),
    ],
)
def test_what_was_exported_is_not_taken_for_memory_or_a_log(tmp_path: Path, head: bytes, said: str) -> None:
    (tmp_path / "walk").write_bytes(head)
    form = form_of(tmp_path / "walk")
    assert form.reader is Reader.NONE
    assert f"{said}; open the scenario or session it was made from" in str(form.refusal(tmp_path / "walk"))


def _elf(kind: int) -> bytes:
    return b"\x7fELF\2\1\1" + bytes(9) + bytes([kind, 0]) + bytes(400)


def _tar() -> bytes:
    return b"name".ljust(257, b"\0") + b"ustar\0" + bytes(700)


def _zip(*names: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in names:
            archive.writestr(name, "x" * 1000)
    return data.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "an empty file"),
        (b" \n\n", "a file of blank lines only"),
        (_elf(4), "an ELF core file, as crash dumps (vmcore) are"),
        (_elf(2), "an ELF file"),
        (b"SQLite format 3\0" + bytes(4080), "the database cannot be read: file is not a database"),
        (b"\xfd7zXZ\0" + bytes(64), "compressed by xz"),
        (b"\x28\xb5\x2f\xfd" + bytes(64), "compressed by zstd"),
        (b"BZh91AY&SY" + bytes(64), "compressed by bzip2"),
        (_tar(), "a tar archive"),
        (_zip("notes.txt"), "a zip archive"),
        (_zip("notes.txt")[:200], "a damaged zip archive"),
        (_zip("other.npy"), "an .npz file without page flags"),
        (_zip("raw_flags.npy", "refcount.npy"), "the hidden state of a recording"),
        ("Memory failure: 0x1\n".encode("utf-16"), "text in UTF-16"),
        (b"<6>[    0.000000] Linux version 6.1.0\n", "a kernel log"),
        (b"6,339,5140900,-;NET: Registered PF_INET6 protocol family\n", "a kernel log"),
        (b"kern  :info  : [Mon Mar  3 04:10:07 2025] Memory failure: 0x2a2d: unhandlable page.\n", "a kernel log"),
        (b"2025-03-03T04:10:07,479680+00:00 Memory failure: 0x2a2d: unhandlable page.\n", "a kernel log"),
        (b"-- Boot 1 --\nfoo\nhost Memory failure: 0x2a2d: unhandlable page.\n\n", "a kernel log"),
        (b'{\n   "dmesg": [\n      {\n         "pri": 6,\n', "a kernel log"),
        (b"2025-03-03T04:10:07+00:00 host kernel: usb 1-1: new device\n", "a journal or system log"),
        (b'{"MESSAGE":"x","__REALTIME_TIMESTAMP":"1"}\n', "a journal or system log"),
        (b"flags\tpage-count       MB  symbolic-flags\n", "the output of page-types"),
        (b"Memory controller events summary:\n\tCorrected on DIMM: 3\n", "output of ras-mc-ctl"),
        (b"MemTotal:        2014812 kB\nMemFree: 1 kB\n", "text of /proc/meminfo"),
        (b"00000000: 0000 0000 0100 0000 0000 0000 0100 0000  ................\n", "a hex dump as text"),
        (
            b"0000000 0000 0000 0001 0000 0000 0000 0001 0000\n*\n0000020 0080 0000 0001 0000 0080 \n",
            "a hex dump as text",
        ),
        (b'{"processes": [{"pid": 1, "comm"', "the notes of a recording"),
        (b'{"a": 1', "damaged JSON"),
        (b'{"a": 1}', "JSON"),
        (b"host mcelog: failed to prefill DIMM database\n", "a log of mcelog"),
        (b"Dear all,\nthe second error was in MCE 3\n", "text, but not a scenario"),
    ],
)
def test_other_forms(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    form = form_of(path)
    assert form.name == said
    records = ("a kernel log", "a journal or system log", "output of ras-mc-ctl", "a log of mcelog")
    readers = dict.fromkeys(records, Reader.RECORDS) | {"the notes of a recording": Reader.NOTES}
    assert form.reader is readers.get(said, Reader.NONE)


@pytest.mark.parametrize("name", ["dmesg.txt", "ras-mc_event.db", "trace.txt", "dmesg.json.gz"])
def test_records_are_known_packed_or_not(name: str, tmp_path: Path) -> None:
    plain = (DATA / "records" / "6.12" / name).read_bytes()
    for content in (plain, gzip.compress(plain)):
        (tmp_path / "file.npz").write_bytes(content)
        assert name.endswith(".json.gz") or form_of(tmp_path / "file.npz").reader is Reader.RECORDS


def test_what_can_be_opened_is_known_under_any_name(tmp_path: Path) -> None:
    case = next((DATA / "cases" / "v7").glob("*.toml"))
    server = resources.path("machines/server.npz")
    for path, reader in (
        (case, Reader.SCENARIO),
        (server, Reader.RECORDING),
        (server.with_suffix(".json"), Reader.NOTES),
        (DATA / "files" / "kpageflags.bin", Reader.RAW),
    ):
        (tmp_path / "file.log").write_bytes(path.read_bytes())
        assert form_of(tmp_path / "file.log").reader is reader


def test_every_scenario_is_known() -> None:
    paths = sorted(DATA.rglob("*.toml"))
    assert len(paths) > 300
    assert {form_of(path).reader for path in paths} == {Reader.SCENARIO}


def test_a_bad_scenario_goes_to_its_reader(tmp_path: Path) -> None:
    """The message of the reader names the place."""
    for content in ("formt = 1\n", "[[step]]\n", "format = 2", 'format = 1\ntitle = """\n[ 12.345678] x\n"""'):
        (tmp_path / "a.toml").write_text(content)
        assert form_of(tmp_path / "a.toml").reader is Reader.SCENARIO


def test_half_a_recording_goes_to_its_reader(tmp_path: Path) -> None:
    data = io.BytesIO()
    np.savez(data, kpageflags=np.zeros(1000, np.uint64))
    (tmp_path / "a.npz").write_bytes(data.getvalue()[:4000])
    assert form_of(tmp_path / "a.npz").reader is Reader.RECORDING


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, said in ((tmp_path, "a folder"), (tmp_path / "pipe", "a pipe"), (Path("/dev/zero"), "a device")):
        with pytest.raises(SourceError, match=said):
            form_of(path)
    with pytest.raises(FileNotFoundError):
        form_of(tmp_path / "no")


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=300), beginning=st.sampled_from([b"", b"PK\3\4", b"\x7fELF", b"{", b"[", b"\x1f\x8b"])
)
def test_any_bytes_have_a_form(content: bytes, beginning: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(beginning + content)
    assert form_of(tmp_path / "file").name


def test_long_lines_take_no_time(tmp_path: Path) -> None:
    """A pattern that backtracks over 64 KiB would not end while anybody waits."""
    for part in (b'{"pfn"', b"{__REALTIME", b"Memory failure ", b"abcdef0 ", b"0123456789abcdef", b"[[", b"<6>["):
        (tmp_path / "file").write_bytes(part * (70_000 // len(part)))
        assert form_of(tmp_path / "file").name


def test_something_gzipped_by_python(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(gzip.compress(b"format = 1"))
    assert form_of(tmp_path / "a.toml").name == "compressed by gzip"
