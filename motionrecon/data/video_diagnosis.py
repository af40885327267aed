"""Says in plain words why a file is not a readable video, from its first bytes and its boxes."""

from __future__ import annotations

from pathlib import Path

from motionrecon.errors import DataError

_SCAN = 4 << 20  # bytes looked at from each end: track descriptions sit at the start or the end
_AUDIO_MAGIC = (b"ID3", b"\xff\xfb", b"\xff\xf3", b"fLaC", b"OggS")


def check_file(path: Path) -> None:
    """Raise DataError where ``path`` is missing, a folder, empty or not readable."""
    if path.is_dir():
        raise DataError(f"{path}: is a folder, not a video; give a file (mp4, mov, webm, mkv)")
    if not path.exists():
        raise DataError(f"{path}: no such file; check the path")
    try:
        if path.stat().st_size == 0:
            raise DataError(f"{path}: is empty (0 bytes); copy or download it again")
        with path.open("rb"):
            pass
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check its permissions") from None


def reason(path: Path) -> str:
    """Return the problem and remedy for a file that OpenCV could not open as a video."""
    with path.open("rb") as file:
        head = file.read(_SCAN)
        file.seek(max(0, path.stat().st_size - _SCAN))
        tail = file.read()
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free"):
        return _mp4_reason(head, tail)
    if head[:4] == b"\x1aE\xdf\xa3":
        if b"A_" in head[:65536] and b"V_" not in head[:65536]:
            return "holds sound but no picture; give a file with a video track"
        return "is a damaged webm/mkv video; copy it again or re-encode it (ffmpeg -i IN -c:v libx264 OUT.mp4)"
    if head.startswith(_AUDIO_MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"WAVE"):
        return "is a sound file, it holds no picture; give a file with a video track"
    if _is_text(head[:4096]):
        return "is a text file, not a video; give an mp4, mov, webm or mkv file"
    return "is not a video that can be decoded; re-encode it (ffmpeg -i IN -c:v libx264 OUT.mp4)"


def _mp4_reason(head: bytes, tail: bytes) -> str:
    tracks = head + tail
    if b"moov" not in tracks:
        return "was cut off before its index was written (no moov box), so no frame can be found; copy it again"
    if b"vide" not in tracks and b"soun" in tracks:
        return "holds sound but no picture; give a file with a video track"
    return "is a damaged video or uses an unknown codec; re-encode it (ffmpeg -i IN -c:v libx264 OUT.mp4)"


def _is_text(head: bytes) -> bool:
    try:
        return head.decode("utf-8", errors="strict").isprintable() or b"\x00" not in head
    except UnicodeDecodeError:
        return False
