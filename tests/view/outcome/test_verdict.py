"""Verdicts and sentences, as people read them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.session.scenario import replay
from hwpoison_gui.session.scenario.reader import load
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.facts.sentence import IDLE, sentence_of
from hwpoison_gui.view.outcome.loss import loss_of
from hwpoison_gui.view.outcome.verdict import refused, verdict
from tests.paths import DATA
from tests.workbench import chips_of, do

CASES = DATA / "cases"
SOME = [file for profile in ("v7", "6.1") for file in sorted((CASES / profile).glob("*.toml"))[2::6]]


def forked(early_kill: int, **second: str) -> Session:
    session = Session.fresh(4096, sysctl={"memory_failure_early_kill": early_kill})
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=2)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "fork", task="a", child="b", **second)
    do(session, "poison", frame="a:m+0")
    return session


WENT = "Recovered (dirty LRU): the machine runs on"
GONE = "4 KiB of anonymous memory is lost"


@pytest.mark.parametrize(
    ("session", "said"),
    [
        (forked(1), f"{WENT}; SIGBUS killed a:101 and b:102; {GONE}."),
        (forked(1, sigbus="handler"), f"{WENT}; SIGBUS killed a:101; b:102 caught SIGBUS and survives; {GONE}."),
        (forked(1, sigbus="blocked"), f"{WENT}; SIGBUS killed a:101; SIGBUS is pending for b:102; {GONE}."),
        (
            forked(1, sigbus="ignored"),
            f"{WENT}; SIGBUS killed a:101; b:102 ignored SIGBUS, and dies on touch; {GONE}.",
        ),
        (forked(0), f"{WENT}; a:101 and b:102 die on touch; {GONE}."),
    ],
)
def test_the_end_of_a_click(session: Session, said: str) -> None:
    assert verdict(session, session.operations[-1]) == said
    assert sentence_of(session).text == said


@pytest.mark.parametrize("file", SOME, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_the_recorded_cases_end_in_one_sentence_that_says_what_was_expected(file: Path) -> None:
    scenario = load(file)
    session = replay.boot(scenario)
    for done in replay.play(session, scenario):
        said, expected = verdict(session, session.operations[-1]), done.step.expect
        if not said:
            continue
        assert said.endswith(".") and "  " not in said and not re.search(r"[.;:] ?[.;:]", said)
        assert not re.search(r"\. [A-Z]", said), "one sentence"
        if expected.get("kind"):
            assert said.startswith(f"{expected['result']} (") and expected["kind"] in said
        for signal in expected.get("signals", ()):
            assert signal["task"] in said and signal["signal"] in said
        lost = loss_of(session, session.operations[-1])
        assert lost is None or lost.lost.endswith(".")


def test_every_step_has_a_sentence_with_the_kernels_name_for_it() -> None:
    session = forked(1)
    for position in range(1, len(session.steps) + 1):
        session.seek(position)
        sentence = sentence_of(session)
        assert sentence.text and sentence.code.endswith("()")


def test_at_the_start_it_says_what_to_do() -> None:
    session = Session.fresh(4096)
    assert sentence_of(session).text == IDLE
    do(session, "task", name="a")
    session.seek(0)
    assert "Space" in sentence_of(session).detail


def test_a_panic_says_what_is_left_to_do() -> None:
    session = Session.fresh(4096, sysctl={"memory_failure_recovery": 0})
    do(session, "poison", frame="any:free")
    assert sentence_of(session).tone == "panic"
    assert "step back" in sentence_of(session).text


def test_what_was_read_is_said() -> None:
    session = forked(0)
    do(session, "write", task="a", at="m+1", value="hello")
    do(session, "read", task="a", at="m+1")
    assert verdict(session, session.operations[-1]) == "a:101 read “hello”."


@pytest.mark.parametrize(
    ("frame", "said", "chip"),
    [
        ("a:m+0", "nothing is lost.", "offlined"),
        ("any:free", "Offlined: the page was not in use; nothing is lost.", "offlined"),
        ("any:slab", "the call returned −EIO.", "−EIO"),
        ("again", "", "already poisoned"),
    ],
)
def test_soft_offline_says_where_the_content_is(frame: str, said: str, chip: str) -> None:
    session = Session.fresh(4096, profile="6.1")
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    if frame == "again":
        frame = f"pfn:{session.resolve_frame('a:m+0'):#x}"
        do(session, "soft_offline", frame=frame)
    do(session, "soft_offline", frame=frame)
    assert verdict(session, session.operations[-1]).endswith(said)
    assert chips_of(session)[-1].result == chip
    if frame == "a:m+0":
        assert f"the page was migrated to frame {session.resolve_frame(frame):#x};" in verdict(
            session, session.operations[-1]
        )


def merged() -> Session:
    """Two tasks whose pages were merged, and one of them broke."""
    session = Session.fresh(4096, profile="6.1")
    for name in ("a", "b"):
        do(session, "task", name=name)
        do(session, "mmap", task=name, name="m", pages=1)
        do(session, "write", task=name, at="m+0", value="same")
    for name in ("a", "b"):
        do(session, "madvise", task=name, at="m+0", pages=1, advice="mergeable")
    do(session, "poison", frame="a:m+0")
    return session


def test_that_a_page_stays_in_use_is_said_once() -> None:
    """Of those who use it, where there are any; else of the page."""
    session = merged()
    assert verdict(session, session.operations[-1]) == "Ignored (unmapping failed page): a:101 and b:102 keep using it."
    do(session, "poison", frame="any:slab")
    assert verdict(session, session.operations[-1]).endswith(
        "no process is signalled; a slab page stays in use, broken."
    )


def test_what_is_lost_is_said_even_if_somebody_goes_on_using_it() -> None:
    """The handler of 2009 does not unmap merged pages, and its table drops them all the same."""
    session = Session.fresh(4096)
    do(session, "file", path="/f", pages=1)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1, file="/f", shared=True)
    do(session, "write", task="a", at="m+0", value="new")
    m, pfn = session.machine, session.resolve_frame("/f@0")
    m.set_flags(pfn, pf.KSM)  # by hand: 2.6.32 merges private memory only
    do(session, "poison", frame="/f@0")
    said = verdict(session, session.operations[-1])
    assert "a:101 keeps using it; the last write to /f, page 0 (4 KiB) is lost" in said


def anonymous(profile: str) -> tuple[Session, int]:
    session = Session.fresh(4096, profile=profile, sysctl={"memory_failure_early_kill": 0})
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=2)
    do(session, "write", task="a", at="m+0", value="x")
    return session, session.resolve_frame("a:m+0")


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ("v7", "Ignored (dirty already hardware poisoned): as before, a:101 dies on touch; nothing more is lost."),
        ("6.1", "Already hardware poisoned (−EHWPOISON): as before, a:101 dies on touch; nothing more is lost."),
        ("6.12", "Failed (already poisoned page): as before, a:101 dies on touch; nothing more is lost."),
    ],
)
def test_a_second_error_in_the_same_frame(profile: str, said: str) -> None:
    session, pfn = anonymous(profile)
    for _ in range(2):
        do(session, "poison", frame=f"pfn:{pfn:#x}")
    assert verdict(session, session.operations[-1]) == said


def test_a_page_is_set_aside_once() -> None:
    session, pfn = anonymous("6.1")
    do(session, "soft_offline", frame=f"pfn:{pfn:#x}")
    to = session.resolve_frame("a:m+0")
    assert verdict(session, session.operations[-1]) == (
        f"Offlined: the page was migrated to frame {to:#x}; nothing is lost."
    )
    do(session, "soft_offline", frame=f"pfn:{pfn:#x}")
    assert verdict(session, session.operations[-1]) == ""
    do(session, "soft_offline", frame="any:free")
    assert verdict(session, session.operations[-1]) == "Offlined: the page was not in use; nothing is lost."


def test_refused_is_a_call_that_failed_and_did_nothing_else() -> None:
    session, _ = anonymous("v7")
    assert not refused(session.operations[-1].outcome), "it did not fail"
    do(session, "poison", frame="a:m+0")
    do(session, "read", task="a", at="m+0")
    killed = session.operations[-1].outcome
    assert not refused(killed) and not refused(killed._replace(errno="EIO")), "a signal says more"
    assert refused(killed._replace(errno="EIO", signals=()))
    assert not refused(killed._replace(errno="EIO", signals=(), value="x"))


@pytest.mark.parametrize(
    ("others", "who"),
    [(4, "a:101, b0:102, b1:103, b2:104 and b3:105"), (5, "a:101, b0:102, b1:103, b2:104, b3:105 and 1 more")],
)
def test_five_names_are_said(others: int, who: str) -> None:
    session, pfn = anonymous("v7")
    for number in range(others):
        do(session, "fork", task="a", child=f"b{number}")
    do(session, "poison", frame=f"pfn:{pfn:#x}")
    assert f"; {who} die on touch;" in verdict(session, session.operations[-1])


@pytest.mark.parametrize(
    ("most", "said"), [(2, "a:101 and b:102 caught SIGBUS and survive"), (1, "a:101 caught SIGBUS and survives")]
)
def test_one_survives_or_several_survive(most: int, said: str) -> None:
    session = Session.fresh(4096, sysctl={"memory_failure_early_kill": 1})
    do(session, "task", name="a", sigbus="handler")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0")
    if most > 1:
        do(session, "fork", task="a", child="b")
    do(session, "poison", frame="a:m+0")
    assert f": {said};" in verdict(session, session.operations[-1])


def test_a_call_that_fails_says_why_by_its_own_last_step() -> None:
    """madvise() meets a hwpoison entry; then no VMA, after a step of munmap()."""
    session, pfn = anonymous("6.1")
    do(session, "poison", frame="a:m+0")
    address = session.resolve_address("a", "m+0")
    do(session, "sigaction", task="a", sigbus="handler")
    do(session, "poison", frame="a:m+0", via="madvise", task="a")
    assert verdict(session, session.operations[-1]) == (
        f"The PTE at {address:#x} is a hwpoison entry for frame {pfn:#x}; the call returned −EFAULT."
    )
    do(session, "munmap", task="a", at="m+0", pages=1)
    do(session, "madvise", task="a", at="m+0", pages=1, advice="dontneed")
    failed = session.operations[-1]
    assert (failed.outcome.errno, failed.last - failed.first) == ("ENOMEM", 1)
    assert verdict(session, failed) == f"1 page at {address:#x} dropped; the call returned −ENOMEM."


@pytest.mark.parametrize(("others", "said"), (("b", "b:102 only has a VMA"), ("bc", "b:102 and c:103 only have a VMA")))
def test_who_only_covers_the_page_is_told_apart(others: str, said: str) -> None:
    session = Session.fresh(4096, profile="6.1", sysctl={"memory_failure_early_kill": 1})
    do(session, "file", path="/f", pages=1)
    for name in ("a", *others):
        do(session, "task", name=name)
        do(session, "mmap", task=name, name="m", pages=1, file="/f", shared=True)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "poison", frame="a:m+0")
    assert f"{said} over the page, and no PTE for it" in verdict(session, session.operations[-1])
