"""A made-up machine as a snapshot: what Linux exports of it is as it was, and the command writes it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwpoison_gui.cli import main
from hwpoison_gui.image import MemoryImage, ZoneImage
from hwpoison_gui.kernel.presets import desktop
from hwpoison_gui.opening.opening import open_file
from hwpoison_gui.session.session import Session
from hwpoison_gui.sources.machine_file import image_of
from hwpoison_gui.sources.recording_writer import save_snapshot
from hwpoison_gui.sources.synthetic import divided, exported_from

FRAMES = 16_384


@pytest.fixture(scope="module")
def made() -> MemoryImage:
    return desktop(FRAMES, 3)


@pytest.fixture(scope="module")
def read(made: MemoryImage, tmp_path_factory: pytest.TempPathFactory) -> MemoryImage:
    out = tmp_path_factory.mktemp("made") / "made.npz"
    save_snapshot(exported_from(made, "Linux version 6.12.0-made-up"), out)
    return image_of(out)


def test_memory_is_as_it_was(made: MemoryImage, read: MemoryImage) -> None:
    for name in ("kpageflags", "kpagecount", "pagemap_pid", "pagemap_va", "pagemap_entry"):
        assert np.array_equal(getattr(made, name), getattr(read, name)), name
    assert read.zones == made.zones and read.kernel == (6, 12) and set(made.notes) <= set(read.notes)
    assert read.hidden.refcount is None and read.hardware_corrupted_kb == 0


def test_processes_are_as_they_were(made: MemoryImage, read: MemoryImage) -> None:
    assert len(made.processes) == len(read.processes)
    for one, other in zip(made.processes, read.processes, strict=True):
        for field in ("pid", "ppid", "comm", "threads", "sigbus", "sigsegv", "blocked"):
            assert getattr(one, field) == getattr(other, field), (one.comm, field)
        assert [vma._replace(name="", flags=()) for vma in one.vmas] == list(other.vmas)
        assert {(thread.mce_kill, thread.blocked) for thread in other.listed} == {(one.mce_kill, one.blocked)}
    tids = [thread.tid for process in read.processes for thread in process.listed]
    assert len(set(tids)) == len(tids)
    assert {one.mce_kill for one in made.processes} == {"default", "early", "late"}, "or this shows nothing"


def test_files_have_their_file_systems(made: MemoryImage, read: MemoryImage) -> None:
    was = {(file.device, file.inode): file.filesystem for file in made.files}
    assert {key: was[key] for key in ((one.device, one.inode) for one in read.files)} == {
        (one.device, one.inode): one.filesystem for one in read.files
    }


def test_memory_is_divided_among_nodes() -> None:
    zones = (ZoneImage(0, "DMA", 0, 100), ZoneImage(0, "Normal", 100, 1000))
    assert divided(zones, 1000, 1) == zones
    assert divided(zones, 1000, 2) == (
        ZoneImage(0, "DMA", 0, 100), ZoneImage(0, "Normal", 100, 500), ZoneImage(1, "Normal", 500, 1000),
    )  # fmt: skip


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, again, other = (tmp_path / name for name in ("out.npz", "again.npz", "other.npz"))
    for path, seed in ((out, "1"), (again, "1"), (other, "2")):
        assert main(["make-machine", "--frames", "4096", "--seed", seed, "--nodes", "2", str(path)]) == 0
    assert capsys.readouterr().out.startswith(f"{out}: 4,096 frames, 20 processes\n")
    flags = [image_of(path).kpageflags for path in (out, again, other)]
    assert np.array_equal(flags[0], flags[1]) and not np.array_equal(flags[0], flags[2])
    session: Session = open_file(out).session
    assert session.machine.profile.name == "6.12" and {zone.node for zone in session.machine.zones} == {0, 1}
    assert main(["make-machine", "--frames", "4096", "/nowhere/out.npz"]) == 2
    assert capsys.readouterr().err.startswith("/nowhere/out.npz: cannot be written: ")


@pytest.mark.parametrize("arguments", [[], ["--frames", "4095"], ["--frames", "4096", "--nodes", "0"]])
def test_wrong_arguments(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["make-machine", "out.npz", *arguments])
    assert raised.value.code == 2 and "usage:" in capsys.readouterr().err
