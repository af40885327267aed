"""``motion.npz``: everything a fit produced, under stable names, in SI units and the z-up world.

Strings are stored as unicode arrays and the configuration as JSON text, so that the file opens without pickling.
Keys and shapes are a contract: adding keys is allowed, changing one raises ``FORMAT_VERSION``.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from motionrecon import biomechanics
from motionrecon.errors import DataError
from motionrecon.jobs.atomic_file import replaced
from motionrecon.results.export.biomechanics_arrays import biomechanics_arrays
from motionrecon.types import Camera, FitResult, Observation

FORMAT_VERSION = 1
REQUIRED = (
    "format_version", "joint_names", "joint_parents", "joint_offsets", "fps", "time", "root_position",
    "joint_quaternions", "joint_positions", "control_quaternions", "joint_torques", "contact_names",
    "contact_positions", "contact_forces", "ground_reaction_force", "center_of_pressure", "center_of_mass",
    "body_mass", "state_position", "state_quaternions", "state_velocity",
)  # fmt: skip


def _camera_arrays(camera: Camera) -> dict[str, np.ndarray]:
    return {
        "camera_intrinsics": np.asarray(camera.intrinsics),
        "camera_distortion": np.asarray(camera.distortion),
        "camera_rotation": np.asarray(camera.rotation),
        "camera_translation": np.asarray(camera.translation),
        "camera_size": np.asarray(camera.size),
    }


def _observation_arrays(observation: Observation) -> dict[str, np.ndarray]:
    arrays = {
        "observed_confidence": np.asarray(observation.confidence),
        "observed_layout": np.array(observation.layout),
    }
    if observation.keypoints3d is not None:
        arrays["observed_keypoints3d"] = np.asarray(observation.keypoints3d)
    if observation.keypoints2d is not None:
        arrays["observed_keypoints2d"] = np.asarray(observation.keypoints2d)
    if observation.camera is not None:
        arrays |= _camera_arrays(observation.camera)
    return arrays


def motion_arrays(result: FitResult) -> dict[str, np.ndarray]:
    """Return the content of ``motion.npz``.

    Besides the contract's keys, where known: ``keypoint_names``, ``keypoint_links``, ``keypoint_offsets`` (K, 3) m,
    ``keypoint_positions`` (T, K, 3) m of the simulated body, the kinematic start (``kinematic_root_position``,
    ``kinematic_quaternions``, ``kinematic_keypoints``), ``foot_contacts`` (T, 2), ``contact_radii`` (C,) m,
    ``force_reliable`` (T,) (false where something other than the ground carries the body or the window failed),
    ``true_keypoints3d``, the simulator's constants (``simulation_*``, for a replay; see ``physics.description``),
    the camera (``camera_*``), ``body_height`` m, ``config`` and ``versions`` (JSON text),
    ``source``, the way from the recording's world to the fitted one (``world_rotation``, ``world_translation``);
    the biomechanics of ``biomechanics_arrays``. The centre of pressure is explained at ``foot_loads``.
    ``state_velocity`` (T, 6 + 3 A) is laid out as in ``types.SimState``. Torques and contact forces of row t act
    during the frame that follows it.

    Args:
      result: a fit of T frames.

    Returns:
      Arrays by name: float64, int64, bool or text.
    """
    roll, body = result.rollout, result.motion.skeleton
    points, forces = np.asarray(roll.contact_pos, dtype=float), np.asarray(roll.contact_force, dtype=float)
    found = biomechanics.analyze(result)
    frames = len(np.asarray(result.motion.root_pos))
    fps = float(result.motion.fps)
    arrays: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "joint_names": np.array(body.names), "joint_parents": np.array(body.parents), "joint_offsets": body.offsets,
        "fps": fps, "time": float(result.observation.start_time) + np.arange(frames) / fps,
        "root_position": result.motion.root_pos, "joint_quaternions": result.motion.quats,
        "joint_positions": roll.joint_pos, "control_quaternions": result.control.targets,
        "joint_torques": roll.torque, "contact_names": np.array(result.contact_names, dtype=str),
        "contact_positions": points, "contact_forces": forces,
        "ground_reaction_force": found.force, "center_of_pressure": found.pressure, "center_of_mass": roll.com,
        "body_mass": float(result.mass), "body_height": float(result.height),
        "state_position": roll.states.position, "state_quaternions": roll.states.quats,
        "state_velocity": roll.states.velocity,
        "keypoint_names": np.array(result.sites.names), "keypoint_links": result.sites.link,
        "keypoint_offsets": result.sites.offset, "keypoint_positions": roll.keypoints,
        "kinematic_root_position": result.kinematic.root_pos, "kinematic_quaternions": result.kinematic.quats,
        "kinematic_keypoints": result.kinematic_keypoints,
        "config": json.dumps(result.config, default=str), "versions": json.dumps(result.versions),
        "source": str(result.source),
        "world_rotation": result.world.rotation, "world_translation": result.world.translation,
    }  # fmt: skip
    if result.foot_contacts is not None:
        arrays["foot_contacts"] = np.asarray(result.foot_contacts, dtype=bool)
    if result.force_reliable is not None:
        arrays["force_reliable"] = np.asarray(result.force_reliable, dtype=bool)
    if result.contact_radius is not None:
        arrays["contact_radii"] = result.contact_radius
    if result.simulation is not None:
        arrays |= {f"simulation_{name}": value for name, value in result.simulation.items()}
    if result.truth is not None:
        arrays["true_keypoints3d"] = result.truth
    arrays |= _observation_arrays(result.observation) | biomechanics_arrays(found)
    return {name: _plain(value) for name, value in arrays.items()}


def _plain(value: Any) -> np.ndarray:
    array = np.asarray(value)
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def write_motion(result: FitResult, path: str | Path) -> Path:
    """Write ``motion.npz`` (see ``motion_arrays``) under a temporary name, then rename it.

    Args:
      result: a fit.
      path: the file to write; its folder exists.

    Returns:
      The path.

    Raises:
      OSError: the folder is read-only or full; nothing is left behind.
    """
    path = Path(path)
    with replaced(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **motion_arrays(result))
    return path


def read_motion(path: str | Path) -> dict[str, np.ndarray]:
    """Read a ``motion.npz`` back.

    Args:
      path: a file written by ``write_motion``.

    Returns:
      Arrays by name.

    Raises:
      DataError: the file is missing, not an NPZ, lacks a key of the contract, or has a newer format version.
    """
    try:
        with np.load(Path(path), allow_pickle=False) as data:
            arrays = {name: data[name] for name in data.files}
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: not a readable motion.npz ({error}); give the file of a result folder") from error
    missing = [name for name in REQUIRED if name not in arrays]
    if missing:
        raise DataError(f"{path}: lacks {', '.join(missing)}; give the motion.npz of a result folder")
    if int(arrays["format_version"]) > FORMAT_VERSION:
        raise DataError(
            f"{path}: format version {int(arrays['format_version'])} is newer than {FORMAT_VERSION}; update motionrecon"
        )
    return arrays
