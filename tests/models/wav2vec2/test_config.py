import pytest

from small_encoder import KINDS, config
from sonovox._internal.errors import ArgumentError, ChoiceError, WeightsError
from sonovox.models.wav2vec2 import Wav2Vec2Config


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("head", [None, 30])
def test_a_configuration_survives_the_way_through_hugging_face(kind, head):
    original = config(kind, aux_num_out=head, mask_time_prob=0.3, apply_spec_augment=False)
    assert Wav2Vec2Config.from_huggingface(original.to_huggingface()) == original


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("base", {"add_adapter": True, "adapter_width": 24, "adapter_num_layers": 1, "adapter_bottleneck": 8}),
        ("wavlm", {"add_adapter": True, "adapter_kernel": 5, "adapter_stride": 3}),
        ("hubert", {"encoder_pos_conv_batch_norm": True, "adapter_bottleneck": 8}),
    ],
)
def test_parts_of_some_models_survive_it_too(kind, parts):
    original = config(kind, **parts)
    assert Wav2Vec2Config.from_huggingface(original.to_huggingface()) == original


def test_a_head_is_there_only_if_it_is_wanted():
    assert Wav2Vec2Config.from_huggingface(config(aux_num_out=30).to_huggingface(), aux=False).aux_num_out is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model_type": "bert"}, "describes a bert"),
        ({"conv_dim": [512, 512]}, "values that cannot be"),
        ({"hidden_size": "768"}, "values that cannot be"),
    ],
)
def test_what_is_no_encoder_or_cannot_be_is_refused(change, said):
    with pytest.raises(WeightsError, match=said):
        Wav2Vec2Config.from_huggingface({**config().to_huggingface(), **change})


@pytest.mark.peers
@pytest.mark.parametrize(("family", "name"), [("wav2vec2", "Wav2Vec2"), ("hubert", "Hubert"), ("wavlm", "WavLM")])
def test_what_a_file_does_not_say_is_as_in_transformers(family, name):
    import transformers

    theirs = getattr(transformers, f"{name}Config")().to_dict()
    assert Wav2Vec2Config.from_huggingface({"model_type": family}) == Wav2Vec2Config.from_huggingface(theirs)


def test_sizes_must_divide_and_names_be_known():
    with pytest.raises(ArgumentError, match="multiple of encoder_num_heads = 5"):
        Wav2Vec2Config(encoder_num_heads=5)
    with pytest.raises(ArgumentError, match="multiple of encoder_pos_conv_groups = 5"):
        Wav2Vec2Config(encoder_pos_conv_groups=5)
    with pytest.raises(ChoiceError, match="did you mean hubert"):
        Wav2Vec2Config(family="hubret")
    with pytest.raises(ChoiceError, match="extractor_mode"):
        Wav2Vec2Config(extractor_mode="batch_norm")
