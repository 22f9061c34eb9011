"""Roles of highlighted frames, and what a mark of a role says where no sentence says it."""

from __future__ import annotations

from typing import Final

_MEANINGS: Final = {"freed": "freed by the last exit"}


def meaning_of(role: str) -> str:
    """The words for a mark; empty where the sentence of the step says it."""
    return _MEANINGS.get(role, "")
