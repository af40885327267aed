"""BVH motion files: joint positions by forward kinematics, named canonically.

Any order of channels is accepted, and any rig that is a person by its tree (``rig``), whatever its joints are called; a
further root is a prop. The spine's "chest" is the joint nearest to the middle of the trunk; end sites give the tips of
toes and head.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from motionrecon.data import sequence
from motionrecon.data.formats import rig
from motionrecon.errors import DataError
from motionrecon.geometry.keypoints import MOCAP18
from motionrecon.types import Sequence

_ORDER = (*MOCAP18, "spine", "head", "left_toe", "right_toe")


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
        rig that is no person.
    """
    path = Path(path)
    nodes, motion, frame_time = parse(path)
    positions = forward_kinematics(nodes, motion)
    found, warnings = _person(path, nodes, positions)
    names = tuple(n for n in _ORDER if n in found)
    points = positions[:, [found[n] for n in names]]
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


def _person(path: Path, nodes: list[Node], positions: np.ndarray) -> tuple[dict[str, int], list[str]]:
    """Return canonical name -> node index, and notes; of several roots the one that is a person."""
    roots = [i for i, n in enumerate(nodes) if n.parent < 0]
    people, first = [], None
    for start, stop in zip(roots, [*roots[1:], len(nodes)], strict=True):
        part = nodes[start:stop]
        labels = tuple("" if n.end else n.name for n in part)
        parents = tuple(-1 if n.parent < 0 else n.parent - start for n in part)
        try:
            found, notes = rig.locate(path, rig.Rig(labels, parents, positions[:, start:stop]))
        except DataError as error:
            first = first or error
            continue
        people.append(({name: start + i for name, i in found.items()}, notes, start))
    if not people and first is not None:
        raise first
    if len(people) > 1:
        raise DataError(f"{path}: holds more than one character (ROOT); export one person a file")
    found, notes, chosen = people[0]
    others = [nodes[i].name for i in roots if i != chosen]
    return found, notes + ([f"Left out, because it is no person: {', '.join(others)}."] if others else [])
