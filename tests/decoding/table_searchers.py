"""Searchers whose decoder is a table of what follows what, small enough to try everything."""

import itertools

import torch

from sonovox.decoding import S2SBeamSearcher, S2SGreedySearcher


class _Table:
    def reset_mem(self, batch_size, device):
        return torch.arange(batch_size)

    def forward_step(self, inp_tokens, memory, enc_states, enc_lens):
        table = enc_states[:, : enc_states.shape[2]]  # the first rows of an item's states are its table
        attn = torch.nn.functional.one_hot(inp_tokens % enc_states.shape[1], enc_states.shape[1]).float()
        return table[torch.arange(len(inp_tokens)), inp_tokens].log_softmax(-1), memory, attn

    def permute_mem(self, memory, index):
        return memory[index]


class TableGreedySearcher(_Table, S2SGreedySearcher):
    pass


class TableBeamSearcher(_Table, S2SBeamSearcher):
    pass


def tables(batch: int = 3, tokens: int = 4, time: int = 5, seed: int = 0) -> torch.Tensor:
    return 2 * torch.randn(batch, time, tokens, generator=torch.Generator().manual_seed(seed))


def every_hypothesis(table, bos: int, eos: int, steps: int):
    """`(tokens, log-probability)` of all that end within `steps`, the end included."""
    log_probs = table[: table.shape[1]].double().log_softmax(-1)
    others = [token for token in range(table.shape[1]) if token != eos]
    for count in range(steps):
        for said in itertools.product(others, repeat=count):
            path = [bos, *said, eos]
            yield [*said, eos], sum(float(log_probs[a, b]) for a, b in itertools.pairwise(path))
