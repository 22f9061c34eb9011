"""Words of the sysctls."""

from __future__ import annotations

import re

import pytest

from hwpoison_gui.kernel.profile.registry import sysctls
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.words.glossary.find import term_of
from hwpoison_gui.view.words.sysctls import SYSCTLS, sysctl_words
from tests.workbench import do


def test_every_sysctl_has_words_of_its_own() -> None:
    assert set(SYSCTLS) == set(sysctls())
    assert len({words.title for words in SYSCTLS.values()}) == len(SYSCTLS)


def test_a_sysctl_of_a_new_kernel_is_shown_by_its_name() -> None:
    words = sysctl_words("toy_offline")
    assert words.title == "Toy offline" and words.short == ("off", "on")


@pytest.mark.parametrize(("early_kill", "policy", "killed"), [(1, "late", False), (0, "early", True)])
def test_the_words_of_early_kill_claim_no_more_than_the_handler_does(
    early_kill: int, policy: str, killed: bool
) -> None:
    session = Session.fresh(256, sysctl={"memory_failure_early_kill": early_kill})
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "prctl", task="a", mce_kill=policy)
    do(session, "poison", frame="a:m+0")
    assert session.alive("a") is not killed, "the policy takes precedence, so the sysctl decides for nobody in general"
    words = SYSCTLS["memory_failure_early_kill"]
    for text in (words.off, words.on, words.tip):
        assert not {"all", "every", "everyone", "whoever", "any"} & set(re.findall(r"\w+", text.lower()))
    assert "PR_MCE_KILL" in words.tip and "late" in str(term_of("early kill").text)
