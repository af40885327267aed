"""A solid, smooth human figure for a skeleton of any proportions, and its pose by linear blend skinning.

Decides the outer shape of the body: section sizes are fractions of stature, lengths come from the skeleton.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from motionrecon.errors import InputError
from motionrecon.geometry import skeleton as skeletons
from motionrecon.render import head, limbs, torso
from motionrecon.render.limbs import Frame, Palette
from motionrecon.types import Array, Skeleton, Soles

MANNEQUIN = Palette(
    skin=(0.90, 0.84, 0.80), shirt=(0.88, 0.62, 0.36), trousers=(0.60, 0.42, 0.30), shoes=(0.34, 0.27, 0.24),
    sole=(0.85, 0.85, 0.85), clothed=False,
)  # fmt: skip


BEND_FROM = 0.001  # m below the ground from which toes are drawn bent


@dataclasses.dataclass(frozen=True)
class Figure:
    """A posable surface.

    Attributes:
      offsets: (V, 2, 3) m, each vertex in the frames of its two joints.
      normals: (V, 3) unit, in joint frames (parallel in the rest pose).
      links: (V, 2) joint indices.
      weight: (V,) share of the second joint.
      faces: (F, 3) vertex indices, counter-clockwise from outside.
      colors: (V, 3) BGR in 0..1.
      gloss: (V,) strength of the highlight.
      under: (V, 3) m, the point of the sole below each vertex of a shoe, in the frame of its first joint.
      bends: (V,) 0..1, 1 in front of the ball of the foot, where a shoe bends; 0 elsewhere.
      coarse: (F', 3) fewer triangles between some of the vertices, for a body seen small.
    """

    offsets: np.ndarray
    normals: np.ndarray
    links: np.ndarray
    weight: np.ndarray
    faces: np.ndarray
    colors: np.ndarray
    gloss: np.ndarray
    under: np.ndarray
    bends: np.ndarray
    coarse: np.ndarray


def rest_positions(skeleton: Skeleton) -> np.ndarray:
    """Return (J, 3) m joint positions of the rest pose in the pelvis frame."""
    offsets = np.asarray(skeleton.offsets, float)
    out = np.zeros_like(offsets)
    for j, p in enumerate(skeleton.parents):
        if p >= 0:
            out[j] = out[p] + offsets[j]
    return out


def stature(skeleton: Skeleton) -> float:
    """Estimate stature, m, from the legs and the trunk of a skeleton."""
    rest = rest_positions(skeleton)
    i = skeleton.names.index
    standing = rest[i("neck"), 2] - 0.5 * (rest[i("left_ankle"), 2] + rest[i("right_ankle"), 2])
    return float(standing / (0.305 + 0.491))


def build(
    skeleton: Skeleton, height: float | None = None, soles: Soles | None = None, palette: Palette = MANNEQUIN,
    *, face: bool = False,
) -> Figure:  # fmt: skip
    """Model the body of a person.

    Args:
      skeleton: must have the joints of ``skeleton.template``; any offsets.
      height: stature that sets girths, m; estimated from the skeleton by default.
      soles: where the shoes stand; the template's by default.
      palette: colors.
      face: give the head eyes, brows, mouth and hair.

    Returns:
      A Figure of about 20,000 triangles.

    Raises:
      InputError: the skeleton lacks joints of the template.
    """
    missing = set(skeletons.JOINT_NAMES) - set(skeleton.names)
    if missing:
        raise InputError(
            f"skeleton without {', '.join(sorted(missing))}: cannot draw a body; use skeleton.template joints"
        )
    height = stature(skeleton) if height is None else height
    frame = Frame(skeleton.names, rest_positions(skeleton), height)
    neck = frame.joint("neck")
    top = neck + skeletons.template_sites(("head_top",), height).offset[0]
    parts = torso.build(frame, palette)
    parts += head.build(top, height, frame.link("neck"), palette.skin, face=face, hair=palette.hair)
    soles = skeletons.template_soles(height) if soles is None else soles
    bending = {}
    for row, side in enumerate(("left", "right")):
        parts += limbs.arm(frame, palette, side)
        parts += limbs.leg(frame, palette, side)
        shoe = limbs.shoe(frame, palette, side, soles.heel[row], soles.toe[row], float(soles.half_width[row]))
        for k, part in enumerate(shoe, start=len(parts)):
            bending[k] = _bending(part.vertices - frame.joint(f"{side}_ankle"), soles, row)
        parts += shoe
    still = [(np.zeros_like(p.vertices), np.zeros(len(p.vertices))) for p in parts]
    under, bends = zip(*(bending.get(k, rigid) for k, rigid in enumerate(still)), strict=True)
    return _assemble(parts, frame.rest, np.concatenate(under), np.concatenate(bends))


def _bending(local: np.ndarray, soles: Soles, row: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the points of the sole below a shoe's vertices (V, 3) m, and how far each lies on the toes, (V,) 0..1."""
    heel, ball, across = (np.asarray(v, float)[row] for v in (soles.heel, soles.ball, soles.across))
    ahead = (ball - heel) / np.linalg.norm(ball - heel)
    up = np.cross(ahead, across)
    return local - ((local - ball) @ up)[:, None] * up, np.clip((local - ball) @ ahead / 0.015, 0.0, 1.0)


def _assemble(parts, rest: np.ndarray, under: np.ndarray, bends: np.ndarray) -> Figure:
    first = np.cumsum([0] + [len(p.vertices) for p in parts[:-1]])
    vertices = np.concatenate([p.vertices for p in parts])
    links = np.concatenate([p.links for p in parts])
    return Figure(
        offsets=(vertices[:, None] - rest[links]).astype(np.float32),
        normals=np.concatenate([p.normals for p in parts]).astype(np.float32),
        links=links,
        weight=np.concatenate([p.weight for p in parts]).astype(np.float32),
        faces=np.concatenate([p.faces + n for p, n in zip(parts, first, strict=True)]).astype(np.int32),
        colors=np.concatenate([p.colors for p in parts]).astype(np.float32),
        gloss=np.concatenate([p.gloss for p in parts]).astype(np.float32),
        under=under.astype(np.float32),
        bends=bends.astype(np.float32),
        coarse=np.concatenate([p.coarse + n for p, n in zip(parts, first, strict=True)]).astype(np.int32),
    )


def coarser(figure: Figure) -> Figure:
    """Return the figure with half of its triangles, for a body of a few hundred pixels; its normals stay smooth."""
    used, faces = np.unique(figure.coarse, return_inverse=True)
    faces = faces.reshape(-1, 3).astype(np.int32)
    vertices = {
        f.name: getattr(figure, f.name)[used] for f in dataclasses.fields(Figure) if f.name not in ("faces", "coarse")
    }
    return Figure(**vertices, faces=faces, coarse=faces)


def pose(figure: Figure, joint_pos: Array, joint_rot: Array) -> tuple[np.ndarray, np.ndarray]:
    """Place the surface; toes that would be below the ground z = 0 are bent up to lie on it.

    Args:
      figure: from ``build``.
      joint_pos: (J, 3) m, world.
      joint_rot: (J, 3, 3) world orientation of each joint frame.

    Returns:
      Vertices (V, 3) m and unit normals (V, 3), world, float32.
    """
    pos, rot = np.asarray(joint_pos, np.float32), np.asarray(joint_rot, np.float32)
    w = figure.weight[:, None]
    a, b = figure.links[:, 0], figure.links[:, 1]
    ra, rb = rot[a], rot[b]
    va = np.einsum("vij,vj->vi", ra, figure.offsets[:, 0]) + pos[a]
    vb = np.einsum("vij,vj->vi", rb, figure.offsets[:, 1]) + pos[b]
    blend = ra + w[:, :, None] * (rb - ra)
    normals = np.einsum("vij,vj->vi", blend, figure.normals)
    normals /= np.sqrt(np.einsum("vi,vi->v", normals, normals) + 1e-12)[:, None]
    vertices = va + w * (vb - va)
    under = np.einsum("vj,vj->v", ra[:, 2], figure.under) + pos[a, 2]
    vertices[:, 2] -= figure.bends * np.minimum(under + BEND_FROM, 0.0)
    return vertices, normals
