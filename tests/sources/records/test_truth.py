"""Everything that real kernels and the real rasdaemon wrote of known operations is found, and nothing else."""

from __future__ import annotations

import pytest

from hwpoison_gui.sources.records import knows
from hwpoison_gui.sources.records_file import read
from tests.sources.records.truth import FOLDERS, RECORDS, found_of, history, result_of, tasks_of, truth

LOGS = ("dmesg.txt", "dmesg-T.txt", "dmesg-x.txt", "dmesg.json.gz")
ALL = [(folder, name) for folder in FOLDERS for name in LOGS if (RECORDS / folder / name).exists()]


@pytest.mark.parametrize(("folder", "name"), ALL)
def test_every_operation_that_left_a_line_is_found(folder: str, name: str) -> None:
    made = history(folder, name)
    assert made.sources[0].form == knows.KERNEL_LOG
    assert made.sources[0].unknown_lines == 0
    assert made.release.startswith(folder[:3])
    records = list(made.records)
    for row in truth(folder):
        record = found_of(row, records)
        if result_of(row) is not None:
            assert (record.kind, record.result) == result_of(row)
        assert [(task.comm, task.pid) for task in record.tasks] == tasks_of(row)
    assert [record.operation for record in records] == ["kill at a page fault"]
    assert [(task.comm, task.how) for task in records[0].tasks] == [("late", "at a page fault")]


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_trace_has_the_same_results_and_signals(folder: str) -> None:
    records = list(history(folder, "trace.txt").records)
    for row in truth(folder):
        said = result_of(row)
        if said is None or not said[0]:
            continue  # soft offline, unpoison, a second error before 6.11
        record = found_of(row, records)
        assert record.kind.removesuffix(" page") == said[0].removesuffix(" page")
        assert record.result == said[1]
        assert [(task.comm, task.pid) for task in record.tasks] == tasks_of(row)
    assert [record.operation for record in records] == ["kill at a page fault"]


@pytest.mark.parametrize("name", ["ras-mc_event.db", "ras-mc-ctl.errors.txt", "rasdaemon.stdout.txt"])
@pytest.mark.parametrize("folder", ["6.1", "6.12"])
def test_page_types_of_rasdaemon_are_corrected_once_the_kernel_is_known(folder: str, name: str) -> None:
    source = read(RECORDS / folder / name)
    from hwpoison_gui.sources.records.history import history_of

    records = list(history_of([source], release=folder).records)
    for row in truth(folder):
        said = result_of(row)
        if said is not None and said[0]:
            record = found_of(row, records)
            assert (record.kind, record.result) == said
            assert not record.tasks
    assert not records


def test_without_the_kernel_doubtful_page_types_are_left_and_said() -> None:
    by_frame = {record.pfn: record for record in history("6.12", "ras-mc_event.db").records}
    slab, huge, free = by_frame[0x19B9], by_frame[0x3C03], by_frame[0xE3A6]
    assert slab.kind == "free huge page"
    assert "it may also be “get hwpoison page”" in slab.notes[0]
    assert huge.kind == "different compound page after locking"
    assert huge.notes
    assert free.kind == "free buddy page"
    assert not free.notes


@pytest.mark.parametrize("folder", ["6.1", "6.12"])
@pytest.mark.parametrize("clock", ["dmesg.txt", "dmesg-T.txt"])
def test_sources_of_a_machine_make_one_history(folder: str, clock: str) -> None:
    names = (clock, "trace.txt", "ras-mc_event.db", "ras-mc-ctl.errors.txt")
    merged, alone = history(folder, *names), history(folder, clock)
    assert [(one.operation, one.pfn, one.kind, one.result, one.tasks) for one in merged.records] == [
        (one.operation, one.pfn, one.kind, one.result, one.tasks) for one in alone.records
    ]
    for record in merged.records:
        sources = {seen.source for seen in record.seen}
        if record.operation == "memory failure" and record.kind:
            assert sources == {0, 1, 2, 3}
    times = [record.time for record in merged.records]
    assert all(time is not None for time in times)
    assert merged.clock == "UTC"
    for row in truth(folder):
        near = [record for record in merged.records if record.pfn == int(row["pfn"], 16)]
        assert min(abs((record.time or 0) - row["time"]) for record in near) < 4


def test_what_rasdaemon_named_otherwise_is_said() -> None:
    notes = [note for record in history("6.12", "dmesg.txt", "ras-mc_event.db").records for note in record.notes]
    assert "rasdaemon recorded “free huge page”; the kernel says “get hwpoison page”" in notes
    assert sum(note.startswith("rasdaemon recorded") for note in notes) == 7


def test_repeats_and_counters() -> None:
    made = history("6.12", "dmesg.txt", "node0_memory_failure")
    again = [record.pfn for record in made.records if record.again]
    assert again == [0xAD62, 0xF102, 0xF102]
    said = "Errors counted by the nodes: 23. Results in the other sources: 25, of them 2"
    assert any(said in note for note in made.notes)


def test_a_database_without_the_table_says_nothing_of_memory_failures() -> None:
    made = history("6.1-rasdaemon-0.6.8", "ras-mc_event.db")
    assert made.records == ()
    assert made.sources[0].form == knows.DATABASE


def test_a_summary_has_numbers_only() -> None:
    source = read(RECORDS / "6.12" / "ras-mc-ctl.summary.txt")
    assert {count.name: count.value for count in source.counts} == {"Failed": 2, "Ignored": 4, "Recovered": 19}
    assert source.events == ()
