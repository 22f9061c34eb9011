"""Overlays error records on a machine, whose kernel they may name."""

from __future__ import annotations

from hwpoison_gui.kernel.profile.registry import nearest
from hwpoison_gui.opening.opening import Opened
from hwpoison_gui.opening.real_errors import RealErrors, other_kernel


def is_of_unknown_kernel(opened: Opened) -> bool:
    """Return whether a machine is recorded memory that does not say its kernel, and that nothing was done to yet."""
    untouched = opened.document is None and not opened.session.operations
    return opened.kernel is None and opened.scenario is None and not opened.records_only and untouched


def overlaid(opened: Opened, errors: RealErrors) -> Opened:
    """A machine with error records over it. Memory that does not say its kernel, such as raw page flags, is modelled
    under the kernel that wrote the records.
    """
    kernel, profile = errors.history.kernel, opened.session.machine.profile
    if kernel is not None and is_of_unknown_kernel(opened) and opened.again is not None:
        chosen = nearest(kernel)
        if chosen.name != profile.name:
            opened = opened.again(chosen.name)._replace(second=opened.second, second_files=opened.second_files)
        model = ".".join(map(str, chosen.modelled))
        words = f"Its kernel is taken from the error records, Linux {kernel[0]}.{kernel[1]}; it is modelled as {model}"
        opened = opened._replace(modelled=words, notes=(f"{words}.", *opened.notes[1:]))
    notes = (*opened.notes, *other_kernel(errors.history, opened.kernel, opened.session.machine.profile))
    return opened._replace(history=errors.history, records=errors.files, notes=notes)
