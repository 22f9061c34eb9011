"""Comparisons are kept with the session, in its file too, and can be made again."""

from __future__ import annotations

import json

import pytest

from hwpoison_gui.session import comparisons
from hwpoison_gui.session.compare import Recipe, Settings, build, kept_of, matrix, recipe_of, recipes_of, settings_of
from hwpoison_gui.session.comparisons import Compared, keep
from hwpoison_gui.session.document.document import Document, document_of
from hwpoison_gui.session.document.dump import dumps
from hwpoison_gui.session.document.load import loads
from hwpoison_gui.session.document.replay import replay
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.scenario.scenario import Memory, Scenario
from hwpoison_gui.session.session import Session
from tests.workbench import do

MADE = Scenario("a test", profile="v7", memory=Memory(4096))


def boot(profile: str) -> Session:
    return Session.fresh(4096, profile=profile)


@pytest.fixture(name="session")
def _session() -> Session:
    session = boot("v7")
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=2)
    do(session, "write", task="a", at="m+0")
    do(session, "poison", frame="a:m+0")
    return session


def made(session: Session, way: str = "early", said: str = "3 things differ: log.") -> Compared:
    recipe = recipe_of(session, boot)
    assert recipe is not None
    base = settings_of(session)
    return kept_of(way, (recipe, recipe), (base, matrix(base)[1]), said)


def reread(document: Document) -> Session:
    session, found = boot("v7"), loads(dumps(document))
    for _ in replay(session, found):
        pass
    return session


def inputs(recipe: Recipe) -> list[tuple[str, dict[str, object]]]:
    return [(one.name, dict(one.args)) for one in (*recipe.before, recipe.click, *recipe.after)]


def test_a_session_file_keeps_them(session: Session) -> None:
    session.comparisons += [made(session), made(session, "matrix"), made(session, "")]
    found = reread(document_of(session, "t", MADE, ())).comparisons
    assert [(one.way, one.said, one.settings) for one in found] == [
        (one.way, one.said, one.settings) for one in session.comparisons
    ]
    assert all(one.is_about_the_same(other) for one, other in zip(found, session.comparisons, strict=True))


def test_it_can_be_made_again_and_comes_to_the_same(session: Session) -> None:
    session.comparisons.append(made(session))
    (kept,) = reread(document_of(session, "t", MADE, ())).comparisons
    recipes, settings = recipes_of(kept, boot)
    was = recipe_of(session, boot)
    assert was is not None and inputs(recipes[0]) == inputs(recipes[1]) == inputs(was)
    assert settings[0] == settings_of(session) and isinstance(settings[1], Settings)
    side = build(recipes[1], settings[1], lambda *_: None, lambda: False)
    assert side.click is not None and side.click.outcome.result == "Recovered"


def test_without_any_the_file_is_as_before(session: Session) -> None:
    content = json.loads(dumps(document_of(session, "t", MADE, ())))
    assert "comparisons" not in content


def test_the_same_sides_are_kept_once_and_not_too_many(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Compared] = []
    for said in ("one", "two"):
        keep(found, made(session, said=said))
    assert [one.said for one in found] == ["two"]
    monkeypatch.setattr(comparisons, "MOST", 2)
    keep(found, made(session, "matrix"))
    keep(found, made(session, "profile"))
    assert [one.way for one in found] == ["matrix", "profile"]


@pytest.mark.parametrize(("key", "value", "words"), [
    ("way", "sideways", r"comparisons\[1\].way: expected"), ("left", {"last": 99}, r"left.last: expected an integer"),
    ("left", {"last": 4, "click": 5}, r"left.click: expected an integer from 1 to 4"),
    ("right", {"last": 4, "click": 4, "profile": "5.0"}, "right.profile: expected"), ("other", 1, "other: unknown key"),
])  # fmt: skip
def test_a_damaged_one_is_refused_with_its_place(session: Session, key: str, value: object, words: str) -> None:
    session.comparisons.append(made(session))
    content = json.loads(dumps(document_of(session, "t", MADE, ())))
    content["comparisons"][0][key] = value
    with pytest.raises(ScenarioError, match=words):
        loads(json.dumps(content).encode())
