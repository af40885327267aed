"""Windows cover a clip once."""

from hypothesis import given
from hypothesis import strategies as st

from motionrecon.fitting.windows import WindowOptions, cut


@given(frames=st.integers(1, 500), size=st.integers(3, 60), data=st.data())
def test_every_frame_is_kept_exactly_once(frames, size, data):
    step = data.draw(st.integers(1, size - 1))
    windows = cut(frames, WindowOptions(size, step))
    kept = [i for w in windows for i in range(w.start, w.start + w.commit)]
    assert kept == list(range(frames))
    for w in windows:
        assert w.stop - w.start == size  # one compiled shape
        assert 1 <= w.commit <= size
    for w in windows[:-1]:
        assert w.commit <= step  # the state after the last kept frame is inside the window: the next starts there
        assert w.start + w.commit < w.stop
    if frames >= size:
        assert windows[-1].stop == frames


def test_short_clip_is_one_padded_window():
    (window,) = cut(5)
    assert (window.start, window.stop, window.commit) == (0, 26, 5)


def test_default():
    assert [(w.start, w.commit) for w in cut(50)] == [(0, 10), (10, 10), (20, 4), (24, 26)]
