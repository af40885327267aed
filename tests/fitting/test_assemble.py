"""Which forces count: what the ground supports, less the windows that failed."""

import numpy as np

from motionrecon.fitting import assemble
from motionrecon.types import FitStatus, Window, WindowReport


def _report(start: int, commit: int, status: FitStatus) -> WindowReport:
    return WindowReport(Window(start, start + 20, commit), status, "plain", 1, 1, 0.1, 1.0, 0.5, 2.0)


def test_frames_of_failed_windows_are_not_reliable():
    supported = np.arange(40) >= 5
    reports = [
        _report(0, 10, FitStatus.OK), _report(10, 10, FitStatus.DIVERGED), _report(20, 20, FitStatus.STALLED),
    ]  # fmt: skip
    found = assemble.reliable(supported, reports)
    expected = (np.arange(40) >= 5) & ((np.arange(40) < 10) | (np.arange(40) >= 20))
    np.testing.assert_array_equal(found, expected)
    assert supported.sum() == 35  # not changed in place
