"""GIF, APNG and video as other programs read them: every picture, its time, its colours; and what is not there."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from hwpoison_gui.export import apng, extras, gif, pixels, video
from hwpoison_gui.export.extras import MissingExtraError
from hwpoison_gui.export.pixels import Picture, changes_of

SIZE = (32, 20)


def plain(value: int) -> np.ndarray:
    return np.full((SIZE[1], SIZE[0], 3), value, np.uint8)


@pytest.fixture
def pictures() -> list[Picture]:
    """A ground, then a red corner, the same again, and a blue line."""
    second = plain(40)
    second[2:6, 3:9] = (200, 30, 40)
    third = second.copy()
    third[10, :] = (10, 20, 250)
    return [Picture(plain(40), 300), Picture(second, 200), Picture(second.copy(), 150), Picture(third, 500)]


def written(pictures: list[Picture], how: Callable[..., None], *args: object) -> io.BytesIO:
    file = io.BytesIO()
    how(file, iter(pictures), SIZE, *args)
    file.seek(0)
    return file


def test_only_what_changes_is_kept_and_what_does_not_prolongs_it(pictures: list[Picture]) -> None:
    found = list(changes_of(pictures))
    assert [(one.left, one.top, *one.pixels.shape[:2]) for one in found] == [
        (0, 0, 20, 32),
        (3, 2, 4, 6),
        (0, 10, 1, 32),
    ]
    assert [one.ms for one in found] == [300, 350, 500]
    assert list(changes_of([])) == []


def frames_of(file: io.BytesIO) -> Iterator[tuple[np.ndarray, float]]:
    image = pytest.importorskip("PIL.Image", reason="needs the extra `pictures`: Pillow").open(file)
    for number in range(image.n_frames):
        image.seek(number)
        yield np.asarray(image.convert("RGB")), image.info["duration"]


@pytest.mark.parametrize("kind", ["gif", "apng"])
def test_an_animation_has_each_picture_for_its_time(pictures: list[Picture], kind: str) -> None:
    pytest.importorskip("PIL", reason="needs the extra `pictures`: Pillow")
    if kind == "gif":
        file = written(pictures, gif.write, [one.pixels for one in pictures])
    else:
        file = written(pictures, apng.write)
    found = list(frames_of(file))
    assert [ms for _, ms in found] == [300, 350, 500]
    for (seen, _), wanted in zip(found, (pictures[0], pictures[1], pictures[3]), strict=True):
        assert (seen == wanted.pixels).all()


def test_the_same_pictures_have_the_same_bytes(pictures: list[Picture]) -> None:
    assert written(pictures, apng.write).getvalue() == written(pictures, apng.write).getvalue()


def test_times_of_gif_do_not_drift() -> None:
    pytest.importorskip("PIL", reason="needs the extra `pictures`: Pillow")
    many = [Picture(plain(number), 1000 / 30) for number in range(90)]
    found = list(frames_of(written(many, gif.write, [plain(0)])))
    assert sum(ms for _, ms in found) == pytest.approx(3000, abs=10)


def test_frequent_colours_are_exact_and_rare_ones_become_the_nearest() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    noise[:4] = (1, 2, 250)
    palette = pixels.Palette([noise])
    table = np.frombuffer(palette.table, np.uint8).reshape(-1, 3).astype(int)[: pixels.COLOURS]
    numbers = palette.numbers(noise)
    assert numbers.max() < pixels.COLOURS
    far = np.square(table[numbers] - noise.astype(int)).sum(axis=2)
    best = np.square(table[None, None] - noise.astype(int)[:, :, None]).sum(axis=3).min(axis=2)
    assert (far == best).all() and not far[:4].any()


@pytest.mark.parametrize("kind", sorted(video.FORMATS))
def test_a_video_has_its_length_and_its_pictures(pictures: list[Picture], kind: str) -> None:
    av = pytest.importorskip("av", reason="needs the extra `video`: PyAV")
    file = written(pictures, video.write, 20, kind)
    with av.open(file) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) == 23 and frames[0].shape == (20, 32, 3)  # 1150 ms
    assert np.abs(frames[3].astype(int) - pictures[0].pixels).mean() < 12
    assert frames[-1][10, 16, 2] > frames[-1][10, 16, 0]


@pytest.mark.parametrize(("module", "words"), [("PIL", "-m pip install Pillow"), ("av", "-m pip install av")])
def test_a_missing_extra_says_which_and_how(
    pictures: list[Picture], monkeypatch: pytest.MonkeyPatch, module: str, words: str
) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(extras.importlib, "import_module", missing)
    with pytest.raises(MissingExtraError, match="the extra “") as error:
        if module == "PIL":
            written(pictures, gif.write, [])
        else:
            written(pictures, video.write, 20, "mp4")
    assert words in str(error.value) and "\n" not in str(error.value)
