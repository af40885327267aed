"""The body's points in a rig: by its tree and by its joints' names, and what to say where they do not agree."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import numpy as np

from motionrecon.data.formats import rig_names
from motionrecon.data.formats.rig_structure import LIMBS, Body, Limb, Tree, find_body
from motionrecon.errors import DataError
from motionrecon.geometry.skeleton import JOINT_NAMES

CHEST_FRACTION = 0.46  # of the way from pelvis to neck, where the skeleton template has its chest joint
_FRAMES = 60  # of a clip that are looked at
_NEAR = 0.6  # of the thigh's length: a joint further from the middle of the hips is no pelvis
_WEAK = ("root", "bip01", "bip001")  # names of joints that may as well stand on the floor
_BENDS = 0.02  # share of a bone that unnamed joints in it may take away
_CLEAR = 0.5  # mean sine of the angle by which the hips' line must agree with one side
_LISTED = 12  # labels in a message
_SIDES = ("left_", "right_")


@dataclasses.dataclass(frozen=True)
class Rig:
    """The joints of a file.

    Attributes:
      labels: N names, parents first; "" for end sites.
      parents: N, -1 for a root.
      positions: (T, N, 3) in the file's unit and axes.
    """

    labels: tuple[str, ...]
    parents: tuple[int, ...]
    positions: np.ndarray

    def children(self, joint: int) -> list[int]:
        """Return the joints and end sites that hang from ``joint``."""
        return [c for c, p in enumerate(self.parents) if p == joint]


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
    notes += _set_pelvis(tree, rig, plain, named, body, found)
    _name_spine(rig, plain, tree, body, found)
    _name_tips(rig, plain, found)
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


def _set_pelvis(
    tree: Tree, rig: Rig, plain: list[str], named: dict[str, int], body: Body | None, found: dict[str, int]
) -> list[str]:
    """Set the pelvis: the joint with such a name near the hips and above both legs, else where legs and spine meet.

    Returns:
      A sentence where a joint with such a name was passed over.
    """
    hips = [found["left_hip"], found["right_hip"]]
    legs = tree.common(*hips)
    if legs < 0:
        return []
    trunk = legs if body is None or body.arms is None else tree.common(*hips, body.arms[0].root)
    middle = tree.positions[:, hips].mean(axis=1)
    thigh = np.median(np.linalg.norm(tree.positions[:, hips[0]] - tree.positions[:, found["left_knee"]], axis=-1))

    def far(joint: int) -> bool:
        return float(np.median(np.linalg.norm(tree.positions[:, joint] - middle, axis=-1))) > _NEAR * thigh

    known = named.get("pelvis")
    if known is not None and tree.place[known] in tree.ancestors(legs) and not far(known):
        weak = rig_names.joint_names.bare(plain[known]) in _WEAK
        if not weak or tree.place[known] == trunk:
            return []
    place = legs if trunk < 0 or far(trunk) else trunk
    found["pelvis"] = place
    if known is None:
        return []
    return [f"{rig.labels[known]} is not where legs and spine meet; {rig.labels[place]} is taken for the pelvis."]


def _name_spine(rig: Rig, plain: list[str], tree: Tree, body: Body | None, found: dict[str, int]) -> None:
    """Add "neck" and "chest" from the chain of joints between pelvis and head."""
    top = _top(tree, rig, body)
    node = found.get("head")
    if node is None:
        node = next((i for i, label in enumerate(plain) if rig_names.is_neck(label)), top[-1] if top else None)
    if node is None:
        return
    below = {tree.place[found["pelvis"]], *tree.ancestors(found["pelvis"])} if "pelvis" in found else set()
    chain: list[int] = []  # from the top down, without joints that coincide with their parent
    while node >= 0 and node != found.get("pelvis") and node not in below:
        if tree.place[node] == node and rig.parents[node] >= 0:
            chain.append(node)
        node = rig.parents[node]
    if not chain:
        return
    called = [i for i in chain if rig_names.is_neck(plain[i])]
    told = [i for i in top if i in chain]
    neck = called[-1] if called else told[0] if told else chain[0]
    found["neck"] = neck
    if not called:
        found.setdefault("head", chain[0])
    inner = chain[chain.index(neck) + 1 :][::-1]
    lengths = np.cumsum([tree.lengths[i] for i in (*inner, neck)])
    if inner:
        found["chest"] = inner[int(np.argmin(np.abs(lengths[:-1] / lengths[-1] - CHEST_FRACTION)))]


def _top(tree: Tree, rig: Rig, body: Body | None) -> list[int]:
    """Return the joints of neck and head: the longest chain that goes up from where the arms spring."""
    if body is None or body.arms is None:
        return []
    at = tree.positions
    root = body.arms[0].root
    up = sum(at[:, a.joints[0]] for a in body.arms) - sum(at[:, leg.joints[2]] for leg in body.legs)
    taken = {p for limb in (*body.arms, *body.legs) for p in tree.ancestors(limb.joints[0])}
    chains = [tree.chain(c) for c in tree.children[root] if c not in taken]
    rising = [c for c in chains if np.mean(np.sum((at[:, c[-1]] - at[:, root]) * up, axis=-1)) > 0]
    best = max(rising, key=lambda c: tree.reach[c[0]] + tree.lengths[c[0]], default=[])
    return [i for i in best if rig.labels[i]]


def _name_tips(rig: Rig, plain: list[str], found: dict[str, int]) -> None:
    """Add the points that are ends of chains: head, toes, and hands without a joint."""

    def offset(joint: int) -> float:
        return float(np.linalg.norm(rig.positions[0, joint] - rig.positions[0, rig.parents[joint]]))

    def tip(start: int) -> int:
        """Follow the only or straightest line of descendants to its end."""
        while rig.children(start):
            start = max(rig.children(start), key=offset)
        return start

    ends = {"head_top": ("head", "neck"), **{s + "toe": (s + "ball", s + "ankle") for s in _SIDES}}
    ends |= {s + "wrist": (s + "elbow",) for s in _SIDES}
    for name, carriers in ends.items():
        carrier = next((found[c] for c in carriers if c in found), None)
        if name in found or carrier is None:
            continue
        end = tip(carrier)
        if end != carrier and offset(end) > 1e-6:
            found[name] = end
    if not set(JOINT_NAMES) <= set(rig.labels):
        found.pop("head", None)  # where rigs put this joint varies; the tip above it is the better defined point
    else:
        found["spine"] = rig.labels.index("spine")
