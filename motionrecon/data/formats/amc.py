"""Acclaim motion: an AMC file of angles with the ASF skeleton beside it.

Follows the ASF/AMC definition (Lander 1998): each bone has its own axes C; its local rotation is
C M C^-1 with M from the degrees of freedom listed, and it reaches from its parent's end by direction * length.
AMC files do not state their frame rate; CMU's 120 Hz is assumed.
"""

from __future__ import annotations

import dataclasses
import math
import re
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from motionrecon.data import sequence
from motionrecon.data.formats import rig as rig_points
from motionrecon.errors import DataError
from motionrecon.types import Sequence

ASSUMED_FPS = 120.0  # Hz
# Where each bone ends, left side only; bones not listed carry no keypoint.
_BONE_ENDS = {
    "lowerback": "chest", "thorax": "neck", "head": "head_top", "lhipjoint": "left_hip", "lfemur": "left_knee",
    "ltibia": "left_ankle", "lfoot": "left_ball", "ltoes": "left_toe", "lclavicle": "left_shoulder",
    "lhumerus": "left_elbow", "lradius": "left_wrist",
}  # fmt: skip

_CMU = {*_BONE_ENDS, *("r" + name[1:] for name, point in _BONE_ENDS.items() if point.startswith("left_"))}


@dataclasses.dataclass
class Bone:
    """A bone of the ASF file: direction (3,) and length in file units, axes C, and its degrees of freedom in order."""

    name: str
    direction: np.ndarray
    length: float
    axes: Rotation
    dof: tuple[str, ...] = ()
    parent: str = "root"


@dataclasses.dataclass
class Rig:
    """An ASF skeleton: bones in parent-first order, the root's channel order, unit factor and angle unit."""

    bones: list[Bone]
    root_order: tuple[str, ...]
    length: float
    degrees: bool


def read(path: str | Path, *, asf: str | Path | None = None, fps: float | None = None) -> Sequence:
    """Read an AMC file with its ASF skeleton.

    Args:
      path: the .amc file.
      asf: its skeleton; None looks beside it for the same name, the subject's number (11.asf for 11_01.amc), or
        the only .asf in the folder.
      fps: Hz; None assumes 120 and says so.

    Returns:
      Sequence with ``keypoints3d`` m, z up.

    Raises:
      DataError: no skeleton found, or either file broken or of another person's skeleton.
    """
    path = Path(path)
    rig_path = find_asf(path, asf)
    rig = parse_asf(rig_path)
    frames = parse_amc(path)
    points = forward_kinematics(path, rig, frames)
    warnings = (
        [] if fps else [f"AMC files do not state their frame rate; {ASSUMED_FPS:g} Hz assumed (give --source-fps)."]
    )
    if {b.name for b in rig.bones} >= _CMU:
        names, labels, values = _cmu_points(rig, points)
    else:
        names, labels, values, notes = _points_by_tree(path, rig, points)
        warnings += notes
    result = sequence.to_sequence(
        path,
        sequence.Points("amc", tuple(names), tuple(labels), values, fps or ASSUMED_FPS, "y", warnings=tuple(warnings)),
    )
    assert result.recording is not None, "to_sequence says what was read"
    return dataclasses.replace(result, recording=dataclasses.replace(result.recording, skeleton=str(rig_path)))


def _cmu_points(rig: Rig, points: dict[str, np.ndarray]) -> tuple[list[str], list[str], np.ndarray]:
    """Return names, bones and positions (T, K, 3) of a skeleton whose bones are called as CMU's."""
    names, labels = ["pelvis"], ["root"]
    for bone in rig.bones:
        left = bone.name if bone.name in _BONE_ENDS else "l" + bone.name[1:]
        target = _BONE_ENDS.get(left)
        if target:
            names.append(target if left == bone.name else target.replace("left_", "right_"))
            labels.append(bone.name)
    return names, labels, np.stack([points[label] for label in labels], axis=1)


def _points_by_tree(
    path: Path, rig: Rig, points: dict[str, np.ndarray]
) -> tuple[list[str], list[str], np.ndarray, list[str]]:
    """Return names, labels, positions (T, K, 3) and notes of another skeleton: a bone begins where its parent ends."""
    labels, parents, places = ["root"], [-1], [points["root"]]
    for bone in rig.bones:
        parents.append(labels.index(bone.parent))
        labels.append(bone.name)
        places.append(points[bone.parent])
    for bone in rig.bones:
        if all(b.parent != bone.name for b in rig.bones):
            parents.append(labels.index(bone.name))
            places.append(points[bone.name])
    joints = (*labels, *("" for _ in places[len(labels) :]))
    values = np.stack(places, axis=1)
    found, notes = rig_points.locate(path, rig_points.Rig(joints, tuple(parents), values))
    origin = [joints[i] or joints[parents[i]] + " end" for i in found.values()]
    return list(found), origin, values[:, list(found.values())], notes


def find_asf(path: Path, asf: str | Path | None = None) -> Path:
    """Find the skeleton of an AMC file; raise DataError naming what was looked for."""
    if asf is not None:
        if not Path(asf).is_file():
            raise DataError(f"{asf}: no such skeleton file; check the path of the .asf")
        return Path(asf)
    subject = re.split(r"[_\-.]", path.stem)[0]
    for folder in (path.parent, path.parent.parent):
        for stem in (path.stem, subject):
            for suffix in (".asf", ".ASF"):
                if (folder / (stem + suffix)).is_file():
                    return folder / (stem + suffix)
    beside = sorted(p for p in path.parent.glob("*") if p.suffix.lower() == ".asf")
    if len(beside) == 1:
        return beside[0]
    raise DataError(f"{path}: its skeleton is missing; put {subject}.asf beside it or name it with --asf")


def _content(path: Path) -> list[list[str]]:
    lines = (line.split("#")[0].split() for line in sequence.read_text(path).splitlines())
    return [words for words in lines if words]


def _float(path: Path, word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"{path}: a number was expected where {word[:30]!r} stands; download the file again")
    return value


def parse_asf(path: Path) -> Rig:
    """Parse an ASF skeleton; raise DataError where it is broken."""
    bones: dict[str, Bone] = {}
    rig = Rig([], ("tx", "ty", "tz", "rx", "ry", "rz"), 1.0, True)
    section, bone = "", Bone("", np.zeros(3), 0.0, Rotation.identity())
    tree: list[tuple[str, str]] = []
    for words in _content(path):
        key, values = words[0].lower(), words[1:]
        try:
            if key.startswith(":"):
                section = key
            elif section == ":units" and key == "length":
                rig.length = _float(path, values[0])
            elif section == ":units" and key == "angle":
                rig.degrees = values[0].lower().startswith("deg")
            elif section == ":root" and key == "order":
                rig.root_order = tuple(v.lower() for v in values)
            elif section == ":bonedata" and key == "begin":
                bone = Bone("", np.zeros(3), 0.0, Rotation.identity())
            elif section == ":bonedata" and key == "end":
                bones[bone.name] = bone
            elif section == ":bonedata":
                _set_bone(path, bone, key, values, rig.degrees)
            elif section == ":hierarchy" and key not in ("begin", "end"):
                tree += [(child, words[0]) for child in values]
        except IndexError:
            raise DataError(f"{path}: the line {' '.join(words)!r} is incomplete; download the file again") from None
    for child, parent in tree:
        if child not in bones:
            raise DataError(f"{path}: bone {child} of the hierarchy is not defined; download the file again")
        bones[child].parent = parent
        rig.bones.append(bones[child])
    if not rig.bones or rig.length <= 0:
        raise DataError(
            f"{path}: is not a whole ASF skeleton (:bonedata and :hierarchy expected); give the .asf of this motion"
        )
    return rig


def _set_bone(path: Path, bone: Bone, key: str, values: list[str], degrees: bool) -> None:
    if key == "name":
        bone.name = values[0]
    elif key == "direction":
        direction = np.array([_float(path, v) for v in values[:3]])
        bone.direction = direction / max(float(np.linalg.norm(direction)), 1e-12)
    elif key == "length":
        bone.length = _float(path, values[0])
    elif key == "axis":
        # Lower-case (fixed) axes: "XYZ" turns about x first.
        bone.axes = Rotation.from_euler(values[3].lower(), [_float(path, v) for v in values[:3]], degrees=degrees)
    elif key == "dof":
        bone.dof = tuple(v.lower() for v in values)


def parse_amc(path: Path) -> list[dict[str, list[float]]]:
    """Parse an AMC file into one mapping of bone name to values a frame; raise DataError where it is broken."""
    frames: list[dict[str, list[float]]] = []
    for words in _content(path):
        if words[0].startswith(":"):
            continue
        if len(words) == 1 and words[0].isdigit():
            frames.append({})
        elif not frames:
            raise DataError(
                f"{path}: is not an AMC file: {' '.join(words)[:40]!r} stands before the first frame; download it again"
            )
        else:
            frames[-1][words[0]] = [_float(path, w) for w in words[1:]]
    if not frames:
        raise DataError(f"{path}: holds no frames; download it again")
    return frames


def forward_kinematics(path: Path, rig: Rig, frames: list[dict[str, list[float]]]) -> dict[str, np.ndarray]:
    """Return bone name -> (T, 3) position of its end (root: of itself), in file units divided by the unit factor."""

    def channels(name: str, dof: tuple[str, ...]) -> np.ndarray:
        rows = [frame.get(name, []) for frame in frames]
        bad = next((i for i, row in enumerate(rows) if len(row) != len(dof)), None)
        if bad is not None:
            raise DataError(
                f"{path}: frame {bad + 1} has {len(rows[bad])} values for {name}, its skeleton {len(dof)}; "
                "the file is truncated (download it again) or the .asf another person's (name the right one with --asf)"
            )
        return np.array(rows, dtype=float).reshape(len(frames), len(dof))

    def turn(dof: tuple[str, ...], values: np.ndarray) -> Rotation:
        columns = [i for i, d in enumerate(dof) if d in ("rx", "ry", "rz")]
        if not columns:
            return Rotation.identity(len(frames))
        return Rotation.from_euler("".join(dof[i][1] for i in columns), values[:, columns], degrees=rig.degrees)

    values = channels("root", rig.root_order)
    rotations = {"root": turn(rig.root_order, values)}
    ends = {"root": values[:, [rig.root_order.index(t) for t in ("tx", "ty", "tz")]]}
    for bone in rig.bones:
        if bone.parent not in ends:
            raise DataError(
                f"{path}: bone {bone.name} hangs on {bone.parent}, which comes later or not at all; "
                "correct the .asf or download it again"
            )
        local = bone.axes * turn(bone.dof, channels(bone.name, bone.dof) if bone.dof else values) * bone.axes.inv()
        rotations[bone.name] = rotations[bone.parent] * local
        reach = rotations[bone.name].apply(bone.direction * bone.length)
        ends[bone.name] = ends[bone.parent] + reach
    return ends
