"""Gradients flow through features and filters: find the filter that a recording went through.

    python examples/differentiable_mfcc.py

A noise passes a low-pass filter whose cut-off frequency we pretend not to know.
All that is compared are the cepstra (MFCC) of the filtered noise and of our guess;
the gradient goes back through logarithm, mel filters, spectrogram and the
recursive filter into one number, the cut-off frequency of our guess.
"""

import torch

import sonovox.functional as F
import sonovox.transforms as T

SAMPLE_RATE = 16000
TRUE_CUTOFF = 1850.0  # Hz


def main() -> None:
    """Print the guess as it approaches the truth."""
    torch.manual_seed(0)
    noise = 0.1 * torch.randn(4, SAMPLE_RATE)  # four recordings of a second
    features = T.MFCC(SAMPLE_RATE, n_mfcc=20, log_mels=True, melkwargs={"n_fft": 512, "hop_length": 160, "n_mels": 40})
    heard = features(F.lowpass_biquad(noise, SAMPLE_RATE, TRUE_CUTOFF))

    log_cutoff = torch.tensor(6000.0).log().requires_grad_()  # hearing is logarithmic, and so is the step
    optimiser = torch.optim.Adam([log_cutoff], lr=0.1)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimiser, 0.98)
    for step in range(161):
        guess = features(F.lowpass_biquad(noise, SAMPLE_RATE, log_cutoff.exp()))
        loss = (guess - heard).square().mean()
        if step % 40 == 0:
            print(f"step {step:3}  loss {loss.item():9.5f}  cut-off {log_cutoff.exp().item():7.1f} Hz")
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    print(f"the truth is                       {TRUE_CUTOFF:7.1f} Hz")


if __name__ == "__main__":
    main()
