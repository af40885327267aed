"""Which names animation tools give to joints, mapped to the canonical ones.

A joint is named after the bone that begins there: ``LeftArm`` is the shoulder. Schools differ in prefix (``CC_Base_``,
``mixamorig:``, ``J_Bip_``), suffix (``_jnt``, ``.001``), case, script and where the side stands. A label is therefore
cut into words; the side is one of them, and the others are tried as they stand first, then without words in front (a
character's or a tool's name) and without words behind that only say "joint".
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from motionrecon.data.formats import joint_names

# In order of preference: with both an arm and a shoulder the latter is a clavicle, with both an ankle and a foot
# the latter is the toe base.
_RIG = {
    "hip": ("upleg", "upperleg", "thigh", "femur", "hip", "大腿", "太もも", "もも", "足", "腿"),
    "knee": (
        "knee", "lowerleg", "lowleg", "shin", "calf", "tibia", "leg", "shank", "ひざ", "膝", "小腿", "すね",
    ),
    "ankle": ("ankle", "foot", "足首", "脚踝", "脚"),
    "ball": ("ball", "toebase", "toe", "toes", "toe0", "foot", "つま先", "爪先", "足先", "脚趾", "脚尖"),
    "shoulder": (
        "upperarm", "uparm", "arm", "shldr", "humerus", "shoulder", "uarm", "腕", "上腕", "上臂", "大臂",
    ),
    "elbow": (
        "elbow", "forearm", "lowerarm", "lowarm", "radius", "larm", "ひじ", "肘", "前腕", "前臂", "小臂",
    ),
    "wrist": ("wrist", "hand", "手首", "手腕", "手"),
}  # fmt: skip
_RIG_MIDDLE = {
    "pelvis": (
        "hips", "pelvis", "hip", "root", "hipcenter", "bip01", "bip001", "spinebase", "下半身", "骨盤", "骨盆", "腰",
    ),
    "head": ("head", "頭", "头"),
}  # fmt: skip
_LIMB_WORDS = frozenset(word for alternatives in _RIG.values() for word in alternatives)
_SIDE_WORDS = {
    "left_": {"left", "l", "lft", "lt", "左"},
    "right_": {"right", "r", "rgt", "rt", "右"},
}
_PLAIN_WORDS = {"joint", "jnt", "jt", "bone", "bn", "jc", "bind", "skin", "def", "center", "c", "m"}
# Words of joints that carry no limb: controls, and bones that only turn the skin.
_SERVANTS = {"ik", "fk", "pole", "target", "ctrl", "effector", "twist", "roll", "helper", "nub", "end", "site", "捩"}
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[左右]|[^\W\d_a-zA-Z左右]+")
_NUMBERED = re.compile(r"(?<=.)[\s_.\-]+\d+$")
_MOST = 0.8  # a number behind this share of all labels is the exporter's count
_MANY = 5  # what fewer labels share at an end may belong to the names


def plain_labels(labels: Sequence[str]) -> list[str]:
    """Return labels without what all of them share at either end, and without the exporter's running numbers.

    Labels that would vanish stay as they are; empty labels (end sites) do not count.
    """
    own = [label.strip() for label in labels]
    named = [label for label in own if label]
    if len(set(named)) < _MANY:
        return own
    if sum(bool(_NUMBERED.search(label)) for label in named) > _MOST * len(named):
        own = [_NUMBERED.sub("", label) for label in own]
        named = [label for label in own if label]
    for _ in range(2):  # the front, then, turned round, the back
        columns = zip(*(label.lower() for label in named), strict=False)
        shared = sum(1 for _ in itertools.takewhile(lambda letters: len(set(letters)) == 1, columns))
        own = [(label[shared:] or label) if label else "" for label in own]
        own = [label[::-1] for label in own]
        named = [label for label in own if label]
    return own


def _readings(label: str) -> list[tuple[str, str]]:
    """Return (side, bare name) that a label may mean, the most literal first."""
    side, base = joint_names.split_side(label)
    out = [(side, base)]
    if not side and base[:1] in ("l", "r") and base[1:] in _LIMB_WORDS:  # lfemur
        out.insert(0, ("left_" if base[0] == "l" else "right_", base[1:]))
    words = _WORD.findall(label.split(":")[-1].split("|")[-1])
    low = [word.lower() for word in words]
    if not words or _SERVANTS & set(low):
        return out
    sides = [(s, i) for i, word in enumerate(low) for s, known in _SIDE_WORDS.items() if word in known]
    if len({s for s, _ in sides}) > 1:
        return out
    side, at = sides[0] if sides else (side, -1)
    rest = [word for i, word in enumerate(low) if i != at]
    while len(rest) > 1 and rest[-1] in _PLAIN_WORDS:
        rest.pop()
    return out + [(side, joint_names.bare("".join(rest[i:]))) for i in range(len(rest))]


def map_rig(labels: Sequence[str]) -> dict[str, int]:
    """Map joint names of an animation rig.

    Args:
      labels: names as in the file, "" for end sites.

    Returns:
      Canonical name -> index into ``labels``. Spine, neck and end points depend on the tree and are left to the caller.
    """
    known = _LIMB_WORDS.union(*_RIG_MIDDLE.values())
    meant: list[tuple[int, int, tuple[str, str]]] = []  # each label's most literal reading that is known
    for i, label in enumerate(plain_labels(labels)):
        readings = enumerate(_readings(label) if label else [])
        meant += [(depth, i, reading) for depth, reading in readings if reading[1] in known][:1]
    index: dict[tuple[str, str], int] = {}
    for _, i, reading in sorted(meant):
        index.setdefault(reading, i)
    return joint_names.choose(_RIG, _RIG_MIDDLE, index)


def side_of(label: str) -> str:
    """Return "left_", "right_" or "" as a label without shared ends says it."""
    sides = {side for side, _ in _readings(label) if side} if label else set()
    return sides.pop() if len(sides) == 1 else ""


def is_neck(label: str) -> bool:
    """Tell whether a label without shared ends names a joint of the neck."""
    return any(base.startswith(("neck", "首")) for side, base in _readings(label) if not side) if label else False
