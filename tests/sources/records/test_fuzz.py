"""A few damaged and made-up files; more of them by `python -m tests.fuzz_records`."""

from tests.fuzz_records import run


def test_readers_give_records_or_one_error() -> None:
    counted = run(40, 7)
    assert counted["read"] + counted["refused"] == 40
    assert counted["read"] and counted["refused"]
