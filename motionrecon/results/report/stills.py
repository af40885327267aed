"""A few pictures of the overlay, evenly spread, for the strip at the head of the report."""

from __future__ import annotations

import numpy as np


class Strip:
    """Keeps pictures of a video while it is drawn: from the middle of each of ``count`` equal parts.

    Args:
      total: pictures the video will have; one that ends early leaves fewer.
      count: how many to keep; fewer come from a shorter video.
      width: px, to which wider pictures are scaled down.

    Attributes:
      images: BGR (h, w, 3) uint8, in order.
    """

    def __init__(self, total: int, count: int = 6, width: int = 480):
        self._wanted = {int((i + 0.5) * total / count) for i in range(count)}
        self._width = width
        self.images: list[np.ndarray] = []

    def see(self, index: int, image: np.ndarray) -> None:
        """Show picture ``index`` (from 0, rising), BGR (H, W, 3) uint8."""
        import cv2

        if index not in self._wanted:
            return
        scale = min(1.0, self._width / image.shape[1])
        size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
        self.images.append(cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1 else image.copy())


def jpeg(image: np.ndarray) -> bytes:
    """Encode a BGR image (h, w, 3) uint8 as JPEG."""
    import cv2

    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
