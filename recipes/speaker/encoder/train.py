"""Who is speaking: embeddings from a pretrained encoder, compared by their cosine.

    sonovox train recipes/speaker/encoder/hparams/folders.yaml --code recipes/speaker/encoder/train.py --data_folder SPEAKERS --n_speakers 1211

SPEAKERS has a folder for each speaker. The encoder is frozen or learns with an optimiser
and a schedule of its own. The same command goes on where a run was stopped; the folder of
results is a model that `sonovox verify` opens.
"""  # noqa: E501

import random
from pathlib import Path

import torch
from torch.nn.functional import normalize

from sonovox.data import DynamicItemDataset, read_audio
from sonovox.errors import DataError
from sonovox.inference import save_pretrained
from sonovox.metrics import EER, minDCF
from sonovox.training import EncoderBrain, Stage


class Verifier(EncoderBrain):
    """Learns to tell the speakers of the training apart; the equal error rate in validation chooses the checkpoint."""

    def compute_forward(self, batch, stage):
        signals, lengths = batch.to(self.device).sig
        return self.modules.avg_pool(self.encode(signals, lengths), lengths)  # (batch, 1, features)

    def compute_objectives(self, embeddings, batch, stage):
        if stage is not Stage.TRAIN:
            self.speakers += batch.spk_id
            self.embeddings.append(normalize(embeddings.squeeze(1)).cpu())
        return self.hparams.compute_cost(self.modules.classifier(embeddings), batch.label.data)

    def on_stage_start(self, stage, epoch=None):
        self.speakers, self.embeddings = [], []

    def stage_stats(self, stage):
        targets, others = trials(self.speakers, torch.cat(self.embeddings))
        # Of the cost, 1 is what refusing everyone has.
        return {"EER": 100 * EER(targets, others)[0], "minDCF": minDCF(targets, others)[0] / 0.01}


def trials(speakers, embeddings):
    """Cosines of every pair of two recordings: of pairs of one speaker, and of two."""
    a, b = torch.combinations(torch.arange(len(speakers))).T
    names = sorted(set(speakers))
    number = torch.tensor([names.index(speaker) for speaker in speakers])
    scores, same = (embeddings[a] * embeddings[b]).sum(1), number[a] == number[b]
    return scores[same], scores[~same]


def datasets(hparams):
    """What the manifests describe; of each recording training hears a cut, drawn anew in each epoch."""
    hparams["prepare"]()
    encoder, rate = hparams["label_encoder"], hparams["sample_rate"]
    longest = round(hparams["seconds"] * rate)

    def read(wav):
        return read_audio(wav, sample_rate=rate)

    def read_a_cut(wav):
        signal = read(wav)
        start = random.randint(0, max(0, len(signal) - longest))
        return signal[start : start + longest]

    save = Path(hparams["save_folder"])
    sets = {name: DynamicItemDataset.from_csv(save / f"{name}.csv") for name in ("train", "valid", "test")}
    speakers = sorted(set(sets["train"].column("spk_id")))
    if len(speakers) != hparams["n_speakers"]:
        raise DataError(f"there are {len(speakers)} speakers in the training", hint=f"--n_speakers {len(speakers)}")
    encoder.update_from_iterable(speakers)
    for name, each in sets.items():
        each.add_dynamic_item(read_a_cut if name == "train" else read, takes="wav", provides="sig")
        each.add_dynamic_item(encoder.encode_label_torch, takes="spk_id", provides="label")
        each.set_output_keys(["id", "sig", "spk_id", "label"])
    return sets


def finish(brain):
    """Make a model of the results, which `sonovox verify --model` opens."""
    hparams, stats = brain.hparams, brain.test_stats
    save_pretrained(
        Path(hparams.output_folder) / "model",
        Path(hparams.output_folder) / "train.yaml",
        interface="SpeakerRecognition",
        keys=["sample_rate", "modules"],
        loadables={name: getattr(hparams, name) for name in ("wav2vec2", "avg_pool", "classifier", "label_encoder")},
        title="Speakers",
        description=f"Embeddings of speakers, on {Path(hparams.wav2vec2_hub).name}.",
        results={"EER of all pairs of the test": f"{stats['EER']:.2f} %", "minDCF": f"{stats['minDCF']:.2f}"},
    )
