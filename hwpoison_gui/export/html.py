"""A story as one HTML file: it steps forward and back in any browser, without a server or a network."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from html import escape
from string import Template
from typing import Any, Final

from hwpoison_gui import resources
from hwpoison_gui.terminal import visible
from hwpoison_gui.view.base.palette import DARK, LIGHT, Theme

# Within a <script>, these could end it or begin a comment.
_IN_SCRIPT: Final = {
    ord("<"): "\\u003c",
    ord(">"): "\\u003e",
    ord("&"): "\\u0026",
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}
_BUTTONS: Final = (
    ("first", "|◀", "To the first step (Home)"),
    ("back", "◀◀", "To the stop before (PageUp, ←)"),
    ("before", "◀", "One step back (↑)"),
    ("next", "▶", "One step (↓)"),
    ("forward", "▶▶", "To the next stop (Space, PageDown, →)"),
    ("last", "▶|", "To the last step (End)"),
)
_BUTTON: Final = '<button data-do="{do}" title="{tip}" aria-label="{tip}">{sign}</button>'
_TASK_COLUMNS: Final = ("process", "pid", "state", "policy", "SIGBUS", "RSS", "signal")


def page(story: dict[str, Any]) -> str:
    """The file's text.

    Parameters
    ----------
    story
        As export/story.py tells it. Equal stories make equal pages.

    Returns
    -------
    str
        HTML without any reference to another file. A content security policy allows its own script and nothing else.
    """
    data = json.dumps(story, ensure_ascii=False, separators=(",", ":")).translate(_IN_SCRIPT)
    script = _resource("story.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    per_cell = f", {story['perCell']:,} in a cell" if story["perCell"] > 1 else ""
    return Template(_resource("story.html")).substitute(
        policy=f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'",
        title=_text(story["title"]),
        profile=_text(story["profile"]),
        frames=f"{story['frames']:,} frames{per_cell}",
        themes=_themes(),
        style=_resource("story.css"),
        buttons="\n".join(_BUTTON.format(do=do, tip=tip, sign=sign) for do, sign, tip in _BUTTONS),
        heads="".join(f"<th>{name}</th>" for name in _TASK_COLUMNS),
        reading="\n".join(_reading(story)),
        data=data,
        script=script,
    )


def _resource(name: str) -> str:
    return resources.path(f"export/{name}").read_text(encoding="utf-8")


def _text(words: str) -> str:
    return escape(visible(words))


def _themes() -> str:
    dark, light = _variables(DARK, 1), _variables(LIGHT, 0)
    return "\n".join(
        (
            f":root {{ {light} }}",
            f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}",
            f':root[data-theme="dark"] {{ {dark} }}',
            f':root[data-theme="light"] {{ {light} }}',
        )
    )


def _variables(theme: Theme, dark: int) -> str:
    names = ("window", "base", "raised", "line", "text", "muted", "accent", "poison", "kill", "good", "warn")
    values = {name: getattr(theme, name) for name in names}
    values |= {"poison-ink": theme.poison_ink, "dark": dark}
    values |= {f"kind{number}": colour for number, colour in enumerate(theme.kinds)}
    scheme = "dark" if dark else "light"  # for what the browser draws: scroll bars
    return " ".join((f"color-scheme: {scheme};", *(f"--{name}: {value};" for name, value in values.items())))


def _reading(story: dict[str, Any]) -> Iterator[str]:
    """The story as a list: for the printer, and where scripts are off."""
    yield f"<h1>{_text(story['title'])}</h1>"
    if story["summary"]:
        yield f"<p>{_text(story['summary'])}</p>"
    yield "<ol>"
    told = -1
    lines = 0
    for scene in story["scenes"]:
        if not scene["stop"]:
            continue
        operation = story["operations"][scene["op"]] if scene["op"] >= 0 else None
        yield "<li>"
        if operation is not None and scene["op"] != told and operation["caption"]:
            yield f"<p><strong>{_text(operation['caption'])}</strong></p>"
        told = scene["op"]
        said = " ".join((scene["text"], scene["detail"])).strip()
        yield f'<p class="words">{_text(said)} <code>{_text(scene["code"])}</code></p>'
        new = story["log"][lines : scene["log"]]
        lines = scene["log"]
        if new:
            yield f"<pre>{_text(chr(10).join(text for text, _ in new))}</pre>"
        yield "</li>"
    yield "</ol>"
