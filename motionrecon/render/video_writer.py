"""Writing videos: H.264 through the ffmpeg that imageio-ffmpeg bundles, else MPEG-4 through OpenCV."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from motionrecon.errors import MotionReconError

_THOROUGH = ("-preset", "superfast")
_QUICK = ("-preset", "ultrafast", "-x264-params", "deblock=0,0")  # without deblocking, soft shadows show squares


def _ffmpeg() -> str | None:
    """Return a working ffmpeg with libx264, or None."""
    try:
        import imageio_ffmpeg

        binary = imageio_ffmpeg.get_ffmpeg_exe()
        listed = subprocess.run([binary, "-hide_banner", "-encoders"], capture_output=True, timeout=20, check=True)
    except (ImportError, RuntimeError, OSError, subprocess.SubprocessError):
        return None
    return binary if b"libx264" in listed.stdout else None


class VideoWriter:
    """Write BGR frames to an MP4 file; use as a context manager.

    The file appears under its name only when everything was written; an exception leaves nothing behind.

    Args:
      path: target, usually .mp4.
      fps: Hz.
      size: (width, height) px; odd sizes lose their last row or column, as H.264 asks for even ones.
      quality: constant rate factor of H.264, lower is better (18-28).
      threads: encoder threads; 1 makes files independent of the number of cores.
      quick: encode in half the time, into files larger by up to two fifths.
    """

    def __init__(
        self, path: str | Path, fps: float, size: tuple[int, int], *, quality: int = 21, threads: int = 0,
        quick: bool = False,
    ):  # fmt: skip
        self._path = Path(path)
        self._temporary = self._path.with_name(f".{self._path.stem}.part{os.getpid()}.mp4")
        self._size = (size[0] // 2 * 2, size[1] // 2 * 2)
        self._process: Any = None  # ffmpeg with pipes at both ends, or
        self._writer: cv2.VideoWriter | None = None
        binary = _ffmpeg()
        if binary:
            command = [
                binary, "-hide_banner", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p",
                "-s", f"{self._size[0]}x{self._size[1]}", "-r", f"{fps:g}", "-i", "-", "-an", "-c:v", "libx264",
                *(_QUICK if quick else _THOROUGH), "-crf", str(quality), "-pix_fmt", "yuv420p",
                "-movflags", "+faststart", "-threads", str(threads), "-fflags", "+bitexact",
                "-flags:v", "+bitexact", "-map_metadata", "-1", str(self._temporary),
            ]  # fmt: skip
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        else:
            self._writer = cv2.VideoWriter(str(self._temporary), cv2.VideoWriter.fourcc(*"mp4v"), fps, self._size)
            if not self._writer.isOpened():
                raise MotionReconError(f"{self._path}: cannot write a video there; check the folder and its free space")

    def write(self, frame: np.ndarray) -> None:
        """Append one (H, W, 3) uint8 BGR frame."""
        frame = np.ascontiguousarray(frame[: self._size[1], : self._size[0]])
        if self._writer is not None:
            self._writer.write(frame)
            return
        try:
            # half the bytes through the pipe, and OpenCV converts several times faster than the encoder's scaler
            self._process.stdin.write(cv2.cvtColor(frame, cv2.COLOR_BGR2YUV_I420).data)
        except (BrokenPipeError, OSError):
            self._fail()

    def _fail(self):
        message = self._process.stderr.read().decode(errors="replace").strip().splitlines()
        self._process.wait()
        self._temporary.unlink(missing_ok=True)
        reason = message[-1] if message else "the encoder stopped"
        raise MotionReconError(f"{self._path}: cannot write the video ({reason}); check the folder and its free space")

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, kind, value, trace) -> None:
        if self._writer is not None:
            self._writer.release()
        elif self._process.stdin and not self._process.stdin.closed:
            if kind is None:
                try:
                    self._process.stdin.close()
                except OSError:
                    self._fail()
                if self._process.wait() != 0:
                    self._fail()
                self._process.stderr.close()
            else:
                self._process.kill()
                self._process.communicate()
        if kind is None:
            os.replace(self._temporary, self._path)
        else:
            self._temporary.unlink(missing_ok=True)
