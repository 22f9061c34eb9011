"""One rule for numbers, and what the kernel prints is understood."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.view.base.frame_number import frame_taken, hint_for

FRAMES = 0x8000


@pytest.mark.parametrize(
    ("text", "pfn", "words"),
    [
        ("200", 200, "frame 0xc8 = 200"),
        ("0x200", 0x200, "frame 0x200 = 512"),
        ("pfn:0x4f64", 0x4F64, "frame 0x4f64 = 20,324"),
        ("0x4f64123", 0x4F64, "frame 0x4f64, of the physical address 0x4f64123"),
        ("83247104", 0x4F64, "frame 0x4f64, of the physical address 0x4f64000"),
        ("0x7fffffffffff", 0x7FFFFFFFFFFF, "frame 0x7fffffffffff = 140,737,488,355,327"),
        ("MCE 0x4f64: dirty LRU page recovery: Recovered", 0x4F64, "frame 0x4f64, of the log line “MCE 0x4f64”"),
        (
            "[  811.20] Memory failure: 0x4f64: recovery action for dirty LRU page: Recovered", 0x4F64,
            "frame 0x4f64, of the log line “Memory failure: 0x4f64”",
        ),
        ("MCE: Software-unpoisoned page 0x4f64", 0x4F64,
         "frame 0x4f64, of the log line “MCE: Software-unpoisoned page 0x4f64…”"),
        ("[    9.000001] get_any_page: 0x4f64 free huge page", 0x4F64,
         "frame 0x4f64, of the log line “get_any_page: 0x4f64 free huge page…”"),
        ("Injecting memory failure at pfn 0x4f64", 0x4F64, "frame 0x4f64, of the log line “pfn 0x4f64”"),
        ("EDAC MC0: 1 UE on DIMM (page:0x4f64 offset:0x0)", 0x4F64, "frame 0x4f64, of the log line “page:0x4f64”"),
        ("mce: [Hardware Error]: TSC 0 ADDR 4f64000 MISC 8c", 0x4F64,
         "frame 0x4f64, of the physical address 0x4f64000"),
        ("mce: Uncorrected hardware memory error in user-access at 4f64000", 0x4F64,
         "frame 0x4f64, of the physical address 0x4f64000"),
        ("mce_record: MCG_CAP 0, ADDR/MISC: 0000000004f64000/000000000000008c, RIP 10:<0000000000000000>", 0x4F64,
         "frame 0x4f64, of the physical address 0x4f64000"),
        ("Injecting memory failure for pfn 0x4f64 at process virtual address 0x7f0012345000", 0x4F64,
         "frame 0x4f64, of the log line “pfn 0x4f64”"),
        ("Unpoison: Software-unpoisoned page 0x4f64", 0x4F64,
         "frame 0x4f64, of the log line “Unpoison: Software-unpoisoned page 0x4f64”"),
        ("{1}[Hardware Error]:  physical_address: 0x0000000004f64000", 0x4F64,
         "frame 0x4f64, of the physical address 0x4f64000"),
    ],
)  # fmt: skip
def test_what_a_text_is_taken_for(text: str, pfn: int, words: str) -> None:
    taken = frame_taken(text, FRAMES)
    assert taken is not None and (taken.pfn, taken.words) == (pfn, words)


def test_names_are_no_numbers() -> None:
    for text in ("", "nginx:heap+3", "/usr/bin/vim@0", "4f64", "lru,dirty", "0x", "-1", "1.5"):
        assert frame_taken(text, FRAMES) is None
    assert hint_for("4f64") == "a hexadecimal number is written 0x4f64" and not hint_for("lru")


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_the_log_of_every_kernel_is_understood(profile) -> None:
    for prefix in {profile.log.prefix}:
        taken = frame_taken(prefix.format(pfn=0x4F64) + "something", FRAMES)
        assert taken is not None and taken.pfn == 0x4F64
