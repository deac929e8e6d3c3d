import torch

from sonovox.models.tacotron2.encoder import Encoder


def encoder():
    torch.manual_seed(0)
    return Encoder(6, 2, 3).eval()


@torch.no_grad()
def test_lengths_may_come_in_any_order():
    model, x, lengths = encoder(), torch.randn(3, 6, 9), torch.tensor([4, 9, 6])
    order = torch.tensor([1, 2, 0])
    torch.testing.assert_close(model(x, lengths)[order], model(x[order], lengths[order]))


@torch.no_grad()
def test_vectors_behind_the_end_are_zero_and_with_a_mask_the_others_are_those_of_the_item_alone():
    model, x, lengths = encoder(), torch.randn(2, 6, 9), torch.tensor([4, 9])
    mask = torch.arange(9) < lengths.unsqueeze(1)
    memory = model(x, lengths, mask)
    assert not memory[0, 4:].any()
    torch.testing.assert_close(memory[:1, :4], model(x[:1, :, :4], lengths[:1]))


@torch.no_grad()
def test_exports_for_any_number_of_symbols():
    model, time = encoder(), torch.export.Dim.AUTO
    program = torch.export.export(model, (torch.randn(2, 6, 9), torch.tensor([4, 9])), dynamic_shapes=({2: time}, None))
    x, lengths = torch.randn(2, 6, 20), torch.tensor([20, 11])
    torch.testing.assert_close(program.module()(x, lengths), model(x, lengths))
