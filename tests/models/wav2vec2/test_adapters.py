import torch

from small_encoder import encoder, speech
from sonovox.models.wav2vec2 import encoder as encoder_file
from sonovox.models.wav2vec2 import feature_extractor
from sonovox.models.wav2vec2.adapters import AttentionAdapter, OutputAdapter

ADAPTER = {"add_adapter": True, "adapter_width": 12, "adapter_num_layers": 2}


def test_a_layer_with_an_adapter_that_says_nothing_is_one_without():
    with_adapter = encoder("large", adapter_bottleneck=4)
    expected = encoder("large")
    expected.load_state_dict(with_adapter.state_dict(), strict=False)
    for layer in with_adapter.encoder.transformer.layers:
        assert isinstance(layer.adapter_layer, AttentionAdapter)
        assert not torch.allclose(with_adapter(*speech())[0], expected(*speech())[0])
        layer.adapter_layer.linear_2.weight.data.zero_()
        layer.adapter_layer.linear_2.bias.data.zero_()
    torch.testing.assert_close(with_adapter(*speech())[0], expected(*speech())[0])


def test_layers_that_normalise_behind_and_wavlm_have_none():
    for kind in ("base", "wavlm-large"):
        layer = encoder(kind, adapter_bottleneck=4).encoder.transformer.layers[0]
        assert layer.adapter_layer is None


def alone_and_together(model):
    model.ignore_padding()
    waves, lengths = speech()
    together, counts = model(waves, lengths)
    for item, wave, length, count in zip(together, waves, lengths, counts, strict=True):
        (alone,), _ = model(wave[None, :length])
        assert len(alone) == count
        torch.testing.assert_close(item[:count], alone, atol=1e-5, rtol=1e-5)


def test_a_batch_is_its_items_also_where_convolutions_stand_behind_the_layers():
    alone_and_together(encoder(aux_num_out=6, **ADAPTER))
    alone_and_together(encoder("wavlm", add_adapter=True, adapter_num_layers=2, adapter_kernel=5, adapter_stride=3))


def test_a_batch_is_its_items_behind_a_batch_norm_too_packed_or_not(monkeypatch):
    model = encoder("hubert", encoder_pos_conv_batch_norm=True, **ADAPTER)
    model.encoder.transformer.pos_conv_embed.batch_norm.running_mean.fill_(0.5)
    alone_and_together(model)
    for file in (encoder_file, feature_extractor):
        monkeypatch.setattr(file, "pays", lambda *_: False)
    alone_and_together(model)


def test_convolutions_are_left_out_in_training_with_the_probability_of_layers():
    adapter = OutputAdapter(8, 8, num_layers=3, kernel_size=3, stride=2, layer_drop=1.0)
    x, counts = torch.randn(1, 16, 8), torch.tensor([16])
    assert adapter(x, counts)[0].shape == (1, 16, 8)
    found, fewer = adapter.eval()(x, counts)
    assert (found.shape, fewer.tolist()) == ((1, 2, 8), [2])
