"""Display times: as long as the sentence takes to read; what a run repeats is read once; no total is aimed at."""

from __future__ import annotations

from itertools import pairwise

import pytest

from hwpoison_gui.kernel.mark import Act, Mark, Site
from hwpoison_gui.opening.opening import default_machine
from hwpoison_gui.session.scenario import schema, shape
from hwpoison_gui.view.story import pace
from hwpoison_gui.view.story.pace import Pace, PaceTogether, reading_ms
from hwpoison_gui.view.words.lookup import text_of, why_of

SPOKEN_MS = 60_000 / (150 * 6)  # a character, at 150 words of 6 characters a minute


def marks_of(page: str) -> list[Mark]:
    """The steps of an error in a page of the default machine."""
    session = default_machine().session
    session.act("poison", shape.values_of(schema.OPS["poison"].keys, {"frame": page}))
    return session.steps.marks


def times_of(marks: list[Mark], **how: bool) -> list[float]:
    paced = Pace(marks, **how)
    return [paced.time(number) for number in range(len(marks))]


@pytest.fixture(scope="module")
def walk() -> list[Mark]:
    """An error in a page that four processes share."""
    return marks_of("python3:heap+1")


@pytest.fixture
def worded(monkeypatch: pytest.MonkeyPatch):
    """Makes marks of sites of their own: `mark(function, act)`, with the function as sentence."""
    monkeypatch.setattr(pace, "text_of", lambda mark: mark.site.function)
    monkeypatch.setattr(pace, "why_of", lambda mark: "")
    monkeypatch.setattr(pace, "branch_of", lambda mark: mark.site.branch)
    made: dict[tuple[str, Act], Mark] = {}

    def mark(function: str, act: Act = Act.VISIT) -> Mark:
        return made.setdefault((function, act), Mark(Site(function, function, act, "", (), __name__)))

    return mark


def test_each_sentence_that_is_said_for_the_first_time_can_be_read_aloud(walk) -> None:
    said = set()
    for mark, time in zip(walk, times_of(walk), strict=True):
        if mark.site not in said:
            assert time >= SPOKEN_MS * 0.9 * len(f"{text_of(mark)} {why_of(mark)}".strip())
        said.add(mark.site)


def test_the_longer_the_operation_the_longer_it_plays(walk) -> None:
    times = times_of(walk)
    assert sum(times) > 60_000
    assert sum(times) > sum(times_of(marks_of("any:free"))) * 1.5


def test_like_steps_are_read_once_and_each_passes_faster_than_the_one_before(walk) -> None:
    times = times_of(walk)
    visits = [time for mark, time in zip(walk, times, strict=True) if mark.act is Act.VISIT]
    assert len(visits) == 4 and visits[0] > 3 * visits[1]
    assert all(later < earlier for earlier, later in pairwise(visits))


def test_ten_thousand_mappers_take_some_seconds_more_than_ten(worded) -> None:
    few, many = ([worded("visit")] * n for n in (10, 10_000))
    assert sum(times_of(few)) < sum(times_of(many)) < sum(times_of(few)) + 15_000


def test_steps_of_a_loop_that_alternate_are_one_run(worded) -> None:
    loop = [worded("visit"), worded("skip", Act.SKIP)] * 100
    times = times_of([*loop, worded("next", Act.ENTER)])
    assert sum(times[2:-1]) < 10_000 and max(times[2:-1]) == times[2]


def test_a_sentence_said_again_in_another_place_is_read_again(worded) -> None:
    between = [worded(f"phase {number}", Act.FLAG) for number in range(12)]
    times = times_of([worded("decide", Act.DECIDE), *between, worded("decide", Act.DECIDE), worded("end", Act.FLAG)])
    assert times[0] == times[-2]


def test_another_branch_in_a_run_is_read(walk) -> None:
    visit = next(mark for mark in walk if mark.act is Act.VISIT)
    other = next(mark for mark in walk if mark.act is Act.SIGNAL)
    sent = other.site.args.index("sent")
    ignored = other._replace(args=(*other.args[:sent], "ignored", *other.args[sent + 1 :]))
    times = times_of([other, other, other, ignored, ignored, visit])
    assert times[3] > times[2] and times[3] > reading_ms(text_of(ignored)) - 1 and times[4] < times[3]


def test_playback_dwells_at_decisions_and_at_the_end(worded) -> None:
    flag, decision, result = (worded("same", act) for act in (Act.FLAG, Act.DECIDE, Act.RESULT))
    assert times_of([flag, flag])[0] < times_of([decision, flag])[0] < times_of([result, flag])[0]
    assert times_of([flag])[0] > times_of([flag, decision])[0]


def test_a_caption_is_read_before_the_first_sentence(worded) -> None:
    steps = [worded("one"), worded("two")]
    plain, captioned = Pace(steps), Pace(steps, "What is about to happen")
    assert captioned.time(0) == plain.time(0) + reading_ms("What is about to happen")
    assert captioned.time(1) == plain.time(1)


def test_without_skimming_the_rest_of_a_run_takes_no_time(worded) -> None:
    times = times_of([worded("visit")] * 9 + [worded("end", Act.RESULT)], skim=False)
    assert times[0] > 0 and times[1:9] == [0.0] * 8 and times[9] > 0


def test_two_walks_are_shown_until_both_sentences_are_read(worded) -> None:
    one, other, common = worded("one"), worded("another one"), worded("common")
    together = PaceTogether([[common, one], [common, other]], [(0, 0), (1, 1), (2, 1), (2, 2)])
    alone = Pace([common, one]), Pace([common, other])
    assert together.time(0) > 0
    assert together.time(1) == alone[0].time(0)  # the same on both sides: read once
    assert together.time(2) == alone[0].time(1)
    assert together.time(3) == alone[1].time(1)
    both = PaceTogether([[common, one], [common, other]], [(0, 0), (2, 2)])
    assert both.time(1) == alone[0].time(1) + alone[1].time(1)
