"""The lessons: what their captions claim is what the machine does, and a speaker has something to say at each stop."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hwpoison_gui import lessons, resources
from hwpoison_gui.opening.opening import nobody_cancels, open_file
from hwpoison_gui.session.scenario.check import check_file
from hwpoison_gui.session.scenario.reader import load, loads
from hwpoison_gui.session.scenario.scenario import Scenario, ScenarioStep
from hwpoison_gui.session.scenario.writer import dumps
from hwpoison_gui.view.story.stops import stops_of

LESSONS = sorted(resources.path("lessons").glob("*.toml"))

NUMBERS = dict(zip(["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], range(2, 11), strict=True))
NAMED = re.compile(r"\b(?:Recovered|Ignored|Delayed|Failed|SIG[A-Z]+|BUS_[A-Z_]+|E[A-Z]{2,})\b")
# A number that counts what came of a step: of signals, of processes that died, of PTEs, of kilobytes.
COUNTED = re.compile(
    r"\b(\d+|" + "|".join(NUMBERS) + r")\b (?:processes get|signals|kB|times|processes map|PTEs)\b", re.I
)
# Dispositions and what cannot be done are no claims about what came of the step.
EXCEPT = re.compile(
    r"handler for SIGBUS|ignores SIGBUS|unblocks SIGBUS|SIGBUS cannot|PR_MCE_KILL\w*|(?:\w+ )?times as many"
)
# Numbers that claim nothing about what came of a step: names, sizes of pages, versions, and what is still to come.
NAMES = re.compile(
    r"[\w.]+-\d+|\d+ [KM]iB|[Kk]ernel \d\.\d+|of 2009|chapter two|pages 6 and 7|three workers|511 tails",
    re.I,
)
NUMBER = re.compile(r"\b(?:\d[\d,]*|" + "|".join(NUMBERS) + r")\b", re.I)
WRONG = (("SIGBUS", "SIGSEGV"), ("EIO", "EBUSY"), ("EIO", "Recovered"))
# What an operation did, said as a fact: untrue above all of its steps but the last.
OUTCOME = re.compile(
    r"\b(?:dies?|lives?|survives?|panic|nobody gets|no signal|(?:is|are) (?:killed|alive|dropped|lost|gone))\b", re.I
)
FATES = {
    r"\bnobody gets? a signal|\bno signal\b": lambda expect: expect.get("signals") == (),
    r"\b(?:is|are|was|were) killed": lambda expect: bool(expect.get("dead")),
    r"\bis alive|\bare alive|\blives?\b(?! on)": lambda expect: bool(expect.get("alive")),
}


@pytest.fixture(params=LESSONS, ids=lambda path: path.stem)
def lesson(request: pytest.FixtureRequest) -> Path:
    return request.param


def told(scenario: Scenario) -> Iterator[ScenarioStep]:
    return (step for step in scenario.steps if step.caption)


def backing(expect: Any) -> set[str]:
    """All words and numbers of an expectation; a list counts its entries, a log line says its words."""
    if isinstance(expect, dict) or hasattr(expect, "items"):
        return set().union(*(backing(value) for value in expect.values()))
    if isinstance(expect, (list, tuple)):
        return {str(len(expect))}.union(*(backing(value) for value in expect))
    return {str(expect), *re.findall(r"\w+", str(expect))}


def claims(caption: str) -> Iterator[str]:
    plain = EXCEPT.sub("", caption)
    yield from NAMED.findall(plain)
    for number in COUNTED.findall(plain):
        yield str(NUMBERS.get(number.lower(), number))


def numbers_of(caption: str) -> Iterator[str]:
    for word in NUMBER.findall(NAMES.sub("", EXCEPT.sub("", caption))):
        yield str(NUMBERS.get(word.lower(), word.replace(",", "")))


def known_numbers(scenario: Scenario, step: ScenarioStep) -> set[str]:
    """Return the numbers of the step's `expect` and inputs, and the number of errors since the caption before."""
    before = max((one.number for one in told(scenario) if one.number < step.number), default=0)
    errors = sum(one.op == "poison" for one in scenario.steps if before < one.number <= step.number)
    pages = step.expect.get("corrupted_kb", 0) // 4
    return backing(step.expect) | backing(step.args) | {str(errors), str(pages)}


def unbacked(scenario: Scenario, step: ScenarioStep, caption: str) -> list[str]:
    """The claims of a caption that nothing expects."""
    known = known_numbers(scenario, step)
    return [
        *(claim for claim in claims(caption) if claim not in backing(step.expect)),
        *(number for number in numbers_of(caption) if number not in known),
        *(words for words, holds in FATES.items() if re.search(words, caption) and not holds(step.expect)),
    ]


def test_there_are_enough() -> None:
    assert len(LESSONS) >= 16


def test_it_holds(lesson: Path) -> None:
    report = check_file(lesson)
    assert report.differences == ()


def test_every_claim_of_a_caption_is_expected_of_its_step(lesson: Path) -> None:
    scenario = load(lesson)
    for step in told(scenario):
        missing = unbacked(scenario, step, step.caption)
        assert not missing, (step.number, step.caption, missing)


def walked(path: Path) -> Iterator[str]:
    """The captions that stand over several stops of the stage."""
    session = open_file(path).session
    stops = stops_of(session)
    for operation in session.operations:
        if operation.telling.caption and sum(operation.first < at <= operation.last for at in stops) > 1:
            yield operation.telling.caption


def test_a_caption_above_several_stops_is_true_at_the_first_one(lesson: Path) -> None:
    """It says what is to be decided; what came of it is said by the last stop, and by the next caption."""
    for caption in walked(lesson):
        plain = EXCEPT.sub("", caption)
        assert not NAMED.findall(plain) and not OUTCOME.findall(plain), caption


def test_a_wrong_claim_would_be_noticed(lesson: Path) -> None:
    """Another number, another signal or another result in a caption is backed by nothing."""
    scenario = load(lesson)
    wrong = [
        (step, step.caption.replace(right, other))
        for step in told(scenario)
        for right, other in WRONG
        if right in claims(step.caption)
    ]
    wrong += [
        (step, NUMBER.sub("4711", step.caption, count=1))
        for step in told(scenario)
        if NUMBER.search(step.caption) and not NAMES.search(step.caption) and not EXCEPT.search(step.caption)
    ]
    assert wrong
    for step, caption in wrong:
        assert unbacked(scenario, step, caption), (step.number, caption)


def test_a_speaker_has_notes_at_each_stop(lesson: Path) -> None:
    scenario = load(lesson)
    assert scenario.title and scenario.summary
    stops = list(told(scenario))
    assert all(step.notes for step in stops)
    assert all(step.caption for step in scenario.steps if step.pause), "a stop without words"


def test_it_takes_two_to_five_minutes_to_tell(lesson: Path) -> None:
    """By the clock of the stage, and as the start page says."""
    assert 2 <= lessons.run(lessons.read(lesson), nobody_cancels).minutes <= 5


def test_captions_fit_on_a_slide(lesson: Path) -> None:
    assert all(len(step.caption) <= 220 for step in told(load(lesson)))


def test_notes_are_saved_and_read_again(lesson: Path) -> None:
    scenario = load(lesson)
    assert loads(dumps(scenario)) == scenario
