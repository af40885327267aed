"""An input and the files beside it (camera, truth) to one clip: each is read here, once.

A camera and a truth are read before a person is looked for in a film, which may take minutes.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from motionrecon.config import InputOptions
from motionrecon.data import film_metadata, film_notes, load, truth, video
from motionrecon.data.formats import camera_files
from motionrecon.errors import InputError
from motionrecon.fitting import observe, unused_options
from motionrecon.jobs.progress import NullProgress, Progress
from motionrecon.types import Array, Camera, Sequence, Truth


@dataclasses.dataclass(frozen=True)
class Beside:
    """What the files beside an input hold: a camera with its pose, or intrinsics (3, 3) px alone; truth; warnings."""

    camera: Camera | None = None
    intrinsics: Array | None = None
    camera_file: str | None = None
    truth: Truth | None = None
    warnings: tuple[str, ...] = ()


def observe_file(
    source: str,
    options: InputOptions,
    detector=None,
    progress: Progress = NullProgress(),
    height: float | None = None,
) -> Sequence:
    """Read an input: a video through the detector, anything else through the loaders; its camera and truth too.

    Args:
      source: path.
      options: what part of it, which person.
      detector: DetectorOptions.
      progress: told about the stages.
      height: stature in m where it is known, for files of joint rotations without lengths.

    Raises:
      InputError: unreadable input.
    """
    if options.keypoints is not None and not load.is_video(source):
        raise InputError(
            f"--keypoints {options.keypoints}: replaces the detector of a video, and {source} is none; "
            "give the keypoint file itself as the input"
        )
    clip = _film(source, options, detector, progress) if load.is_video(source) else _file(source, options, height)
    unused = unused_options.sentences(source, options, detector, clip)
    return dataclasses.replace(clip, warnings=(*clip.warnings, *unused))


def _part(options: InputOptions) -> dict:
    """Return what part of an input is wanted."""
    return {"time_range": options.time_range, "fps": options.fps, "person": options.person}


def _file(source: str, options: InputOptions, height: float | None) -> Sequence:
    size = options.image_size
    if size is None and options.camera is not None:  # the camera's size is the picture's
        size = camera_files.picture_size(options.camera, hint=Path(source).stem)
    clip = load.load(
        source, size=size, asf=options.asf, layout=options.layout, height=height, source_fps=options.source_fps,
        markers=options.markers, static=options.static, **_part(options),
    )  # fmt: skip
    return completed(clip, options)


def _film(source: str, options: InputOptions, detector, progress: Progress) -> Sequence:
    for name, file in {"markers": options.markers, "static": options.static}.items():
        if file is not None:
            raise InputError(f"--{name} {file}: is for surface markers (C3D, TRC), and {source} is a video")
    hint, rate = Path(source).stem, options.source_fps
    if options.keypoints is not None:
        info = video.probe(source, source_fps=rate)
        clip = load.load(
            options.keypoints, size=info.size, source_fps=info.fps, layout=options.layout, **_part(options)
        )
        told = film_notes.sentences(info, film_metadata.read(info.path))
        return completed(dataclasses.replace(clip, warnings=(*told, *clip.warnings)), options, hint)
    info = video.probe(source, turn=options.rotate or 0, mirror=options.mirror, source_fps=rate)
    beside = _read(options, info.size, hint)
    turn = options.rotate
    if turn is None and beside.camera is not None:  # a camera with a pose says where up is
        turn = 0
    progress.stage("detect")
    extra = {} if detector is None else {"detector": detector}
    clip = observe.observe_video(
        source, source_fps=rate, rotate=turn, mirror=options.mirror, **_part(options), **extra, progress=progress.frames
    )
    if clip.film is not None and clip.film.detection_reused:
        progress.detail("reused")
    return _joined(clip, beside)


def completed(clip: Sequence, options: InputOptions, hint: str | None = None) -> Sequence:
    """Return a clip with the camera and the truth of the files that the options name; what has been read is kept.

    Args:
      clip: as read.
      options: may name a camera file and a truth file.
      hint: a text that may hold the camera's name; None: the clip's key.

    Raises:
      DataError: a file that cannot be read, or is of another camera or picture.
    """
    truth_file = None if clip.reference is None else clip.reference.file
    wanted = dataclasses.replace(
        options,
        camera=None if options.camera == clip.camera_file else options.camera,
        truth=None if options.truth == truth_file else options.truth,
    )
    return _joined(clip, _read(wanted, clip.image_size or options.image_size, hint or clip.key))


def _read(options: InputOptions, size: tuple[int, int] | None, hint: str) -> Beside:
    reference = None if options.truth is None else truth.read_truth(options.truth)
    if options.camera is None:
        return Beside(truth=reference)
    lens = camera_files.read_camera_file(options.camera, size=size, hint=hint)
    if lens.rotation is None or lens.translation is None:
        return Beside(None, lens.intrinsics, options.camera, reference, lens.warnings)
    return Beside(camera_files.as_camera(options.camera, lens), None, options.camera, reference, lens.warnings)


def _joined(clip: Sequence, beside: Beside) -> Sequence:
    """Return a clip with what is beside it; only 2D keypoints are seen through the camera."""
    observation = clip.observation
    if beside.camera is not None and observation.keypoints3d is None:
        observation = dataclasses.replace(observation, camera=beside.camera)
    return dataclasses.replace(
        clip,
        observation=observation,
        camera=beside.camera or clip.camera,
        intrinsics=clip.intrinsics if beside.intrinsics is None else beside.intrinsics,
        camera_file=beside.camera_file or clip.camera_file,
        reference=beside.truth or clip.reference,
        warnings=(*clip.warnings, *beside.warnings),
    )
