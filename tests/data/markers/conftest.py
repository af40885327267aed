"""A person of known bones who walks with markers on: what the fit has to find under them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from motionrecon.data.markers.landmarks import LANDMARKS, REFERENCE_STATURE, SEGMENTS
from motionrecon.geometry import rotations, skeleton
from motionrecon.geometry.skeleton import clip_poses

JOINTS = ("left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
          "left_shoulder", "right_shoulder", "left_elbow", "right_elbow")  # fmt: skip
PLUG_IN_GAIT = {
    **{side + label: f"{name}_{role}" for side, name in (("L", "left"), ("R", "right")) for label, role in {
        "ASI": "asis", "PSI": "psis", "THI": "thigh", "KNE": "knee_lateral", "TIB": "shank", "ANK": "ankle_lateral",
        "HEE": "heel", "TOE": "toe2", "SHO": "acromion", "UPA": "upper_arm", "ELB": "elbow_lateral",
        "FHD": "head_front", "BHD": "head_back"}.items()},
    "C7": "c7", "T10": "t10", "CLAV": "clavicle", "STRN": "sternum",
}  # fmt: skip


@dataclasses.dataclass
class Recording:
    """Labels, markers (T, M, 3) m and the true joints by name, (T, 3) m each."""

    labels: list[str]
    markers: np.ndarray
    joints: dict[str, np.ndarray]

    def column(self, label: str) -> int:
        return self.labels.index(label)


def walk(seed: int = 0, frames: int = 60, height: float = 1.78, medial: bool = False) -> Recording:
    """Return a walk on a curved path, marker places 8 mm off the guess and 1 mm of noise; thighs 2 cm longer."""
    rng = np.random.default_rng(seed)
    body = skeleton.template(height)
    offsets = np.array(body.offsets)
    row = body.names.index
    offsets[[row("left_knee"), row("right_knee")], 2] -= 0.02
    body = dataclasses.replace(body, offsets=offsets)
    phase = 2 * np.pi * np.arange(frames) / 30.0
    turn = np.zeros((frames, len(body.names), 3))
    turn[:, 0, 2] = 0.6 + 0.01 * np.arange(frames)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        turn[:, row(f"{side}_hip"), 1] = -0.15 + 0.45 * sign * np.sin(phase)
        turn[:, row(f"{side}_knee"), 1] = 0.5 - 0.4 * sign * np.cos(phase)
        turn[:, row(f"{side}_shoulder"), 0] = -sign * 1.2
        turn[:, row(f"{side}_elbow"), 2] = -sign * (0.5 + 0.2 * np.sin(phase))
    turn[:, row("chest"), 2] = 0.1 * np.sin(phase)
    quats = np.asarray(rotations.exp(turn))
    root = np.stack([0.03 * np.arange(frames), 0.3 * np.sin(phase / 4), np.full(frames, 0.53 * height)], axis=-1)
    pos, rot = clip_poses(body, root, quats)
    ends = skeleton.template_sites(
        ("left_heel", "right_heel", "left_ball", "right_ball", "left_wrist", "right_wrist", "head_top"), height
    )
    at = {n: pos[:, i] for i, n in enumerate(body.names)}
    for name, link, offset in zip(ends.names, ends.link, ends.offset, strict=True):
        at[name] = pos[:, link] + rot[:, link] @ offset
    roles = dict(PLUG_IN_GAIT)
    if medial:
        roles |= {f"{s[0].upper()}{label}": f"{s}_{role}" for s in ("left", "right") for label, role in
                  (("KNM", "knee_medial"), ("ANM", "ankle_medial"))}  # fmt: skip
    markers = []
    for role in roles.values():
        place = LANDMARKS[role]
        offset = np.array(place.offset) * height / REFERENCE_STATURE + 0.008 * rng.standard_normal(3) / np.sqrt(3)
        markers.append(at[place.at] + rot[:, row(SEGMENTS[place.segment])] @ offset)
    noisy = np.stack(markers, axis=1) + 0.001 * rng.standard_normal((frames, len(roles), 3))
    return Recording(list(roles), noisy, {n: at[n] for n in JOINTS})


@pytest.fixture
def recording():
    """The function that makes the recording: (seed, frames, height, medial) -> Recording."""
    return walk
