import pytest

from small_encoder import KINDS, config
from sonovox._internal.errors import ArgumentError, ChoiceError, WeightsError
from sonovox.models.wav2vec2 import Wav2Vec2Config


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("head", [None, 30])
def test_a_configuration_survives_the_way_through_hugging_face(kind, head):
    original = config(kind, aux_num_out=head, mask_time_prob=0.3, encoder_dropout=0.25)
    assert Wav2Vec2Config.from_huggingface(original.to_huggingface()) == original


def test_a_head_is_there_only_if_it_is_wanted():
    assert Wav2Vec2Config.from_huggingface(config(aux_num_out=30).to_huggingface(), aux=False).aux_num_out is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model_type": "bert"}, "describes a bert"),
        ({"add_adapter": True}, "add_adapter=True"),
        ({"adapter_attn_dim": 16}, "adapter_attn_dim=16"),
        ({"conv_pos_batch_norm": True}, "conv_pos_batch_norm"),
    ],
)
def test_what_we_do_not_have_is_refused(change, said):
    with pytest.raises(WeightsError, match=said):
        Wav2Vec2Config.from_huggingface({**config().to_huggingface(), **change})


def test_what_is_missing_is_named():
    theirs = config().to_huggingface()
    del theirs["hidden_size"], theirs["conv_dim"]
    with pytest.raises(WeightsError, match="lacks hidden_size, conv_dim"):
        Wav2Vec2Config.from_huggingface(theirs)


def test_sizes_must_divide_and_names_be_known():
    with pytest.raises(ArgumentError, match="multiple of encoder_num_heads = 5"):
        Wav2Vec2Config(encoder_num_heads=5)
    with pytest.raises(ArgumentError, match="multiple of encoder_pos_conv_groups = 5"):
        Wav2Vec2Config(encoder_pos_conv_groups=5)
    with pytest.raises(ChoiceError, match="did you mean hubert"):
        Wav2Vec2Config(family="hubret")
    with pytest.raises(ChoiceError, match="extractor_mode"):
        Wav2Vec2Config(extractor_mode="batch_norm")
