import torch

from sonovox.models import Tacotron2

SIZES = {
    "n_mels": 6,
    "n_symbol": 10,
    "symbol_embedding_dim": 8,
    "encoder_embedding_dim": 8,
    "decoder_rnn_dim": 8,
    "attention_rnn_dim": 8,
    "attention_hidden_dim": 4,
    "attention_location_n_filter": 2,
    "attention_location_kernel_size": 5,
    "prenet_dim": 8,
    "postnet_embedding_dim": 8,
}


def small(seed: int = 0, **options) -> Tacotron2:
    torch.manual_seed(seed)
    return Tacotron2(**{**SIZES, **options}).eval()


def batch() -> tuple[torch.Tensor, ...]:
    """Tokens, their counts, a spectrogram and its counts; two items, the longer one second."""
    generator = torch.Generator().manual_seed(1)
    tokens = torch.randint(10, (2, 7), generator=generator)
    return tokens, torch.tensor([4, 7]), torch.randn(2, 6, 9, generator=generator), torch.tensor([5, 9])
