import torch

from sonovox.dsp.cepstrum import cepstra


def powers(signals):
    return torch.stack((signals.square(), 2 * signals.square()), dim=-2)


def test_both_paths_give_equal_numbers():
    wave = torch.randn(3, 2, 50)
    for natural in (True, False):
        fast = cepstra(wave, powers, torch.eye(2), natural)
        torch.testing.assert_close(cepstra(wave.requires_grad_(), powers, torch.eye(2), natural).detach(), fast)
        wave = wave.detach()


def test_the_natural_logarithm_is_of_powers_plus_a_millionth():
    result = cepstra(torch.zeros(3), powers, torch.eye(2), True)
    torch.testing.assert_close(result, torch.full((2, 3), 1e-6).log())


def test_no_frames_give_no_cepstra():
    assert cepstra(torch.zeros(2, 0), powers, torch.eye(2), False).shape == (2, 2, 0)
