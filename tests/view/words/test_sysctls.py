"""Words of the sysctls."""

from __future__ import annotations

from hwpoison_gui.kernel.profile.registry import sysctls
from hwpoison_gui.view.words.sysctls import SYSCTLS, sysctl_words


def test_every_sysctl_has_words_of_its_own() -> None:
    assert set(SYSCTLS) == set(sysctls())
    assert len({words.title for words in SYSCTLS.values()}) == len(SYSCTLS)


def test_a_sysctl_of_a_new_kernel_is_shown_by_its_name() -> None:
    words = sysctl_words("toy_offline")
    assert words.title == "Toy offline" and words.short == ("off", "on")
