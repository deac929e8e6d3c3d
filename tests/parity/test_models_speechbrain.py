"""Networks for speakers and sources with other arguments than the stored references, against SpeechBrain itself."""

import pytest
import torch

from sonovox.models import conv_tasnet, dual_path, ecapa_tdnn, resepformer, resnet, xvector

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]
TOLERANCE = 1e-5  # of the largest value: float32, sums in another order

ECAPA = {"channels": [16] * 4 + [24], "attention_channels": 8, "lin_neurons": 12, "res2net_scale": 4}
SEPFORMER = {
    "encoder_out_nchannels": 16,
    "masknet_chunksize": 10,
    "masknet_numspks": 3,
    "intra_numlayers": 1,
    "inter_numlayers": 2,
    "intra_nhead": 2,
    "inter_nhead": 4,
    "intra_dffn": 8,
    "inter_dffn": 12,
}
OTHERWISE = {
    "masknet_norm": "gln",
    "masknet_useextralinearlayer": True,
    "masknet_extraskipconnection": False,
    "intra_use_positional": False,
    "inter_norm_before": False,
}
MASKS = {"N": 12, "B": 8, "H": 10, "P": 3, "X": 2, "R": 2, "C": 3}
SMALL_RESNET = {"input_size": 21, "channels": [4, 6, 8, 10], "block_sizes": [1, 2, 1, 1], "lin_neurons": 5}
CASES = [
    ("ECAPA_TDNN", ecapa_tdnn.ECAPA_TDNN, {"input_size": 8, **ECAPA}, (2, 40, 8)),
    (
        "ECAPA_TDNN",
        ecapa_tdnn.ECAPA_TDNN,
        {"input_size": 8, **ECAPA, "groups": [1, 2, 2, 2, 1], "dropout": 0.3, "global_context": False},
        (2, 40, 8),
    ),
    ("ECAPA_TDNN", ecapa_tdnn.Classifier, {"input_size": 8, "lin_blocks": 2, "lin_neurons": 6}, (2, 1, 8)),
    ("Xvector", xvector.Classifier, {"input_shape": [None, None, 8], "lin_blocks": 2, "lin_neurons": 6}, (2, 1, 8)),
    ("Xvector", xvector.Discriminator, {"input_shape": [None, None, 8], "lin_blocks": 2}, (2, 1, 8)),
    *[("dual_path", dual_path.SepformerWrapper, SEPFORMER, (2, time)) for time in (400, 403, 407)],
    ("dual_path", dual_path.SepformerWrapper, SEPFORMER | OTHERWISE, (2, 400)),
    ("dual_path", dual_path.Encoder, {"kernel_size": 6, "out_channels": 5, "in_channels": 2}, (2, 2, 40)),
    ("conv_tasnet", conv_tasnet.Encoder, {"L": 16, "N": 12}, (2, 160)),
    ("conv_tasnet", conv_tasnet.MaskNet, {**MASKS, "norm_type": "cLN"}, (2, 12, 30)),
    ("conv_tasnet", conv_tasnet.MaskNet, MASKS, (2, 12, 30)),
    ("conv_tasnet", conv_tasnet.MaskNet, {**MASKS, "norm_type": "cLN", "causal": True}, (2, 12, 30)),
    ("conv_tasnet", conv_tasnet.MaskNet, {**MASKS, "mask_nonlinear": "softmax"}, (2, 12, 30)),
    ("ResNet", resnet.ResNet, {"input_size": 20, "channels": [6, 6, 8, 8], "lin_neurons": 5}, (2, 40, 20)),
    ("ResNet", resnet.ResNet, {**SMALL_RESNET, "strides": [1, 1, 2, 1], "activation": torch.nn.GELU}, (2, 41, 21)),
    ("ResNet", resnet.Classifier, {"input_size": 8, "lin_blocks": 1, "lin_neurons": 6}, (2, 8)),
]


@pytest.mark.parametrize(("module", "ours", "arguments", "shape"), CASES, ids=lambda value: str(value)[:70])
def test_a_network_gives_what_speechbrain_gives(module, ours, arguments, shape):
    peer = _peer(module, ours.__name__)(**arguments).eval()
    model = ours(**arguments).eval()
    model.load_state_dict(peer.state_dict())
    _near(model, peer, torch.randn(shape))


@pytest.mark.parametrize("rnn_type", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("norm", ["cln", "gln", "ln"])
def test_dual_path_recurrent_networks(rnn_type, norm):
    peer, model = (
        build(8, 6, block(6, 5, 2, rnn_type=rnn_type), block(6, 5, 1, rnn_type=rnn_type), 2, norm, 20, 3).eval()
        for build, block in (
            (_peer("dual_path", "Dual_Path_Model"), _peer("dual_path", "SBRNNBlock")),
            (dual_path.Dual_Path_Model, dual_path.SBRNNBlock),
        )
    )
    model.load_state_dict(peer.state_dict())
    for frames in (3, 10, 20, 57):  # shorter than half a chunk, half, one, some
        _near(model, peer, torch.rand(2, 8, frames))


BLOCKS = [
    ("IdentityBlock", {}),
    ("DPTNetBlock", {"d_model": 8, "nhead": 2}),
    ("DPTNetBlock", {"d_model": 8, "nhead": 2, "activation": "gelu"}),
    ("PytorchTransformerBlock", {"out_channels": 8, "num_layers": 2, "nhead": 2, "d_ffn": 12}),
    (
        "PytorchTransformerBlock",
        {
            "out_channels": 8,
            "num_layers": 1,
            "nhead": 2,
            "d_ffn": 12,
            "activation": "gelu",
            "use_positional_encoding": False,
        },
    ),
    ("SBConformerEncoderBlock", {"num_layers": 2, "d_model": 8, "nhead": 2, "d_ffn": 12}),
    ("SBConformerEncoderBlock", {"num_layers": 1, "d_model": 8, "nhead": 2, "d_ffn": 12, "activation": "gelu"}),
    (
        "SBConformerEncoderBlock",
        {"num_layers": 1, "d_model": 8, "nhead": 2, "kernel_size": 5, "bias": False, "attention_type": "regularMHA"},
    ),
]


@pytest.mark.parametrize(("name", "arguments"), BLOCKS, ids=lambda value: str(value)[:70])
def test_blocks_of_a_dual_path_network(name, arguments):
    peer, model = (
        module.Dual_Path_Model(6, 8, block, block, 2, "ln", 10).eval()
        for module, block in (
            (pytest.importorskip("speechbrain.lobes.models.dual_path"), _peer("dual_path", name)(**arguments)),
            (dual_path, getattr(dual_path, name)(**arguments)),
        )
    )
    model.load_state_dict(peer.state_dict())
    _near(model, peer, torch.rand(2, 6, 57))


@pytest.mark.parametrize("mem_type", ["av", "hc", "h", "c", "id"])
def test_separators_in_segments(mem_type):
    peer, model = (
        _separator(module, mem_type).eval()
        for module in (pytest.importorskip("speechbrain.lobes.models.resepformer"), resepformer)
    )
    model.load_state_dict(peer.state_dict())
    for frames in (7, 20, 37):
        _near(model, peer, torch.randn(1, 8, frames))


def _separator(module, mem_type):
    if mem_type == "av":
        sizes = {"num_layers": 1, "d_model": 8, "nhead": 2, "d_ffn": 12, "use_positional_encoding": True}
        block = module.SBTransformerBlock_wnormandskip
        segments, memory = block(**sizes), block(**sizes, use_norm=False, use_skip=False)
    else:
        segments = module.SegLSTM(8, 6, bidirectional=mem_type == "hc")
        memory = mem_type and module.MemLSTM(6, bidirectional=mem_type == "hc", mem_type=mem_type)
    options = {"layer": 3, "segment_size": 10, "mem_type": mem_type}
    return module.ResourceEfficientSeparator(8, **options, seg_model=segments, mem_model=memory)


def test_windows_overlap_and_add():
    peer, decoder = _peer("conv_tasnet", "Decoder")(16, 12), conv_tasnet.Decoder(16, 12)
    decoder.load_state_dict(peer.state_dict())
    _near(decoder, peer, torch.rand(2, 19, 12), torch.rand(2, 19, 3, 12))


def _peer(module, name):
    return getattr(pytest.importorskip(f"speechbrain.lobes.models.{module}"), name)


def _near(model, peer, *inputs):
    with torch.no_grad():
        result, expected = model(*inputs), peer(*inputs)
    assert result.shape == expected.shape
    assert (result - expected).abs().max() <= TOLERANCE * expected.abs().max()
