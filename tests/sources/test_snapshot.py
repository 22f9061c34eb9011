"""A snapshot is one file that opens as the machine that it was, without names where that was asked for."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import random
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwpoison_gui import resources
from hwpoison_gui.cli import main
from hwpoison_gui.commands import capture
from hwpoison_gui.image import UNKNOWN
from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.opening import opening
from hwpoison_gui.sources import live, npz
from hwpoison_gui.sources.anonymous import anonymized, without_names
from hwpoison_gui.sources.assemble import Exported, assemble
from hwpoison_gui.sources.errors import SourceError
from hwpoison_gui.sources.recording import INSIDE, open_recording, parts_of, read_recording
from hwpoison_gui.sources.recording_writer import save_snapshot
from hwpoison_gui.view.base.mappers import captured_words, mappers_unknown
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.damage.tables import find_table
from hwpoison_gui.view.damage.uses import owners_known
from hwpoison_gui.view.outcome.verdict import verdict
from hwpoison_gui.view.walk.state import map_for, state_of
from hwpoison_gui.view.walk.words import box_words_of
from tests.sources.test_recording_writer import same
from tests.view.outcome.previews import preview
from tests.workbench import do

VICTIM = resources.path("machines/victim_before.npz")


@pytest.fixture
def proc(fake_proc: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    cgroup = fake_proc.parent / "sys" / "fs" / "cgroup" / "work.slice"
    cgroup.mkdir(parents=True)
    words = np.array([0, 1, 1, 0, 2, 0, 0, 0], np.uint64) * np.uint64(os.stat(cgroup).st_ino)
    (fake_proc / "kpagecgroup").write_bytes(words.tobytes())
    counts = fake_proc.parent / "sys/devices/system/node/node0/memory_failure"
    counts.mkdir(parents=True)
    (counts / "total").write_text("3\n")
    monkeypatch.setattr(capture, "PROC", fake_proc)
    return fake_proc


@pytest.fixture
def exported(proc: Path) -> Exported:
    return live.read(proc=proc)


def test_a_snapshot_opens_as_the_machine_that_it_was(exported: Exported, tmp_path: Path) -> None:
    save_snapshot(exported, tmp_path / "mine.npz")
    again = read_recording(tmp_path / "mine.npz")
    assert same(assemble(exported), assemble(again))
    assert again.texts["sys/devices/system/node/node0/memory_failure/total"] == "3\n"
    assert parts_of(tmp_path / "mine.npz") == (tmp_path / "mine.npz",)
    assert os.stat(tmp_path / "mine.npz").st_mode & 0o777 == 0o600


def test_what_lies_beside_a_snapshot_is_not_its_own(exported: Exported, tmp_path: Path) -> None:
    save_snapshot(exported, tmp_path / "mine.npz")
    (tmp_path / "mine.json").write_text("{}")
    np.savez(tmp_path / "mine_hidden.npz", refcount=np.zeros(3, np.int64))
    assert same(assemble(exported), open_recording(tmp_path / "mine.npz"))


def test_a_real_machine_goes_through_the_format(tmp_path: Path) -> None:
    exported = read_recording(VICTIM, hidden=False)
    save_snapshot(exported, tmp_path / "again.npz")
    assert same(open_recording(VICTIM, hidden=False), open_recording(tmp_path / "again.npz"))


def test_frames_by_cgroup(exported: Exported) -> None:
    m = machine_from_image(assemble(exported), PROFILES["6.12"])
    memcg, table = m.memcg, to_the_end(find_table(Damage.of(m), "cgroup"))
    counted = {row.name: sum(row.frames) for row in table.rows}
    assert counted["/work.slice"] == 2 and sum(counted.values()) == m.frames and not table.note
    assert memcg is not None
    known = exported.cgroup is not None and int(exported.cgroup.max())
    assert [memcg.names[at] for at in memcg.of[:5]] == ["", "/work.slice", "/work.slice", "", f"inode {known}"]


def test_when_it_was_captured(proc: Path, tmp_path: Path) -> None:
    boot_id = proc / "sys" / "kernel" / "random" / "boot_id"
    boot_id.parent.mkdir(parents=True, exist_ok=True)
    boot_id.write_text("7b5e1f5c-0000-4000-8000-000000000001\n")
    before = time.time()
    exported = live.read(proc=proc)
    assert exported.capture.time is not None and before - 1 <= exported.capture.time <= time.time() + 1
    assert len(exported.capture.boot) == 16 and exported.capture.boot not in boot_id.read_text()
    save_snapshot(exported, tmp_path / "dated.npz")
    assert read_recording(tmp_path / "dated.npz").capture == exported.capture
    save_snapshot(anonymized(exported), tmp_path / "bare.npz")
    assert read_recording(tmp_path / "bare.npz").capture == UNKNOWN
    with zipfile.ZipFile(tmp_path / "bare.npz") as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_what_was_captured_of_one_process_claims_nothing_of_the_others(proc: Path, tmp_path: Path) -> None:
    """Frame 2 is mapped by 10 and 11, frame 1 by 10 alone; a second look of 11 alone leaves the rest unknown."""
    exported = live.read(proc=proc, pids=[11])
    save_snapshot(exported, tmp_path / "part.npz")
    assert read_recording(tmp_path / "part.npz").capture == exported.capture and exported.capture.pids == (11,)
    bare = anonymized(exported)
    assert bare.capture.pids == tuple(one.pid for one in bare.processes)
    session = opening.open_file(tmp_path / "part.npz").session
    m = session.machine
    assert [mappers_unknown(m, pfn) for pfn in range(8)] == [False, True, True, True, True, True, False, False]
    assert not owners_known(m) and captured_words(m) == "only PID 11 was captured"
    assert all("only PID 11 was captured" in preview(m, pfn) for pfn in range(1, 6))
    graph = map_for(session, 2)
    assert graph is not None and "others map it" in box_words_of(graph, state_of(session, graph))[1]
    do(session, "poison", frame="pfn:0x2")
    said = verdict(session, session.operations[-1])
    assert "reader:11" in said and "which other processes map it" in said
    do(session, "poison", frame="pfn:0x1")
    said = verdict(session, session.operations[-1])
    assert "no process" not in said and "only PID 11 was captured" in said
    whole = machine_from_image(assemble(live.read(proc=proc)), PROFILES["6.12"])
    assert not any(mappers_unknown(whole, pfn) for pfn in range(8)) and not captured_words(whole)


@pytest.mark.parametrize("without", [anonymized, without_names])
def test_no_name_is_left(without: Any, exported: Exported, tmp_path: Path) -> None:
    bare = without(exported)
    save_snapshot(bare, tmp_path / "bare.npz")
    with zipfile.ZipFile(tmp_path / "bare.npz") as archive:
        text = archive.read(INSIDE).decode()
    for name in ("writer", "reader", "program", "nobody", "nowhere", "made-up", "work.slice"):
        assert name not in text, name
    one, other = (
        machine_from_image(assemble(exported), PROFILES["6.1"]),
        machine_from_image(assemble(bare), PROFILES["6.1"]),
    )
    assert (Damage.of(one).assessment.classes() == Damage.of(other).assessment.classes()).all()


def test_equal_names_have_equal_pseudonyms() -> None:
    exported = read_recording(VICTIM, hidden=False)
    bare = anonymized(exported)
    names = {one.comm: other.comm for one, other in zip(exported.processes, bare.processes, strict=True)}
    assert len(set(names.values())) == len(names)
    kinds = [line.split(None, 5)[5] for one in bare.processes for line in one.maps if len(line.split(None, 5)) == 6]
    assert {"[heap]", "[stack]", "/dev/zero (deleted)", "/file-1"} <= set(kinds)
    one, other = assemble(exported), assemble(bare)
    assert len(one.files) == len(other.files)
    assert [len(process.vmas) for process in one.processes] == [len(process.vmas) for process in other.processes]


def test_the_command(proc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "it.npz"
    assert main(["capture", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}: 8 frames, 2 processes\n"
    first = out.read_bytes()
    assert main(["capture", str(out)]) == 2 and out.read_bytes() == first
    assert capsys.readouterr().err == f"{out}: exists already; --force writes over it\n"
    assert main(["capture", "--pid", "11", "--anonymize", "--force", str(out)]) == 0
    assert [one.comm for one in read_recording(out).processes] == ["task-1"]
    assert main(["capture", "--raw", "--force", str(out)]) == 0
    assert out.read_bytes() == (proc / "kpageflags").read_bytes()


def test_what_cannot_be_captured_leaves_nothing(proc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "it.npz"
    assert main(["capture", "--pid", "77", str(out)]) == 2
    assert "/proc/77: there is no such process" in capsys.readouterr().err
    (proc / "kpageflags").unlink()
    assert main(["capture", str(out)]) == 2
    assert "kpageflags: this kernel does not have it" in capsys.readouterr().err
    assert main(["capture", "--raw", str(out)]) == 2
    assert main(["capture", "--raw", str(tmp_path / "no" / "it")]) == 2
    assert not out.exists()


def changed(data: bytes, **fields: Any) -> bytes:
    """The snapshot with other fields in its JSON."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            if info.filename == INSIDE:
                content = json.dumps({**json.loads(content), **fields}).encode()
            new.writestr(info.filename, content)
    return made.getvalue()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"format": "other"}, "machine.json: format: 'hwpoison-gui snapshot' expected"),
        ({"snapshot": 3}, "format version 3 is newer than the supported 2"),
        ({"snapshot": "1"}, "a whole number"),
        ({"cgroups": {"x": "/a"}}, "cgroups: the inode number of a cgroup expected"),
        ({"cgroups": []}, "cgroups: an object of texts expected"),
        ({"texts": {"proc/swaps": 1}}, "texts: an object of texts expected"),
        ({"captured": "noon"}, "captured: seconds since 1970 expected"),
        ({"captured": 1e300}, "captured: seconds since 1970 expected"),
        ({"boot": 7}, "boot: a text expected"),
        ({"partial": "yes"}, "partial: true or false expected"),
        ({"processes": 1}, "processes: a list expected"),
    ],
)
def test_a_snapshot_that_says_other_things(exported: Exported, tmp_path: Path, fields: Any, says: str) -> None:
    path = tmp_path / "bad.npz"
    save_snapshot(exported, path)
    path.write_bytes(changed(path.read_bytes(), **fields))
    with pytest.raises(SourceError) as refused:
        open_recording(path)
    assert says in str(refused.value) and str(path) in str(refused.value)


def test_what_unpacks_to_too_much_is_not_unpacked(
    exported: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.npz"
    save_snapshot(dataclasses.replace(exported, texts={"proc/swaps": "0" * (1 << 20)}), path)
    monkeypatch.setattr("hwpoison_gui.sources.recording.MOST_JSON", 1 << 16)
    with pytest.raises(SourceError, match="it unpacks to 1,0.* at most 65,536"):
        open_recording(path)
    monkeypatch.undo()
    monkeypatch.setattr(npz, "MOST_BYTES", 64)
    with pytest.raises(SourceError, match="the arrays unpack to .* bytes; at most 64"):
        open_recording(path)


def test_damaged_snapshots_are_refused_or_open_whole(exported: Exported, tmp_path: Path) -> None:
    path, chance = tmp_path / "damaged.npz", random.Random(5)
    save_snapshot(exported, path)
    whole = path.read_bytes()
    for _ in range(int(os.environ.get("HWPOISON_FUZZ", "60"))):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data[: chance.choice((len(data), chance.randrange(len(data))))])
        try:
            open_recording(path)
        except SourceError as error:
            assert str(path) in str(error) and "\n" not in str(error)
