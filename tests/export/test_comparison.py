"""Comparisons as Markdown, CSV and text: names from files are text in each of them."""

from __future__ import annotations

import csv
import io

from hwpoison_gui.export.comparison import Comparison, as_csv, as_markdown, as_text
from hwpoison_gui.view.facts.compare import Row, Value

HOSTILE = "a|b<img src=x>\n\x1b[2J"
COMPARED = Comparison(
    f"Compare {HOSTILE}",
    "1 thing differs",
    ("v7, early kill", HOSTILE),
    [Row("Signal", (HOSTILE, "c"), (Value("SIGBUS", "kill"), Value()))],
)


def test_markdown_has_a_row_a_fact_and_no_markup_of_names() -> None:
    text = as_markdown(COMPARED)
    assert "<img" not in text.replace("\\<", "") and "\x1b" not in text
    table = [line for line in text.split("\n") if line.startswith("|")]
    assert len(table) == 3 and table[2].startswith("| differs | Signal | ")


def test_csv_is_read_as_it_was_written() -> None:
    rows = list(csv.reader(io.StringIO(as_csv(COMPARED), newline="")))
    assert rows == [
        ["", "What", "Of", "v7, early kill", HOSTILE],
        ["differs", "Signal", f"{HOSTILE}, c", "SIGBUS", "–"],
    ]


def test_text_keeps_its_columns() -> None:
    lines = as_text(COMPARED).split("\n")
    assert [line.count("\t") for line in lines if "\t" in line] == [4, 4] and "\x1b" not in "".join(lines)
