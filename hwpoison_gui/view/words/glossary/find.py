"""Finds terms of the glossary in text, and what a single word means: a term, a kernel function, or letters of flags."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.view.words.glossary import dram, handler, memory, processes
from hwpoison_gui.view.words.glossary.functions import function_term
from hwpoison_gui.view.words.glossary.term import Term

LETTERS: Final = "flag letters"
_PAGE_TYPES: Final = ("tools/mm/page-types.c", "Documentation/admin-guide/mm/pagemap.rst")
# Bits of /proc/kpageflags that are no page flag: it derives them from the type and the counts of the page.
_DERIVED: Final = frozenset(
    {"BUDDY", "MMAP", "ANON", "COMPOUND_HEAD", "COMPOUND_TAIL", "HUGE", "NOPAGE", "KSM", "THP", "OFFLINE", "ZERO_PAGE",
     "PGTABLE"}
)  # fmt: skip
# Terms that are found last in a text, as nearly every sentence has one of them.
_COMMON: Final = frozenset({"frame", "page", "process", "handler", "hwpoison", "page flag"})
_FEWEST_LETTERS: Final = 3  # fewest letters of a word that is read as letters of flags
_FUNCTION: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\(\)")


@cache
def terms() -> tuple[Term, ...]:
    """All terms with an entry of their own, by name."""
    written = (*memory.TERMS, *dram.TERMS, *processes.TERMS, *handler.TERMS)
    found = [*written, *_flag_terms({form for term in written for form in (term.name, *term.forms)}), _letters_term()]
    return tuple(sorted(found, key=lambda term: term.name.casefold()))


def term_of(word: str) -> Term | None:
    """Return the term for a word or a phrase; None if the glossary does not know it."""
    word = word.strip().strip(".,:;?!“”\"'’")
    known = _by_form().get(word) or _by_form().get(_uncapital(word))
    if known is None and len(word) > 1 and word.endswith("s"):
        known = _by_form().get(word[:-1]) or _by_form().get(_uncapital(word[:-1]))
    if known is None and word.endswith("()"):
        function = word.removesuffix("()")
        return _by_form().get(function) or function_term(function)
    return known or _letters_of_word(word)


def terms_in(text: str, most: int = 0) -> list[Term]:
    """The terms that occur in a text, in order; those that nearly every sentence has come last.

    `most`: how many at most; 0: all.
    """
    found: dict[str, Term] = {}
    for match in _pattern().finditer(text):
        term = term_of(match.group())
        if term is not None:
            found.setdefault(term.name, term)
    ordered = sorted(found.values(), key=lambda term: term.name in _COMMON)
    return ordered[:most] if most else ordered


def at(text: str, place: int) -> Term | None:
    """The term that covers a character of a text; None where there is none."""
    for match in _pattern().finditer(text):
        if match.start() <= place < match.end():
            return term_of(match.group())
    return None


def ranked(typed: str, among: Iterable[Term]) -> list[Term]:
    """Terms whose name or other form has the typed letters: those that begin with them first, then by their text."""
    want = typed.strip().casefold()

    def rank(term: Term) -> int:
        forms = [form.casefold() for form in (term.name, *term.forms)]
        if want in forms:
            return 0
        if any(form.startswith(want) for form in forms):
            return 1
        if any(want in form for form in forms):
            return 2
        return 3 if want in term.text.casefold() else 4

    return sorted((term for term in among if rank(term) < 4), key=rank)


def _uncapital(word: str) -> str:
    """With a small first letter, as in the middle of a sentence; acronyms and names stay as they are."""
    return word[:1].lower() + word[1:] if word[1:] == word[1:].lower() else word


@cache
def _by_form() -> dict[str, Term]:
    found: dict[str, Term] = {}
    for term in terms():
        for form in (term.name, *term.forms):
            found.setdefault(form, term)
    return found


@cache
def _pattern() -> re.Pattern[str]:
    """Any form, the longest first; words of small letters with a capital, too; functions, and letters of flags."""
    forms = sorted(_by_form(), key=len, reverse=True)
    written = "|".join(_form_pattern(form) for form in forms)
    letters = "".join(re.escape(flag.letter) for flag in pf.FLAGS)
    return re.compile(rf"(?<![\w>])(?:{_FUNCTION.pattern}|(?:{written})s?(?!\w)|[{letters}]{{4,}}(?!\w))")


def _form_pattern(form: str) -> str:
    first, rest = form[0], re.escape(form[1:])
    if first.islower() and form[1:] == form[1:].lower():
        return f"[{first}{first.upper()}]{rest}"
    return re.escape(first) + rest


def _flag_terms(taken: set[str]) -> list[Term]:
    """An entry for each page flag that has none yet."""
    return [
        Term(
            f"PG_{flag.name.lower()}",
            f"Page flag, letter {flag.letter}: {flag.meaning}."
            + (" It is no bit of struct page: /proc/kpageflags derives it." if flag.name in _DERIVED else ""),
            ("include/linux/page-flags.h", *_PAGE_TYPES[1:]),
            (flag.name,) if flag.name not in taken else (),
        )
        for flag in pf.FLAGS
        if f"PG_{flag.name.lower()}" not in taken
    ]


def _letters_term() -> Term:
    every = ", ".join(f"{flag.letter} {flag.name}" for flag in pf.FLAGS)
    return Term(
        LETTERS,
        f"The set flags of a page, a letter each, as the tool page-types prints them: {every}.",
        _PAGE_TYPES,
        ("Flags", "letters of page-types", "page-types"),
    )


def _letters_of_word(word: str) -> Term | None:
    """A word such as `RUlMab`, spelled out; None where it is no such word, in the order in which they are printed."""
    by_letter = {flag.letter: flag for flag in pf.FLAGS}
    flags = [by_letter[letter] for letter in word if letter in by_letter]
    bits = [flag.bit for flag in flags]
    if len(flags) != len(word) or len(word) < _FEWEST_LETTERS or bits != sorted(set(bits)):
        return None
    if word.islower() or word.isdigit():
        return None
    spelled = "; ".join(f"{flag.letter} {flag.name}, {flag.brief}" for flag in flags)
    return Term(word, f"Letters of page flags: {spelled}.", _PAGE_TYPES)
