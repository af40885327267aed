"""A file whose first film holds no pictures: the first one that does, cut out into the cache.

OpenCV opens a file's first video stream and no other.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import imageio_ffmpeg

from motionrecon.data.film_metadata import FilmMetadata
from motionrecon.errors import DataError
from motionrecon.jobs.runtime import cache_dir

_SECONDS = 600.0


def first_with_pictures(metadata: FilmMetadata) -> int | None:
    """Return the number of the stream to cut out; None where the first video stream is the one, or there is none."""
    good = [s.index for s in metadata.streams if s.size is not None and not s.cover]
    return good[0] if good and good[0] != metadata.streams[0].index else None


def cut_out(path: Path, index: int) -> Path:
    """Return a file that holds stream ``index`` of ``path`` alone, made now or earlier; nothing is encoded anew.

    Raises:
      DataError: it cannot be written.
    """
    state = path.stat()
    key = f"{path.resolve()} {state.st_size} {state.st_mtime_ns} {index}"
    target = cache_dir() / "streams" / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.mkv"
    if target.is_file():
        return target
    part = target.with_name(f".{target.stem}.{os.getpid()}.mkv")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-v", "error", "-i", f"file:{path}", "-map", f"0:{index}"]
        subprocess.run(
            [*command, "-c", "copy", f"file:{part}"], capture_output=True, stdin=subprocess.DEVNULL, check=True,
            timeout=_SECONDS,
        )  # fmt: skip
        os.replace(part, target)
    except (OSError, RuntimeError, subprocess.SubprocessError):
        part.unlink(missing_ok=True)
        raise DataError(
            f"{path}: its first film holds no picture, and stream {index}, which does, cannot be cut out; do it with "
            f"ffmpeg -i {path.name} -map 0:{index} -c copy OUT.mkv"
        ) from None
    return target
