"""The table of page flags: numbers, names and letters that other programs print."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given, settings

from hwpoison_gui.kernel import page_flags as pf

# include/uapi/linux/kernel-page-flags.h and include/linux/kernel-page-flags.h; the last one is of this program.
NUMBERS = {
    "LOCKED": 0, "ERROR": 1, "REFERENCED": 2, "UPTODATE": 3, "DIRTY": 4, "LRU": 5, "ACTIVE": 6, "SLAB": 7,
    "WRITEBACK": 8, "RECLAIM": 9, "BUDDY": 10, "MMAP": 11, "ANON": 12, "SWAPCACHE": 13, "SWAPBACKED": 14,
    "COMPOUND_HEAD": 15, "COMPOUND_TAIL": 16, "HUGE": 17, "UNEVICTABLE": 18, "HWPOISON": 19, "NOPAGE": 20, "KSM": 21,
    "THP": 22, "OFFLINE": 23, "ZERO_PAGE": 24, "IDLE": 25, "PGTABLE": 26, "RESERVED": 32, "MLOCKED": 33,
    "MAPPEDTODISK": 34, "PRIVATE": 35, "PRIVATE_2": 36, "OWNER_PRIVATE": 37, "ARCH": 38, "UNCACHED": 39,
    "SOFTDIRTY": 40, "ARCH_2": 41,
}  # fmt: skip


def test_flags_have_the_kernels_numbers() -> None:
    assert {flag.name: flag.bit for flag in pf.FLAGS} == NUMBERS
    for name, bit in NUMBERS.items():
        assert getattr(pf, name) == 1 << bit and pf.BY_NAME[name].bit == bit


def test_names_and_letters_are_told_apart() -> None:
    for field in ("name", "letter", "meaning"):
        values = [getattr(flag, field) for flag in pf.FLAGS if field != "meaning" or not flag.name.startswith("ARCH")]
        assert len(set(values)) == len(values)
    assert all(len(flag.letter) == 1 for flag in pf.FLAGS)


@settings(max_examples=50)
@given(names=st.sets(st.sampled_from(list(NUMBERS))))
def test_a_word_is_its_flags(names: set[str]) -> None:
    word = sum(1 << NUMBERS[name] for name in names)
    assert set(pf.names_of(word)) == names
    assert list(pf.names_of(word)) == sorted(names, key=NUMBERS.__getitem__)
    assert pf.letters_of(word) == "".join(pf.BY_NAME[name].letter for name in sorted(names, key=NUMBERS.__getitem__))


def test_letters_are_those_of_page_types() -> None:
    assert pf.letters_of(0x868) == "UlAM" and pf.letters_of(1 << 50) == "" and pf.names_of(1 << 63) == ()


def test_the_meaning_in_full_adds_what_there_is_more_to_say() -> None:
    assert pf.BY_NAME["LRU"].meaning == pf.BY_NAME["LRU"].brief
    assert pf.BY_NAME["ANON"].meaning == "anonymous: belongs to processes, not to a file"
