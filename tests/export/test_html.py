"""The page: one file, the same every time, in which no text of a scenario is markup."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from hwpoison_gui import resources
from hwpoison_gui.cli import main
from hwpoison_gui.export.html import page
from hwpoison_gui.export.story import story
from hwpoison_gui.opening.opening import open_file

HOSTILE = '</script><script>window.hit=1</script><img src=x onerror="window.hit=2"> & \\u2028 \' " -->'


def page_of(path: Path) -> str:
    opened = open_file(path)
    assert opened.scenario is not None
    return page(story(opened.session, opened.title, opened.scenario.summary))


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A scenario whose every text is an attack."""
    words = json.dumps(HOSTILE)
    path = tmp_path / "hostile.toml"
    path.write_text(
        f"""format = 1
title = {words}
summary = {words}
[[step]]
op = "task"
name = "a"
comm = "<b>&amp;"
[[step]]
op = "file"
path = {json.dumps("/srv/" + HOSTILE.replace("/", "|"))}
pages = 1
[[step]]
op = "mmap"
task = "a"
name = "<i>"
pages = 1
file = {json.dumps("/srv/" + HOSTILE.replace("/", "|"))}
shared = true
[[step]]
op = "write"
task = "a"
at = "<i>+0"
value = {words}
caption = {words}
[[step]]
op = "poison"
frame = "a:<i>+0"
caption = {words}
"""
    )
    return path


class Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.outside += [str(value) for name, value in attrs if name in ("src", "href", "action", "data")]


def seen(text: str) -> Seen:
    parser = Seen()
    parser.feed(text)
    return parser


def test_the_same_file_makes_the_same_bytes() -> None:
    path = resources.path("lessons/07-one-page-many-processes.toml")
    assert page_of(path) == page_of(path)


@pytest.mark.parametrize("path", sorted(resources.path("lessons").glob("*.toml")), ids=lambda path: path.stem)
def test_each_lesson_is_one_small_file_that_refers_to_no_other(path: Path) -> None:
    text = page_of(path)
    assert len(text.encode()) < 500_000
    assert seen(text).outside == [] and "http" not in re.sub(r"http://www\.w3\.org/2000/svg|http-equiv", "", text)


def test_text_is_never_markup(hostile: Path) -> None:
    text = page_of(hostile)
    tags = seen(text).tags
    assert tags.count("script") == 2 and tags.count("b") == 1 and not {"img", "i"} & set(tags)
    story_of = re.search(r'id="story">(.*?)</script>', text, re.DOTALL)
    assert story_of is not None and json.loads(story_of.group(1))["title"] == HOSTILE


def test_it_can_be_read_without_scripts() -> None:
    text = page_of(resources.path("lessons/05-anonymous-early-kill.toml"))
    reading = text.split('<article class="script">')[1].split("</article>")[0]
    assert "there is no copy on any disk" in reading and "Killing browser:" in reading
    assert reading.count("<li>") == reading.count("</li>") > 10


def test_render(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lesson, out = str(resources.path("lessons/05-anonymous-early-kill.toml")), tmp_path / "x.html"
    assert main(["render", lesson, "--to", str(out)]) == 0
    assert out.read_text(encoding="utf-8") == page_of(Path(lesson))
    assert main(["render", lesson, "--to", str(tmp_path / "x.pdf")]) == 2
    assert "x.pdf: not a format" in capsys.readouterr().err
    out.write_text("old")
    assert main(["render", str(tmp_path / "none.toml"), "--to", str(out)]) == 2
    assert out.read_text() == "old"
