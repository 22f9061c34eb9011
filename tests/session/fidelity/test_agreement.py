"""Agreement with a recorded kernel: the server, any other recording of the sort, and what bad rows say."""

from __future__ import annotations

import io
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwpoison_gui import resources
from hwpoison_gui.cli import main
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.session.fidelity.agreement import Compared, compare, report, session_of
from hwpoison_gui.session.fidelity.recorded_rows import read_rows
from hwpoison_gui.sources.recording import open_recording
from tests.paths import DATA

SERVER = resources.path("machines/server.npz")
VICTIM = resources.path("machines/victim_before.npz")
ROWS = DATA / "server" / "server_poison.ek1.jsonl"
USERS = (156, 157, 158)  # who map the page of the victim


@cache
def agreement(hidden: bool) -> tuple[Compared, ...]:
    return tuple(compare(open_recording(SERVER, hidden), read_rows(ROWS)))


def share(hidden: bool) -> float:
    found = agreement(hidden)
    return sum(one.agrees for one in found) / len(found)


def test_the_server_without_hidden_state() -> None:
    assert share(hidden=False) >= 0.95
    for one in agreement(hidden=False):
        assert one.agrees or one.unknown, one


def test_the_server_with_hidden_state() -> None:
    """Every row, its log word for word and the page's flags to the bit."""
    for one in agreement(hidden=True):
        assert one.agrees and one.same_log and one.same_fates and one.same_flags, one


def test_the_report_names_reasons() -> None:
    out = io.StringIO()
    report(agreement(hidden=False), out)
    shown = out.getvalue()
    assert "unknown page" in shown and "flags changed since the recording" in shown
    differing = [line for line in shown.splitlines() if line.startswith("row ")]
    assert len(differing) == sum(not one.agrees for one in agreement(hidden=False))
    assert all("Reason: " in line for line in differing)


def test_stopped_processes_live_on() -> None:
    """Signals wait; a second one is dropped, as the recording says."""
    image = open_recording(VICTIM)
    session = session_of(image, stopped=True)
    session.act("sysctl", {"name": "memory_failure_early_kill", "value": 1})
    outcome = session.act("poison", {"frame": f"pfn:{_victim()[0]:#x}", "via": "corrupt-pfn"})
    assert [seen.effect for seen in outcome.signals] == ["pending"] * 3
    assert all(session.alive(session.machine.processes.view[pid].name) for pid in USERS)


@cache
def _victim() -> tuple[int, int]:
    """The frame that was poisoned, and its flags afterwards."""
    image = open_recording(DATA / "snapshot" / "victim_after.npz")
    return next((pfn, word) for pfn, word in enumerate(image.kpageflags.tolist()) if word & pf.HWPOISON)


def _victim_row(**changes: Any) -> dict[str, Any]:
    """A row for the victim, as it would have been recorded with all processes stopped."""
    image = open_recording(VICTIM)
    pfn, after = _victim()
    where = [
        (int(pid), int(va))
        for pid, va, entry in zip(image.pagemap_pid, image.pagemap_va, image.pagemap_entry, strict=True)
        if int(entry) >> 63 and int(entry) & (1 << 55) - 1 == pfn
    ]
    return {
        "n": 3,
        "early_kill": 1,
        "workload": "stopped",
        "pfn": hex(pfn),
        "word_before": hex(int(image.kpageflags[pfn])),
        "word_after": hex(after),
        "errno": "0",
        "verdict": {"page": "dirty LRU page", "result": "Recovered"},
        "log": [
            f"Injecting memory failure at pfn {pfn:#x}",
            *(
                f"Memory failure: {pfn:#x}: Sending SIGBUS to w{n}:{pid} due to hardware memory corruption"
                for n, pid in enumerate(USERS)
            ),
            f"Memory failure: {pfn:#x}: recovery action for dirty LRU page: Recovered",
        ],
        "signalled": [{"sig": 7, "code": 5, "pid": pid, "res": 0} for pid in USERS],
        "mappers": [{"pid": pid, "va": hex(va), "pte": "0x1", "dirty": True} for pid, va in where],
        "mappers_after": [{"pid": pid, "va": hex(va), "pagemap": hex(1 << 62 | pfn << 5 | 26)} for pid, va in where],
    } | changes


def _rows(tmp_path: Path, *rows: Any) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return path


def test_another_recording(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = _rows(tmp_path, {"n": 1, "skipped": "nothing left"}, _victim_row(), {"type": "summary"})
    assert main(["agree", str(VICTIM), str(rows)]) == 0
    shown = capsys.readouterr().out
    assert "dirty LRU page     1      1  100.0 %" in shown
    assert "word for word 1, signals sent or dropped 1, all flags of the page afterwards 1" in shown


def test_a_row_that_differs_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = _victim_row(signalled=[], page_before={"refcount": 9})
    assert main(["agree", "--json", str(VICTIM), str(_rows(tmp_path, row))]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["differences"] == [
        {"what": "signals", "recorded": "nobody", "got": "SIGBUS to 156 SIGBUS to 157 SIGBUS to 158"}
    ]
    assert said["reason"] == ["it had 9 references, here 3 (they are not exported)"]


def test_missing_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = _rows(tmp_path, _victim_row())
    assert main(["agree", "--hidden", str(VICTIM), str(rows)]) == 2
    assert "victim_before_hidden.npz: No such file" in capsys.readouterr().err
    assert main(["agree", str(tmp_path / "none.npz"), str(rows)]) == 2
    assert main(["agree", str(VICTIM), str(tmp_path / "none.jsonl")]) == 2


@pytest.mark.parametrize(("kernel", "hidden"), [((2, 6), False), ((6, 1), True)])
def test_any_frame_of_the_server_can_be_poisoned(kernel: tuple[int, int], hidden: bool) -> None:
    """One of each flag word: every result has a kind, no count is negative, all is walked back."""
    image = open_recording(SERVER, hidden)._replace(kernel=kernel)
    session = session_of(image, stopped=True)
    session.act("sysctl", {"name": "memory_failure_early_kill", "value": 1})
    _, firsts = np.unique(image.kpageflags, return_index=True)
    for pfn in firsts.tolist():
        outcome = session.act("poison", {"frame": f"pfn:{pfn:#x}", "via": "corrupt-pfn"})
        assert (outcome.result is None) == (outcome.kind is None) and outcome.kind != ""
    machine = session.machine
    assert (machine.refcount.view >= 0).all() and (machine.mapcount.view >= 0).all()
    session.seek(0)
    assert (machine.flags.view == image.kpageflags).all()
