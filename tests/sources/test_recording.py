"""Recordings: what they give, how fast, and that a bad one is refused whole."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hwpoison_gui import resources
from hwpoison_gui.image import MemoryImage, ThreadImage
from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.profile.v7 import V7
from hwpoison_gui.sources.errors import SourceError
from hwpoison_gui.sources.recording import open_recording
from tests.paths import DATA
from tests.sources.conftest import FLAGS, texts

Recording = Callable[..., Path]


def test_one_that_is_cut_off_says_so_where_its_notes_are_missing_too(tmp_path: Path) -> None:
    whole = resources.path("machines/server.npz").read_bytes()
    alone = tmp_path / "alone.npz"
    for size, said in ((len(whole), "nor beside it, as alone.json"), (len(whole) // 2, "not a complete .npz file")):
        alone.write_bytes(whole[:size])
        with pytest.raises(SourceError, match=said):
            open_recording(alone)


def test_a_small_one(recording: Recording) -> None:
    image = open_recording(recording())
    assert image.title == "small (Linux 6.1.0-test)" and image.kernel == (6, 1)
    assert [(p.pid, p.ppid, p.comm, p.threads, p.sigbus) for p in image.processes] == [
        (10, 1, "writer", 3, "handler"),
        (11, 10, "reader", 1, "ignored"),
    ]
    assert image.hardware_corrupted_kb == 4
    assert [(f.device, f.inode, f.path, f.filesystem, f.pages) for f in image.files] == [
        ("fe:00", 77, "/bin/a program", "ext4", 4)
    ]
    assert image.cached is not None
    assert list(image.cached.pfn) == [3, 4]
    assert list(image.cached.index) == [1, 2]
    assert len(image.pagemap_entry) == 9


def test_either_name_of_the_pair_opens_it(recording: Recording) -> None:
    path = recording()
    assert open_recording(path.with_suffix(".json")).title == open_recording(str(path)).title


def test_any_name_of_the_arrays_opens_it(recording: Recording) -> None:
    path = recording()
    moved = path.rename(path.with_suffix(".memory"))
    assert len(open_recording(moved).kpageflags) == 8


def test_notes_without_their_memory(recording: Recording) -> None:
    path = recording()
    path.unlink()
    with pytest.raises(SourceError, match=r"small\.json: the notes of a recording; its memory, small\.npz, is not"):
        open_recording(path.with_suffix(".json"))


def test_unknown_keys_are_passed_by(recording: Recording) -> None:
    path = recording({"novelty": np.zeros(3)}, {"novelty": [1, {}], "sysctl": {"vm.novelty": "x"}})
    assert len(open_recording(path).kpageflags) == 8


def test_sysctls_where_recorded(recording: Recording) -> None:
    path = recording(None, {"sysctl": {"vm.memory_failure_early_kill": 1, "memory_failure_recovery": 0}})
    assert open_recording(path).sysctl == {"memory_failure_early_kill": 1, "memory_failure_recovery": 0}


def test_an_old_kernel_has_the_old_profile(recording: Recording) -> None:
    assert open_recording(recording(None, {"version": "Linux version 2.6.32-5"})).kernel == (2, 6)


def test_hidden_state(recording: Recording) -> None:
    mapping, index = np.zeros(8, np.uint64), np.zeros(8, np.uint64)
    mapping[[3, 4]] = 0x1000
    index[[3, 4]] = 1, 2
    pte = np.zeros(9, np.uint64)
    pte[3] = 1 << 6
    hidden = {"mapping": mapping, "index": index, "refcount": np.arange(8, dtype=np.int32), "pagemap_pte": pte}
    flags = np.array([1 << 32, 0x5868, 0x5868, 0x868, 0x868, 0x5868, 0x28, 0x28], np.uint64)
    mapping[[6, 7]] = 0x1000, 0x2000
    index[6] = 0
    image = open_recording(recording({"kpageflags": flags}, None, hidden))
    assert image.cached is not None and image.hidden.pte_dirty is not None
    found = zip(image.cached.pfn.tolist(), image.cached.file.tolist(), image.cached.index.tolist(), strict=True)
    assert set(found) == {(3, 0, 1), (4, 0, 2), (6, 0, 0), (7, 1, 0)}
    assert image.files[1].path == "(file of unknown name 1)"
    assert image.hidden.pte_dirty.sum() == 1 and image.hidden.refcount is not None


def _without(key: str) -> Callable[[Recording], Path]:
    return lambda write: write({key: None})


def _with(**changed: Any) -> Callable[[Recording], Path]:
    return lambda write: write(changed)


def _noted(**noted: Any) -> Callable[[Recording], Path]:
    return lambda write: write(None, noted)


def _process(**changed: Any) -> Callable[[Recording], Path]:
    whole = {"pid": 10, "ppid": 1, "comm": "x", "status": {}, "maps": ["1000-2000 rw-p 00000000 00:00 0"]}
    return _noted(processes=[{**whole, **changed}])


BAD: dict[str, tuple[Callable[[Recording], Path], str]] = {
    "no flags": (_without("kpageflags"), "kpageflags: the array is missing"),
    "no entries": (_without("pagemap_entry"), "pagemap_entry: the array is missing"),
    "no frames": (_with(kpageflags=np.empty(0, np.uint64)), "there are no frames"),
    "counts too short": (_with(kpagecount=np.zeros(7, np.uint64)), "kpagecount: 8 frames expected, 7 there"),
    "pids too long": (_with(pagemap_pid=np.zeros(10, np.int32)), "pagemap_pid: 9 entries expected, 10 there"),
    "real numbers": (_with(kpageflags=np.zeros(8)), "kpageflags: integers expected, not float64"),
    "objects": (_with(kpageflags=np.array([{}] * 8, object)), "kpageflags"),
    "a matrix": (_with(kpagecount=np.zeros((2, 4), np.uint64)), "kpagecount: a single row"),
    "negative": (_with(kpagecount=np.full(8, -1)), "kpagecount: a negative value"),
    "crooked address": (_with(pagemap_va=np.arange(9, dtype=np.uint64)), "pagemap_va"),
    "kernel address": (_with(pagemap_va=np.full(9, 0xFFFF888000000000, np.uint64)), "pagemap_va"),
    "twice": (_with(pagemap_va=np.full(9, 0x400000, np.uint64)), "pagemap_va: an address of a process comes twice"),
    "neither nor": (_with(pagemap_entry=np.zeros(9, np.uint64)), "pagemap_entry: an entry that is neither"),
    "strange pids": (_with(pagemap_pid=np.arange(9) + 500), "pagemap_pid: no process with memory has the pid 500"),
    "no processes": (_noted(processes=None), "processes: a list expected"),
    "a process that is none": (_noted(processes=[5]), "processes[0]: an object expected"),
    "no pid": (_process(pid=None), "processes[0].pid: a whole number below 2,147,483,648 expected"),
    "a true pid": (_process(pid=True), "processes[0].pid"),
    "comm": (_process(comm=3), "processes[0].comm: a text expected"),
    "status": (_process(status=[]), "processes[0].status"),
    "maps": (_process(maps="x"), "processes[0].maps: a list of lines expected"),
    "a line of maps": (_process(maps=["x"]), "process 10, maps: not a line of maps"),
    "meminfo": (_noted(meminfo=5), "meminfo: a text expected"),
    "sysctl": (_noted(sysctl={"vm.memory_failure_recovery": 2}), "0 or 1 expected"),
    "hidden": (lambda write: write(None, None, {"index": np.zeros(3, np.uint64)}), "index: 8 values expected, 3 there"),
    "hidden PTEs": (lambda write: write(None, None, {"pagemap_pte": np.zeros(8)}), "integers expected"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_one_says_where_and_why(name: str, recording: Recording) -> None:
    make, said = BAD[name]
    path = make(recording)
    with pytest.raises(SourceError) as caught:
        open_recording(path)
    assert said in str(caught.value)
    assert str(path.parent) in str(caught.value)


def test_twice_the_same_pid(recording: Recording) -> None:
    one = {"pid": 10, "comm": "x", "maps": ["1000-2000 rw-p 00000000 00:00 0"]}
    with pytest.raises(SourceError, match="a pid comes twice"):
        open_recording(recording(None, {"processes": [one, one]}))


def test_missing_files(recording: Recording, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        open_recording(tmp_path / "nothing.npz")
    path = recording()
    path.with_suffix(".json").unlink()
    with pytest.raises(SourceError, match=r"small\.npz: the memory of a recording; its notes are neither in it, as"):
        open_recording(path)
    path.with_suffix(".json").write_text("{" * 3)
    with pytest.raises(SourceError, match="not JSON"):
        open_recording(path)
    path.with_suffix(".json").write_text("[" * 100_000)
    with pytest.raises(SourceError, match="not JSON"):
        open_recording(path)


def test_nothing_is_unpickled(recording: Recording, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "sprung",))

    path = recording()
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|O", "fortran_order": False, "shape": (8,)})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("kpageflags.npy", header.getvalue() + pickle.dumps([Trap()]))
    with pytest.raises(SourceError):
        open_recording(path)
    assert not (tmp_path / "sprung").exists()


def test_a_size_that_is_only_announced_is_not_believed(recording: Recording) -> None:
    path = recording()
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<u8", "fortran_order": False, "shape": (1 << 40,)})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("kpageflags.npy", header.getvalue() + bytes(64))
    with pytest.raises(SourceError, match="do not fit"):
        open_recording(path)


def _open_or_refuse(path: Path) -> MemoryImage | None:
    try:
        return open_recording(path)
    except SourceError:
        return None


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_bytes_are_refused_or_make_an_image(recording: Recording, data: st.DataObject) -> None:
    path = recording()
    file = data.draw(st.sampled_from([path, path.with_suffix(".json")]))
    content = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(0, 2 * len(content))) :]
    file.write_bytes(content)
    _open_or_refuse(path)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300))
def test_any_bytes_are_refused(recording: Recording, content: bytes) -> None:
    path = recording()
    path.write_bytes(content)
    assert _open_or_refuse(path) is None


words = st.integers(0, (1 << 64) - 1)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flags=st.lists(words, min_size=8, max_size=8), entries=st.lists(words, min_size=9, max_size=9), data=st.data())
def test_any_words_are_refused_or_make_an_image(
    recording: Recording, flags: list[int], entries: list[int], data: st.DataObject
) -> None:
    pages = st.sampled_from([0x400000, 0x401000, 0x402000, 0x7F0000000000, 0x7F0000001000, 0x5000])
    addresses = data.draw(st.lists(pages | words, min_size=9, max_size=9))
    usual = [0x400000, 0x401000, 0x402000, 0x7F0000000000, 0x7F0000001000, 0x400000, 0x401000, 0x402000, 0x7F0000002000]
    states = [1 << 63, 1 << 62, 1 << 63 | 1 << 61]
    kept = [data.draw(st.sampled_from(states)) | (entry & 7) for entry in entries]
    changed = {
        "kpageflags": np.array(flags, np.uint64),
        "pagemap_entry": np.array(data.draw(st.sampled_from([entries, kept])), np.uint64),
        "pagemap_va": np.array(data.draw(st.sampled_from([usual, usual, addresses])), np.uint64),
    }
    hidden = {"mapping": np.array(flags[::-1], np.uint64), "index": np.array(flags, np.uint64)}
    image = _open_or_refuse(recording(changed, None, data.draw(st.sampled_from([None, hidden]))))
    if image is not None:
        assert image.cached is not None
        assert ((image.cached.pfn >= 0) & (image.cached.pfn < 8)).all()
        assert (image.cached.file < len(image.files)).all()
        m = machine_from_image(image, PROFILES["v7"])
        assert (m.refcount.view >= 0).all() and (m.mapcount.view >= 0).all()


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    notes=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["processes", "pid", "maps", "status", "meminfo", "sysctl"]), inner)
        ),
        max_leaves=12,
    )
)
def test_any_notes_are_refused_or_make_an_image(recording: Recording, notes: Any) -> None:
    path = recording()
    path.with_suffix(".json").write_text(json.dumps(notes))
    _open_or_refuse(path)


@pytest.fixture(scope="module")
def server() -> MemoryImage:
    return open_recording(resources.path("machines/server.npz"))


def test_the_server(server: MemoryImage) -> None:
    assert len(server.kpageflags) == 262_144 and len(server.pagemap_entry) == 397_820
    assert len(server.processes) == 61
    names = {process.comm for process in server.processes}
    assert {"postgres", "nginx", "redis-server", "memcached"} <= names
    by_path = {file.path: file.filesystem for file in server.files}
    assert by_path["/tmp/htl/pool"] == "hugetlbfs"
    assert by_path["/SYSV31513c88 (deleted)"] == by_path["/dev/shm/segment"] == "tmpfs"
    assert by_path["/usr/lib/x86_64-linux-gnu/libc.so.6"] == "ext4"


def test_the_servers_pages_are_where_struct_page_says(server: MemoryImage) -> None:
    cached, hidden = server.cached, server.hidden
    assert cached is not None and hidden.index is not None and hidden.mapping is not None
    # Huge pages count in huge pages; of some frames below 16 MiB the words of struct page could not be read.
    head = (server.kpageflags[cached.pfn] & np.uint64(1 << 16 | 1 << 17)) == 0
    head &= hidden.mapping[cached.pfn] != 0
    assert (hidden.index[cached.pfn[head]] == cached.index[head]).all()
    pairs = {(int(f), int(m)) for f, m in zip(cached.file[head], hidden.mapping[cached.pfn[head]], strict=True)}
    assert len({f for f, _ in pairs}) == len({m for _, m in pairs}) == len(pairs)


def test_the_servers_files_are_what_the_kernel_said(server: MemoryImage) -> None:
    kinds = {"vda": "ext4", "bdev": "blockdev", "tmpfs": "tmpfs", "hugetlbfs": "hugetlbfs"}
    path = DATA / "server" / "server_poison.ek1.jsonl"
    cached = server.cached
    assert cached is not None
    where = {int(p): (int(f), int(i)) for p, f, i in zip(cached.pfn, cached.file, cached.index, strict=True)}
    agreed = said = 0
    for row in map(json.loads, path.read_text().splitlines()):
        if "file" not in row or row.get("flags_changed_since_snapshot") or not row["file"].get("sb"):
            continue
        pfn = int(row["pfn"], 16)
        said += 1
        if pfn in where:
            file, index = where[pfn]
            agreed += server.files[file].filesystem == kinds[row["file"]["sb"]] and (
                index == row["file"]["index"] or kinds[row["file"]["sb"]] == "hugetlbfs"
            )
    assert said > 80
    assert agreed == said


def test_threads_and_namespaces(recording: Recording) -> None:
    notes = texts()
    notes["processes"][1]["threads"] = [
        {"tid": 10, "flags": 0x8000080},
        {"tid": 30, "flags": 0x80, "SigBlk": "0000000000000040"},
    ]
    for process, numbers in zip(notes["processes"][1:], ("10\t1", "11\t7"), strict=True):
        process["status"]["NSpid"] = numbers
    image = open_recording(recording(noted=notes))
    assert image.processes[0].listed == (ThreadImage(10, "early"), ThreadImage(30, "late", blocked=True))
    assert [(process.threads, process.pid_ns) for process in image.processes] == [(3, (10,)), (1, (10,))]
    m = machine_from_image(image, V7)
    assert m.processes.view[10].threads == (10, 30, 31)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"threads": {}}, "threads: a list of objects"),
        ({"threads": [7]}, "threads: a list of objects"),
        ({"threads": [{"tid": 10}]}, r"threads\[0\].flags: a whole number"),
        ({"threads": [{"tid": 1 << 31, "flags": 0}]}, r"threads\[0\].tid: a whole number"),
        ({"threads": [{"tid": 11, "flags": 0}]}, "the main thread first"),
        ({"threads": [{"tid": 10, "flags": 0}, {"tid": 10, "flags": 0}]}, "none twice"),
        ({"threads": [{"tid": 10, "flags": 0, "SigBlk": 4}]}, "SigBlk: a text"),
        ({"threads": [{"tid": 10, "flags": 0, "SigBlk": "x"}]}, "a signal mask is 'x'"),
        ({"pid_ns": -1}, "pid_ns: a whole number"),
        ({"ppid": 1 << 63}, "ppid: a whole number"),
    ],
)
def test_bad_threads(changed: dict[str, Any], said: str, recording: Recording) -> None:
    notes = texts()
    notes["processes"][1] |= changed
    with pytest.raises(SourceError, match=said):
        open_recording(recording(noted=notes))


def test_more_threads_than_a_kernel_can_have(recording: Recording) -> None:
    notes = texts()
    notes["processes"][1]["status"]["Threads"] = "9999999"
    with pytest.raises(SourceError, match="process 10, status: Threads is '9999999'; a kernel has at most 4,194,304"):
        open_recording(recording(noted=notes))


def test_threads_that_were_only_counted_are_limited(recording: Recording) -> None:
    notes = texts()
    for process in notes["processes"][1:]:
        process["status"]["Threads"] = "4000000"
    image = open_recording(recording(noted=notes))
    assert [process.threads for process in image.processes] == [1 + (1 << 16), 1]
    assert "Threads that are left out, as they were counted but not listed: 7,934,462." in image.notes


def test_the_counter_comes_from_the_flags_where_it_was_not_recorded(recording: Recording) -> None:
    whole = "MemTotal: 32 kB\nVmallocChunk: 0 kB\n"
    for noted, kb in (({}, 4), ({"meminfo": whole}, None), ({"meminfo": None}, None)):
        image = open_recording(recording({"kpageflags": np.array([*FLAGS[:6], 0x80000, 0x80000], np.uint64)}, noted))
        assert image.hardware_corrupted_kb == kb
        assert any("HardwareCorrupted is not in its meminfo" in note for note in image.notes) == (kb is None)
        handles = not any("Its kernel has no memory_failure()" in note for note in image.notes)
        assert handles == (noted.get("meminfo") != whole)
        assert machine_from_image(image, V7).hardware_corrupted_kb == (8 if kb is None else kb)
