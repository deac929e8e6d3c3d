import torch

from sonovox.finetuning.corpus import open_corpus
from sonovox.finetuning.datasets import PARTS, batches_of, datasets, write_items
from sonovox.finetuning.encoder import SpellingEncoder


def test_batches_hold_recordings_of_similar_length_up_to_their_seconds():
    items = [{"duration": 1.0 + number % 5} for number in range(40)]
    sampler = batches_of(items, 10.0, seed=0, learns=True)
    assert sorted(index for batch in sampler for index in batch) == list(range(40))
    assert all(len(batch) * max(sampler.get_durations(batch)) <= 10.0 for batch in sampler)
    assert list(batches_of(items, 10.0, seed=0, learns=False)) == list(batches_of(items, 10.0, seed=1, learns=False))


def test_loaders_give_sound_at_the_rate_of_the_encoder_and_labels(data, encoder, tmp_path):
    corpus = open_corpus(data)
    for file in PARTS.values():
        write_items(tmp_path / file, {name: {**item, "duration": 0.5} for name, item in corpus.items.items()})
    hparams = {"model": SpellingEncoder(encoder, ["a", "b", "c"]), "output_folder": str(tmp_path), "batch_seconds": 2.0}
    loaders = datasets({**hparams, "seed": 0, "workers": 0, "pin_memory": False}, {"train": corpus, "valid": corpus})
    batch = next(iter(loaders["valid"]))
    assert batch.id[0] == "00"
    assert batch.text[0] == "abc"
    assert batch.letters.data[0, :3].tolist() == [3, 4, 5]
    samples = (batch.sig.lengths * batch.sig.data.shape[1]).round()
    assert samples[0] == 2 * round(0.3 * 8000)
    assert batch.sig.data.dtype is torch.float32
