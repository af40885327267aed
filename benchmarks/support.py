"""What carries the body: which stretches of which clips the level ground does not explain, and why.

    python benchmarks/support.py [--only 05_15 ...] [--noise MM] [--pieces N] [--films]

Kinematic starts alone, no fits. Clips of people on a floor must come out at 0 %; those with something else are named in
the column ``there`` (from the recordings' own descriptions). A belt is made by taking the travel out of walks and runs.
``--noise`` adds Gaussian noise to the 3D keypoints; ``--pieces`` judges N random pieces of 0.8 to 2.5 s of each clip;
``--films`` judges starts from drawn 2D keypoints (3 px of noise, camera unknown) instead: why films are not judged.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tables

from motionrecon.config import Config, InputOptions, PersonOptions
from motionrecon.data.synthetic import synthetic_clips
from motionrecon.errors import MotionReconError
from motionrecon.fitting import fit
from motionrecon.fitting.initialize.support.support import find_unsupported
from motionrecon.types import Sequence

THERE = {"03_02": "uneven ground", "dropjump_oc1": "box, 1.42 s", "03-down-the-stairs": "stairs"}
HEIGHTS = {"walk_oc1": 1.68, "squat_oc": 1.68, "dropjump_oc1": 1.68, "walk_gait2392": 1.803}
BELTS = ("07_01_walk", "08_03", "02_03", "09_06")
PIXELS = 3.0
COLUMNS = (
    ("clip", "clip", ""), ("there", "there", ""), ("frames", "frames", "d"), ("percent", "unsupported %", ".1f"),
    ("causes", "causes", ""),
)  # fmt: skip


def on_a_belt(sequence: Sequence, velocity: np.ndarray | None = None) -> Sequence:
    """Take a travel (2,) m/s out of the positions; None: that of the mean of all points, fitted by a line."""
    seen = sequence.observation
    points, time = np.array(seen.keypoints3d, dtype=float), np.arange(len(seen.confidence)) / seen.fps
    if velocity is None:
        velocity = np.polyfit(time, points[..., :2].mean(axis=1), 1)[0]
    points[..., :2] -= time[:, None, None] * velocity
    return dataclasses.replace(sequence, truth=None, observation=dataclasses.replace(seen, keypoints3d=points))


def clips(samples: Path) -> Iterator[tuple[str, str, Sequence, Config]]:
    """Yield name, what carries the body beside the floor, sequence and options."""
    for name in synthetic_clips.MOTIONS:
        yield f"synthetic {name}", "", synthetic_clips.load(f"{name}/side"), Config()
    folders = (
        ("mocap/cmu", "*.bvh"), ("mocap/cmu", "*.amc"), ("mocap/deepmimic", "*.txt"),
        ("aistpp/annotation/keypoints3d", "*.pkl"), ("forces", "*.joints.npz"), ("cases", "03-*.npz"),
    )  # fmt: skip
    for folder, pattern in folders:
        for path in sorted((samples / folder).glob(pattern)) if tables.present(samples / folder) else ():
            name = path.name.split(".")[0]
            options = Config(input=InputOptions(), person=PersonOptions(height=HEIGHTS.get(name)))
            sequence = fit.observe_file(str(path), options.input)
            yield name, THERE.get(name, ""), sequence, options
            if name == "walk_gait2392":
                yield f"belt {name}", "belt, 1.125 m/s", on_a_belt(sequence, np.array([1.125, 0.0])), options
            if name in BELTS:
                yield f"belt {name}", "belt", on_a_belt(sequence), options


def films() -> Iterator[tuple[str, str, Sequence, Config]]:
    """Yield drawn motions as 2D keypoints with noise and without their camera."""
    random = np.random.default_rng(0)
    for key in (f"{name}/{view}" for name in synthetic_clips.MOTIONS for view in synthetic_clips.VIEWS):
        made = synthetic_clips.load(key)
        pixels = np.asarray(made.observation.keypoints2d)
        pixels = pixels + PIXELS * random.normal(size=pixels.shape)
        seen = dataclasses.replace(made.observation, keypoints2d=pixels, keypoints3d=None, camera=None)
        yield f"film {key}", "", Sequence(key, seen, image_size=synthetic_clips.SIZE), Config()


def changed(sequence: Sequence, noise_mm: float, pieces: int, random: np.random.Generator) -> Iterator[Sequence]:
    """Yield a sequence with noise, whole or in random pieces."""
    seen = sequence.observation
    frames = len(seen.confidence)
    points = np.asarray(seen.keypoints3d) + 1e-3 * noise_mm * random.normal(size=np.shape(seen.keypoints3d))
    for _ in range(max(pieces, 1)):
        length = min(frames, int(random.integers(round(0.8 * seen.fps), round(2.5 * seen.fps)))) if pieces else frames
        first = int(random.integers(0, frames - length + 1))
        part = slice(first, first + length)
        cut = dataclasses.replace(seen, keypoints3d=points[part], confidence=np.asarray(seen.confidence)[part])
        yield dataclasses.replace(sequence, truth=None, observation=cut)


def judge(name: str, there: str, sequence: Sequence, options: Config) -> dict:
    """Judge one clip; one without a start is a row with the reason."""
    row = {"clip": name, "there": there, "frames": len(sequence.observation.confidence)}
    try:
        found = find_unsupported(fit.kinematic_start(sequence, options))
    except MotionReconError as error:
        return row | {"percent": float("nan"), "causes": f"failed: {error}"}
    causes = "; ".join(f"{i.start_s:.2f}-{i.end_s:.2f} s {i.cause}" for i in found.intervals)
    return row | {"percent": 100.0 * float(1.0 - found.supported.mean()), "causes": causes}


def main() -> None:
    """Run the table."""
    parser = tables.parser("Stretches that the level ground does not explain.")
    parser.add_argument("--only", nargs="+", help="clips whose name holds one of these")
    parser.add_argument("--noise", type=float, default=0.0, help="mm of noise on 3D keypoints")
    parser.add_argument("--pieces", type=int, default=0, help="random pieces of each clip instead of the whole")
    parser.add_argument("--films", action="store_true", help="drawn 2D keypoints instead")
    given = parser.parse_args()
    machine = tables.start(given.cores)
    random, rows = np.random.default_rng(0), []
    for name, there, sequence, options in films() if given.films else clips(given.samples):
        if given.only and not any(part in name for part in given.only):
            continue
        parts = [sequence] if given.films else changed(sequence, given.noise, given.pieces, random)
        for part in parts:
            rows.append(judge(name, there, part, options))
            print(tables.markdown(COLUMNS, rows[-1:]).splitlines()[-1], flush=True)
    floor, other = ([r for r in rows if bool(r["there"]) is there] for there in (False, True))
    lines = [
        f"on the floor: {sum(r['percent'] > 0 for r in floor)} false alarms in {len(floor)} clips",
        f"carried by something else: {sum(r['percent'] > 0 for r in other)} found of {len(other)} clips",
    ]
    text = "\n".join([tables.markdown(COLUMNS, rows), "", *lines])
    print("\n" + "\n".join(lines))
    tables.save(given.out, machine, text, rows)


if __name__ == "__main__":
    main()
