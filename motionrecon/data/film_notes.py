"""What the user is told of a film's container: pixels that are not square, several streams, the camera's rate."""

from __future__ import annotations

from motionrecon.data import film_streams
from motionrecon.data.film_metadata import FilmMetadata, Stream
from motionrecon.data.video import VideoInfo

_OFF = 0.2  # share by which rates differ that are not the same
_FIELDS = 61.0  # Hz; interlaced streams announce their fields, twice as many as frames


def sentences(info: VideoInfo, metadata: FilmMetadata) -> tuple[str, ...]:
    """Return plain sentences on what is used of a film and what may be wrong about it.

    Args:
      info: the film as it is looked at.
      metadata: what its container says.
    """
    told = []
    if info.aspect != 1.0:
        wide = info.aspect > 1.0
        times, shape = (info.aspect, "wide as high") if wide else (1.0 / info.aspect, "high as wide")
        told.append(
            f"The film's pixels are {times:.3g} times as {shape}: it is looked at as {info.size[0]} x {info.size[1]} "
            "square ones, and of that picture cameras and 2D keypoints have to be."
        )
    pictures = [s for s in metadata.streams if s.size is not None and not s.cover]
    other = film_streams.first_with_pictures(metadata)
    if other is not None:
        told.append(f"Stream {metadata.streams[0].index} of the file holds no pictures: stream {other} is used.")
    elif len(pictures) > 1:
        listed = ", ".join(f"{s.index}: {s.size[0]} x {s.size[1]}" for s in pictures if s.size is not None)
        told.append(
            f"The file holds {len(pictures)} films (stream {listed}): the first is used; for another one, cut it out "
            f"with ffmpeg -i {info.path.name} -map 0:{pictures[1].index} -c copy OUT.mkv."
        )
    rate = _rate(info, metadata.capture, pictures[0] if pictures else None)
    return (*told, *([] if rate is None else [rate]))


def _rate(info: VideoInfo, capture: float | None, stream: Stream | None) -> str | None:
    played = info.played_fps
    if info.view.pace != 1.0:
        said = f"--source-fps {info.fps:g}: the film plays at {played:.4g} Hz, its clock is replaced."
        if capture is not None and _differ(capture, info.fps):
            said += f" The file itself says that it was recorded at {capture:g} Hz."
        return said
    if capture is not None and _differ(capture, played):
        kind = "slow motion" if capture > played else "a time lapse"
        return (
            f"THE FILM MAY BE {kind.upper()}: the file says that it was recorded at {capture:g} Hz, and it plays at "
            f"{played:.4g} Hz, which is what counts; if it is, give --source-fps {capture:g}, or every speed and force "
            "is wrong."
        )
    if stream is None or stream.average is None or stream.stated is None:
        return None
    fields = stream.stated < _FIELDS and abs(stream.stated / stream.average - 2.0) < 0.1
    if not _differ(stream.stated, stream.average) or fields:
        return None
    return (
        f"The stream announces {stream.stated:g} Hz and has {stream.average:g} frames a second: the frames' own time "
        "stamps count; give --source-fps if it was recorded at another rate."
    )


def _differ(one: float, other: float) -> bool:
    return abs(one / other - 1.0) > _OFF
