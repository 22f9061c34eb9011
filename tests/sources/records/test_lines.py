"""Lines of the handler in the wordings of every age."""

from __future__ import annotations

import pytest

from hwpoison_gui.sources.records import event as ev
from hwpoison_gui.sources.records.history import history_of
from hwpoison_gui.sources.records.lines import meaning_of
from hwpoison_gui.sources.records.prefixes import stamped
from hwpoison_gui.sources.records_file import read
from tests.sources.records.truth import RECORDS

# Wordings of Linux 2.6.32, 4.2, 4.20, 5.10, 5.17, 6.1 and 6.12, with values.
KNOWN = """
MCE 0x1: dirty LRU page recovery: Recovered
MCE 0x1: recovery action for free buddy page (2nd try): Delayed
Memory failure: 0x1: recovery action for huge page already hardware poisoned: Ignored
Memory failure: 0x1: recovery action for non struct page pfn: Failed
MCE 0x1: Killing a b:c:7 early due to hardware memory corruption
MCE 0x1: Killing qemu:7 due to hardware memory corruption
Memory failure: 0x1: Sending SIGBUS to x:7 due to hardware memory corruption
MCE 0x1: forcibly killing x:7 because of failure to unmap corrupted page
MCE 0x1: Cannot send advisory machine check signal to x:7
Memory failure: Error sending signal to x:7: -3
MCE: Error sending signal to x:7: -3
MCE: Out of memory while machine check handling
MCE: Unable to find user space address 7f00 in x
Memory failure: Unable to find user space address 7f00 in x
MCE 0x1: Failed to punch page: -5
Memory failure: 0x1: failed to release buffers
Memory failure: 0x1: Failed to invalidate
MCE 0x1: dirty LRU page still referenced by 1 users
Memory failure: 0x1: huge page still referenced by 3 users
Memory failure: 0x1: Unknown page state
Memory failure: 0x1 cannot catch tail
Memory failure: 0x1: unhandlable page.
Memory failure: 0x1: can't handle KSM pages.
Memory failure: 0x1: keeping poisoned page in swap cache
Memory failure: 0x1: corrupted page was clean: dropped without side effects
Memory failure: 0x1: could not lock mapping for mapped huge page
Memory failure: 0x1: failed to unmap page (folio mapcount=2)
MCE 0x1: try_to_unmap retry needed 3
Memory failure: 0x1: already hardware poisoned
Memory failure: 0x1: memory outside kernel control
MCE 0x1: just unpoisoned
MCE: 0x1: thp split failed
Memory failure: 0x1: non anonymous thp
Memory failure: 0x1: driver reserved memory
Memory failure: buffer overflow when queuing memory failure at 0x1
Kernel panic - not syncing: Memory failure from trap 18 on page 2a35
Kernel panic - not syncing: Memory failure on page 2a35
MCE: Killing x:7 due to hardware memory corruption fault at 7f3a5c200000
MCE: Software-unpoisoned page 0x1
MCE: Software-unpoisoned free page 0x1
MCE: Page was already unpoisoned 0x1
MCE: Someone maps the hwpoison page 0x1
MCE: the hwpoison page has non-NULL mapping 0x1
MCE: Memory failure is now running on free hugepage 0x1
Unpoison: Disabled after HW memory failure 0x1
Unpoison: Page was already unpoisoned 0x1
Unpoison: Someone grabs the hwpoison page 0x1
Unpoison: failed to grab page 0x1
Unpoison: Software-unpoisoned page 0x1
Unpoison: 0x1: software-unpoisoned page
Unpoison: 0x1: someone maps the hwpoison page
Unpoison: 0x1: page was already unpoisoned
Unpoison: 0x1: disabled after HW memory failure
soft offline: 0x1 page already poisoned
soft offline: 0x1 hugepage already poisoned
soft offline: 0x1 hugepage failed to isolate
soft offline: 0x1: hugepage migration failed -16, type 17ffffc0000000 ()
soft offline: 0x1: page isolation failed, page count 2, type 0x17ffffc008003d(locked|uptodate)
soft offline: 0x1: isolation failed: 0, page count 2, type 2fffff0000086c
soft offline: 0x1: failed to split THP
soft_offline: 0x1: invalidated
soft_offline: 0x1: unknown non LRU page type 17ffffc0000000 ()
soft_offline: 0x1 page is device page
soft_offline_page: 0x1 page already poisoned
soft_offline_free_page: 0x1: page already poisoned
Soft offline: 0x1: page already poisoned
Soft offline: 0x1: thp split failed
Soft offline: 0x1: page migration failed -16, type 0x17ffffc008003d(locked)
get_any_page: 0x1: unknown zero refcount page type 17ffffc0000000
get_any_page: 0x1 free huge page
Injecting memory failure at pfn 0x1
Injecting memory failure at pfn 2a2d
Injecting memory failure for page 0x1 at 0x7f00
Injecting memory failure for pfn 0x1 at process virtual address 0x7f00
Soft offlining pfn 0x1 at process virtual address 0x7f00
RAS: Soft-offlining pfn: 0x1
mce: Uncorrected hardware memory error in user-access at 1c40000
mce: [Hardware Error]: TSC 0 ADDR 1c40000 MISC 86
{3}[Hardware Error]:   physical_address: 0x0000000001c40000
EDAC MC0: 1 CE memory read error on DIMM_A1 (channel:0 slot:0 page:0x1c40 offset:0x0 grain:32 syndrome:0x0)
EDAC MC0: UE page 0x9001, offset 0x0, grain 8, row 1, labels "DIMM_A2": amd64_edac
""".strip().split("\n")


def test_known_wordings() -> None:
    for line in KNOWN:
        meaning = meaning_of(line)
        assert meaning is not None, line
        assert meaning.what not in (ev.UNKNOWN, "hardware"), line


def test_a_new_wording_is_unknown_and_others_are_nothing() -> None:
    assert meaning_of("Memory failure: 0x1: what no kernel says yet") is not None
    assert meaning_of("Memory failure: 0x1: what no kernel says yet").what == ev.UNKNOWN  # type: ignore[union-attr]
    assert meaning_of("usb 1-1: new high-speed USB device") is None
    assert meaning_of("systemd[1]: Started memory failure watcher") is None


PREFIXES = {
    "": (None, ""),
    "[ 5120.000100] ": (5120.0001, "boot"),
    "[ 5120.000100][ T42] ": (5120.0001, "boot"),
    "<3>[ 5120.000100] ": (5120.0001, "boot"),
    "kern  :err   : [ 5120.000100] ": (5120.0001, "boot"),
    "[ 5120.000100] host1 kernel: ": (5120.0001, "boot"),
    "3,1201,5120000100,-;": (5120.0001, "boot"),
    "6.6.30,3,1201,5120000100,-,caller=T42;": (5120.0001, "boot"),
    "[Mon Mar  3 04:12:07 2025] ": (1740975127.0, "wall"),
    "kern  :err   : [Mon Mar  3 04:12:07 2025] ": (1740975127.0, "wall"),
    "2025-03-03T04:12:07,250000+00:00 ": (1740975127.25, "UTC"),
    "2025-03-03T06:12:07+0200 host1 kernel: ": (1740975127.0, "UTC"),
    "2025-03-03T04:12:07.250000+00:00 host1 kernel: [ 5120.000100] ": (1740975127.25, "UTC"),
    "Mon 2025-03-03 04:12:07 UTC host1 kernel: ": (1740975127.0, "UTC"),
    "1740975127.250000 host1 kernel: ": (1740975127.25, "UTC"),
    "Mar  3 04:12:07 host1 kernel: ": (68443927.0, "wall"),
    "Mar 03 04:12:07 host1 kernel: [ 5120.000100] ": (68443927.0, "wall"),
}


@pytest.mark.parametrize("prefix", PREFIXES)
def test_prefixes(prefix: str) -> None:
    line = stamped(f"{prefix}Memory failure: 0x2a2d: unhandlable page.")
    assert (line.time, line.clock) == PREFIXES[prefix]
    assert line.text == "Memory failure: 0x2a2d: unhandlable page."
    assert line.from_kernel


def test_lines_of_other_programs_are_no_events() -> None:
    line = stamped("Mar  3 04:12:07 host1 monitor[12]: Memory failure: 0x2a2d: unhandlable page.")
    assert not line.from_kernel


def test_a_log_of_2009() -> None:
    made = history_of([read(RECORDS / "made" / "linux-2.6.32.log")])
    assert made.kernel == (2, 6)
    assert [(record.pfn, record.kind, record.result) for record in made.records[:4]] == [
        (0x2A2D, "dirty LRU page", "Recovered"),
        (0x51C0, "LRU page", "Recovered"),
        (0x2A2D, "already hardware poisoned page", "Ignored"),
        (0x77E1, "dirty LRU page", "Failed"),
    ]
    assert made.records[3].tasks[0][:3] == ("httpd", 911, "SIGKILL")
    assert made.records[2].again
    assert made.records[-1].origin == "reported by hardware: DIMM_A2:DIMM_B2"
    assert made.sources[0].unknown == ((17, "MCE 0x9002: something that no kernel says"),)


def test_a_log_of_2016() -> None:
    made = history_of([read(RECORDS / "made" / "linux-4.4.txt")])
    assert made.clock == "UTC"
    assert made.sources[0].unknown_lines == 0
    by_what = {}
    for record in made.records:
        by_what.setdefault(record.operation, []).append((record.pfn, record.result))
    assert by_what["soft offline"][0] == (0x1A2B4, "migration failed 1")
    assert by_what["unpoison"][0] == (0x1A2B3, "Software-unpoisoned page")
    assert by_what["corrected error"] == [(0x1C41, "")]
    of_hardware = next(record for record in made.records if record.pfn == 0x1C40)
    assert (of_hardware.operation, of_hardware.kind, of_hardware.origin) == (
        "memory failure",
        "clean LRU page",
        "reported by hardware",
    )


def test_a_journal_as_json() -> None:
    made = history_of([read(RECORDS / "made" / "linux-5.10.journal.json")])
    assert [(record.pfn, record.kind) for record in made.records] == [
        (0x2A2D, "unknown page"),
        (0x1C40, "dirty swapcache page"),
    ]
    assert made.records[0].origin == "reported by hardware"
    assert made.records[1].tasks[0][:2] == ("\\xff", 7)
    assert made.sources[0].hosts == ("host1",)


def test_netconsole() -> None:
    made = history_of([read(RECORDS / "made" / "netconsole.txt")])
    assert [(record.operation, record.pfn) for record in made.records] == [
        ("memory failure", 0x1A2B3),
        ("panic", 0x1A2B4),
    ]
