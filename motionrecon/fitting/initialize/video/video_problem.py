"""Set up the whole-clip problem of a video: a first pose from landmark directions, data and weights of each stage."""

from __future__ import annotations

import dataclasses

import jax
import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d

from motionrecon.fitting.initialize.mocap import bone_frames
from motionrecon.fitting.initialize.video import foot_contacts, pnp, video_body
from motionrecon.fitting.initialize.video import video_weights as scales
from motionrecon.fitting.initialize.video.balance import balance_form
from motionrecon.fitting.initialize.video.camera_guess import AssumedCamera
from motionrecon.fitting.initialize.video.lift import lift
from motionrecon.fitting.initialize.video.video_body import FEET, FIXED, Body
from motionrecon.fitting.initialize.video.video_points import MOVING, J, M, State, place_clip
from motionrecon.fitting.initialize.video.video_terms import Frames, Weights, view
from motionrecon.geometry import camera as cameras
from motionrecon.geometry import skeleton
from motionrecon.types import Observation

PADDED = (20, 28, 40)  # keypoint counts that programs are compiled for
LOWEST = 10.0  # per cent of frames in which a foot point is as low as when it stands


def acceleration_form(valid: Float[np.ndarray, " T"], fps: float) -> Float[np.ndarray, "T 3"]:
    """Return diagonals (T, 3) of sum |y(t-1) - 2 y(t) + y(t+1)|^2 fps^4 over frames that are all valid."""
    form = np.zeros((len(valid), 3))
    w = valid[:-2] * valid[1:-1] * valid[2:] * fps**4
    for shift, factor in ((0, 1.0), (1, 4.0), (2, 1.0)):
        form[shift : len(w) + shift, 0] += factor * w
    form[: len(w), 1] -= 2 * w
    form[1 : len(w) + 1, 1] -= 2 * w
    form[: len(w), 2] += w
    return form


def speed_form(contact: Float[np.ndarray, "T N"], fps: float) -> Float[np.ndarray, "T 2 N"]:
    """Return diagonals (T, 2, 4) of sum c(t) c(t+1) |y(t+1) - y(t)|^2 fps^2 for contacts (T, 4)."""
    form = np.zeros((len(contact), 2, contact.shape[1]))
    w = contact[:-1] * contact[1:] * fps**2
    form[:-1, 0] += w
    form[1:, 0] += w
    form[:-1, 1] -= w
    return form


@dataclasses.dataclass(frozen=True)
class Problem:
    """The problem of one clip; ``stage`` gives its data and weights, ``contacts`` its planted feet.

    Attributes:
      body: padded body, on the device; raw_body: as NumPy arrays.
      frames: data of the last stage, without contacts. weights: of the last stage.
      assumed: the camera. fps: Hz.
      foot_pixels: (T, 4, 2) undistorted px of ``FEET``, foot_confidence: (T, 4).
      warnings: plain sentences.
    """

    body: Body
    raw_body: Body
    frames: Frames
    weights: Weights
    assumed: AssumedCamera
    fps: float
    foot_pixels: np.ndarray
    foot_confidence: np.ndarray
    warnings: tuple[str, ...] = ()

    def stage(self, name: str, acceleration: float, contact: Float[np.ndarray, "T 4"]) -> tuple[Frames, Weights]:
        """Return data and weights of stage "a" (poses), "b" (all unknowns, Huber) or "c" (Geman-McClure)."""
        share = {"a": 0.0, "b": np.sqrt(scales.EARLY_CONTACT), "c": 1.0}[name]
        frames = self.frames._replace(
            contact=contact, speed=speed_form(contact, self.fps), balance=balance_form(contact, self.fps)
        )
        w = self.weights
        weights = w._replace(
            point_accel=np.float64(acceleration), turn_accel=np.float64(w.turn_accel * max(1.0, acceleration / 12.0)),
            balance=share * w.balance, height=share * w.height, sink=share * w.sink, slip=share * w.slip,
            free=w.free if name != "a" else np.zeros(M), geman=np.float64(name == "c"),
        )  # fmt: skip
        return frames, weights

    def contacts(self, state: State, first: bool) -> Float[np.ndarray, "T 4"]:
        """Return (T, 4) contacts, the first time from pixel rays, later from the fit itself.

        A ray ends on a plane that rises with the foot, as far as the fit so far has it rise: cast on the floor, a foot
        that lifts seems to slide away from the camera, which from behind looks like the swing's beginning and from
        the front hides it.
        """
        floor = np.asarray(self.raw_body.floor)
        feet = place_clip(self.raw_body, state).at[:, J : J + len(FEET)]
        if first:
            rotation, eye = (np.asarray(x) for x in view(self.weights, state.shared * np.asarray(self.weights.free)))
            plain = dataclasses.replace(
                self.assumed.camera, rotation=rotation, translation=-rotation @ eye, distortion=np.zeros(5)
            )
            height = np.asarray(feet[..., 2])
            raised = np.maximum(height - np.percentile(height, LOWEST, axis=0), 0.0)
            speed = foot_contacts.ray_speeds(plain, self.foot_pixels, floor + raised, self.fps)
            return foot_contacts.planted(speed, self.foot_confidence, None)
        speed = foot_contacts.slopes(feet, self.fps)
        return foot_contacts.planted(speed, self.foot_confidence, feet[..., 2] - floor)


def _clean(observation: Observation) -> tuple[Float[np.ndarray, "T K 2"], Float[np.ndarray, "T K"]]:
    """Return pixels with gaps interpolated (T, K, 2) and confidence (T, K), 0 where missing."""
    pixels = np.array(observation.keypoints2d, dtype=float)
    confidence = np.clip(np.nan_to_num(np.array(observation.confidence, dtype=float)), 0.0, 1.0)
    confidence = np.where(np.isfinite(pixels).all(axis=-1), confidence, 0.0)
    grid = np.arange(len(pixels))
    for k in range(pixels.shape[1]):
        seen = np.flatnonzero(confidence[:, k] > 0)
        for d in range(2):
            pixels[:, k, d] = np.interp(grid, seen, pixels[seen, k, d]) if len(seen) else 0.0
    return pixels, np.where(confidence > 0, np.maximum(confidence, 0.02), 0.0)


def _complete(points: dict[str, np.ndarray], height: float, axes: np.ndarray) -> dict[str, np.ndarray]:
    """Add limbs a layout lacks: hanging forearms, feet ahead of the shins (world points, ``axes`` up and forward)."""
    up, forward = axes
    p = dict(points)
    for side in ("left", "right"):
        p.setdefault(f"{side}_elbow", p[f"{side}_shoulder"] - 0.165 * height * up)
        p.setdefault(f"{side}_wrist", p[f"{side}_elbow"] - 0.150 * height * up)
        p.setdefault(f"{side}_ankle", p[f"{side}_knee"] - 0.246 * height * up)
        if f"{side}_toe" not in p or f"{side}_heel" not in p:
            p[f"{side}_heel"] = p[f"{side}_ankle"] - 0.03 * height * up - 0.03 * height * forward
            p[f"{side}_toe"] = p[f"{side}_heel"] + 0.14 * height * forward
    return p


def _first_state(names, relative, translation, assumed, height, fps) -> State:
    """Pose the template after landmarks ``relative`` (T, K, 3) and hip positions (T, 3), both in camera axes."""
    rotation, eye = (
        np.asarray(assumed.camera.rotation),
        -np.asarray(assumed.camera.rotation).T @ np.asarray(assumed.camera.translation),
    )
    world = gaussian_filter1d(relative @ rotation, 0.05 * fps, axis=0, mode="nearest")
    points = {name: world[:, k] for k, name in enumerate(names)}
    up = np.array([0.0, 0.0, 1.0])
    left = points["left_shoulder"] - points["right_shoulder"] + points["left_hip"] - points["right_hip"]
    forward = np.cross(left, up)
    forward /= np.maximum(np.linalg.norm(forward, axis=-1, keepdims=True), 1e-6)
    complete = _complete(points, height, (up, forward))
    quats = bone_frames.local_quaternions(bone_frames.world_rotations(complete))
    return State(eye + translation @ rotation, quats, np.zeros(M))


def _foot_pixels(
    names, pixels: Float[np.ndarray, "T K 2"], confidence: Float[np.ndarray, "T K"]
) -> tuple[Float[np.ndarray, "T 4 2"], Float[np.ndarray, "T 4"]]:
    """Pixels (T, 4, 2) and confidence (T, 4) of ``FEET``; a layout without them lends its ankles."""
    columns = []
    for name in FEET:
        options = [name, name.split("_")[0] + "_ankle"]
        columns.append(next((names.index(o) for o in options if o in names), None))
    held = [k if k is not None else 0 for k in columns]
    sure = np.stack([confidence[:, k] * (c is not None) for k, c in zip(held, columns, strict=True)], axis=1)
    return pixels[:, held], sure


def pose_problem(
    observation: Observation, assumed: AssumedCamera, height: float, sole_thickness: float = 0.0
) -> tuple[Problem, State]:
    """Set up the problem of a clip and a first state.

    Args:
      observation: 2D keypoints (T, K, 2), confidence, perhaps landmarks.
      assumed: the camera, known or guessed.
      height: stature, m.
      sole_thickness: m, how much thicker the soles are than the usual ones.

    Returns:
      The problem and the state that stage "a" starts from.
    """
    names, fps = tuple(observation.names), float(observation.fps)
    pixels, confidence = _clean(observation)
    flat = cameras.undistort(assumed.camera, pixels)
    matrix = np.asarray(assumed.camera.intrinsics)
    focal, center = matrix[[0, 1], [0, 1]], matrix[:2, 2]
    hips = 0.5 * (flat[:, names.index("left_hip")] + flat[:, names.index("right_hip")])
    toward = np.concatenate([hips, np.ones((len(hips), 1))], axis=-1)
    ray = pnp.ray_rotations(toward / np.linalg.norm(toward, axis=-1, keepdims=True))
    base = skeleton.template(height)
    leg = -float(base.offsets[base.names.index("left_knee"), 2] + base.offsets[base.names.index("left_ankle"), 2])
    if observation.landmarks3d is not None:
        landmarks = np.nan_to_num(np.asarray(observation.landmarks3d, dtype=float))
        landmarks = landmarks - 0.5 * (
            landmarks[:, [names.index("left_hip")]] + landmarks[:, [names.index("right_hip")]]
        )
        landmarks = landmarks * pnp.landmark_scale(landmarks, names, confidence, leg)
        trust = scales.LANDMARK * confidence
    else:
        landmarks, trust = lift(flat, confidence, names, height, fps), np.zeros_like(confidence)
    relative = landmarks @ np.swapaxes(ray, 1, 2)
    translation = pnp.bridge(pnp.solve_translation(relative, flat, confidence), confidence.sum(axis=1), 0.13 * fps)
    state = _first_state(names, relative, translation, assumed, height, fps)
    tall = focal.mean() * height / np.maximum(translation[:, 2], 0.3)
    frames = _frames(pixels_ideal := focal * flat + center, confidence, landmarks, trust, ray, tall, fps)
    raw = video_body.build(_padded(names), height, video_body.landmark_heights(observation.layout), sole_thickness)
    weights = _weights(assumed, focal, center, np.asarray(raw.floor), len(flat))
    feet, sure = _foot_pixels(names, pixels_ideal, confidence)
    body = jax.tree.map(jax.numpy.asarray, raw)
    problem = Problem(
        body=body, raw_body=raw, frames=frames, weights=weights, assumed=assumed, fps=fps,
        foot_pixels=feet, foot_confidence=sure, warnings=_seen_warnings(names, confidence),
    )  # fmt: skip
    return problem, state


def _padded(names: tuple[str, ...]) -> tuple[str, ...]:
    size = next((n for n in PADDED if n >= len(names)), len(names))
    return names + ("",) * (size - len(names))


def _frames(pixels, confidence, landmarks, trust, ray, tall, fps) -> Frames:
    count, seen = confidence.shape
    extra = len(_padded(("",) * seen)) - seen

    def pad(x):
        return np.pad(x, [(0, 0), (0, extra)] + [(0, 0)] * (x.ndim - 2))

    valid = np.ones(count)
    weight = confidence / (scales.PIXEL * tall)[:, None]
    return Frames(
        pixels=pad(pixels),
        pixel_weight=pad(weight),
        landmarks=pad(landmarks),
        landmark_weight=pad(trust),
        ray=ray,
        contact=np.zeros((count, 4)),
        valid=valid,
        accel=acceleration_form(valid, fps),
        speed=np.zeros((count, 2, 4)),
        balance=np.zeros((count, MOVING)),
    )


def _weights(assumed, focal, center, floor, count) -> Weights:
    rotation = np.asarray(assumed.camera.rotation, float)
    pose, rest, hinge = scales.pose_prior()
    free = np.ones(M)
    free[FIXED:] = float(assumed.pose_free)
    values = Weights(
        focal=focal,
        center=center,
        eye=-rotation.T @ np.asarray(assumed.camera.translation, float),
        rotation=rotation,
        landmark=np.array([scales.ACROSS, scales.ACROSS, scales.ALONG]),
        point_accel=12.0,
        turn_accel=scales.TURN_ACCEL,
        pose=pose,
        reference=rest,
        hinge=hinge,
        swing=scales.swing_prior(),
        lean=1 / (scales.LEAN * np.sqrt(count)),
        tilt=1 / (scales.TILT * np.sqrt(count)),
        balance=1 / scales.BALANCE,
        height=1 / scales.HEIGHT,
        sink=1 / scales.SINK,
        slip=1 / scales.SLIP,
        floor=floor,
        free=free,
        shared=scales.shared_scales(count),
        shared_mean=np.zeros(M),
        geman=0.0,
        reach=scales.REACH,
    )
    return values._replace(**{name: np.asarray(v, dtype=np.float64) for name, v in values._asdict().items()})


def _seen_warnings(names: tuple[str, ...], confidence: np.ndarray) -> tuple[str, ...]:
    notes = []
    feet = [k for k, name in enumerate(names) if name.endswith(("ankle", "heel", "toe"))]
    if not feet or np.mean(confidence[:, feet] > 0.3) < 0.3:
        notes.append("The feet are hardly seen: the floor, the contacts and the motion of the legs are guesses.")
    return tuple(notes)
