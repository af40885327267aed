"""Small films made for tests: the lower half shows the frame's number as a bar code, the upper left corner is white."""

import subprocess
from pathlib import Path

import cv2
import imageio_ffmpeg
import numpy as np

_BITS = 9


def write(path: Path, count: int, fps: float = 30.0, size: tuple[int, int] = (96, 64)) -> Path:
    """Write ``count`` frames (at most 512)."""
    codec = {".webm": "VP80"}.get(path.suffix, "mp4v")
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), fps, size)
    assert writer.isOpened()
    for index in range(count):
        frame = np.full((size[1], size[0], 3), 60, np.uint8)
        frame[: size[1] // 2, : size[0] // 2] = 255
        bits = [255 * (index >> bit & 1) for bit in range(_BITS)]
        frame[size[1] // 2 :] = np.repeat(bits, size[0] // _BITS + 1)[: size[0], None]
        writer.write(frame)
    writer.release()
    return path


def index_of(image: np.ndarray) -> int:
    """Which frame an image of such a film is, from its middle row's last third."""
    row, cell = image[-image.shape[0] // 4], image.shape[1] // _BITS + 1
    return sum(int(row[cell * bit + cell // 2].mean() > 128) << bit for bit in range(_BITS))


def ffmpeg(*arguments: str | Path) -> None:
    """Run the bundled ffmpeg."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-v", "error", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)
