"""Errors of several sources are one record each, whatever their clocks."""

from __future__ import annotations

from pathlib import Path

from hwpoison_gui.sources.records.history import History, history_of
from hwpoison_gui.sources.records_file import read
from tests.paths import DATA

MF = "Memory failure: {:#x}: recovery action for {}: {}"


def _made(tmp_path: Path, *texts: str) -> History:
    paths = []
    for number, text in enumerate(texts):
        paths.append(tmp_path / f"log{number}")
        paths[-1].write_text(text)
    return history_of([read(path) for path in paths])


def _log(prefix: str, *errors: tuple[float, int]) -> str:
    return "".join(f"{prefix.format(time)}{MF.format(pfn, 'dirty LRU page', 'Recovered')}\n" for time, pfn in errors)


def test_a_clock_that_is_hours_off_is_aligned(tmp_path: Path) -> None:
    errors = ((100.0, 0x10), (200.0, 0x11), (350.0, 0x12))
    boot = _log("[{:.6f}] ", *errors)
    unix = _log("{:.6f} host1 kernel: ", *((time + 1.7e9 + 7200, pfn) for time, pfn in errors))
    made = _made(tmp_path, boot, unix)
    assert [record.pfn for record in made.records] == [0x10, 0x11, 0x12]
    assert all(len(record.seen) == 2 for record in made.records)
    assert [record.time for record in made.records] == [1700007300.0, 1700007400.0, 1700007550.0]


def test_repeats_are_records_of_their_own(tmp_path: Path) -> None:
    errors = ((100.0, 0x10), (200.0, 0x10), (300.0, 0x10))
    made = _made(tmp_path, _log("[{:.6f}] ", *errors), _log("[{:.6f}] ", *errors[:2]))
    assert [len(record.seen) for record in made.records] == [2, 2, 1]
    assert [record.again for record in made.records] == [False, True, True]


def test_unpoison_makes_a_frame_good_again(tmp_path: Path) -> None:
    unpoison = "[150.000000] Unpoison: 0x10: software-unpoisoned page\n"
    made = _made(tmp_path, _log("[{:.6f}] ", (100.0, 0x10)) + unpoison + _log("[{:.6f}] ", (200.0, 0x10)))
    assert [record.again for record in made.records] == [False, False, False]


def test_a_reboot_makes_frames_good_again(tmp_path: Path) -> None:
    start = "[    0.000000] Linux version {} (gcc)\n"
    text = start.format("6.1.0") + _log("[{:.6f}] ", (100.0, 0x10)) + start.format("6.12.1")
    made = _made(tmp_path, text + _log("[{:.6f}] ", (50.0, 0x10)))
    assert [(record.boot, record.release, record.time, record.again) for record in made.records] == [
        (0, "6.1.0", 100.0, False),
        (1, "6.12.1", 50.0, False),
    ]
    assert made.release == "6.12.1"


def test_sources_without_times_go_by_order(tmp_path: Path) -> None:
    made = _made(tmp_path, _log("", (0.0, 0x10), (0.0, 0x11)), _log("[{:.6f}] ", (5.0, 0x10), (6.0, 0x11)))
    assert [(record.pfn, record.time, len(record.seen)) for record in made.records] == [(0x10, 5.0, 2), (0x11, 6.0, 2)]


def test_logs_of_two_machines_are_said(tmp_path: Path) -> None:
    made = _made(
        tmp_path,
        _log("{:.6f} host1 kernel: ", (1.7e9, 0x10)),
        _log("{:.6f} host2 kernel: ", (1.7e9 + 5000, 0x11)),
    )
    assert any("are of several machines: host1, host2" in note for note in made.notes)


def test_many_repeats_take_no_square_of_time(tmp_path: Path) -> None:
    errors = tuple((float(n), 0x10) for n in range(3000))
    made = _made(tmp_path, _log("[{:.6f}] ", *errors), _log("[{:.6f}] ", *errors))
    assert len(made.records) == 3000
    assert all(len(record.seen) == 2 for record in made.records)


def test_times_that_do_not_go_together_are_said(tmp_path: Path) -> None:
    one = _log("{:.6f} host1 kernel: ", (1.7e9, 0x10), (1.7e9 + 500, 0x11))
    other = _log("[{:.6f}] ", (100.0, 0x10), (101.0, 0x11))
    made = _made(tmp_path, one, other)
    assert [len(record.seen) for record in made.records] == [2, 2]
    assert any("the times of the sources differ by" in note for record in made.records for note in record.notes)


RECORDS_6_12 = DATA / "records" / "6.12"


def test_how_exact_times_are() -> None:
    """The kernel sets its clock, and rasdaemon writes its time stamps, in whole seconds."""
    log, both = (history_of([read(RECORDS_6_12 / name) for name in names])
                 for names in (("dmesg.txt",), ("dmesg.txt", "ras-mc_event.db")))  # fmt: skip
    assert log.within == both.within == 1.0
    assert any("the kernel set its clock, in whole seconds" in note for note in log.notes)
    for alone in log.records:
        key = alone.pfn, alone.operation, alone.result
        times = [one.time or 0.0 for one in both.records if (one.pfn, one.operation, one.result) == key]
        assert alone.time is None or min(abs(time - alone.time) for time in times) < log.within
    assert any("one record if operation, frame and result agree" in note for note in both.notes)
    assert history_of([read(RECORDS_6_12 / "trace.txt")]).within == 0.0
