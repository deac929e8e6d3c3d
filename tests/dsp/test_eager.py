import torch
from torch import nn

from sonovox.dsp.eager import can_reuse_buffers, constant, first_samples, full_precision, in_plain_eager, over_frames


def test_buffers_are_not_reused_where_a_derivative_is_wanted():
    leaf = torch.zeros(3, requires_grad=True)
    assert not can_reuse_buffers(torch.zeros(3), leaf)
    with torch.no_grad():
        assert can_reuse_buffers(torch.zeros(3), leaf)
        assert can_reuse_buffers(nn.Parameter(torch.zeros(3)))


def test_transforms_and_fake_tensors_are_not_plain():
    seen = []
    torch.vmap(lambda x: seen.append(in_plain_eager()) or x)(torch.zeros(2))
    with torch._subclasses.FakeTensorMode():
        seen.append(in_plain_eager())
    assert seen == [False, False]
    assert in_plain_eager()
    assert not can_reuse_buffers(torch.zeros(3, device="meta"))


def test_a_constant_is_made_once():
    made = []
    build = constant(lambda n: made.append(n) or torch.ones(n))
    assert build(3) is build(3)
    assert made == [3]


def test_a_constant_of_a_transform_is_not_kept():
    build = constant(lambda n: torch.ones(n))
    torch.func.grad(lambda x: (x * build(3)).sum())(torch.ones(3))
    assert type(build(3)) is torch.Tensor
    assert build(3).sum().item() == 3


def test_a_constant_of_inference_mode_serves_gradients_later():
    build = constant(lambda n: torch.ones(n))
    with torch.inference_mode():
        build(3)
    leaf = torch.ones(3, requires_grad=True)
    (leaf * build(3)).sum().backward()
    assert leaf.grad.tolist() == [1, 1, 1]


def test_full_precision_turns_autocast_off():
    x = torch.ones(2, 2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert (x @ x).dtype == torch.bfloat16
        with full_precision(x):
            assert (x @ x).dtype == torch.float32


def test_first_samples_exports_where_a_slice_does_not():
    class Shorten(nn.Module):
        def forward(self, x):
            return first_samples(x, (2 * x.shape[-1] + 2) // 3)

    time = torch.export.Dim("time", min=2, max=1000)
    exported = torch.export.export(Shorten(), (torch.zeros(10),), dynamic_shapes=({0: time},))
    assert exported.module()(torch.arange(8.0)).tolist() == [0, 1, 2, 3, 4, 5]


def test_over_frames_is_the_transform():
    frames = torch.randn(2, 5, 8)
    torch.testing.assert_close(over_frames(torch.fft.rfft, frames), torch.fft.rfft(frames))
    assert over_frames(torch.fft.rfft, frames[:0]).shape == (0, 5, 5)
