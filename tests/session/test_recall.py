"""Expensive answers about a session are found once, as long as they are about the same objects."""

from __future__ import annotations

from hwpoison_gui.session.recall import Question, Recall
from hwpoison_gui.session.session import Session


def test_an_answer_is_found_once_and_none_is_an_answer() -> None:
    recall, found = Recall(), []
    question = Question[int | None]("how many")
    about = [object()]
    for _ in range(2):
        assert recall.answer(question, lambda: found.append(1), about[0]) is None
    assert len(found) == 1 and recall.known(question, about[0]) == (None,)


def test_what_is_equal_is_not_the_same() -> None:
    recall, question = Recall(), Question[str]("which")
    one, other = [1], [1]
    assert recall.answer(question, lambda: "one", one) == "one"
    assert recall.answer(question, lambda: "other", other) == "other"
    assert recall.known(question, one) is None and recall.known(question, other, one) is None


def test_numbers_and_stamps_are_compared_by_value() -> None:
    recall, question, session = Recall(), Question[str]("which"), Session.fresh(4096)
    recall.keep(question, "one", session.stamp, 1 << 40)
    assert recall.known(question, session.stamp, 1 << 40) == ("one",)
    assert recall.known(question, session.stamp, (1 << 40) + 1) is None
    assert recall.known(question, 1, 1 << 40) is None


def test_the_newest_few_are_kept_for_each_question() -> None:
    recall, few, one = Recall(), Question[int]("few", kept=3), Question[int]("one")
    about = [object() for _ in range(5)]
    for number, thing in enumerate(about):
        recall.keep(few, number, thing)
        recall.keep(one, number, thing)
    assert [recall.known(few, thing) for thing in about] == [None, None, (2,), (3,), (4,)]
    assert [recall.known(one, thing) for thing in about] == [None] * 4 + [(4,)]


def test_each_session_has_its_own() -> None:
    assert Session.fresh(4096).recall is not Session.fresh(4096).recall
