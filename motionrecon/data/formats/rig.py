"""The body's points in a rig: by its tree and by its joints' names, and what to say where they do not agree."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from motionrecon.data.formats import rig_names, rig_trunk
from motionrecon.data.formats.rig_structure import LIMBS, Body, Limb, Rig, Tree, find_body
from motionrecon.errors import DataError

_FRAMES = 60  # of a clip that are looked at
_BENDS = 0.02  # share of a bone that unnamed joints in it may take away
_CLEAR = 0.5  # mean sine of the angle by which the hips' line must agree with one side
_LISTED = 12  # labels in a message
_SIDES = ("left_", "right_")


def locate(path: Path, rig: Rig) -> tuple[dict[str, int], list[str]]:
    """Find the body's points.

    Joints that names tell completely and in order stand; the tree tells the rest, and where the pelvis is.

    Args:
      path: the file, for messages.
      rig: its joints.

    Returns:
      Canonical name -> index of the joint or end site, and plain sentences about what rests on the tree.

    Raises:
      DataError: no body found, or sides that cannot be told; names the joints that lack.
    """
    step = max(1, len(rig.positions) // _FRAMES)
    tree = Tree(rig.parents, rig.positions[::step])
    plain = rig_names.plain_labels(rig.labels)
    named = rig_names.map_rig(rig.labels)
    if named.get("head") == named.get("pelvis"):
        named.pop("head", None)
    body = find_body(tree, _roles(tree, named))
    shape = body if body is not None and body.arms else find_body(tree, {}) or body
    found = {n: i for n, i in named.items() if n.endswith(("ball", "head", "pelvis"))}
    notes: list[str] = []
    for kind, roles in LIMBS.items():
        own = _from_names(tree, rig, named, roles)
        pair = None if body is None else body.legs if kind == "leg" else body.arms
        if shape is not None and own is not None:
            _agree(path, rig, tree, shape.legs if kind == "leg" else shape.arms or (), own, roles[1])
        if pair is not None and own is None:
            limbs = _sided(path, rig, plain, body, pair)
            own = {s + r: j for s, limb in limbs.items() for r, j in zip(roles, limb.joints, strict=True)}
            changed = [n for n, j in own.items() if n not in named or tree.place[named[n]] != j]
            own = {n: named[n] if n not in changed else j for n, j in own.items()}
            if changed:
                notes.append(_told(rig, changed, own))
        found |= {n: named[n] for s in _SIDES for r in roles if (n := s + r) in named} if own is None else own
    _require(path, rig, found)
    found |= _balls(tree, rig, found)
    notes += rig_trunk.set_pelvis(tree, rig, plain, named, body, found)
    rig_trunk.name_spine(rig, plain, tree, body, found)
    rig_trunk.name_tips(rig, tree, body, found)
    return found, notes


def _roles(tree: Tree, named: dict[str, int]) -> dict[str, frozenset[int]]:
    roles = {role for limb in LIMBS.values() for role in limb}
    return {r: frozenset(tree.place[named[s + r]] for s in _SIDES if s + r in named) for r in roles}


def _from_names(tree: Tree, rig: Rig, named: dict[str, int], roles: tuple[str, ...]) -> dict[str, int] | None:
    """Return a limb's joints of both sides as names tell them; None where one lacks, or the tree tells otherwise."""
    out = {}
    for side in _SIDES:
        joints = [named[side + role] for role in roles if side + role in named]
        if len(joints) < len(roles):
            whole = roles[-1] == "wrist" and len(joints) == 2 and side + "wrist" not in named
            if not whole or any(rig.labels[i] for i in tree.chain(tree.place[joints[1]])[1:]):
                return None  # but a hand without a joint is found as the forearm's end
        for upper, lower in itertools.pairwise(joints):
            way = tree.ancestors(lower)
            if tree.place[upper] not in way[1:]:
                return None
            part = way[: way.index(tree.place[upper]) + 1][::-1]
            if len(part) > 2 and tree.bend(part) > _BENDS:
                return None
        out |= {side + role: j for role, j in zip(roles, joints, strict=False)}
    return out


def _agree(path: Path, rig: Rig, tree: Tree, limbs: tuple[Limb, ...], own: dict[str, int], middle: str) -> None:
    """Raise DataError where knees or elbows by name are in no limb by the tree."""
    chains = {j for limb in limbs for j in limb.chain}
    strange = [n for n, j in own.items() if n.endswith(middle) and limbs and tree.place[j] not in chains]
    if strange:
        listed = " and ".join(f"{rig.labels[own[n]]} ({n.replace('_', ' ')} by its name)" for n in strange)
        told = " and ".join(rig.labels[limb.joints[1]] for limb in limbs)
        raise DataError(
            f"{path}: names and tree of its joints contradict each other: {listed} would be {told} by the lengths of "
            "the bones; correct the names"
        )


def _sided(path: Path, rig: Rig, plain: list[str], body: Body | None, pair: tuple[Limb, Limb]) -> dict[str, Limb]:
    """Tell which limb is the left one: by its joints' names, else by where the feet point."""
    votes = []
    for limb in pair:
        says = [rig_names.side_of(plain[j]) for j in (*limb.joints, *limb.chain)]
        votes.append(says.count("left_") - says.count("right_"))
    if votes[0] * votes[1] < 0:
        return dict(zip(_SIDES, pair if votes[0] > 0 else pair[::-1], strict=True))
    turn = _handedness(rig, body, pair)
    if abs(turn) < _CLEAR:
        raise DataError(
            f"{path}: which of {rig.labels[pair[0].joints[0]]} and {rig.labels[pair[1].joints[0]]} is left can be told "
            "neither from names nor from where the feet point; name them LeftUpLeg, RightUpLeg, LeftArm, RightArm"
        )
    return dict(zip(_SIDES, pair if turn > 0 else pair[::-1], strict=True))


def _handedness(rig: Rig, body: Body | None, pair: tuple[Limb, Limb]) -> float:
    """Return 1 where the first limb of the pair is on the left of the feet's direction, -1 on the right, 0 unknown."""
    if body is None or body.arms is None:
        return 0.0
    at = rig.positions
    up = sum(at[:, a.joints[0]] for a in body.arms) - sum(at[:, leg.joints[2]] for leg in body.legs)
    ahead = np.zeros_like(up)
    for leg in body.legs:
        ahead += at[:, leg.chain[-1]] - at[:, leg.joints[2]]
    if np.linalg.norm(ahead, axis=-1).max() < 1e-6:  # no feet: knees bend forward
        ahead = sum(2 * at[:, leg.joints[1]] - at[:, leg.joints[0]] - at[:, leg.joints[2]] for leg in body.legs)
    left = np.cross(up, ahead)
    across = at[:, pair[0].joints[0]] - at[:, pair[1].joints[0]]
    size = np.linalg.norm(left, axis=-1) * np.linalg.norm(across, axis=-1)
    return float(np.mean(np.sum(left * across, axis=-1) / np.maximum(size, 1e-12)))


def _balls(tree: Tree, rig: Rig, found: dict[str, int]) -> dict[str, int]:
    """Return the joints behind the ankles, where a foot has one and no name that stands behind the ankle says which."""
    out = {}
    for side in _SIDES:
        behind = [i for i in tree.chain(tree.place[found[side + "ankle"]])[1:] if rig.labels[i]]
        known = found.get(side + "ball")
        if behind and (known is None or found[side + "ankle"] not in tree.ancestors(known)[1:]):
            out[side + "ball"] = behind[0]
    return out


def _told(rig: Rig, names: list[str], joints: dict[str, int]) -> str:
    listed = ", ".join(f"{rig.labels[joints[n]] or 'an end site'} ({n.replace('_', ' ')})" for n in names)
    return f"Joints told by the tree, not by their names: {listed}."


def _require(path: Path, rig: Rig, found: dict[str, int]) -> None:
    """Raise DataError unless both legs are known."""
    lacking = [side + role for role in LIMBS["leg"] for side in _SIDES if side + role not in found]
    if lacking:
        labels = [label for label in rig.labels if label]
        shown = ", ".join(labels[:_LISTED]) + (", ..." if len(labels) > _LISTED else "")
        known = sum(side + role in found for roles in LIMBS.values() for side in _SIDES for role in roles)
        raise DataError(
            f"{path}: only {known} of its joints are known body points, and its tree shows no body either: "
            f"{', '.join(n.replace('_', ' ') for n in lacking)} lack(s) (joints: {shown}); name joints like LeftUpLeg, "
            "LeftLeg, LeftFoot or export a whole person"
        )
