"""Make the bundled sample: a drawn person who walks, with the camera and the exact truth beside the video.

Run from the repository root: ``python examples/make_sample.py [FOLDER]``. The result is the same every time.
"""

import sys
from pathlib import Path

from motionrecon import runtime

KEY = "walk/oblique"


def main(folder: Path) -> None:
    """Write walk.mp4, walk.truth.npz and walk.camera.toml into ``folder``."""
    runtime.configure("cpu")
    from motionrecon.data import camera_files, synthetic

    sequence = synthetic.render(KEY, folder / "walk.mp4")
    synthetic.write_truth(sequence, folder / "walk.truth.npz")
    camera_files.write_camera(sequence.observation.camera, folder / "walk.camera.toml", KEY.split("/")[1])


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
