"""Where a body's limbs are in a tree of joints, told by the tree and its lengths.

Legs and arms are two pairs of like chains: two long bones one after the other, something short behind them, at most
something short before them; left and right alike. The pair that hangs from the pelvis has about as long a shin as a
thigh and is the longer one; the other pair springs from the spine. Names, where some are known, weigh in: a reading of
the tree costs more for each joint that it calls otherwise. Joints that coincide with their parent and bones that
only twist change nothing.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Mapping

import numpy as np

LIMBS = {"leg": ("hip", "knee", "ankle"), "arm": ("shoulder", "elbow", "wrist")}
MOST_COST = 9.0  # a chain or a body that costs more is none
_RATIO = {"leg": 1.0, "arm": 1.15}  # first long bone over the second, of people
_BEFORE = {"leg": 0.35, "arm": 0.7}  # longest way to the first joint, of both long bones: sacrum, clavicle
_BEHIND = {"leg": 0.5, "arm": 0.8}  # longest way behind the last joint: foot, hand with fingers
_ARM_TO_LEG = 0.65
_SPREAD = np.log(1.3)  # of ratios
_SLACK = 0.15  # by which a way may be longer, of both long bones
_MOST_OVER = 8.0  # cost of a longer way at most: a sword in a hand makes no other limb of an arm
_ALIKE = np.log(1.25)  # left and right
_BENT = 0.01  # share by which a bone with a joint in it may be shorter than its parts: one that twists does not bend
_COINCIDE = 1e-4  # of the longest bone
_OTHERWISE = 2.0  # cost of a joint that has another name
_DEEPEST = 14  # joints of a chain that are looked at


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


@dataclasses.dataclass(frozen=True)
class Tree:
    """A tree of joints in motion.

    Attributes:
      parents: N parents, -1 for a root; parents come first.
      positions: (T, N, 3) in any unit and axes; a few frames are enough.
    """

    parents: tuple[int, ...]
    positions: np.ndarray

    @functools.cached_property
    def lengths(self) -> np.ndarray:
        """(N,) median distance from the parent; 0 for roots."""
        up = np.maximum(self.parents, 0)
        found = np.median(np.linalg.norm(self.positions - self.positions[:, up], axis=-1), axis=0)
        return np.where(np.asarray(self.parents) < 0, 0.0, found)

    @functools.cached_property
    def place(self) -> tuple[int, ...]:
        """N, the uppermost joint that coincides with each."""
        out: list[int] = []
        for i, parent in enumerate(self.parents):
            out.append(out[parent] if parent >= 0 and self.lengths[i] <= _COINCIDE * self.lengths.max() else i)
        return tuple(out)

    @functools.cached_property
    def children(self) -> dict[int, list[int]]:
        """Places -> the places that hang from them."""
        out: dict[int, list[int]] = {p: [] for p in set(self.place)}
        for i, parent in enumerate(self.parents):
            if parent >= 0 and self.place[i] == i:
                out[self.place[parent]].append(i)
        return out

    @functools.cached_property
    def reach(self) -> np.ndarray:
        """(N,) length of the longest way down from each place."""
        out = np.zeros(len(self.parents))
        for i in range(len(self.parents) - 1, -1, -1):
            if self.place[i] == i and self.parents[i] >= 0:
                above = self.place[self.parents[i]]
                out[above] = max(out[above], out[i] + self.lengths[i])
        return out

    def chain(self, start: int) -> list[int]:
        """Return the places from ``start`` down the longest way."""
        out = [start]
        while self.children[out[-1]]:
            out.append(max(self.children[out[-1]], key=lambda c: self.reach[c] + self.lengths[c]))
        return out

    def ancestors(self, joint: int) -> list[int]:
        """Return the places from that of ``joint`` up to the root."""
        out = [self.place[joint]]
        while self.parents[out[-1]] >= 0:
            out.append(self.place[self.parents[out[-1]]])
        return out

    def common(self, *joints: int) -> int:
        """Return the lowest place above (or at) all ``joints``; -1 where they hang on different roots."""
        ways = [self.ancestors(j) for j in joints]
        return next((p for p in ways[0] if all(p in way for way in ways[1:])), -1)

    def bend(self, joints: list[int]) -> float:
        """Return by which share the straight line along a way of joints is at times shorter than the way."""
        way = float(self.lengths[joints[1:]].sum())
        line = np.linalg.norm(self.positions[:, joints[0]] - self.positions[:, joints[-1]], axis=-1)
        return float(1.0 - np.percentile(line, 10.0) / way) if way > 0 else 1.0


@dataclasses.dataclass(frozen=True)
class Limb:
    """A chain read as a limb: its root, its three joints, the way down from the first of them, and what that costs."""

    root: int
    joints: tuple[int, int, int]
    chain: tuple[int, ...]
    bones: tuple[float, float]
    cost: float


@dataclasses.dataclass(frozen=True)
class Body:
    """A pair of legs and, where there are any, of arms, each in no order of sides."""

    legs: tuple[Limb, Limb]
    arms: tuple[Limb, Limb] | None


def _read(tree: Tree, kind: str, root: int, start: int, named: Mapping[str, frozenset[int]]) -> Limb | None:
    """Read the chain below ``root`` that begins at ``start`` as a limb; None where it is too short."""
    chain = tree.chain(start)[:_DEEPEST]
    way = np.cumsum(tree.lengths[chain])
    total = way[-1] + tree.reach[chain[-1]]
    best: Limb | None = None
    for a, b, c in itertools.combinations(range(len(chain)), 3):
        first, second = way[b] - way[a], way[c] - way[b]
        both = first + second
        over = (way[a] / both - _BEFORE[kind], (total - way[c]) / both - _BEHIND[kind])
        cost = float((np.log(first / second / _RATIO[kind]) / _SPREAD) ** 2)
        cost += sum(min(max(0.0, x / _SLACK) ** 2, _MOST_OVER) for x in over)
        if best is not None and cost >= best.cost:
            continue
        inner = [chain[a : b + 1], chain[b : c + 1]]
        cost += sum((tree.bend(part) / _BENT) ** 2 for part in inner if len(part) > 2)
        cost += 2.0 * (tree.bend([chain[a], *chain[a + 1 : c + 1]]) < 1e-4)  # a joint that never bends is no knee
        joints = (chain[a], chain[b], chain[c])
        for other, roles in LIMBS.items():
            for role, joint in zip(roles, joints, strict=True):
                called = named.get(role, frozenset()) & set(chain)
                cost += _OTHERWISE * bool(called and (other != kind or joint not in called))
        if best is None or cost < best.cost:
            best = Limb(root, joints, tuple(chain[a:]), (float(first), float(second)), cost)
    return best


def _pairs(tree: Tree, kind: str, named: Mapping[str, frozenset[int]]) -> list[tuple[Limb, Limb]]:
    """Return all pairs of like limbs that hang from one place."""
    out = []
    for root, starts in tree.children.items():
        limbs = [limb for s in starts if (limb := _read(tree, kind, root, s, named)) and limb.cost < MOST_COST]
        for one, other in itertools.combinations(limbs, 2):
            unlike = max(abs(np.log(a / b)) for a, b in zip(one.bones, other.bones, strict=True))
            if unlike < _ALIKE:
                out.append((one, other))
    return out


def find_body(tree: Tree, named: Mapping[str, frozenset[int]]) -> Body | None:
    """Find the limbs of a person.

    Args:
      tree: the joints.
      named: roles ("hip", "knee", ...) -> places of the joints whose names say so, of either side.

    Returns:
      The cheapest reading, or None where the tree holds no person. Without arms legs must be known by a name, because
      arms alone look like legs.
    """
    legs, arms = _pairs(tree, "leg", named), _pairs(tree, "arm", named)
    best, least = None, MOST_COST
    for leg, arm in itertools.product(legs, arms):
        every = itertools.permutations((*leg, *arm), 2)
        if any(one.joints[0] in tree.ancestors(other.joints[0]) for one, other in every):
            continue  # one hangs on the other
        ratio = sum(sum(limb.bones) for limb in arm) / sum(sum(limb.bones) for limb in leg)
        cost = sum(limb.cost for limb in (*leg, *arm)) / 2.0 + float((np.log(ratio / _ARM_TO_LEG) / _SPREAD) ** 2)
        if cost < least:
            best, least = Body(leg, arm), cost
    if best is None:
        known = frozenset().union(*(named.get(role, frozenset()) for role in LIMBS["leg"]))
        alone = [pair for pair in legs if all(known & set(limb.chain) for limb in pair)]
        pair = min(alone, key=lambda p: p[0].cost + p[1].cost, default=None)
        best = Body(pair, None) if pair is not None else None
    return best
