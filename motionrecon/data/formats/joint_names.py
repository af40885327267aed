"""Which names marker and joint files give to the body's points, mapped to the canonical ones.

``LKnee`` is the knee. Joints of animation rigs are named by the bone that begins there (``LeftArm`` is the shoulder);
``rig_names`` knows those. Case, separators and prefixes such as ``mixamorig:`` do not matter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from motionrecon.geometry.keypoints import CANONICAL

MIN_EXACT = 8  # this many canonical names are no coincidence
_MARKERS = {
    "hip": ("hip", "hjc", "hjcstudy", "hipjc", "fep"),
    "knee": ("knee", "kjc", "kneejc", "feo"),
    "ankle": ("ankle", "ajc", "anklejc", "tio"),
    "shoulder": ("shoulder", "sjc", "shoulderjc", "clo", "shoulderstudy", "sho"),
    "elbow": ("elbow", "ejc", "elbowjc", "huo"),
    "wrist": ("wrist", "wjc", "wristjc", "rao"),
    "heel": ("heel", "hee", "calc", "calcstudy"),
    "ball": ("ball", "toebase", "toe", "toestudy", "mtp2"),
    "toe": ("bigtoe", "toetip", "hallux", "footindex"),
    "small_toe": ("smalltoe", "5meta", "5metastudy"),
    "eye": ("eye",),
    "ear": ("ear",),
}
_MARKERS_MIDDLE = {
    "pelvis": ("pelvis", "hip", "hips", "midhip", "pelo", "pelvisorigin", "root"),
    "chest": ("chest", "thorax"),
    "neck": ("neck", "midshoulder", "trxo"),
    "head": ("headcenter", "hedo"),
    "head_top": ("headtop", "head", "vertex", "topofhead"),
    "nose": ("nose",),
}
# Joint centres that are the middle of two skin markers, where no joint centre itself is given.
_MIDDLES = {
    "knee": (("kneestudy", "mkneestudy"), ("knee", "kneemed"), ("kne", "knm"), ("lknee", "mknee")),
    "ankle": (("anklestudy", "manklestudy"), ("ankle", "anklemed"), ("ank", "anm"), ("lankle", "mankle")),
    "elbow": (("lelbowstudy", "melbowstudy"), ("elb", "elm")),
    "wrist": (("lwriststudy", "mwriststudy"), ("wra", "wrb")),
}

_SIDES = (
    re.compile(r"^(?P<side>[左右])(?P<base>.+)$"),
    re.compile(r"^(?P<side>left|right)[\s_.\-]*(?P<base>.*)$", re.IGNORECASE),
    re.compile(r"^(?P<base>.+?)[\s_.\-]*(?P<side>left|right)$", re.IGNORECASE),
    re.compile(r"^(?P<side>[lr])[\s_.\-]+(?P<base>.+)$", re.IGNORECASE),
    re.compile(r"^(?P<base>.+?)[\s_.\-]+(?P<side>[lr])$", re.IGNORECASE),
    re.compile(r"^(?P<side>[lLrR])(?P<base>[A-Z0-9].*)$"),
)
_PREFIX = re.compile(r"^(?i:mixamorig\d*|bip0*\d+|character\d+|m_avg|f_avg|def|jnt)(?=[\s_.\-A-Z])[\s_.\-]*")


def split_side(label: str) -> tuple[str, str]:
    """Split a foreign label into its side ("left_", "right_" or "") and its bare lower-case base name."""
    name = _PREFIX.sub("", label.strip().split(":")[-1].split("|")[-1])
    for pattern in _SIDES:
        match = pattern.match(name)
        if match:
            side = "left_" if match["side"][0] in "lL左" else "right_"
            return side, bare(match["base"])
    return "", bare(name)


def bare(name: str) -> str:
    """Return a name's letters and digits in lower case."""
    return re.sub(r"[\W_]", "", name.lower())


def choose(table: dict, middle: dict, index: Mapping[tuple[str, str], int]) -> dict[str, int]:
    """Choose the preferred of the names that a file uses for each point, each label once.

    Args:
      table: point of a limb -> bare names by preference.
      middle: the same for points of the middle.
      index: (side, bare name) -> index of the label, as ``split_side`` tells them.

    Returns:
      Canonical name -> index of its label.
    """
    found: dict[str, int] = {}
    for name, alternatives in middle.items():
        hit = next((index[("", a)] for a in alternatives if ("", a) in index), None)
        if hit is not None:
            found[name] = hit
    for side in ("left_", "right_"):
        used: set[int] = set()
        for name, alternatives in table.items():
            hit = next((index[(side, a)] for a in alternatives if index.get((side, a), -1) not in used | {-1}), None)
            if hit is not None:
                found[side + name] = hit
                used.add(hit)
    return found


def pick_markers(labels: Sequence[str], positions: np.ndarray) -> tuple[tuple[str, ...], tuple[str, ...], np.ndarray]:
    """Pick the known points of a marker or joint file.

    Args:
      labels: M labels as in the file.
      positions: (T, M, 3), NaN where missing.

    Returns:
      K canonical names, K labels they came from, and their positions (T, K, 3). Joint centres come first; a
      joint without one is taken as the middle of its two skin markers where both are there.
    """
    exact = {label: i for i, label in enumerate(labels) if label in CANONICAL}
    if len(exact) >= MIN_EXACT:  # written by this package or for it
        return tuple(exact), tuple(exact), positions[:, list(exact.values())]
    first: dict[tuple[str, str], int] = {}
    for i, label in enumerate(labels):
        first.setdefault(split_side(label), i)
    found = choose(_MARKERS, _MARKERS_MIDDLE, first)
    index = {split_side(label): i for i, label in reversed(list(enumerate(labels)))}
    sources: dict[str, tuple[int, ...]] = {name: (i,) for name, i in found.items()}
    for side in ("left_", "right_"):
        for joint, pairs in _MIDDLES.items():
            both = next((p for p in pairs if all((side, m) in index for m in p)), None)
            if both and (side + joint not in sources or both[0] == joint):
                sources[side + joint] = tuple(index[(side, m)] for m in both)
    if "pelvis" not in sources and {"left_hip", "right_hip"} <= sources.keys():
        sources["pelvis"] = sources["left_hip"] + sources["right_hip"]
    names = tuple(sources)
    picked = [positions[:, list(sources[n])].mean(axis=1) for n in names]
    origin = tuple(" + ".join(labels[i] for i in sources[n]) for n in names)
    return names, origin, np.stack(picked, axis=1) if picked else np.zeros((len(positions), 0, 3))
