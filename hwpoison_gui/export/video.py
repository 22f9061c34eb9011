"""Writes video with PyAV: H.264 in MP4, VP9 in WebM, at a constant rate."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import IO, Any, Final

from hwpoison_gui.export.extras import required
from hwpoison_gui.export.pixels import Picture
from hwpoison_gui.record import Record

NEEDS: Final = ("Video", "av")


# Numbers of FFmpeg's AVColorSpace and AVColorRange.
_BT709: Final = 1
_NARROW: Final = 1


class Codec(Record):
    """An encoder, and its settings for drawings on a flat ground."""

    name: str
    options: dict[str, str]


_H264: Final = Codec("libx264", {"crf": "20", "preset": "veryfast", "tune": "animation"})
_MPEG4: Final = Codec("mpeg4", {"qscale": "3"})  # where FFmpeg was built without x264
_VP9: Final = Codec(
    "libvpx-vp9", {"crf": "32", "b": "0", "g": "600", "deadline": "realtime", "cpu-used": "8", "row-mt": "1"}
)
_SAME_BYTES: Final = {"fflags": "+bitexact"}  # else WebM gets a random number
FORMATS: Final[dict[str, tuple[Codec, ...]]] = {"mp4": (_H264, _MPEG4), "webm": (_VP9,)}


class _Told:
    """A file that keeps why a write failed; of that PyAV says no more than that a callback did."""

    def __init__(self, file: IO[bytes]) -> None:
        self.read, self.seek, self.tell, self._write = file.read, file.seek, file.tell, file.write
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            return self._write(data)
        except OSError as error:
            self.error = self.error or error
            raise


def write(file: IO[bytes], pictures: Iterable[Picture], size: tuple[int, int], fps: int, kind: str) -> None:
    """Write all pictures, each for its time.

    Parameters
    ----------
    size
        Width and height in pixels; both even, as each colour is shared by four of them.
    kind
        One of FORMATS.

    Raises
    ------
    MissingExtraError
        Without PyAV.
    OSError
        Also if FFmpeg fails.
    """
    av = required(*NEEDS)
    codec = next(one for one in FORMATS[kind] if one.name in av.codecs_available or one is FORMATS[kind][-1])
    told = _Told(file)
    try:
        with av.open(told, "w", format=kind, options=_SAME_BYTES) as container:
            stream = container.add_stream(codec.name, rate=fps, options=codec.options)
            stream.width, stream.height = size
            stream.pix_fmt = "yuv420p"
            stream.codec_context.time_base = Fraction(1, fps)
            stream.codec_context.colorspace = _BT709  # given, so that players show the colours that were drawn
            stream.codec_context.color_range = _NARROW
            _encode(av, container, stream, pictures, fps)
    except av.error.FFmpegError as error:
        raise told.error or OSError(error.errno, error.strerror) from error
    if told.error is not None:
        raise told.error


def _encode(av: Any, container: Any, stream: Any, pictures: Iterable[Picture], fps: int) -> None:
    number, until = 0, 0.0
    for picture in pictures:
        until += picture.ms
        frame = None
        while number * 1000 < until * fps:
            if frame is None:
                frame = av.VideoFrame.from_ndarray(picture.pixels, format="rgb24").reformat(
                    format="yuv420p", dst_colorspace=_BT709, dst_color_range=_NARROW
                )
            frame.pts = number
            container.mux(stream.encode(frame))
            number += 1
    container.mux(stream.encode(None))
