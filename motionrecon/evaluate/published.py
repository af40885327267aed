"""Numbers that others have published, quoted as printed; none of them was measured here.

Each row names where it was read. A dash of the source is None.
"""

from __future__ import annotations

from typing import NamedTuple

OPTIMUS = 'Gärtner et al., "Transformer-Based Learned Optimization", CVPR 2023'
OSDCAP = 'Le et al., "Optimal-state Dynamics Estimation ..." (OSDCap), NeurIPS 2024, Table 1'
METRICS = ("mpjpe_g_mm", "mpjpe_mm", "mpjpe_pa_mm", "mpjpe_2d_px", "tv_m_per_frame2", "foot_skate_percent")


class Quoted(NamedTuple):
    """One published row: method, {column: value}, where it stands."""

    method: str
    values: dict[str, float | None]
    source: str


def _six(method: str, *numbers: float | None, source: str) -> Quoted:
    return Quoted(method, dict(zip(METRICS, numbers, strict=True)), source)


# Table 1: Human3.6M validation set, motion capture.
TABLE1 = tuple(
    Quoted(
        name,
        {"mpjpe_g_in_domain_mm": inside, "mpjpe_g_out_of_domain_mm": outside, "evaluations": evaluations},
        f"{OPTIMUS}, Table 1",
    )
    for name, inside, outside, evaluations in (
        ("DiffPhy + BFGS", 38.3, 24.7, 71.0),
        ("DiffPhy + AdaFactor MLP", 33.0, 29.3, 50.0),
        ("DiffPhy + Optimus", 24.0, 25.0, 50.0),
    )
)
_T2, _T3 = f"{OPTIMUS}, Table 2", f"{OPTIMUS}, Table 3"
# Table 2: Human3.6M, video.
TABLE2 = (
    _six("VIBE", 207.7, 68.6, 43.6, 16.4, 0.32, 27.4, source=_T2),
    _six("PhysCap", None, 97.4, 65.1, None, None, None, source=_T2),
    _six("SimPoE", None, 56.7, 41.6, None, None, None, source=_T2),
    _six("Shimada et al.", None, 76.5, 58.2, None, None, None, source=_T2),
    _six("Xie et al.", None, 68.1, None, None, None, None, source=_T2),
    _six("DiffPhy", 139.1, 82.1, 55.9, 13.2, 0.21, 7.2, source=_T2),
    _six("Optimus", 138.6, 82.8, 57.0, 13.2, 0.20, 6.5, source=_T2),
    _six("PhysPT", None, 52.7, 36.7, None, None, None, source=OSDCAP),
    _six("OSDCap", 132.8, 54.8, 39.8, None, None, None, source=OSDCAP),
)
# Table 3: AIST, video.
TABLE3 = (
    _six("DiffPhy", 150.2, 105.5, 66.0, 12.1, 0.44, 19.6, source=_T3),
    _six("Optimus", 149.8, 104.4, 66.4, 12.1, 0.45, 21.5, source=_T3),
)
# Table 4: ablation and test-time modes, Human3.6M validation set, motion capture.
TABLE4 = tuple(
    Quoted(
        name,
        {"mpjpe_g_mm": error, "loss": loss, "parameters": float(parameters), "runtime_ms": runtime},
        f"{OPTIMUS}, Table 4",
    )
    for name, error, loss, parameters, runtime in (
        ("Optimus", 33.1, 0.534, 832526, 78.9),
        ("Optimus, no state", 36.5, 0.675, 832526, 115.1),
        ("Optimus, no structure", 37.3, 0.721, 832139, 10.7),
        ("Adafactor MLP 512x4", 40.0, 0.723, 811531, 3.7),
        ("Adafactor MLP 128x4", 40.6, 0.811, 22411, 2.6),
        ("Optimus, 50 iterations", 28.5, 0.383, 832526, 78.9),
        ("Optimus + BasinHopping", 25.6, 0.352, 832526, 78.9),
    )
)


class QuotedForces(NamedTuple):
    """One published row of force measures: method, {measure: as printed}, where it stands."""

    method: str
    values: dict[str, str]
    source: str


# Ground reaction forces and moments against plates. Percentages are of the plate's range; what OpenGRF's nRMSE is
# normalised by does not stand in its abstract, so it is not set beside them.
FORCES = (
    QuotedForces(
        "Karatsidis 2017 (inertial)",
        {
            "vertical_r": ".992", "vertical_rmse_percent_range": "5.3", "ap_r": ".965", "ap_rmse_percent_range": "9.4",
            "ml_r": ".862", "ml_rmse_percent_range": "13.1",
        },
        'Karatsidis et al., "Estimation of Ground Reaction Forces and Moments During Gait Using Only Inertial Motion '
        'Capture", Sensors 17(1), 2017, abstract; walking',
    ),
    QuotedForces(
        "OpenGRF 2025 (markers)",
        {"vertical_r": ">=.94", "ap_r": ".81-.91", "ml_r": ">=.48", "cop_mm": "21-23", "ankle_moment_r": ".98"},
        'Di Pietro et al., "OpenGRF: Predicting Ground Reaction Forces and Moments During Daily Living Activities in '
        'OpenSim", bioRxiv 2025.09.27.678739, abstract; walking and stairs, CoP: medians',
    ),
)  # fmt: skip
