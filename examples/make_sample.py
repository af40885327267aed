"""Make the bundled sample: a drawn person who walks, with the camera and the exact truth beside the video.

Run from the repository root: ``python examples/make_sample.py [FOLDER]``. The result is the same every time.
"""

import sys
from pathlib import Path

from motionrecon.jobs import runtime

KEY = "walk/oblique"


def main(folder: Path) -> None:
    """Write walk.mp4, walk.truth.npz and walk.camera.toml into ``folder``."""
    runtime.configure("cpu")
    from motionrecon.data.formats import camera_files
    from motionrecon.data.synthetic import synthetic_clips

    sequence = synthetic_clips.render(KEY, folder / "walk.mp4")
    synthetic_clips.write_truth(sequence, folder / "walk.truth.npz")
    camera_files.write_camera(sequence.observation.camera, folder / "walk.camera.toml", KEY.split("/")[1])


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
