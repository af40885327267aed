"""Follows one person through the frames of a shot with a single-person detector.

Decides when to look at the whole image and when at an enlarged square around the person: MediaPipe sees every
image shrunk to 224 px, so people under a fifth of the longer side are lost, and of several people it reports one
of its own choice. Limits: the detector names one person an image, so two people who overlap by more than a
quarter of a body, or who cross, may be taken for each other; a person who leaves and comes back elsewhere is
taken up again only for ``person="largest"``.
"""

from __future__ import annotations

import dataclasses
from typing import Protocol

import numpy as np

from motionrecon.models.detectors import person_crop
from motionrecon.models.detectors.person_crop import PersonPose, Square

_MOST_PEOPLE = 6  # rounds of the search for people who stand beside larger ones


class Landmarker(Protocol):
    """Finds one person in one image, as ``mediapipe_pose.MediaPipePose`` does."""

    def __call__(self, image: np.ndarray) -> PersonPose | None:
        """Return the pose in pixels of ``image``, or None."""

    def restart(self) -> None:
        """Forget the previous image."""

    def close(self) -> None:
        """Free resources."""


@dataclasses.dataclass(frozen=True)
class TrackerOptions:
    """When people are searched, cropped and given up.

    Attributes:
      small: share of the image's longer side under which a person is cropped and enlarged.
      margin: side of the cropped square in body extents.
      crop_side: px, side to which the square is scaled.
      search_confidence: least mean confidence of a person found by searching.
      track_confidence: least mean confidence, of points inside the image, for a person already followed.
      max_jump: largest move of the torso between frames, in extents; beyond it is somebody else.
      patience: frames without the person before it is searched again.
      longest_pause: most frames between two searches while nobody is found.
    """

    small: float = 0.2
    margin: float = 1.5
    crop_side: int = 512
    search_confidence: float = 0.5
    track_confidence: float = 0.3
    max_jump: float = 0.5
    patience: int = 8
    longest_pause: int = 60


class PersonTracker:
    """Follows the person meant by ``person`` ("largest", or n-th from the left from 1) through a film.

    Args:
      tracking: landmarker that may use the previous image.
      single: landmarker that takes every image on its own.
      person: who is meant when a shot begins.
      options: thresholds.
    """

    def __init__(self, tracking: Landmarker, single: Landmarker, person: str | int, options: TrackerOptions):
        person_crop.check_person(person)
        self._tracking, self._single, self._person, self._options = tracking, single, person, options
        self.people = 0  # most seen at once
        self.enlarged = 0  # frames looked at through a crop
        self.restart()

    def restart(self) -> None:
        """Begin a new shot: nothing before it counts."""
        self._last: PersonPose | None = None
        self._square: Square | None = None
        self._following = False
        self._missed = 0  # frames in a row without the person
        self._wait = self._pause = 0  # frames until the next search, and between the last two
        self._seen = False  # somebody was found in the whole of the last frame searched
        self._tracking.restart()

    def close(self) -> None:
        """Free both landmarkers."""
        self._tracking.close()
        self._single.close()

    def step(self, image: np.ndarray) -> PersonPose | None:
        """Return the person in the next frame (H, W, 3) BGR uint8, or None."""
        view = image
        if not self._following:
            others = self._take_up(image)
            if others is None:
                return None
            view = person_crop.without(image, others)  # so that the detector locks onto the one meant
        pose = self._follow(view)
        if pose is None:
            self._missed += 1
            if self._missed > self._options.patience:
                self._following, self._missed, self._wait, self._pause, self._seen = False, 0, 0, 0, False
            return None
        self._missed = 0
        self._last = pose
        if self._square is None and pose.extent < self._options.small * max(image.shape[:2]):
            self._square = person_crop.square_around(pose, self._options.margin)
            self._tracking.restart()
        elif self._square is not None:
            self._move_square(pose)
        return pose

    def _follow(self, image: np.ndarray) -> PersonPose | None:
        if self._square is None:
            pose = self._tracking(image)
        else:
            self.enlarged += 1
            pose = self._look(self._tracking, image, self._square)
        if pose is None or self._sureness(pose, image) < self._options.track_confidence:
            return None
        if self._last is not None and self._square is not None:
            jump = float(np.linalg.norm(pose.torso - self._last.torso))
            if jump > self._options.max_jump * self._last.extent * (1 + self._missed):
                return None
        return pose

    def _move_square(self, pose: PersonPose) -> None:
        """Keep the square around the person; its size follows growth at once and shrinking slowly."""
        assert self._square is not None, "a person was found in it"
        side = self._square.side
        wanted = person_crop.square_around(pose, self._options.margin)
        new = max(wanted.side, int(0.98 * side)) if abs(wanted.side - side) > 0.05 * side else side
        shift = (wanted.side - new) // 2
        self._square = Square(wanted.x + shift, wanted.y + shift, new)

    def _take_up(self, image: np.ndarray) -> list[PersonPose] | None:
        """Search when it is time to and start following the person meant; return the others, None if nobody is."""
        whole = self._accept(self._single(image), image)
        appeared = whole is not None and not self._seen
        self._seen = whole is not None
        self._wait -= 1
        if self._wait >= 0 and not appeared:
            return None
        self._pause = min(max(2 * self._pause, self._options.patience), self._options.longest_pause)
        self._wait = self._pause
        poses = self.search(image, whole, fine=self._pause in (self._options.patience, self._options.longest_pause))
        self.people = max(self.people, len(poses))
        chosen = person_crop.choose(poses, self._person, self._last)
        if chosen is None:
            return None
        alone = len(poses) == 1 and whole is not None and len(person_crop.distinct([whole, chosen])) == 1
        big = chosen.extent >= self._options.small * max(image.shape[:2])
        self._square = None if alone and big else person_crop.square_around(chosen, self._options.margin)
        self._following, self._missed, self._last = True, 0, chosen
        self._tracking.restart()
        return [p for p in poses if p is not chosen]

    def search(self, image: np.ndarray, whole: PersonPose | None = None, fine: bool = True) -> list[PersonPose]:
        """Return the people in an image from left to right.

        Args:
          image: (H, W, 3) BGR uint8.
          whole: who was found in the whole of it.
          fine: look through the smallest tiles too where the larger ones show nobody; they cost most.
        """
        size = (image.shape[1], image.shape[0])
        found = [] if whole is None else [whole]
        for share in (1.0, 0.5, 0.25):
            if (share == 0.25 and (found or not fine)) or (share == 0.5 and self._none_larger(found, share, size)):
                break
            found += self._look_in_tiles(image, share, size)
        for _ in range(_MOST_PEOPLE if found else 0):  # who stood beside somebody larger
            known = person_crop.distinct(found)
            rest = person_crop.without(image, known)
            found += self._look_in_tiles(rest, 1.0, size)
            if len(person_crop.distinct(found)) == len(known):
                break
        people = person_crop.distinct(found)
        closer = [self._closer(image, pose, [p for p in people if p is not pose]) for pose in people]
        return person_crop.distinct([p for p in closer if p is not None])

    def _none_larger(self, found: list[PersonPose], share: float, size: tuple[int, int]) -> bool:
        """Whether the largest person is wanted and among ``found``: tiles of ``share`` would show smaller ones only."""
        return self._person == "largest" and any(pose.extent >= share * min(size) for pose in found)

    def _closer(self, image: np.ndarray, pose: PersonPose, others: list[PersonPose]) -> PersonPose | None:
        """Look again at one person alone, enlarged; None where nobody is there after all."""
        square = person_crop.square_around(pose, self._options.margin)
        return self._accept(self._look(self._single, person_crop.without(image, others), square), image)

    def _look_in_tiles(self, image: np.ndarray, share: float, size: tuple[int, int]) -> list[PersonPose]:
        poses = []
        for square in person_crop.tiles(size, share):
            pose = self._accept(self._look(self._single, image, square), image)
            if pose is not None and not person_crop.cut_by(pose, square, size):
                poses.append(pose)
        return poses

    def _look(self, landmarker: Landmarker, image: np.ndarray, square: Square) -> PersonPose | None:
        side = self._options.crop_side
        pose = landmarker(person_crop.cut_out(image, square, side))
        return None if pose is None else person_crop.to_image(pose, square, side)

    def _accept(self, pose: PersonPose | None, image: np.ndarray) -> PersonPose | None:
        if pose is None or self._sureness(pose, image) < self._options.search_confidence:
            return None
        return pose

    @staticmethod
    def _sureness(pose: PersonPose, image: np.ndarray) -> float:
        """Mean confidence of the points inside the image; 0 where fewer than a third of them are."""
        inside = np.all((pose.pixels >= 0) & (pose.pixels < (image.shape[1], image.shape[0])), axis=1)
        return float(pose.confidence[inside].mean()) if inside.mean() > 1 / 3 else 0.0
