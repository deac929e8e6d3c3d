"""RNN-T loss, forced alignment and convolution against torchaudio and scipy.

python benchmarks/bench_signals.py
"""

import scipy.signal
import torch
from measure import Row, report

from sonovox import functional as F

try:
    import torchaudio.functional as peer
except (ImportError, OSError):  # it does not import beside a CPU build of torch
    peer = None


def of_torchaudio(work):
    return {"torchaudio": work} if peer else {}


def noise(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def rnnt(batch, time, labels, classes):
    logits = noise(batch, time, labels + 1, classes).requires_grad_()
    targets = torch.randint(0, classes - 1, (batch, labels), dtype=torch.int32)
    lengths = torch.full((batch,), time, dtype=torch.int32), torch.full((batch,), labels, dtype=torch.int32)

    def work(loss):
        logits.grad = None
        loss(logits, targets, *lengths).backward()

    return Row(
        f"loss and gradient, B{batch} T{time} U{labels} V{classes}",
        ours=lambda: work(F.rnnt_loss),
        peers=of_torchaudio(lambda: work(peer.rnnt_loss)),
        floor=lambda: logits.detach().log_softmax(-1).exp_(),
        gate="5",
    )


def alignment(batch, time, labels, classes):
    log_probs = noise(batch, time, classes).log_softmax(-1)
    targets = torch.randint(1, classes, (batch, labels))

    def one_by_one():
        for item, target in zip(log_probs, targets, strict=True):
            peer.forced_align(item[None], target[None])

    return Row(
        f"forced alignment, B{batch} T{time} L{labels} V{classes}",
        ours=lambda: F.forced_align(log_probs, targets),
        peers=of_torchaudio(one_by_one),
        gate="1.5",
    )


def convolution(x_shape, y_shape):
    x, y = noise(*x_shape), noise(*y_shape)
    arrays = x.numpy(), y.numpy()
    return Row(
        f"fftconvolve {tuple(x_shape)} * {tuple(y_shape)}",
        ours=lambda: F.fftconvolve(x, y),
        peers={
            "scipy fft": lambda: scipy.signal.fftconvolve(*arrays, axes=-1),
            "scipy oa": lambda: scipy.signal.oaconvolve(*arrays, axes=-1),
            **of_torchaudio(lambda: peer.fftconvolve(x, y)),
        },
        gate="1.0 the best of scipy",
    )


if __name__ == "__main__":
    report("RNN-T loss", [rnnt(4, 100, 20, 64), rnnt(4, 200, 50, 256)])
    report("Alignment", [alignment(1, 500, 60, 32), alignment(1, 3000, 400, 32), alignment(16, 1000, 120, 32)])
    shapes = [
        ((1000,), (1000,)),
        ((16000,), (16000,)),
        ((160000,), (160000,)),
        ((160000,), (16000,)),
        ((960000,), (8000,)),
        ((960000,), (512,)),
        ((16, 1000), (16, 1000)),
        ((8, 30011), (8, 30011)),
        ((32, 16000), (32, 16000)),
        ((32, 160000), (1, 16000)),
    ]
    report("Convolution", [convolution(*pair) for pair in shapes])
