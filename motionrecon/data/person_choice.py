"""Which of several detected people is meant: detections of a clip joined to tracks, one track chosen.

Where the detector gave identities they are used; otherwise each frame's detections go to the track whose last
pose is nearest, relative to body size.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from motionrecon.errors import DetectionError

MAX_STEP = 0.6  # of body size: mean keypoint distance between detections of one person in neighbouring frames
MAX_ABSENCE = 30  # frames after which a person who comes back counts as a new one


@dataclasses.dataclass(frozen=True)
class Detection:
    """One person in one frame: keypoints (K, 3) px and confidence; landmarks (K, 3) m or None; identity or None."""

    keypoints: np.ndarray
    landmarks: np.ndarray | None = None
    identity: int | None = None

    @property
    def size(self) -> float:
        """Larger side of the box around the seen keypoints, px."""
        seen = self.keypoints[self.keypoints[:, 2] > 0, :2]
        return float(np.ptp(seen, axis=0).max()) if len(seen) else 0.0


Track = dict[int, Detection]  # frame -> detection


def _distance(a: Detection, b: Detection) -> float:
    both = (a.keypoints[:, 2] > 0) & (b.keypoints[:, 2] > 0)
    if both.sum() < 3:
        return np.inf
    apart = np.linalg.norm(a.keypoints[both, :2] - b.keypoints[both, :2], axis=1).mean()
    return float(apart) / max(a.size, b.size, 1.0)


def tracks(frames: list[list[Detection]]) -> list[Track]:
    """Join detections (per frame) to tracks, the largest person first (size summed over frames)."""
    if any(d.identity is not None for frame in frames for d in frame):
        named: dict[int | None, Track] = {}
        for t, frame in enumerate(frames):
            for detection in frame:
                named.setdefault(detection.identity, {}).setdefault(t, detection)
        found = list(named.values())
    else:
        found = []
        for t, frame in enumerate(frames):
            live = [track for track in found if t - max(track) <= MAX_ABSENCE]
            free = list(range(len(frame)))
            pairs = sorted(
                (_distance(track[max(track)], frame[i]) / (t - max(track)) ** 0.5, j, i)
                for j, track in enumerate(live)
                for i in free
            )
            taken: set[int] = set()
            for distance, j, i in pairs:
                if distance < MAX_STEP and j not in taken and i in free:
                    live[j][t] = frame[i]
                    taken.add(j)
                    free.remove(i)
            found += [{t: frame[i]} for i in free if (frame[i].keypoints[:, 2] > 0).any()]
    return sorted(found, key=lambda track: -sum(d.size for d in track.values()))


def choose(frames: list[list[Detection]], person: str | int, source: str) -> tuple[Track, int]:
    """Choose one person.

    Args:
      frames: detections per frame.
      person: "largest", the identity the file gives, or else the place from the left where first seen, from 1.
      source: the file, for messages.

    Returns:
      The chosen track and the number of people found.

    Raises:
      DetectionError: nobody in the file, or not this person.
    """
    found = tracks(frames)
    if not found:
        raise DetectionError(f"{source}: nobody was detected in any frame; check the detector's output")
    if person == "largest":
        return found[0], len(found)
    try:
        wanted = int(person)
    except ValueError:
        raise DetectionError(
            f"{source}: person {person!r} is neither 'largest' nor a number; choose with --person"
        ) from None
    identities = [next(iter(track.values())).identity for track in found]
    if wanted in identities:
        return found[identities.index(wanted)], len(found)
    named = sorted(i for i in identities if i is not None)
    if named or not 1 <= wanted <= len(found):
        there = ", ".join(map(str, named)) if named else f"1 (leftmost) to {len(found)}"
        raise DetectionError(f"{source}: there is no person {wanted}; the file has {there}; choose with --person")
    return sorted(found, key=_first_place)[wanted - 1], len(found)


def _first_place(track: Track) -> float:
    """Return where a person stands when first seen: the mean x of the seen keypoints, px."""
    first = track[min(track)].keypoints
    seen = first[:, 2] > 0
    return float(first[seen, 0].mean()) if seen.any() else np.inf
