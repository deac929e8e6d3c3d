import torch
from torch import nn

from sonovox.decoding.transducer_steps import TransducerSteps
from sonovox.nn import LSTM, Embedding, LiGRU, Linear, Transducer_joint


def test_steps_are_the_whole():
    torch.manual_seed(0)
    layers = [
        Embedding(5, embedding_dim=3),
        LSTM(4, input_size=3, num_layers=2),
        nn.LayerNorm(4),
        LiGRU(6, input_shape=[None, None, 4], normalization="layernorm"),
        nn.GRU(6, 7, batch_first=True),
        Linear(4, input_size=7),
    ]
    steps = TransducerSteps(layers, Transducer_joint(), [Linear(5, input_size=4)]).eval()
    tokens = torch.tensor([[0, 3, 1], [0, 2, 4]])
    x = tokens
    with torch.no_grad():
        for layer in layers:
            x = layer(x)
            x = x[0] if isinstance(x, tuple) else x
        states = None
        for place in range(3):
            predicted, states = steps.predict(tokens[:, place], states)
            torch.testing.assert_close(predicted, x[:, place], rtol=1e-5, atol=1e-6)
        assert len(states) == 3
        encoded = torch.randn(2, 7, 4)
        whole = steps.classifier_network[0](steps.tjoint(encoded[:, :, None], x[:, None]))
        torch.testing.assert_close(steps.scores(encoded, predicted), whole[:, :, 2], rtol=1e-5, atol=1e-6)
