"""The first picture of a file is that of its machine, or there is none."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hwpoison_gui import resources
from hwpoison_gui.image import MemoryImage
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.presets import desktop
from hwpoison_gui.kernel.presets.containers import containers
from hwpoison_gui.opening import first_frames
from hwpoison_gui.opening.first_frames import picture_of
from hwpoison_gui.opening.opening import open_file
from hwpoison_gui.sources.assemble import Exported
from hwpoison_gui.sources.errors import SourceError
from hwpoison_gui.sources.frame_runs import members as members_of
from hwpoison_gui.sources.recording import INSIDE, read_recording
from hwpoison_gui.sources.recording_writer import save_snapshot
from hwpoison_gui.sources.synthetic import exported_from
from hwpoison_gui.view.map.plane import FramePlane
from hwpoison_gui.view.map.zones import starts_of


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_frames, "_LEAST", 1)


def made(image: MemoryImage) -> Exported:
    return exported_from(image, "Linux version 6.12.0-made-up")


def classes(plane: FramePlane) -> np.ndarray:
    return plane.classes_of(np.arange(plane.frames))


def plane_of(path: Path) -> FramePlane:
    picture = picture_of(path)
    assert picture is not None
    return picture.plane


def save_words(exported: Exported, path: Path) -> None:
    """A snapshot of version 1: a word a frame."""
    save_snapshot(exported, path)
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    for name in ("kpageflags", "kpagecount"):
        for part in members_of(name):
            del members[f"{part}.npy"]
        column = io.BytesIO()
        np.save(column, getattr(exported, name).astype(np.uint64))
        members[f"{name}.npy"] = column.getvalue()
    members[INSIDE] = members[INSIDE].replace(b'"snapshot": 2', b'"snapshot": 1')
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


@pytest.mark.parametrize(
    "exported",
    [
        lambda: made(desktop(4096, 3)),
        lambda: made(containers(8192, 1)),
        lambda: read_recording(resources.path("machines/victim_before.npz"), hidden=False),
    ],
    ids=["desktop", "containers", "recorded"],
)
@pytest.mark.parametrize("save", [save_snapshot, save_words], ids=["runs", "words"])
def test_the_picture_is_that_of_the_machine(exported: object, save: Callable[..., None], tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    assert callable(exported)
    save(exported(), path)
    picture, m = picture_of(path), open_file(path).session.machine
    plane = FramePlane(m.flags.view, m.refcount.view, m.mapcount.view)
    assert picture is not None
    assert picture.plane.frames == plane.frames and (classes(picture.plane) == classes(plane)).all()
    assert picture.plane.class_counts().tolist() == plane.class_counts().tolist()
    assert picture.zone_starts() == starts_of(m.zones)


def test_raw_words(tmp_path: Path) -> None:
    words = desktop(4096, 3).kpageflags
    words.tofile(tmp_path / "flags")
    picture, m = picture_of(tmp_path / "flags"), open_file(tmp_path / "flags").session.machine
    assert picture is not None and picture.zone_starts() == starts_of(m.zones)
    assert (classes(picture.plane) == classes(FramePlane(m.flags.view, m.refcount.view, m.mapcount.view))).all()


def test_more_words_than_a_machine_has(tmp_path: Path) -> None:
    """No picture of what is not opened then."""
    for number in (20_000, 400_000):
        words = np.arange(number, dtype=np.uint64) * np.uint64(2) + np.uint64(1 << 20)
        (words & ~np.uint64(pf.HUGE | pf.SLAB)).tofile(tmp_path / "flags")
        assert picture_of(tmp_path / "flags") is None
        with pytest.raises(SourceError, match=r"flags: more than 4,095 distinct flag words in the first \d"):
            open_file(tmp_path / "flags")


def test_frames_that_may_be_left_out(tmp_path: Path) -> None:
    """A huge page of which a part is missing is left out: the picture would have more frames than the machine."""
    words = np.full(2048, pf.LRU, np.uint64)
    words[1900] = pf.THP | pf.COMPOUND_HEAD | pf.ANON | pf.LRU
    words[1901:] = pf.THP | pf.COMPOUND_TAIL | pf.ANON
    words.tofile(tmp_path / "flags")
    assert picture_of(tmp_path / "flags") is None
    assert open_file(tmp_path / "flags").session.machine.frames == 1900


def test_a_folio_at_the_end_is_whole(tmp_path: Path) -> None:
    """Only what a page of 2 MiB can be a part of is left out."""
    words = np.full(2048, pf.LRU, np.uint64)
    for head, size in ((1600, 8), (2032, 16)):
        words[head] = pf.THP | pf.COMPOUND_HEAD | pf.ANON | pf.LRU
        words[head + 1 : head + size] = pf.THP | pf.COMPOUND_TAIL | pf.ANON
    words.tofile(tmp_path / "flags")
    assert plane_of(tmp_path / "flags").frames == 2048
    assert open_file(tmp_path / "flags").session.machine.frames == 2048


@pytest.mark.parametrize("suffix", ["npz", "json"])
def test_a_recording_in_two_files(suffix: str) -> None:
    path = resources.path(f"machines/victim_before.{suffix}")
    m = open_file(path).session.machine
    assert (classes(plane_of(path)) == classes(FramePlane(m.flags.view, m.refcount.view, m.mapcount.view))).all()


def test_the_hole_below_4_gib_is_known(tmp_path: Path) -> None:
    """A geometry of DRAM is fitted to it."""
    image = desktop(4096, 3)
    words = np.concatenate((image.kpageflags, np.full(1 << 20, pf.NOPAGE, np.uint64), image.kpageflags))
    words[6000:7000] = pf.LRU
    counts = np.zeros(len(words), np.uint64)
    save_snapshot(made(image._replace(kpageflags=words, kpagecount=counts)), tmp_path / "m.npz")
    no_page, below = np.uint64(pf.NOPAGE), 1 << 20
    assert ((plane_of(tmp_path / "m.npz").flags[:below] & no_page) == (words[:below] & no_page)).all()


def test_files_without_a_first_picture(tmp_path: Path) -> None:
    assert picture_of(resources.path("lessons/07-one-page-many-processes.toml")) is None


def test_a_damaged_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    save_snapshot(made(desktop(4096, 3)), path)
    data = bytearray(path.read_bytes())
    at = data.index(b"kpageflags_id.npy") + 400
    data[at] ^= 1
    path.write_bytes(data)
    with pytest.raises(SourceError, match="kpageflags_id"):
        picture_of(path)
