"""Arguments that several commands take."""

from __future__ import annotations

import argparse

from hwpoison_gui.kernel.profile.registry import PROFILES, nearest


def kernel_named(text: str) -> str:
    """The name of a modelled kernel. Raises argparse.ArgumentTypeError, which names the nearest one of a release."""
    if text in PROFILES:
        return text
    known = ", ".join(PROFILES)
    major, _, minor = text.partition(".")
    if len(text) < 10 and major.isdecimal() and minor.isdecimal():
        near = nearest((int(major), int(minor))).name
        raise argparse.ArgumentTypeError(f"Linux {text} is modelled as {near}; the kernels are {known}")
    raise argparse.ArgumentTypeError(f"{text!r} is no modelled kernel; they are {known}")
