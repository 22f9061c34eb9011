"""The glossary: every term of the kernel in the window has an entry; terms are found in sentences and by words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hwpoison_gui
from hwpoison_gui.gui.tables.task_model import COLUMNS as TASK_COLUMNS
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.mark import SITES
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.view.map.lenses import KIND, MAPCOUNT, REFCOUNT, STATE, ZONE
from hwpoison_gui.view.rows.files import FILE_COLUMNS
from hwpoison_gui.view.rows.pages import PAGE_COLUMNS
from hwpoison_gui.view.rows.vmas import VMA_COLUMNS
from hwpoison_gui.view.words.glossary.find import at, ranked, term_of, terms, terms_in
from hwpoison_gui.view.words.glossary.tips import WIDTH, explained, in_full
from hwpoison_gui.view.words.tables import WORDS

PACKAGE = Path(hwpoison_gui.__file__).parent
# What is seen in the window comes from here.
SHOWN = ("view", "gui/map", "gui/rmap", "gui/tables", "gui/why", "gui/toolbar", "gui/timeline", "gui/look/dock.py")
# Words with an underscore, two capitals, or parentheses behind them.
TERM = re.compile(
    r"(?<![\w/.@%&-])(?:[A-Za-z]*_[A-Za-z0-9_]+|[A-Za-z0-9]*[A-Z][A-Za-z0-9]*[A-Z][A-Za-z0-9]*|[a-z][a-z0-9]+(?=\(\)))"
    r"(?:\(\))?"
)
NO_TERMS = {
    "_page",  # in an f-string's name
    "DEMO",
    "KIND",  # stands for one in the form of a log line
    "RESULT",  # as KIND
    "UTC",
}


def shown_text() -> Iterator[tuple[str, str]]:
    """File and text of every string of more than one word, without docstrings."""
    for place in SHOWN:
        path = PACKAGE / place
        for file in [path] if path.suffix else sorted(path.rglob("*.py")):
            if "glossary" in file.parts:
                continue
            tree = ast.parse(file.read_text("utf-8"))
            docs = {
                id(node.body[0].value)
                for node in ast.walk(tree)
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
                and node.body
                and isinstance(node.body[0], ast.Expr)
            }
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                    text = re.sub(r"\{[^}]*\}", " ", node.value)
                    if " " in text.strip():
                        yield file.name, text


def test_every_term_in_what_the_window_says_has_an_entry() -> None:
    unknown = {
        (file, word)
        for file, text in shown_text()
        for word in TERM.findall(text)
        if word not in NO_TERMS and not terms_in(word)
    }
    assert not unknown


def test_every_kernel_function_beside_a_sentence_has_an_entry() -> None:
    assert WORDS  # all sites are declared once the words of them are read
    functions = {site.function for site in SITES.values() if site.function}
    named = {profile.called(function) for function in functions for profile in PROFILES.values()}
    assert len(named) > 100
    assert not {name for name in named if term_of(f"{name}()") is None}


@pytest.mark.parametrize("flag", pf.FLAGS, ids=lambda flag: flag.name)
def test_every_page_flag_has_an_entry(flag: pf.PageFlag) -> None:
    assert term_of(f"PG_{flag.name.lower()}") is not None
    assert term_of(flag.name) is not None


@given(st.sets(st.sampled_from(pf.FLAGS), min_size=4))
def test_letters_of_flags_are_spelled_out(flags: set[pf.PageFlag]) -> None:
    word = pf.letters_of(sum(1 << flag.bit for flag in flags))
    term = term_of(word)
    if term is not None and term.name == word:
        assert all(f"{flag.letter} {flag.name}, " in term.text for flag in flags)


def test_the_letters_of_an_example() -> None:
    (term,) = terms_in("RUlMab")
    assert term.text.startswith("Letters of page flags: R REFERENCED, ")
    assert term_of("Frames") != term and not terms_in("the fame")


@pytest.mark.parametrize("column", [*PAGE_COLUMNS, *VMA_COLUMNS, *FILE_COLUMNS, *TASK_COLUMNS], ids=lambda c: c.head)
def test_every_column_is_explained_by_its_head_or_its_tip(column) -> None:
    plain = {"Start", "End", "Name", "State", "File or name", "On the map", "Fate", "Mapped by"}
    assert terms_in(f"{column.head} {column.tip}") or column.head in plain


@pytest.mark.parametrize("lens", [KIND, STATE, MAPCOUNT, REFCOUNT, ZONE], ids=lambda lens: lens.key)
def test_every_class_of_the_legend_has_a_term(lens) -> None:
    others = ("outside", "other", "zone")
    assert all(terms_in(f"{one.name} {one.meaning}") for one in lens.classes if not one.key.startswith(others))


@pytest.mark.parametrize(
    "word",
    [
        "PTE",
        "PTEs",
        "VMA",
        "VMAs",
        "anon_vma",
        "i_mmap",
        "address_space",
        "LRU",
        "slab",
        "buddy",
        "AO",
        "AR",
        "BUS_MCEERR_AO",
        "BUS_MCEERR_AR",
        "SRAO",
        "SRAR",
        "pfn",
        "refcount",
        "mapcount",
        "THP",
        "hugetlb",
        "KSM",
        "mlock",
        "writeback",
        "PR_MCE_KILL",
        "HardwareCorrupted",
        "unpoison",
        "CoW",
        "fork",
        "OOM",
        "RSS",
        "init",
        "swap",
        "inode",
        "reclaim",
        "Recovered",
        "Delayed",
        "Ignored",
        "Failed",
        "pin",
        "RIPV",
        "MCE",
        "sysctl",
        "panic",
        "dirty",
        "clean",
        "head",
        "tail",
        "zone",
        "node",
    ],
)
def test_the_words_of_the_field_have_entries(word: str) -> None:
    assert term_of(word) is not None


@pytest.mark.parametrize(
    "phrase", ["swap cache", "compound page", "early kill", "late kill", "hwpoison entry", "soft offline", "page cache",
               "reverse map", "page table", "copy on write", "page->index", "anonymous memory", "per-CPU list"]
)  # fmt: skip
def test_phrases_are_found_as_a_whole(phrase: str) -> None:
    (term,) = terms_in(f"It is the {phrase}.")
    assert term == term_of(phrase)


def test_each_entry_is_short_and_says_where_to_read_on() -> None:
    for term in terms():
        sentences = re.findall(r"[.!?](?= [A-Z]|$)", term.text)
        assert term.text.endswith((".", "?")) and 1 <= len(sentences) <= 4, term.name
        assert term.read and all(term.read), term.name
        assert len(term.text) <= 420 or term.name == "flag letters", term.name
    names = [term.name for term in terms()]
    assert len(names) == len(set(names))


def test_a_page_flag_is_explained_as_a_flag_of_pages() -> None:
    """PG_error is no form of AS_EIO, which is of an address_space; PG_swapbacked is set on anonymous pages as well."""
    for name in ("ERROR", "PG_error", "SWAPBACKED", "PG_swapbacked"):
        term = term_of(name)
        assert term is not None and term.name == "PG_" + name.removeprefix("PG_").lower()
        assert term.text.startswith("Page flag")
    huge, as_eio = term_of("HUGE"), term_of("AS_EIO")
    assert huge is not None and huge.name == "hugetlb" and as_eio is not None and as_eio.name == "AS_EIO"


def test_noop_fsync_is_no_fsync_that_reports_errors() -> None:
    """It is of the file systems that each profile names; `AS_EIO` needs a page in the cache."""
    term, mark = term_of("noop_fsync"), term_of("AS_EIO")
    assert term is not None and term.name == "noop_fsync" and mark is not None and "while a page" in mark.text
    for profile in PROFILES.values():
        assert all(name in term.text for name in profile.files.noop_fsync)
        assert bool(profile.files.noop_fsync) is (".".join(map(str, profile.modelled)) not in term.text)


def test_no_form_means_two_terms() -> None:
    forms = [form for term in terms() for form in dict.fromkeys((term.name, *term.forms))]
    assert sorted(form for form in set(forms) if forms.count(form) > 1) == []


def test_the_term_at_a_place_of_a_text() -> None:
    text = "its dirty PTE is replaced by a hwpoison entry"
    assert at(text, text.index("PTE")).name == "PTE"
    assert at(text, text.index("entry")).name == "hwpoison entry"
    assert at(text, text.index("replaced")) is None


def test_a_search_finds_names_before_texts() -> None:
    assert ranked("vma", terms())[0].name == "VMA"
    assert ranked("refc", terms())[0].name == "refcount"
    assert ranked("scrubber", terms())[0].name == "SRAO"
    assert ranked("", terms()) == list(terms())
    assert ranked("no such word anywhere", terms()) == []


def test_a_tip_is_wrapped_and_explains_the_first_terms() -> None:
    tip = explained("a tip", "its PTE and its VMA and its anon_vma")
    assert tip.startswith("a tip\n\nPTE: ") and "\n\nVMA: " in tip and "anon_vma: " not in tip
    assert max(map(len, tip.split("\n"))) <= WIDTH
    assert explained("a tip", "nothing to say") == "a tip"
    assert "Read on:" in in_full(term_of("PTE")) and "See also: " in in_full(term_of("PTE"))
