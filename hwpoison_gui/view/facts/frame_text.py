"""Facts about a frame as plain text, for the clipboard and for screen readers."""

from __future__ import annotations

from hwpoison_gui.view.facts.frame_facts import Facts
from hwpoison_gui.view.words.words import counted


def as_text(facts: Facts) -> str:
    """The facts, one per line."""
    lines = [f"frame {facts.pfn:#x}: {facts.kind.name}", f"flags {facts.letters or 'none'}"]
    lines += [f"  {flag.name}: {flag.meaning}" for flag in facts.flags]
    lines += [f"{fact.name}: {fact.value} ({fact.meaning})" if fact.meaning else f"{fact.name}: {fact.value}"
              for fact in facts.counts]  # fmt: skip
    for pte in facts.ptes:
        rest = ", ".join(part for part in (pte.state, pte.bits, pte.vma) if part)
        whose = " ".join(filter(None, (pte.task, pte.address, pte.name)))
        lines.append(f"PTE {whose}: {rest}")
    if facts.more_ptes:
        lines.append(f"and {counted(facts.more_ptes, 'more page-table entry', 'more page-table entries')}")
    return "\n".join([*lines, *facts.notes, *([facts.ahead] if facts.ahead else [])])
