"""Markdown as plain text: captions of scenarios are Markdown, and the window shows no markup that a file brings."""

from __future__ import annotations

import re
from typing import Final

_CODE: Final = re.compile(r"(`+)(.+?)\1")
_LINE: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"^\s{0,3}#{1,6}\s+(.*?)\s*#*\s*$"), r"\1"),  # a heading
    (re.compile(r"^\s{0,3}>\s?"), ""),  # a quotation
    (re.compile(r"^(\s*)[-*+]\s+"), r"\1• "),  # an item of a list
)
_INLINE: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"!\[([^\]]*)\]\([^)\s]*(?:\s+\"[^\"]*\")?\)"), r"\1"),  # an image: its words
    (re.compile(r"\[([^\]]+)\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)"), r"\1 (\2)"),  # a link: its words and its target
    (re.compile(r"<(https?://[^>\s]+)>"), r"\1"),
    (re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"\*(?=\S)([^*]+?)(?<=\S)\*"), r"\1"),
    (re.compile(r"(?<!\w)_(?=\S)([^_]+?)(?<=\S)_(?!\w)"), r"\1"),  # not within mm_struct
    (re.compile(r"~~(?=\S)(.+?)(?<=\S)~~"), r"\1"),
)
_ESCAPED: Final = re.compile(r"\\([\\`*_{}\[\]()#+.!<>~-])")
_ASIDE: Final = 0xE000  # private-use code points stand for escaped characters, so that no pattern takes these for marks
_LONGEST: Final = 4000  # characters of a line in which marks are looked for; the time grows with their square
_FENCE: Final = re.compile(r"^\s{0,3}(```|~~~)")
_RULE: Final = re.compile(r"^\s{0,3}([-*_])(\s*\1){2,}\s*$")


def plain(markdown: str) -> str:
    """The text without the marks of Markdown; lines of one paragraph are joined, code keeps its lines."""
    lines: list[str] = []
    fenced = joins = False
    for line in markdown.strip().split("\n"):
        if _FENCE.match(line):
            fenced, joins = not fenced, False
            continue
        if fenced:
            lines.append(line)
            continue
        if _RULE.match(line) or not line.strip():
            lines.append("")
            joins = False
            continue
        shown, block = _block(line)
        if joins and not block:
            lines[-1] = f"{lines[-1]} {shown.strip()}"
        else:
            lines.append(shown)
        joins = not line.lstrip().startswith("#") and not line.endswith("  ")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _block(line: str) -> tuple[str, bool]:
    """A line without its marks, and whether it starts a block of its own."""
    shown = line
    for pattern, words in _LINE:
        shown = pattern.sub(words, shown)
    block = shown != line or re.match(r"\s*\d+[.)]\s", line) is not None
    return _inline(shown), block


def _inline(line: str) -> str:
    if len(line) > _LONGEST:
        return line
    parts: list[str] = []
    end = 0
    for code in _CODE.finditer(line):
        parts += [_unmarked(line[end : code.start()]), code.group(2).strip()]
        end = code.end()
    return "".join([*parts, _unmarked(line[end:])])


def _unmarked(text: str) -> str:
    text = _ESCAPED.sub(lambda found: chr(_ASIDE + ord(found.group(1))), text)
    for pattern, words in _INLINE:
        text = pattern.sub(words, text)
    return "".join(chr(ord(c) - _ASIDE) if _ASIDE <= ord(c) < _ASIDE + 0x80 else c for c in text)
