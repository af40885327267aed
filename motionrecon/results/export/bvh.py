"""``motion.bvh`` for Blender, Unreal, Maya and friends: cm, y up, character facing +z, rotations in order Z X Y.

The world (x forward, y left, z up) becomes (x left, y up, z forward), a cyclic exchange of axes, so rotations need no
more than the same exchange of a quaternion's vector part. Euler angles are chosen and unwrapped so that each curve
runs on without jumps, which editors need for smoothing and retiming.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from motionrecon.geometry import skeleton as skeletons
from motionrecon.geometry import world
from motionrecon.geometry.world import Frame
from motionrecon.jobs.atomic_file import replaced
from motionrecon.types import FitResult, Motion, Skeleton

_CM = 100.0
_CYCLE = (1, 2, 0)  # (x, y, z) world -> (y, z, x) file
_CHANNELS = "Zrotation Xrotation Yrotation"
_POLE = 1e-6  # cosine of the middle angle below which the outer two are only known together

# Leaf joint -> points that go on from it, the last as end site: the simulated body has rigid wrists and toes, but
# riggers expect a forearm that ends at a wrist and a foot that ends at the toe base.
_TIPS = {"neck": ("head_top",), "*_ankle": ("*_ball", "*_toe"), "*_elbow": ("*_wrist", "*_hand")}


def tips(skeleton: Skeleton) -> dict[int, list[tuple[str, np.ndarray]]]:
    """Return what follows each joint without children: points (name, offset (3,) m from the one before).

    Head top, toe base, toe, wrist and hand are those of the template, scaled by the person's bone that ends in the
    leaf joint (neck, upper arm, shin) over the template's. Any other leaf goes on for a third of its own bone.
    """
    template = skeletons.template(1.0)
    found = {}
    for joint in sorted(set(range(len(skeleton.names))) - set(skeleton.parents)):
        name = skeleton.names[joint]
        side = name.split("_")[0]
        offset = np.asarray(skeleton.offsets[joint], dtype=float)
        points = _TIPS.get(name.replace(side, "*", 1) if "_" in name else name)
        if points is None or name not in template.names:
            found[joint] = [("end", offset / 3.0)]
            continue
        names = tuple(p.replace("*", side) for p in points)
        size = np.linalg.norm(offset) / np.linalg.norm(template.offsets[template.names.index(name)])
        places = np.asarray(skeletons.template_sites(names, 1.0).offset) * size
        found[joint] = list(zip(names, np.diff(places, axis=0, prepend=0.0), strict=True))
    return found


def euler_zxy(quats: np.ndarray) -> np.ndarray:
    """Convert unit quaternions to continuous angles of R = R_z(a) R_x(b) R_y(c).

    Of the two triples that give the same rotation, (a, b, c) and (a + pi, pi - b, c + pi), the one nearer to the
    previous frame is taken, each angle unwrapped by 2 pi. At b = +-90 degrees, where only a combination of a and c is
    determined, a keeps its previous value.

    Args:
      quats: (T, J, 4).

    Returns:
      (T, J, 3) rad: a about z, b about x, c about y.
    """
    w, x, y, z = np.moveaxis(quats / np.linalg.norm(quats, axis=-1, keepdims=True), -1, 0)
    r01, r11, r20, r22 = 2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (x * z - w * y), 1 - 2 * (x * x + y * y)
    r00, r02, r21 = 1 - 2 * (y * y + z * z), 2 * (x * z + w * y), 2 * (y * z + w * x)
    b = np.arctan2(r21, np.hypot(r01, r11))
    a, c = np.arctan2(-r01, r11), np.arctan2(-r20, r22)
    pole = np.hypot(r01, r11) < _POLE
    twist = np.arctan2(r02, r00)  # at the pole: c + a for b = 90 degrees, c - a for b = -90 degrees
    angles = np.empty((*a.shape, 3))
    previous = np.zeros((a.shape[1], 3))
    for t in range(len(a)):
        a_t = np.where(pole[t], previous[:, 0], a[t])
        c_t = np.where(pole[t], twist[t] - np.sign(b[t]) * a_t, c[t])
        first = np.stack([a_t, b[t], c_t], axis=-1)
        second = np.stack([a_t + np.pi, np.pi - b[t], c_t + np.pi], axis=-1)
        both = np.stack([first, second])
        both = both + 2 * np.pi * np.round((previous - both) / (2 * np.pi))
        nearer = np.abs(both - previous).sum(axis=-1).argmin(axis=0) if t else np.zeros(len(previous), dtype=int)
        previous = np.take_along_axis(both, nearer[None, :, None], axis=0)[0]
        angles[t] = previous
    return angles


def _vector(values: np.ndarray) -> str:
    x, y, z = np.asarray(values, dtype=float)[list(_CYCLE)] * _CM
    return f"{x:.6f} {y:.6f} {z:.6f}"


def _hierarchy(skeleton: Skeleton) -> tuple[list[str], list[int]]:
    """Return the lines of HIERARCHY and, for each joint in it, its index in the skeleton (-1: rigid, never turns)."""
    after, lines, order = tips(skeleton), ["HIERARCHY"], []
    children = [[c for c, p in enumerate(skeleton.parents) if p == j] for j in range(len(skeleton.names))]

    def open_joint(joint: int, name: str, offset: np.ndarray, depth: int) -> None:
        pad, root = "\t" * depth, depth == 0
        order.append(joint)
        position = "6 Xposition Yposition Zposition" if root else "3"
        lines.extend([f"{pad}{'ROOT' if root else 'JOINT'} {name}", f"{pad}{{", f"{pad}\tOFFSET {_vector(offset)}"])
        lines.append(f"{pad}\tCHANNELS {position} {_CHANNELS}")

    def write_tips(points: list[tuple[str, np.ndarray]], depth: int) -> None:
        pad, (name, offset) = "\t" * depth, points[0]
        if len(points) == 1:
            lines.extend([f"{pad}End Site", f"{pad}{{", f"{pad}\tOFFSET {_vector(offset)}"])
        else:
            open_joint(-1, name, offset, depth)
            write_tips(points[1:], depth + 1)
        lines.append(f"{pad}}}")

    def write(joint: int, depth: int) -> None:
        open_joint(joint, skeleton.names[joint], skeleton.offsets[joint] if depth else np.zeros(3), depth)
        for child in children[joint]:
            write(child, depth + 1)
        if joint in after:
            write_tips(after[joint], depth + 1)
        lines.append("\t" * depth + "}")

    write(0, 0)
    return lines, order


def write_bvh(motion: Motion, path: str | Path) -> Path:
    """Write a motion as BVH under a temporary name, then rename it.

    Args:
      motion: T frames, m, z up.
      path: the file to write; its folder exists.

    Returns:
      The path.

    Raises:
      OSError: the folder is read-only or full; nothing is left behind.
    """
    path = Path(path)
    lines, order = _hierarchy(motion.skeleton)
    quats = np.asarray(motion.quats, dtype=float)
    quats = quats[..., [0, *(1 + i for i in _CYCLE)]]
    angles = np.degrees(euler_zxy(quats))
    angles = np.concatenate([angles, np.zeros_like(angles[:, :1])], axis=1)  # row -1: joints that never turn
    angles = angles[:, order].reshape(len(quats), -1)
    root = np.asarray(motion.root_pos, dtype=float)[:, list(_CYCLE)] * _CM
    lines += ["MOTION", f"Frames: {len(root)}", f"Frame Time: {1.0 / float(motion.fps):.8f}"]
    lines += [" ".join(f"{v:.6f}" for v in row) for row in np.concatenate([root, angles], axis=1)]
    with replaced(path) as temporary, temporary.open("w", encoding="ascii") as stream:
        stream.write("\n".join(lines) + "\n")
    return path


def write_result(result: FitResult, path: str | Path, frame: Frame = "recording") -> Path:
    """Write a fit's motion as BVH; arguments and errors as ``write_bvh``.

    Args:
      result: a fit.
      path: the file to write; its folder exists.
      frame: "recording" for the world of the input, "world" for the fitted one with its ground at 0.
    """
    return write_bvh(world.motion_in_recording(world.seen_from(result.world, frame), result.motion), path)
