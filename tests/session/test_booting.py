"""The kept machine is the booted one, for every profile, whatever lies in the cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwpoison_gui.kernel.boot import snapshot
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES, oldest
from hwpoison_gui.session import booting

FRAMES, SEED = 4096, 2


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "hwpoison-gui"


@pytest.fixture
def boots(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A profile for each machine that is booted, and not taken from the cache."""
    found: list[str] = []
    boot = booting.boot

    def noted(frames: int, seed: int, background: str, profile: str) -> Machine:
        found.append(profile)
        return boot(frames, seed, background, profile)

    monkeypatch.setattr(booting, "boot", noted)
    return found


def kept(profile: str = "v7", seed: int = SEED) -> Machine:
    return booting.KeptMachine(FRAMES, seed, "desktop", profile).boot()


@pytest.mark.parametrize("profile", PROFILES)
def test_the_kept_machine_is_the_booted_one(boots: list[str], profile: str) -> None:
    first, second = kept(profile), kept(profile)
    assert boots == [profile]
    assert first.gate.digest() == second.gate.digest()
    second.put(second.flags, 0, 1)
    assert len(second.gate.take()) == 1, "it records"
    assert kept(profile).gate.digest() == first.gate.digest(), "what is done to one is not kept"


def test_the_profile_that_nobody_names_is_the_oldest(boots: list[str]) -> None:
    assert kept("").gate.digest() == kept(oldest().name).gate.digest()
    assert kept("").profile is oldest()
    assert boots == ["v7", "v7"]


def test_frames_can_be_had_before_the_machine(boots: list[str]) -> None:
    one = booting.KeptMachine(FRAMES, SEED, "desktop")
    assert one.columns() is None
    machine = one.boot()
    columns = booting.KeptMachine(FRAMES, SEED, "desktop").columns()
    assert columns is not None
    assert columns.flags.tobytes() == machine.flags.view.tobytes()
    assert booting.KeptMachine(FRAMES, SEED + 1, "desktop").columns() is None


def test_another_machine_is_booted(boots: list[str]) -> None:
    assert kept(seed=1).gate.digest() != kept(seed=2).gate.digest()
    kept(seed=2)
    assert boots == ["v7", "v7"]


@pytest.mark.parametrize("damage", ["empty", "cut", "changed", "text", "link", "folder"])
def test_what_is_damaged_is_booted_and_kept_again(cache: Path, boots: list[str], damage: str, tmp_path: Path) -> None:
    want = kept().gate.digest()
    (file,) = cache.iterdir()
    data = file.read_bytes()
    file.unlink()
    if damage == "link":
        (tmp_path / "target").write_bytes(data)
        file.symlink_to(tmp_path / "target")
    elif damage == "folder":
        file.mkdir()
    else:
        changed = data[:5000] + bytes([data[5000] ^ 1]) + data[5001:]
        file.write_bytes({"empty": b"", "cut": data[:-1], "changed": changed, "text": b"hello\n" * 99}[damage])
    assert kept().gate.digest() == want
    assert boots == ["v7", "v7"]
    assert kept().gate.digest() == want
    assert len(boots) == (3 if damage == "folder" else 2)


def test_a_machine_of_another_version_is_booted_again(boots: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    kept()
    monkeypatch.setattr(booting, "__version__", "0.0.1")
    kept()
    assert len(boots) == 2


@pytest.mark.parametrize("source", ["kernel/presets/desktop.py", "image.py"])
def test_a_machine_of_changed_sources_is_booted_again(
    boots: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str
) -> None:
    for name in ("kernel", "kernel/boot", "kernel/presets", "kernel/profile", "session"):
        (tmp_path / "package" / name).mkdir(parents=True)
    for name in ("image.py", "session/booting.py"):
        (tmp_path / "package" / name).write_text("")
    changed = tmp_path / "package" / source
    changed.write_text("one")
    monkeypatch.setattr(booting, "_PACKAGE", tmp_path / "package")
    kept()
    kept()
    assert len(boots) == 1
    changed.write_text("another")
    kept()
    assert len(boots) == 2


def test_where_no_sources_are_nothing_is_kept(
    cache: Path, boots: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(booting, "_PACKAGE", tmp_path / "nowhere")
    kept()
    kept()
    assert len(boots) == 2
    assert not cache.exists()


def test_where_nothing_can_be_kept_the_machine_is_booted(
    boots: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    kept()
    kept()
    assert len(boots) == 2


def test_every_store_of_a_machine_can_be_kept(boots: list[str]) -> None:
    # A store of a new kind would be a TypeError at the first start.
    assert snapshot.dump(kept(), "")
