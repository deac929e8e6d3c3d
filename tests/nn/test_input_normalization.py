import pytest
import torch

from sonovox._internal.errors import ArgumentError, ChoiceError
from sonovox.nn import InputNormalization


def _trained(**arguments):
    norm = InputNormalization(**arguments).train()
    norm(torch.randn(3, 20, 4) * 2 + 1)
    return norm


def test_each_sentence_has_mean_zero_and_deviation_one():
    x, lengths = torch.randn(3, 20, 4) * 3 + 5, torch.tensor([1.0, 0.5, 0.25])
    y = InputNormalization(norm_type="sentence")(x, lengths)
    for item, steps in zip(y, (20, 10, 5), strict=True):
        torch.testing.assert_close(item[:steps].mean(0), torch.zeros(4), atol=1e-5, rtol=0)
        torch.testing.assert_close(item[:steps].std(0, unbiased=False), torch.ones(4))


def test_global_statistics_are_those_of_everything_seen():
    batches = [torch.randn(3, 20, 4) * k + k for k in (1, 2, 3)]
    norm = InputNormalization().train()
    for batch in batches:
        norm(batch)
    everything = torch.cat(batches).flatten(0, 1)
    torch.testing.assert_close(norm.glob_mean, everything.mean(0))
    torch.testing.assert_close(norm.glob_std, everything.std(0, unbiased=False))
    assert norm.count == 180


def test_statistics_stay_in_evaluation_and_after_the_last_epoch():
    norm = _trained(update_until_epoch=2)
    before = norm.glob_mean.clone()
    norm(torch.randn(2, 9, 4), epoch=2)
    norm.eval()(torch.randn(2, 9, 4), epoch=0)
    assert torch.equal(norm.glob_mean, before)
    norm.train()(torch.randn(2, 9, 4), epoch=1)
    assert not torch.equal(norm.glob_mean, before)


def test_a_weight_for_each_batch_forgets():
    norm = InputNormalization(avg_factor=0.5).train()
    norm(torch.zeros(1, 10, 1))
    norm(torch.full((1, 1000, 1), 8.0))
    assert float(norm.glob_mean) == 4.0


def test_the_state_is_kept_and_loads_into_a_new_module():
    norm = _trained()
    other = InputNormalization().eval()
    other.load_state_dict(norm.state_dict())
    x = torch.randn(2, 9, 4)
    assert torch.equal(other(x), norm.eval()(x))


@pytest.mark.parametrize("extra", [{}, {"spk_dict_mean": {}, "spk_dict_std": {}, "spk_dict_count": {}}])
def test_files_of_speechbrain_load_old_and_new(extra):
    norm = InputNormalization().eval()
    norm.load_state_dict({"count": 7, "glob_mean": torch.ones(4), "glob_std": torch.full((4,), 2.0), **extra})
    torch.testing.assert_close(norm(torch.full((1, 2, 4), 5.0)), torch.full((1, 2, 4), 2.0))
    assert norm.count == 7


def test_a_deviation_of_one_number_is_for_all_features():
    norm = InputNormalization().eval()
    norm.load_state_dict({"count": 7, "glob_mean": torch.ones(4), "glob_std": torch.tensor([2.0])})
    torch.testing.assert_close(norm(torch.full((1, 2, 4), 5.0)), torch.full((1, 2, 4), 2.0))


def test_normaliser_files_of_the_hub_load(speechbrain_reference):
    for case, features in (("asr-crdnn-rnnlm", 40), ("asr-transformer-lm", 40), ("spkrec-xvector", 24)):
        (path,) = (speechbrain_reference / case / "model").glob("*norm*.ckpt")
        norm = InputNormalization().eval()
        norm.load_state_dict(torch.load(path, weights_only=True))
        assert norm(torch.zeros(1, 3, features)).isfinite().all()


def test_speakers_have_statistics_of_their_own():
    norm = InputNormalization(norm_type="speaker").train()
    x, ids = torch.randn(6, 20, 4), torch.tensor([3, 8, 3, 8, 8, 3])
    x = x + ids.view(-1, 1, 1)
    norm(x[:3], spk_ids=ids[:3])
    norm(x[3:], spk_ids=ids[3:])
    norm.eval()
    for speaker in (3, 8):
        own = x[ids == speaker].flatten(0, 1)
        expected = (x[ids == speaker] - own.mean(0)) / own.std(0, unbiased=False)
        torch.testing.assert_close(norm(x[ids == speaker], spk_ids=ids[ids == speaker]), expected)
    stranger = torch.randn(1, 20, 4)
    alone = InputNormalization(norm_type="sentence")(stranger)
    torch.testing.assert_close(norm(stranger, spk_ids=torch.tensor([99])), alone)


def test_statistics_of_speakers_load_from_dicts():
    norm = InputNormalization(norm_type="speaker").eval()
    dicts = {"spk_dict_mean": {5: torch.ones(4)}, "spk_dict_std": {5: torch.tensor([2.0])}, "spk_dict_count": {5: 3}}
    norm.load_state_dict({"count": 0, "glob_mean": torch.empty(0), "glob_std": torch.empty(0), **dicts})
    y = norm(torch.full((1, 2, 4), 5.0), spk_ids=torch.tensor([5]))
    torch.testing.assert_close(y, torch.full((1, 2, 4), 2.0))


def test_padding_is_left_alone_where_asked():
    x, lengths = torch.randn(2, 10, 4), torch.tensor([1.0, 0.5])
    y = InputNormalization(norm_type="batch", avoid_padding_norm=True)(x, lengths)
    assert torch.equal(y[1, 5:], x[1, 5:])


def test_only_the_mean_or_only_the_deviation():
    x = torch.randn(2, 10, 4) + 3
    shifted = InputNormalization(norm_type="sentence", std_norm=False)(x)
    torch.testing.assert_close(shifted, x - x.mean(1, keepdim=True))
    scaled = InputNormalization(norm_type="sentence", mean_norm=False)(x)
    torch.testing.assert_close(scaled, x / x.std(1, keepdim=True, unbiased=False))


def test_a_constant_is_zero_with_finite_gradients():
    x = torch.full((1, 5, 2), 7.0, requires_grad=True)
    y = InputNormalization(norm_type="sentence")(x)
    y.sum().backward()
    assert torch.equal(y, torch.zeros(1, 5, 2))
    assert x.grad.isfinite().all()


def test_half_precision_is_computed_in_float32():
    x = (torch.randn(1, 5000, 2) * 100).half()
    y = InputNormalization(norm_type="sentence")(x)
    assert y.dtype == torch.float16
    torch.testing.assert_close(y.float().std(1), torch.ones(1, 2), atol=1e-3, rtol=0)


def test_time_may_stand_elsewhere():
    x = torch.randn(2, 4, 10)
    lengths = torch.tensor([1.0, 0.5])
    for kind in ("sentence", "batch", "global"):
        expected = InputNormalization(norm_type=kind)(x.transpose(1, 2), lengths).transpose(1, 2)
        torch.testing.assert_close(InputNormalization(norm_type=kind, length_dim=2)(x, lengths), expected)
        torch.testing.assert_close(InputNormalization(norm_type=kind, length_dim=-1)(x, lengths), expected)


@pytest.mark.parametrize("kind", ["sentence", "batch", "global"])
def test_signals_and_images_are_normalised_over_time_too(kind):
    lengths = torch.tensor([1.0, 0.5])
    for x in (torch.randn(2, 10), torch.randn(2, 10, 3, 4)):
        flat = x.reshape(2, 10, -1)
        for given in (None, lengths):
            expected = InputNormalization(norm_type=kind)(flat, given).view(x.shape)
            torch.testing.assert_close(InputNormalization(norm_type=kind)(x, given), expected)


def test_full_lengths_are_no_lengths():
    x = torch.randn(3, 10, 4)
    for kind in ("sentence", "batch", "global"):
        with_lengths = InputNormalization(norm_type=kind)(x, torch.ones(3))
        torch.testing.assert_close(with_lengths, InputNormalization(norm_type=kind)(x))


def test_numbers_with_and_without_gradients_are_the_same_and_the_input_is_kept():
    x = torch.randn(3, 10, 4)
    before = x.clone()
    norm = InputNormalization(norm_type="sentence")
    torch.testing.assert_close(norm(x), norm(x.clone().requires_grad_()).detach())
    assert torch.equal(x, before)


def test_what_is_missing_is_named():
    with pytest.raises(ArgumentError, match="train first"):
        InputNormalization().eval()(torch.zeros(1, 2, 3))
    with pytest.raises(ArgumentError, match="spk_ids"):
        InputNormalization(norm_type="speaker")(torch.zeros(1, 2, 3))
    with pytest.raises(ChoiceError, match="did you mean sentence"):
        InputNormalization(norm_type="sentense")


def test_trained_statistics_compile_and_export():
    norm = _trained().eval()
    x, longer = torch.randn(2, 9, 4), torch.randn(2, 30, 4)
    torch.testing.assert_close(torch.compile(norm, fullgraph=True, backend="eager")(x), norm(x))
    program = torch.export.export(norm, (x,), dynamic_shapes=({1: torch.export.Dim.AUTO},)).module()
    torch.testing.assert_close(program(longer), norm(longer))
