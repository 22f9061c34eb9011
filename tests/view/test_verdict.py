"""Verdicts and sentences, as people read them."""

from __future__ import annotations

import pytest

from hwpoison_gui.session import schema, shape
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.sentence import IDLE, sentence_of
from hwpoison_gui.view.verdict import verdict


def do(session: Session, op: str, **args: object) -> None:
    session.act(op, shape.values_of(schema.OPS[op].keys, args))


def forked(early_kill: int, **second: str) -> Session:
    session = Session.fresh(4096, sysctl={"memory_failure_early_kill": early_kill})
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=2)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "fork", task="a", child="b", **second)
    do(session, "poison", frame="a:m+0")
    return session


WENT = "Recovered (dirty LRU)"
GONE = "4 KiB of anonymous memory are lost"


@pytest.mark.parametrize(
    ("session", "said"),
    [
        (forked(1), f"{WENT}: SIGBUS killed a and b; {GONE}."),
        (forked(1, sigbus="handler"), f"{WENT}: SIGBUS killed a; b caught SIGBUS and lives on; {GONE}."),
        (forked(1, sigbus="blocked"), f"{WENT}: SIGBUS killed a; SIGBUS waits for b; {GONE}."),
        (
            forked(1, sigbus="ignored"),
            f"{WENT}: SIGBUS killed a; b ignored SIGBUS, and will die when it touches the page; {GONE}.",
        ),
        (forked(0), f"{WENT}: a and b will die when they touch the page; {GONE}."),
    ],
)
def test_the_end_of_a_click(session: Session, said: str) -> None:
    assert verdict(session, session.operations[-1]) == said
    assert sentence_of(session).text == said


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
    assert "stepping back" in sentence_of(session).text


def test_what_was_read_is_said() -> None:
    session = forked(0)
    do(session, "write", task="a", at="m+1", value="hello")
    do(session, "read", task="a", at="m+1")
    assert verdict(session, session.operations[-1]) == "a read “hello”."
