"""A gallery of faults: good inputs made wrong in known ways end right, told, refused or failed; never silently wrong.

The fast part goes as far as the kinematic start, which shows nearly all of it: a fault that is refused before the fit,
one that is told, and one that makes no difference. What only a fit can judge is fitted in the slow part.
"""

import collections
import dataclasses
import functools
import tempfile
from pathlib import Path

import numpy as np
import pytest

from motionrecon import metrics
from motionrecon.data import load
from motionrecon.errors import InputError
from motionrecon.fitting import fit, input_checks, kinds
from motionrecon.fitting.initialize.support import support
from motionrecon.geometry import skeleton as skeletons
from motionrecon.metrics import alignment
from motionrecon.types import KinematicStart
from tests.fixtures import faulty_inputs as make

NEAR = {"npz": 0.06, "trc": 0.06, "bvh": 0.06, "json": 0.07}  # m off the truth after one movement: a right start
HALF, TENTHS = slice(40, None), slice(None, None, 10)
OTHERS, STRETCHES = slice(None, None, 2), [t for t in range(80) if t // 10 % 2]
ASIDE, SHANK = make.moved((0.0, 1.0, 0.0)), ("left_knee", ("left_ankle", "left_ball"))
NO_TRUNK = make.without("shoulder", "elbow", "wrist", "chest", "neck", "head")


@dataclasses.dataclass(frozen=True)
class Case:
    """A fault.

    Attributes:
      name: in words.
      fault: what is done to a good recording.
      ends: how it may end: "right", "told", "refused".
      words: one of them has to be said where it is told or refused.
      kind: of file.
    """

    name: str
    fault: make.Fault
    ends: str
    words: tuple[str, ...] = ()
    kind: str = "npz"


def _npz(name, fault, ends, *words):
    return Case(name, fault, ends, words)


def _trc(name, fault, ends, *words):
    return Case(f"TRC: {name}", fault, ends, words, "trc")


def _json(name, fault, ends, *words):
    return Case(f"JSON: {name}", fault, ends, words, "json")


def _bvh(name, edit, ends, *words):
    return Case(f"BVH: {name}", edit, ends, words, "bvh")


CASES = (
    _npz("as it was", make.SAME, "right"),
    _npz("in centimetres", make.scaled(100), "right"),
    _npz("in millimetres", make.scaled(1000), "right"),
    _npz("in inches", make.scaled(39.37), "right"),
    _npz("in feet", make.scaled(3.281), "right told", "unit"),
    _npz("a tenth", make.scaled(0.1), "right told", "unit"),
    _npz("a hundredth", make.scaled(0.01), "right told", "unit"),
    _npz("twice the size", make.scaled(2), "right told", "unit"),
    _npz("y up", make.permuted((1, 2, 0)), "right"),
    _npz("x up", make.permuted((2, 0, 1)), "right"),
    _npz("z down", make.permuted((0, 1, 2), (1, -1, -1)), "right"),
    _npz("two axes exchanged", make.permuted((0, 2, 1)), "refused", "mirrored"),
    _npz("mirrored", make.permuted((0, 1, 2), (1, -1, 1)), "refused", "mirrored"),
    _npz("left and right exchanged", make.ALL_SIDES, "refused", "mirrored"),
    _npz("the legs' sides exchanged", make.LEGS_SIDES, "refused", "exchanged"),
    _npz("sides exchanged from the middle", make.in_frames(HALF, make.ALL_SIDES), "refused told", "jumps"),
    _npz(
        "sides exchanged every other frame",
        make.in_frames(OTHERS, make.ALL_SIDES),
        "refused",
        "exchanged",
    ),
    _npz("hips and knees exchanged", make.exchanged("hip", "knee"), "refused", "each other's names"),
    _npz("wrists and ankles exchanged", make.exchanged("wrist", "ankle"), "refused", "stature", "limbs"),
    _npz("shoulders and hips exchanged", make.exchanged("shoulder", "hip"), "refused", "each other's names"),
    _npz("one wrist and its knee exchanged", make.renamed({"left_wrist": "left_knee"}), "refused", "names"),
    _npz("no left arm", make.without("left_shoulder", "left_elbow", "left_wrist"), "right told", "left arm"),
    _npz("no left leg", make.without("left_knee", "left_ankle", "left_ball"), "told refused", "left leg"),
    _npz("legs only", NO_TRUNK, "told", "trunk"),
    _npz("upper body only", make.without("knee", "ankle", "ball"), "told refused", "leg"),
    _npz("no head", make.without("head", "neck"), "right told", "head"),
    _npz("no feet", make.without("ball"), "right told", "toes"),
    _npz("rate four times too high", make.at_rate(4), "refused", "--source-fps"),
    _npz("rate four times too low", make.at_rate(0.25), "refused told", "--source-fps"),
    _npz("stairs", make.stairs(), "refused", "stairs"),
    _npz("a slope of 20 %", make.slope(0.2), "refused", "slope"),
    _npz("tilted by 4 degrees", make.turned("y", 4.0), "right refused", "floor that is not level"),
    _npz("a treadmill", make.treadmill(), "told", "treadmill"),
    _npz("a metre over the floor", make.moved((0, 0, 1.0)), "right"),
    _npz("a kilometre away", make.moved((1000.0, -300.0, 0)), "right"),
    _npz("laid on the side", make.turned("x", 90.0), "right"),
    _npz("laid on the back", make.turned("y", 90.0), "right"),
    _npz("one shank growing", make.growing(*SHANK, 2.0), "refused", "lengths"),
    _npz("one forearm growing", make.growing("left_elbow", ("left_wrist",), 2.0), "refused", "lengths"),
    _npz("all of it growing", make.swelling(2.0), "refused", "lengths"),
    _npz("one arm longer", make.growing("left_elbow", ("left_wrist",), 1.6, all_along=True), "refused", "differ"),
    _npz("30 % of points missing", make.lost(0.3), "right"),
    _npz("30 % of frames missing", make.lost(0.3, frames=True), "right"),
    _npz("half of the clip missing", make.in_frames(HALF, make.lost(1.0)), "told", "Nothing is seen"),
    _npz("10 mm of noise", make.noisy(0.01), "right told", "noisy"),
    _npz("30 mm of noise, 5 % outliers", make.noisy(0.03, 0.05), "right told", "noisy"),
    _npz("150 mm of noise", make.noisy(0.15), "refused", "lost", "exchanged"),
    _npz("another person from the middle", make.in_frames(HALF, ASIDE), "told", "jumps"),
    _npz(
        "another person every tenth frame",
        make.in_frames(TENTHS, ASIDE),
        "told",
        "jumps",
    ),
    _npz(
        "two people exchanged every ten frames",
        make.in_frames(STRETCHES, make.replaced_by("squat", (1.5, 1.0, 0.0))),
        "told",
        "jumps",
    ),
    _npz("a person of another size from the middle", make.in_frames(HALF, make.scaled(0.6)), "told", "jumps"),
    _npz("one frame teleported", make.in_frames([30], make.moved((0.7, 0.0, 0.4))), "right told", "jumps"),
    _npz("frames of zeros", make.zeros(slice(20, 25)), "right told", "0, 0, 0"),
    _npz("one point at zero", make.zeros(slice(None), ("left_wrist",)), "refused told", "names", "0, 0, 0"),
    _npz("held frames", make.held(30, 50), "told", "jumps", "held"),
    _npz("the same in every frame", make.held(0, 80), "refused", "same in every frame"),
    _npz("all points in one place", make.scaled(0.0), "refused", "same in every frame"),
    _trc("as it was", make.SAME, "right"),
    _trc("a wrong unit", make.scaled(10), "right told", "unit"),
    _trc("metres that are called mm", make.scaled(0.001), "right told", "unit"),
    _trc("x and y exchanged", make.permuted((1, 0, 2)), "refused", "mirrored"),
    _trc("gaps", make.lost(0.3), "right"),
    _trc("stairs", make.stairs(), "refused", "stairs"),
    _trc("rate four times too high", make.at_rate(4), "refused", "--source-fps"),
    _json("as it was", make.SAME, "right"),
    _json("upside down", make.SAME, "refused", "upside down"),
    _json("fractions of the picture", make.SAME, "refused right", "fractions", "--image-size"),
    _json("30 % of points missing", make.lost(0.3), "right"),
    _json("half of the clip missing", make.in_frames(HALF, make.lost(1.0)), "told", "not found"),
    _json("legs only", NO_TRUNK, "told", "Not observed"),
    _json("another person from the middle", make.in_frames(HALF, make.moved((3.0, 0.0, 0.0))), "told", "not found"),
    _json(
        "sides exchanged every other frame",
        make.in_frames(OTHERS, make.ALL_SIDES),
        "refused told right",
        "exchanged",
    ),
    _json(
        "one shank growing",
        make.growing(*SHANK, 2.0),
        "refused told right",
        "lengths",
    ),
    _bvh("as it was", make.SAME, "right"),
    _bvh("a hundred times the size", make.edited(scale=100.0), "right told", "unit"),
    _bvh("left and right exchanged", make.edited(exchange=("Left", "Right")), "refused", "mirrored"),
    _bvh("one leg longer", make.edited(shank=1.6), "refused", "differ"),
    _bvh("rate four times too high", make.edited(rate=4.0), "refused told", "--source-fps"),
    _bvh("only the rest pose", make.edited(still=True), "refused", "same in every frame", "no motion", "rest pose"),
    _bvh("cut off", make.edited(cut=True), "refused", "truncated"),
)


@functools.cache
def _outcome(case: Case) -> tuple[str, str, KinematicStart | None]:
    """Return how an input ends before its fit, what is said, and the start."""
    with tempfile.TemporaryDirectory() as folder:
        path, truth = make.write(case, Path(folder))
        said: list[str] = []
        try:
            clip = load.load(
                path, **({"size": make.SIZE} if case.kind == "json" and "fractions" not in case.name else {})
            )
            said += [*clip.warnings, *input_checks.before_start(clip, None, case.name)]
            start = kinds.kinematic_start(clip, None)
            said += [*start.warnings, *input_checks.after_start(start, case.name)]
        except InputError as error:
            return "refused", str(error), None
    if kinds.SETTINGS[kinds.kind_of(clip)].judges_support:
        said += support.sentences(support.find_unsupported(start))
    text = " ".join(said)
    if _off(start, truth, case.kind == "json") < NEAR[case.kind]:
        return "right", text, start
    return ("told" if any(word in text for word in case.words) else "silently wrong"), text, start


def _off(start: KinematicStart, truth: make.Recording, from_pictures: bool) -> float:
    """Return the mean distance in m of a start's body from the truth after one rigid movement of the whole clip.

    Pictures alone leave the size open, too. A clip of another length or rate is infinitely far.
    """
    motion, names = start.motion, [n for n in truth.names if n in start.motion.skeleton.names or n in start.sites.names]
    sites = skeletons.template_sites(tuple(names), start.height)
    link, offset = np.array(sites.link), np.array(sites.offset)
    for i, name in enumerate(names):
        if name in start.sites.names:
            j = start.sites.names.index(name)
            link[i], offset[i] = np.asarray(start.sites.link)[j], np.asarray(start.sites.offset)[j]
    sites = dataclasses.replace(sites, link=link, offset=offset)
    found = np.asarray(
        skeletons.clip_sites(sites, *skeletons.clip_poses(motion.skeleton, motion.root_pos, motion.quats))
    )
    wanted = truth.points[:, [truth.names.index(n) for n in names]]
    if len(found) != len(wanted) or abs(motion.fps / truth.fps - 1.0) > 0.1:
        return np.inf
    a, b = found.reshape(-1, 3), wanted.reshape(-1, 3)
    aligned = alignment.similarity(a, b, np.ones(len(a)), scale=from_pictures)
    return float(np.linalg.norm(aligned - b, axis=-1).mean())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_fault(case):
    end, text, _ = _outcome(case)
    assert end in case.ends.split(), (end, text)
    if end == "refused":
        assert any(word in text for word in case.words), text


def test_no_fault_is_silently_wrong(capsys):
    ends = collections.Counter(_outcome(case)[0] for case in CASES)
    with capsys.disabled():
        print(
            f"\ngallery of faults: {len(CASES)} inputs; " + ", ".join(f"{n} {end}" for end, n in sorted(ends.items()))
        )
    assert len(CASES) >= 60 and ends["silently wrong"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("gap", [0, 64])
def test_what_a_fit_tells(gap):
    failed = {"frames_seen", "points_seen"} if gap else set()
    fault = make.in_frames(slice(8, 8 + gap), make.lost(1.0))
    with tempfile.TemporaryDirectory() as folder:
        clip = load.load(make.write(_npz("a long gap", fault, ""), Path(folder))[0])
    record = metrics.summarize(fit.fit_sequence(clip))["quality"]
    assert {check["name"] for check in record["checks"] if not check["passed"]} == failed, record["sentence"]
