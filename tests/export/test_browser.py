"""The page in a real browser: opened from disk, stepped by keys and buttons, without network and without an error."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hwpoison_gui import resources
from hwpoison_gui.export.html import page
from hwpoison_gui.export.story import story
from hwpoison_gui.opening.opening import open_file
from tests.export.test_html import hostile  # noqa: F401  a fixture

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs Debian's chromium and chromium-driver")

OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --window-size=1280,720"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for option in OPTIONS.split():
        options.add_argument(option)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def visit(browser: Any, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Opens a scenario's page from disk, at an address within it; returns its story."""

    def go(path: Path, anchor: str = "") -> dict[str, Any]:
        opened = open_file(path)
        told = story(opened.session, opened.title)
        file = tmp_path / "page.html"
        file.write_text(page(told), encoding="utf-8")
        browser.get("about:blank")
        browser.get_log("browser"), browser.get_log("performance")
        browser.get(file.as_uri() + anchor)
        return told

    return go


def text(browser: Any, selector: str) -> str:
    return browser.find_element("css selector", selector).text


def press(browser: Any, *keys: str) -> None:
    body = browser.find_element("css selector", "body")
    for key in keys:
        body.send_keys(key)


def here(browser: Any) -> int:
    return int(browser.current_url.rpartition("#")[2])


# What a scene shows, asked for at once: to ask for each line by itself takes a message to the browser and back.
SHOWN = """
const one = (selector) => document.querySelector(selector);
const lines = [...document.querySelectorAll(".log .content div")].map((line) => line.innerText);
return [one(".say .text").innerText, lines, one("canvas").getAttribute("aria-label")];
"""
LESSON = resources.path("lessons/07-one-page-many-processes.toml")


def test_keys_buttons_and_links_lead_to_the_same_scenes(browser: Any, visit: Callable[..., dict[str, Any]]) -> None:
    from selenium.webdriver.common.keys import Keys

    told = visit(LESSON)
    stops = [at for at, scene in enumerate(told["scenes"]) if scene["stop"]]
    press(browser, Keys.PAGE_DOWN, Keys.PAGE_DOWN, Keys.SPACE)
    assert here(browser) == stops[3]
    press(browser, Keys.PAGE_UP)
    assert here(browser) == stops[2]
    press(browser, Keys.ARROW_DOWN)
    assert here(browser) == stops[2] + 1
    browser.find_element("css selector", "[data-do=before]").click()
    assert here(browser) == stops[2]
    press(browser, "1", "2", Keys.ENTER)
    assert here(browser) == 12
    press(browser, Keys.END)
    assert here(browser) == len(told["scenes"]) - 1
    press(browser, Keys.HOME)
    assert here(browser) == 0
    visit(LESSON, "#20")
    assert text(browser, ".say .text") == told["scenes"][20]["text"]


def test_every_scene_shows_its_words_its_log_and_its_broken_cells(
    browser: Any, visit: Callable[..., dict[str, Any]]
) -> None:
    from selenium.webdriver.common.keys import Keys

    told = visit(LESSON)
    press(browser, Keys.END)
    for scene in reversed(told["scenes"]):
        said, lines, label = browser.execute_script(SHOWN)
        assert said == scene["text"]
        assert lines == [line for line, _ in told["log"][: scene["log"]]]
        assert label == f"Map of 4096 cells, {1 if scene['kb'] else 0} with broken memory"
        press(browser, Keys.ARROW_UP)


def test_no_error_and_no_request(browser: Any, visit: Callable[..., dict[str, Any]]) -> None:
    from selenium.webdriver.common.keys import Keys

    visit(LESSON)
    press(browser, Keys.PAGE_DOWN, Keys.END, ".", ".")
    assert browser.get_log("browser") == []
    asked = [entry["message"] for entry in browser.get_log("performance") if "requestWillBeSent" in entry["message"]]
    assert asked and all('"url":"file://' in message for message in asked)


def test_the_text_of_a_scenario_is_never_markup(
    browser: Any,
    visit: Callable[..., dict[str, Any]],
    hostile: Path,  # noqa: F811
) -> None:
    from selenium.webdriver.common.keys import Keys

    told = visit(hostile)
    press(browser, Keys.END)
    for _ in told["scenes"]:
        press(browser, Keys.ARROW_UP)
    browser.find_element("css selector", "[data-do=plain]").click()
    assert browser.execute_script("return window.hit") is None
    assert browser.find_elements("css selector", "img") == []
    assert browser.get_log("browser") == []
    assert text(browser, ".script h1") == told["title"]


def test_text_grows_and_the_keys_are_listed(browser: Any, visit: Callable[..., dict[str, Any]]) -> None:
    visit(LESSON)

    def size() -> float:
        return float(browser.execute_script("return parseFloat(getComputedStyle(document.documentElement).fontSize)"))

    usual = size()
    press(browser, "+", "+")
    larger = size()
    press(browser, "-", "-", "-")
    assert size() < usual < larger
    keys = browser.find_element("css selector", ".keys")
    assert not keys.is_displayed()
    press(browser, "?")
    assert keys.is_displayed() and "next stop" in keys.text
    browser.find_element("css selector", "[data-do=help]").click()
    assert not keys.is_displayed()
