"""A tip with what the terms in it mean, as plain text."""

from __future__ import annotations

import textwrap
from typing import Final

from hwpoison_gui.view.words.glossary.find import terms_in
from hwpoison_gui.view.words.glossary.term import Term

WIDTH: Final = 84  # characters; Qt does not wrap plain text in a tip
_MOST: Final = 2


def explained(tip: str, words: str, most: int = _MOST, first: Term | None = None) -> str:
    """A tip, and below it the first terms of `words`.

    `first`: the term under the pointer; if given, only it is explained.
    """
    found = [first] if first is not None else terms_in(words, most)
    shown = [short(term) for term in found if term.text not in tip]
    return "\n\n".join(part for part in (tip, *shown) if part)


def short(term: Term) -> str:
    """A term and its meaning, wrapped."""
    return textwrap.fill(f"{term.name}: {term.text}", WIDTH)


def in_full(term: Term) -> str:
    """All of an entry: meaning, other names, where to read on, and other terms that its text uses."""
    parts = [term.text]
    if term.forms:
        parts.append(f"Also: {', '.join(term.forms)}.")
    parts.append("\n".join(("Read on:", *(f"  {place}" for place in term.read))))
    near = [other.name for other in terms_in(term.text) if other.name != term.name]
    if near:
        parts.append(f"See also: {', '.join(near)}.")
    return "\n\n".join(parts)
