"""BVH motion files: joint positions by forward kinematics, named canonically.

Any order of channels and any of the common rigs (CMU, Mixamo, LAFAN1, Xsens, Rokoko, Biped, SMPL, this package's
own export) is accepted. The spine's "chest" is the joint nearest to the middle of the trunk, whatever it is
called; end sites give the tips of toes and head. A first frame that is a T-pose (CMU) is dropped.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from motionrecon.data import sequence
from motionrecon.data.formats import joint_names
from motionrecon.errors import DataError
from motionrecon.geometry.keypoints import MOCAP18
from motionrecon.geometry.skeleton import JOINT_NAMES
from motionrecon.types import Sequence

CHEST_FRACTION = 0.46  # of the way from pelvis to neck, where the skeleton template has its chest joint
_ORDER = (*MOCAP18, "spine", "head", "left_toe", "right_toe")
_JUMP = 6.0  # a first frame this many times further away than 95 % of later frames from each other is not motion
_JUMP_MIN = 0.02  # ... if that is at least this share of the leg's length


@dataclasses.dataclass
class Node:
    """A joint or end site: name, index of its parent (-1: root), offset (3,), channels and its first column."""

    name: str
    parent: int
    offset: np.ndarray
    channels: tuple[str, ...] = ()
    column: int = 0
    end: bool = False


def read(path: str | Path, *, fps: float | None = None) -> Sequence:
    """Read a BVH file.

    Args:
      path: the file.
      fps: Hz, instead of the file's own frame time.

    Returns:
      Sequence with ``keypoints3d`` m, z up; see ``sequence.to_sequence``.

    Raises:
      DataError: broken hierarchy, wrong frame count, missing channels, truncated or non-numeric motion, or a
        rig none of whose names are known.
    """
    path = Path(path)
    nodes, motion, frame_time = parse(path)
    warnings: list[str] = []
    positions = forward_kinematics(nodes, motion)
    found = _name_points(nodes)
    names = tuple(n for n in _ORDER if n in found)
    points = positions[:, [found[n] for n in names]]
    if _starts_with_rest_pose(names, points):
        points = points[1:]
        warnings.append("Frame 0 is a rest pose that jumps to the motion in frame 1; it was dropped.")
    labels = tuple(nodes[found[n]].name for n in names)
    rate = fps or 1.0 / frame_time
    return sequence.to_sequence(
        path, sequence.Points("bvh", names, labels, points, _snap(rate), "y", warnings=tuple(warnings))
    )


def _snap(rate: float) -> float:
    """Return the whole or NTSC rate that a rounded frame time means: .0083333 s is 120 Hz."""
    for whole in (round(rate), round(rate * 1.001) / 1.001):
        if whole and abs(rate - whole) < 2e-4 * rate:
            return float(whole)
    return rate


def parse(path: Path) -> tuple[list[Node], np.ndarray, float]:
    """Parse a file into its tree, motion (T, C) in file units and degrees, and frame time in s."""
    lines = sequence.read_text(path).splitlines()
    start = next((i for i, line in enumerate(lines) if line.strip().upper() == "MOTION"), None)
    if not lines[0].strip().upper().startswith("HIERARCHY") or start is None:
        raise DataError(f"{path}: is not a whole BVH file (HIERARCHY and MOTION expected); export it again")
    nodes = _parse_hierarchy(path, lines[1:start])
    return nodes, *_parse_motion(path, lines[start + 1 :], sum(len(n.channels) for n in nodes))


def _parse_hierarchy(path: Path, lines: list[str]) -> list[Node]:
    nodes: list[Node] = []
    stack: list[int] = []
    column = 0
    for line in "\n".join(lines).replace("{", "\n").replace("}", "\n}\n").splitlines():
        words = line.split()
        if not words:
            continue
        key = words[0].upper()
        if key in ("ROOT", "JOINT", "END"):
            if key == "ROOT" and nodes:
                raise DataError(f"{path}: holds more than one character (ROOT); export one person a file")
            parent = stack[-1] if stack else -1
            name = " ".join(words[1:]) if key != "END" else f"{nodes[parent].name} end" if stack else "end"
            nodes.append(Node(name, parent, np.zeros(3), end=key == "END"))
            stack.append(len(nodes) - 1)
        elif key == "}" and stack:
            stack.pop()
        elif key == "OFFSET" and stack:
            nodes[stack[-1]].offset = _numbers(path, words[1:], 3, f"the OFFSET of {nodes[stack[-1]].name}")
        elif key == "CHANNELS" and stack:
            node = nodes[stack[-1]]
            names = tuple(w.lower() for w in words[2:])
            known = all(n[:1] in "xyz" and n[1:] in ("position", "rotation") for n in names)
            turns = "".join(n[0] for n in names if n.endswith("rotation"))
            if not words[1:] or words[1] != str(len(names)) or not known or len(set(turns)) != len(turns):
                raise DataError(
                    f"{path}: missing or unknown channels of joint {node.name}: {line.strip()!r}; export it again"
                )
            node.channels, node.column = names, column
            column += len(names)
        else:
            raise DataError(f"{path}: unexpected {line.strip()[:40]!r} in the hierarchy; export the file again")
    if not nodes or stack:
        raise DataError(f"{path}: the hierarchy is not closed (truncated file?); export it again")
    lacking = next((n.name for n in nodes if not n.end and not n.channels), None)
    if lacking is not None:
        raise DataError(f"{path}: joint {lacking} has no CHANNELS line; export the file again")
    return nodes


def _numbers(path: Path, words: list[str], count: int, what: str) -> np.ndarray:
    try:
        values = np.array(words, dtype=float)
    except ValueError:
        values = np.full(0, np.nan)
    if len(values) != count or not np.isfinite(values).all():
        raise DataError(
            f"{path}: {what} should be {count} finite number(s), found {' '.join(words)[:60]!r}; export it again"
        )
    return values


def _parse_motion(path: Path, lines: list[str], channels: int) -> tuple[np.ndarray, float]:
    lines = [line for line in lines if line.strip()]
    if len(lines) < 2 or not lines[0].lower().startswith("frames:") or ":" not in lines[1]:
        raise DataError(f"{path}: 'Frames:' and 'Frame Time:' expected after MOTION; export the file again")
    count = int(_numbers(path, lines[0].split(":")[1].split(), 1, "the frame count")[0])
    frame_time = float(_numbers(path, lines[1].split(":")[1].split(), 1, "the frame time")[0])
    rows = [line.split() for line in lines[2:]]
    if frame_time <= 0:
        raise DataError(f"{path}: the frame time is {frame_time:g} s; correct 'Frame Time:' (0.0333333 for 30 Hz)")
    bad = next((i for i, row in enumerate(rows) if len(row) != channels), None)
    if bad is not None and len(rows) * channels != count * channels:
        flat = [word for row in rows for word in row]  # some writers wrap their lines
        if len(flat) == count * channels:
            rows, bad = [flat[i * channels : (i + 1) * channels] for i in range(count)], None
    if bad is not None:
        raise DataError(
            f"{path}: frame {bad} holds {len(rows[bad])} numbers but the hierarchy has {channels} channels "
            "(missing channels or a truncated file); export it again"
        )
    if len(rows) != count:
        raise DataError(f"{path}: says {count} frames but holds {len(rows)}; correct 'Frames:' or export it again")
    try:
        motion = np.array(rows, dtype=float).reshape(count, channels)
    except ValueError as error:
        raise DataError(f"{path}: the motion holds something that is no number ({error}); export it again") from None
    if not np.isfinite(motion).all():
        frame = int(np.flatnonzero(~np.isfinite(motion).all(axis=1))[0])
        raise DataError(f"{path}: frame {frame} holds a value that is not finite; export the file again")
    return motion, frame_time


def forward_kinematics(nodes: list[Node], motion: np.ndarray) -> np.ndarray:
    """Return positions (T, N, 3) of all nodes in file units and axes, given motion (T, C)."""
    frames = len(motion)
    rotations: list[Rotation] = []
    positions = np.zeros((frames, len(nodes), 3))
    for i, node in enumerate(nodes):
        values = motion[:, node.column : node.column + len(node.channels)]
        local = np.tile(node.offset, (frames, 1))
        moves = [c for c, name in enumerate(node.channels) if name.endswith("position")]
        # Position channels replace the offset, as importers do; all zero on an inner joint means "not recorded".
        if moves and (node.parent < 0 or values[:, moves].any()):
            for c in moves:
                local[:, "xyz".index(node.channels[c][0])] = values[:, c]
        turns = [c for c, name in enumerate(node.channels) if name.endswith("rotation")]
        order = "".join(node.channels[c][0].upper() for c in turns)
        turn = Rotation.from_euler(order, values[:, turns], degrees=True) if turns else Rotation.identity(frames)
        if node.parent < 0:
            positions[:, i] = local
            rotations.append(turn)
        else:
            positions[:, i] = positions[:, node.parent] + rotations[node.parent].apply(local)
            rotations.append(rotations[node.parent] * turn)
    return positions


def _name_points(nodes: list[Node]) -> dict[str, int]:
    """Return canonical name -> node index: mapped joints, then chest and neck by geometry, then end points."""
    labels = [n.name if not n.end else "" for n in nodes]
    found = joint_names.map_rig(labels)
    found.pop("head", None) if found.get("head") == found.get("pelvis") else None
    children = {i: [c for c, n in enumerate(nodes) if n.parent == i] for i in range(len(nodes))}

    def tip(start: int) -> int:
        """Follow the only or straightest line of descendants to its end."""
        while children[start]:
            start = max(children[start], key=lambda c: float(np.linalg.norm(nodes[c].offset)))
        return start

    _name_spine(nodes, found)
    ends = {"head_top": ("head", "neck"), **{s + "toe": (s + "ball", s + "ankle") for s in ("left_", "right_")}}
    ends |= {s + "wrist": (s + "elbow",) for s in ("left_", "right_")}
    for name, carriers in ends.items():
        carrier = next((found[c] for c in carriers if c in found), None)
        if name in found or carrier is None:
            continue
        end = tip(carrier)
        if end != carrier and np.linalg.norm(nodes[end].offset) > 1e-6:
            found[name] = end
    if not set(JOINT_NAMES) <= set(labels):
        found.pop("head", None)  # where rigs put this joint varies; the tip above it is the better defined point
    else:
        found["spine"] = labels.index("spine")
    return found


def _name_spine(nodes: list[Node], found: dict[str, int]) -> None:
    """Add "neck" and "chest" from the chain of joints between pelvis and head."""
    pelvis = found.get("pelvis", 0)
    node = found.get("head")
    if node is None:
        node = next((i for i, n in enumerate(nodes) if joint_names.split_side(n.name)[1].startswith("neck")), None)
    if node is None:
        return
    chain: list[int] = []  # from the top down, without joints that coincide with their parent
    while node >= 0 and node != pelvis:
        if np.linalg.norm(nodes[node].offset) > 1e-6:
            chain.append(node)
        node = nodes[node].parent
    named = [i for i in chain if joint_names.split_side(nodes[i].name)[1].startswith("neck")]
    if not chain:
        return
    neck = named[-1] if named else chain[0]
    found["neck"] = neck
    inner = chain[chain.index(neck) + 1 :][::-1]
    lengths = np.cumsum([np.linalg.norm(nodes[i].offset) for i in (*inner, neck)])
    if inner:
        found["chest"] = inner[int(np.argmin(np.abs(lengths[:-1] / lengths[-1] - CHEST_FRACTION)))]


def _starts_with_rest_pose(names: tuple[str, ...], points: np.ndarray) -> bool:
    """Tell whether frame 0 (T, K, 3) lies implausibly far from frame 1, measured against the second that follows."""
    if len(points) < 5 or "left_hip" not in names:
        return False
    pose = points[:120] - points[:120].mean(axis=1, keepdims=True)
    steps = np.linalg.norm(np.diff(pose, axis=0), axis=-1).mean(axis=1)
    leg = [names.index(n) for n in ("left_hip", "left_knee") if n in names]
    length = 2.0 * float(np.linalg.norm(points[1, leg[0]] - points[1, leg[-1]]))
    return bool(steps[0] > _JUMP * np.percentile(steps[1:], 95) and steps[0] > _JUMP_MIN * length)
