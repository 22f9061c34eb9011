"""The prediction in words, of a machine without a session."""

from __future__ import annotations

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.view.outcome.prediction import predict
from hwpoison_gui.view.outcome.preview import words_of


def preview(m: Machine, pfn: int) -> str:
    return words_of(m, pfn, predict(m, pfn))
