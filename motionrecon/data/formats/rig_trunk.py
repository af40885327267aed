"""The middle of a body in a rig, once its limbs are known: pelvis, chest, neck, and the ends of its chains."""

from __future__ import annotations

import numpy as np

from motionrecon.data.formats import joint_names, rig_names
from motionrecon.data.formats.rig_structure import Body, Rig, Tree
from motionrecon.geometry.skeleton import JOINT_NAMES

CHEST_FRACTION = 0.46  # of the way from pelvis to neck, where the skeleton template has its chest joint
_NEAR = 0.6  # of the thigh's length: a joint further from the middle of the hips is no pelvis
_WEAK = ("root", "bip01", "bip001")  # names of joints that may as well stand on the floor
_SIDES = ("left_", "right_")


def set_pelvis(
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
        weak = joint_names.bare(plain[known]) in _WEAK
        if not weak or tree.place[known] == trunk:
            return []
    place = legs if trunk < 0 or far(trunk) else trunk
    found["pelvis"] = place
    if known is None:
        return []
    return [f"{rig.labels[known]} is not where legs and spine meet; {rig.labels[place]} is taken for the pelvis."]


def name_spine(rig: Rig, plain: list[str], tree: Tree, body: Body | None, found: dict[str, int]) -> None:
    """Add "neck" and "chest" from the chain of joints between pelvis and head."""
    top = _top(tree, rig, body)
    node = found.get("head")
    if node is None:
        node = top[-1] if top else next((i for i, label in enumerate(plain) if rig_names.is_neck(label)), None)
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


def _rises(tree: Tree, body: Body, below: int, above: int) -> float:
    """Return how far one joint lies over another along the body, less how far to a side; the mean of all frames."""
    at, arms = tree.positions, body.arms or body.legs
    up = sum(at[:, limb.joints[0]] for limb in arms) - sum(at[:, leg.joints[2]] for leg in body.legs)
    side = at[:, arms[0].joints[0]] - at[:, arms[1].joints[0]]
    up, side = (v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-12) for v in (up, side))
    way = at[:, above] - at[:, below]
    return float(np.mean(np.sum(way * up, axis=-1) - np.abs(np.sum(way * side, axis=-1))))


def _top(tree: Tree, rig: Rig, body: Body | None) -> list[int]:
    """Return the joints of neck and head: the chain that rises most from where the arms spring, no hair and no wing."""
    if body is None or body.arms is None:
        return []
    root = body.arms[0].root
    taken = {p for limb in (*body.arms, *body.legs) for p in tree.ancestors(limb.joints[0])}
    best, most = [], 0.0
    for start in tree.children[root]:
        if start in taken:
            continue
        chain = [start]
        while above := [c for c in tree.children[chain[-1]] if _rises(tree, body, chain[-1], c) > 0]:
            chain.append(max(above, key=lambda c: _rises(tree, body, root, c)))
        if (rise := _rises(tree, body, root, chain[-1])) > most:
            best, most = chain, rise
    return [i for i in best if rig.labels[i]]


def name_tips(rig: Rig, tree: Tree, body: Body | None, found: dict[str, int]) -> None:
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
        if name == "head_top" and body is not None and len(rig.children(carrier)) > 1:
            rises = {c: _rises(tree, body, carrier, c) for c in rig.children(carrier)}
            end = max(rises, key=lambda c: rises[c])
            end = end if rises[end] > 0 else carrier
        if end != carrier and offset(end) > 1e-6:
            found[name] = end
    if not set(JOINT_NAMES) <= set(rig.labels):
        found.pop("head", None)  # where rigs put this joint varies; the tip above it is the better defined point
    else:
        found["spine"] = rig.labels.index("spine")
