"""Force plates of a recording itself."""

import numpy as np
import pytest

from motionrecon.data.plates import plates_load
from motionrecon.errors import DataError
from tests.fixtures import c3d_files, plate_files


def test_plates_of_a_recording(tmp_path):
    path = tmp_path / "a.c3d"
    _, force, where = plate_files.steps()
    origin = np.array([0.004, -0.002, -0.04])
    plate_files.write_c3d(path, 2, plate_files.channels(2, force, where, origin), origin)
    found = plates_load.of_recording(path)
    assert found is not None
    np.testing.assert_allclose(found.force[:, 0], force, atol=0.05)
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    turned = plates_load.of_recording(path, turn)
    assert turned is not None
    np.testing.assert_allclose(turned.force[:, 0], force @ turn.T, atol=0.05)


def test_recordings_without_plates(tmp_path, walking):
    points = walking()
    c3d_files.write(tmp_path / "a.c3d", points, [f"m{i}" for i in range(points.shape[1])])
    assert plates_load.of_recording(tmp_path / "a.c3d") is None
    assert plates_load.of_recording(tmp_path / "a.trc") is None
    c3d_files.write(tmp_path / "b.c3d", points, ["m"], more={"FORCE_PLATFORM:USED": 2})
    with pytest.raises(DataError, match="no analog samples"):
        plates_load.of_recording(tmp_path / "b.c3d")
