"""Many machines at once: in order, whatever becomes of one of them, and of the process that has it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from hwpoison_gui.commands.assessing import BadMachineError, Options, assess
from hwpoison_gui.commands.fleet import Failed, each, machines_in
from hwpoison_gui.export.extras import MissingExtraError
from tests.paths import DATA, ROOT

SMALL = [str(DATA / "files" / "kpageflags.bin"), "/nowhere", str(DATA / "files" / "kpageflags.bin")]


def work(file: str) -> str:
    """Run as a worker of these tests: the name of the file selects whether it raises or is killed."""
    name = Path(file).name
    if name.startswith("bad"):
        raise BadMachineError(f"{name}: is bad")
    if name.startswith("fault"):
        raise KeyError(name)
    if name.startswith("once") and not os.path.exists(file):
        Path(file).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if name.startswith("always"):
        os.kill(os.getpid(), signal.SIGKILL)
    return name


def quiet(share: float, doing: str) -> None:
    assert 0 <= share <= 1


def test_a_killed_process_costs_only_time(tmp_path: Path) -> None:
    """Each file that was being worked on then runs again alone; one that is killed each time is one message."""
    names = ["a", "once", "b", "always", "bad", "c", "fault", "d"]
    found = list(each([str(tmp_path / name) for name in names], work, 2, "", quiet))
    assert [one for one in found if not isinstance(one, Failed)] == ["a", "once", "b", "c", "d"]
    assert [names[at] for at, one in enumerate(found) if isinstance(one, Failed)] == ["always", "bad", "fault"]
    killed, bad, fault = (one.why for one in found if isinstance(one, Failed))
    assert killed.startswith(f"{tmp_path / 'always'}: its process was killed each time")
    assert bad == "bad: is bad" and fault == f"{tmp_path / 'fault'}: this program failed: KeyError: 'fault'"


def test_processes_find_what_one_process_finds() -> None:
    function = partial(assess, options=Options(top=2))
    here = list(each(SMALL, function, 1, "", quiet))
    assert isinstance(here[1], Failed) and not isinstance(here[0], Failed)
    assert list(each(SMALL, function, 2, "", quiet)) == here


def test_a_user_who_interrupts_is_not_kept_waiting() -> None:
    def interrupt(share: float, doing: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(each(["a", "b"], work, 2, "", interrupt))


def test_a_folder_means_the_machines_below_it(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "rack").mkdir()
    for name in ("b.npz", "b_hidden.npz", "b.json", "lone.json", "rack/a.npz", "rack/alone_hidden.npz", "notes.txt"):
        (tmp_path / name).touch()
    found, skipped = ([os.path.relpath(one, tmp_path) for one in some] for some in machines_in(str(tmp_path)))
    assert found == ["b.npz", "rack/a.npz", "rack/alone_hidden.npz"]
    assert skipped == ["lone.json", "notes.txt"]
    assert machines_in(str(tmp_path / "empty")) == ([], [])
    assert machines_in("./notes") == (["./notes"], [])


def test_a_cluster_finds_the_same_and_survives_a_killed_worker(tmp_path: Path) -> None:
    """In a process of its own, as Dask leaves threads behind; also: no scheduler is one message."""
    pytest.importorskip("distributed", reason="the extra “fleet” is not installed")
    names = ["a", "once", "bad", "fault", "b"]
    command = [sys.executable, "-m", "tests.commands.fleet_on_dask", *(str(tmp_path / name) for name in names)]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert shown.returncode == 0, shown.stderr
    *found, nobody, nonsense = json.loads(shown.stdout)
    failed = f"{tmp_path / 'fault'}: this program failed: KeyError: 'fault'"
    assert found == ["a", "once", [str(tmp_path / "bad"), "bad: is bad"], [str(tmp_path / "fault"), failed], "b"]
    assert nobody.startswith("tcp://127.0.0.1:1: no Dask scheduler answers: ")
    assert nonsense.startswith("nonsense://x: no Dask scheduler answers: ")


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match="--scheduler needs distributed, .*extra “fleet”"):
        list(each(["a"], work, 1, "tcp://127.0.0.1:1", quiet))
