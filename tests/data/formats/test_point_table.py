"""Tables of points: Anipose, FreeMoCap, DeepLabCut, as CSV and HDF5."""

import pickle

import h5py
import numpy as np
import pytest

from motionrecon.data import load
from motionrecon.data.formats import point_table
from motionrecon.errors import DataError
from motionrecon.geometry.keypoints import COCO17, MOCAP18


def _anipose(path, points, names, extra=True):
    head, columns = [], []
    for k, name in enumerate(names):
        head += [f"{name}_{c}" for c in ("x", "y", "z", *(("error", "ncams", "score") if extra else ()))]
        columns += [*(1000 * points[:, k].T), *([np.ones(len(points))] * 3 if extra else [])]
    if extra:
        head, columns = [*head, "M_00", "center_0", "fnum"], [*columns, *[np.arange(len(points))] * 3]
    rows = [",".join("" if np.isnan(v) else f"{v:.6f}" for v in row) for row in np.stack(columns, axis=1)]
    path.write_text("\n".join([",".join(head), *rows]) + "\n")


@pytest.mark.parametrize("extra", [True, False])
def test_anipose_and_freemocap(tmp_path, walking, extra):
    points = walking()
    points[4, 5] = np.nan
    _anipose(tmp_path / "a.csv", points, MOCAP18, extra)
    found = point_table.read(tmp_path / "a.csv", fps=30.0)
    order = [found.observation.names.index(n) for n in MOCAP18]
    seen = found.observation.confidence[:, order] > 0
    assert np.argwhere(~seen).tolist() == [[4, 5]]
    np.testing.assert_allclose(found.observation.keypoints3d[:, order][seen], points[seen], atol=1e-6)


def test_times_give_the_rate(tmp_path, walking):
    points = walking()
    _anipose(tmp_path / "a.csv", points, MOCAP18, False)
    lines = (tmp_path / "a.csv").read_text().splitlines()
    timed = ["timestamp," + lines[0], *(f"{t / 50:.4f},{line}" for t, line in enumerate(lines[1:]))]
    (tmp_path / "a.csv").write_text("\n".join(timed) + "\n")
    assert point_table.read(tmp_path / "a.csv").observation.fps == pytest.approx(50.0)


def _pixels(walking):
    points = walking(names=COCO17)
    return np.stack([400 + 300 * points[..., 0], 700 - 300 * points[..., 2], np.full(points.shape[:2], 0.8)], axis=-1)


def test_deeplabcut(tmp_path, walking):
    pixels = _pixels(walking)
    names = [(("model", n, c)) for n in COCO17 for c in ("x", "y", "likelihood")]
    head = [",".join([word, *(n[i] for n in names)]) for i, word in enumerate(("scorer", "bodyparts", "coords"))]
    rows = [",".join([str(t), *(f"{v:.6f}" for v in row)]) for t, row in enumerate(pixels.reshape(len(pixels), -1))]
    (tmp_path / "a.csv").write_text("\n".join([*head, *rows]) + "\n")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        values = pixels.reshape(len(pixels), -1)
        table = np.zeros(len(values), dtype=[("index", "i8"), ("values_block_0", "f8", values.shape[1])])
        table["index"], table["values_block_0"] = np.arange(len(values)), values
        data = file.create_group("df_with_missing").create_dataset("table", data=table)
        data.attrs["values_block_0_kind"] = np.bytes_(pickle.dumps(names, 0))
    for name in ("a.csv", "a.h5"):
        found = load.load(tmp_path / name, source_fps=30.0, size=(1280, 720))
        order = [found.observation.names.index(n) for n in COCO17]
        np.testing.assert_allclose(found.observation.keypoints2d[:, order], pixels[..., :2], atol=1e-5)
        np.testing.assert_allclose(found.observation.confidence, 0.8)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "no columns of points"),
        ("nose_x,nose_y,nose_z\n1,2\n", "columns"),
        ("nose_x,nose_y,nose_z\n", "columns"),
        ("nose_x,nose_y,nose_z\n1,2,3\n2,3,4\n", "known body points"),
    ],
)
def test_refused(tmp_path, text, message):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        point_table.read(tmp_path / "a.csv")


def test_other_hdf5_is_refused_and_nothing_is_run(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = np.zeros(3)
    with pytest.raises(DataError, match="no table"):
        load.load(tmp_path / "a.h5")
    with h5py.File(tmp_path / "b.h5", "w") as file:
        table = np.zeros(3, dtype=[("index", "i8"), ("values_block_0", "f8", 2)])
        data = file.create_group("df").create_dataset("table", data=table)
        data.attrs["values_block_0_kind"] = np.bytes_(pickle.dumps(print, 0))
    with pytest.raises(DataError, match="asks for"):
        load.load(tmp_path / "b.h5")


@pytest.mark.parametrize(
    ("columns", "message"), [("hip_flexion_r", "joint angles of an OpenSim model"), ("ground_force_vy", "holds forces")]
)
def test_opensim_tables_say_what_to_give(tmp_path, columns, message):
    (tmp_path / "a.mot").write_text(f"Coordinates\nnRows=2\nendheader\ntime\t{columns}\n0\t1\n0.1\t2\n")
    with pytest.raises(DataError, match=message):
        load.load(tmp_path / "a.mot")
