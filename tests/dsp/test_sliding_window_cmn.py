import numpy as np
import pytest
import torch

from sonovox.dsp.sliding_window_cmn import SlidingWindowCmn, sliding_window_cmn


def by_loop(features, window, least, center, norm_vars):
    """Kaldi's documented rule for the window of each frame, one frame after the other."""
    count = len(features)
    result = np.empty_like(features)
    for t in range(count):
        start, end = (t - window // 2, t - window // 2 + window) if center else (t - window, t + 1)
        if start < 0:
            start, end = 0, end - start
        if not center:
            end = max(t + 1, least)
        if end > count:
            start, end = max(0, start - (end - count)), count
        part = features[start:end]
        result[t] = features[t] - part.mean(0)
        if norm_vars:
            result[t] = 0.0 if len(part) == 1 else result[t] / part.std(0)
    return result


@pytest.mark.parametrize("center", [False, True])
@pytest.mark.parametrize("norm_vars", [False, True])
@pytest.mark.parametrize(("window", "least"), [(7, 3), (3, 9), (100, 5), (2, 1)])
def test_equals_the_rule_frame_by_frame(center, norm_vars, window, least):
    features = torch.randn(40, 3, dtype=torch.float64)
    ours = sliding_window_cmn(features, window, least, center, norm_vars)
    np.testing.assert_allclose(ours.numpy(), by_loop(features.numpy(), window, least, center, norm_vars), atol=1e-9)


@pytest.mark.parametrize("kind", ["functional", "transforms"])
def test_equals_torchaudio(kind, torchaudio_calls):
    name = "sliding_window_cmn" if kind == "functional" else "SlidingWindowCmn"
    for call, inputs, expected, _ in torchaudio_calls(kind, name):
        if kind == "functional":
            ours = sliding_window_cmn(inputs["specgram"], **call["kwargs"])
        else:
            ours = SlidingWindowCmn(**call["constructor"])(inputs["specgram"])
        torch.testing.assert_close(ours, expected, rtol=1e-8, atol=1e-9)


def test_float32_keeps_its_digits_far_into_a_recording():
    features = 20 + torch.randn(100000, 1, dtype=torch.float64)
    exact = sliding_window_cmn(features, norm_vars=True)
    torch.testing.assert_close(sliding_window_cmn(features.float(), norm_vars=True).double(), exact, rtol=0, atol=1e-5)


def test_a_feature_that_stands_still_stays_zero():
    assert sliding_window_cmn(torch.ones(50, 2), 10, 5, norm_vars=True).eq(0).all()


def test_one_dimension_is_refused():
    with pytest.raises(ValueError, match=r"specgram must have shape \(\.\.\., frames, features\), got \(5,\)"):
        sliding_window_cmn(torch.zeros(5))
