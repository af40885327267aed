"""YOLO's pose labels (Ultralytics ``save_txt``): a text file a frame, a line a person, in fractions of the image.

A line: class, box (4), then x, y and visibility of each point (or x, y alone), then perhaps the confidence, then
perhaps the identity.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from motionrecon.data import sequence
from motionrecon.data.formats.keypoint_formats import Detections, by_frame, frame_number
from motionrecon.data.person_choice import Detection
from motionrecon.errors import DataError
from motionrecon.geometry import keypoint_layouts

_BOX = 5  # numbers before the points
_USUAL = 17


def read_folder(path: Path, files: list[Path]) -> Detections:
    """Read the label files of a folder.

    Args:
      path: the folder, for messages.
      files: its text files; a frame without a file is one with nobody.

    Raises:
      DataError: no numbers, or columns that are not those of a pose.
    """
    rows = {file: _rows(file) for file in files}
    table = np.concatenate([r for r in rows.values() if len(r)] or [np.zeros((0, 0))])
    if not table.size:
        raise DataError(f"{path}: nobody is in any of its {len(files)} text files; check the detector's output")
    count, width, extra = _columns(path, table.shape[1])
    last = table[:, -1]
    tracked = extra == 2 or (extra == 1 and bool((last == np.round(last)).all() and last.max() >= 1))
    numbered = []
    for i, (file, lines) in enumerate(rows.items()):
        people = []
        for line in lines:
            points = line[_BOX : _BOX + count * width].reshape(count, width)
            if width == 2:
                points = np.concatenate([points, np.ones((count, 1))], axis=1)
            people.append(Detection(points, identity=int(line[-1]) if tracked else None))
        numbered.append((frame_number(file.name, i), people))
    frames, warnings = by_frame(numbered)
    return Detections("yolo", frames, normalized=True, warnings=warnings)


def _rows(file: Path) -> np.ndarray:
    if file.stat().st_size == 0:
        return np.zeros((0, 0))
    try:
        lines = [[float(v) for v in line.split()] for line in sequence.read_text(file).splitlines() if line.strip()]
        return np.array(lines, dtype=float)
    except ValueError:
        raise DataError(
            f"{file}: is not a label file of YOLO (rows of equally many numbers expected); leave only such files there"
        ) from None


def _columns(path: Path, columns: int) -> tuple[int, int, int]:
    """Return the number of points, the numbers of a point (3 or 2), and the columns behind them."""
    fitting = [
        ((columns - _BOX - extra) // width, width, extra)
        for width in (3, 2)
        for extra in (0, 1, 2)
        if (columns - _BOX - extra) % width == 0 and keypoint_layouts.of_count((columns - _BOX - extra) // width)
    ]
    if fitting:  # the models that one downloads have COCO's 17
        return next((f for f in fitting if f[0] == _USUAL), fitting[0])
    raise DataError(
        f"{path}: its lines have {columns} numbers, which are no pose of YOLO (56 for 17 points with visibility); "
        "save the labels of a pose model"
    )
