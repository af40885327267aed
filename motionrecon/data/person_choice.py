"""Which of several detected people is meant: detections of a clip joined to tracks, one track chosen.

Each frame's detections go to the track whose last pose is nearest, relative to body size. Where the detector gave
identities, they join what stays apart, such as a person who comes back; but trackers lose people and call them anew,
or exchange two, so that poses which follow each other closely win over identities.
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
    found: list[Track] = []
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
    return sorted(_joined(found), key=lambda track: -sum(d.size for d in track.values()))


def _joined(pieces: list[Track]) -> list[Track]:
    """Join pieces of one identity, and all of them where nobody ever stands beside anybody else."""
    known = any(d.identity is not None for piece in pieces for d in piece.values())
    if not known:
        return pieces
    if len(pieces) > 1 and sum(map(len, pieces)) == len(set().union(*pieces)):
        return [{t: d for piece in pieces for t, d in piece.items()}]
    joined: list[tuple[int | None, Track]] = []
    for piece in sorted(pieces, key=min):
        name = _usual_identity(piece)
        same = (whole for other, whole in joined if name is not None and other == name and not whole.keys() & piece)
        whole = next(same, None)
        if whole is None:
            joined.append((name, dict(piece)))
        else:
            whole.update(piece)
    return [whole for _, whole in joined]


def _usual_identity(track: Track) -> int | None:
    """Return the identity that most of a track's detections have."""
    names = [d.identity for d in track.values() if d.identity is not None]
    return max(dict.fromkeys(names), key=names.count) if names else None


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
    shares = [sum(d.identity == wanted for d in track.values()) for track in found]
    if max(shares):
        return found[shares.index(max(shares))], len(found)
    named = sorted({d.identity for track in found for d in track.values() if d.identity is not None})
    if named or not 1 <= wanted <= len(found):
        there = ", ".join(map(str, named)) if named else f"1 (leftmost) to {len(found)}"
        raise DetectionError(f"{source}: there is no person {wanted}; the file has {there}; choose with --person")
    return sorted(found, key=_first_place)[wanted - 1], len(found)


def _first_place(track: Track) -> float:
    """Return where a person stands when first seen: the mean x of the seen keypoints, px."""
    first = track[min(track)].keypoints
    seen = first[:, 2] > 0
    return float(first[seen, 0].mean()) if seen.any() else np.inf
