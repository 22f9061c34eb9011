"""Assessing machines by their files: what is foretold happens, and a bad machine is one message."""

from __future__ import annotations

import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from hwpoison_gui import resources
from hwpoison_gui.commands.assess import run
from hwpoison_gui.commands.assessing import BadMachineError, Dram, Options, assess, assess_dram
from hwpoison_gui.dram.shipped import geometry_named
from hwpoison_gui.opening import opening
from hwpoison_gui.opening.opening import open_file
from hwpoison_gui.view.base.impacts import DEAD, SAFE
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.damage.worst import worst_frames
from hwpoison_gui.view.outcome import classes as outcomes
from tests.paths import DATA
from tests.truth import READS, SAME, break_and_read, class_of
from tests.workbench import do

SERVER = str(resources.path("machines/server.npz"))
LESSONS = resources.path("lessons")
RAW = DATA / "files" / "kpageflags.bin"
GEOMETRY = 'geometry = 1\nname = "x"\nsize = "1 MiB"\nsources = ["s"]\n[bits]\nrow = ["13-19"]\ncolumn = ["0-12"]\n'


@pytest.mark.parametrize("early", [0, 1])
def test_the_worst_frames_break_as_it_was_foretold(early: int) -> None:
    """The ten most dangerous frames of the recorded server, and one of each outcome: every process as it was said."""
    session = open_file(Path(SERVER)).session
    do(session, "sysctl", name="memory_failure_early_kill", value=early)
    m = session.machine
    damage = Damage.of(m)
    of_each = damage.assessment.members[np.unique(damage.assessment.codes, return_index=True)[1]]
    worst = [one.pfn for one in worst_frames(damage, 10)]
    assert len(worst) == 10
    for pfn in (*worst, *of_each.tolist()):
        toll = damage.toll(np.array([pfn]))
        truth = break_and_read(session, pfn)
        assert toll.frames[class_of(m, pfn, truth)] == 1, hex(pfn)
        assert truth.loss is not None and truth.loss.gone == bool(toll.lost)
        assert {hit.tgid: hit.kind for hit in truth.loss.hits if hit.kind != SAFE} == toll.hit, hex(pfn)
        killed = {seen.task for seen in truth.outcome.signals if seen.effect == "killed"}
        for tgid, kind in toll.hit.items():
            name = m.processes.view[tgid].label
            assert (name in killed) == (kind == DEAD), (hex(pfn), name)
            assert truth.ends.get(name, SAME) == READS.get(kind, SAME), (hex(pfn), name)


def test_a_report_goes_from_process_to_process() -> None:
    lesson = str(LESSONS / "07-one-page-many-processes.toml")
    here = assess(lesson, Options(by="process", top=3))
    assert pickle.loads(pickle.dumps(here)) == here
    with ProcessPoolExecutor(1, get_context("spawn")) as other:
        assert other.submit(assess, lesson, Options(by="process", top=3)).result() == here
        with pytest.raises(BadMachineError, match="cannot be read"):
            other.submit(assess, "/nowhere", Options()).result()


def test_what_faults_of_dram_do_not_take_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in (("--by", "process"), ("--top", "3")):
        with pytest.raises(SystemExit) as ended:
            run([SERVER, "--fault", "row:of:0x10", name, value])
        assert ended.value.code == 2
        assert f"argument {name}: not for faults of DRAM" in capsys.readouterr().err


def test_a_geometry_that_is_too_small_is_named_by_its_file(tmp_path: Path) -> None:
    file = tmp_path / "small.toml"
    file.write_text(GEOMETRY)
    with pytest.raises(BadMachineError) as refused:
        assess_dram(SERVER, Options(), Dram(geometry_named(str(file)), ("row:of:0x10",)))
    assert f"{file}: the machine has memory up to 0x3fffffff" in str(refused.value)


def test_a_machine_is_assessed_where_its_file_ends() -> None:
    lesson = str(LESSONS / "07-one-page-many-processes.toml")
    (end,) = assess(lesson, Options(early_kill=(0,))).policies
    (start,) = assess(lesson, Options(early_kill=(0,), at="0")).policies
    assert end.table.whole.frames[outcomes.POISONED] == 1 and not start.table.whole.frames[outcomes.POISONED]


def test_raw_flags_have_no_owners_and_none_are_made_up() -> None:
    report = assess(str(RAW), Options(by="process"))
    assert not report.owners and any("no processes" in note for note in report.notes)
    for policy in report.policies:
        assert [row.name for row in policy.table.rows] == ["of no process"] and "not known" in policy.table.note
        assert not policy.processes and not policy.files and not policy.killed
        assert not any(frame.hit for frame in policy.frames)
        held = [one.why for one in policy.soft_offline.obstacles if one.errno == "EBUSY"]
        assert set(held) == {"who holds references to it is not known"}


def test_a_kernel_without_soft_offline_says_so() -> None:
    report = assess(SERVER, Options(profile="v7", early_kill=(0,), top=1))
    assert report.profile == "v7" and not report.policies[0].soft_offline.frames


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("/nowhere.npz", r"^/nowhere\.npz: cannot be read: No such file"),
        (str(DATA / "files" / "dmesg.txt"), "a kernel log"),
        (str(LESSONS / "13-recovery-off.toml"), "panicked there; name a position before that by --at"),
        (str(DATA / "files" / "kpageflags-odd.bin"), "cut short"),
    ],
)
def test_a_bad_machine_is_one_message(file: str, message: str) -> None:
    with pytest.raises(BadMachineError, match=message) as raised:
        assess(file, Options())
    assert Path(file).name in str(raised.value) and "\n" not in str(raised.value)


def test_a_machine_that_does_not_fit_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_large(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(opening, "open_file", too_large)
    with pytest.raises(BadMachineError, match="^large.npz: needs more memory than there is$"):
        assess("large.npz", Options())
