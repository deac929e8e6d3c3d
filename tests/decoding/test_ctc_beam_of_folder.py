import pytest
import torch

from sonovox import decoding
from sonovox._internal.errors import ArgumentError, SonovoxError
from sonovox.decoding import ctc_beam_of_folder
from sonovox.hparams import load_hparams


@pytest.mark.parametrize("name", ["CTCBeamSearcher", "CTCPrefixBeamSearcher"])
def test_it_finds_what_the_other_finds(name):
    frames = torch.randn(2, 20, 4, generator=torch.Generator().manual_seed(0)).log_softmax(-1)
    labels = ["", "a", "b", " "]
    found = getattr(ctc_beam_of_folder, name)(0, labels, beam_size=5)(frames, torch.ones(2))
    assert found == getattr(decoding, name)(0, labels, beam_size=5)(frames, torch.ones(2))


@pytest.mark.parametrize("name", ["CTCBeamSearcher", "CTCPrefixBeamSearcher"])
@pytest.mark.parametrize("home", ["speechbrain.decoders.ctc", "sonovox.decoding"])
def test_a_model_folder_has_it_and_reads_no_file(name, home, tmp_path):
    yaml = f"search: !new:{home}.{name} {{blank_index: 0, vocab_list: ['', a]}}"
    assert isinstance(load_hparams(yaml)["search"], getattr(ctc_beam_of_folder, name))
    with pytest.raises(SonovoxError, match="cannot name the file of a language model"):
        load_hparams(yaml.replace("}", f", kenlm_model_path: {tmp_path}/lm.arpa}}"))
    with pytest.raises(ArgumentError, match="cannot name the file of a language model, got kenlm_model_path='x'"):
        getattr(ctc_beam_of_folder, name)(0, ["", "a"], " ", "x")
