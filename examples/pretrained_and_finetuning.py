"""Pretrained models: use them, look into them, train one on, take its weights for a model of your own.

python examples/pretrained_and_finetuning.py --recordings LibriSpeech/dev-clean-2
python examples/pretrained_and_finetuning.py --recordings mine --asr ./crdnn --speakers ./ecapa --separator ./sepformer

The recordings are those of LibriSpeech, or a folder with a manifest.jsonl (audio, text, speaker, duration).
The page docs/howto/pretrained-models.md goes through it step by step.
"""

import argparse
import functools
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

import sonovox
from sonovox import Brain, Stage
from sonovox.data import DynamicItemDataset, provides, read_audio, takes
from sonovox.hparams import load_hparams
from sonovox.hub import Pretrainer
from sonovox.inference import EncoderDecoderASR, SepformerSeparation, SpeakerRecognition
from sonovox.losses import nll_loss
from sonovox.nn import Softmax
from sonovox.transforms import Resample

ASR = "speechbrain/asr-crdnn-rnnlm-librispeech"
SPEAKERS = "speechbrain/spkrec-ecapa-voxceleb"
SEPARATOR = "speechbrain/sepformer-wsj02mix"


def recordings_in(folder: Path) -> dict[str, dict[str, Any]]:
    """The recordings of LibriSpeech below a folder, or those of its manifest: id -> file, words, length, speaker."""
    manifest, found = folder / "manifest.jsonl", {}
    if manifest.exists():
        for item in map(json.loads, manifest.read_text(encoding="utf-8").splitlines()):
            found[item["id"]] = {
                "file_path": str(folder / item["audio"]),
                "words": item["text"].upper(),
                "length": item["duration"],
                "speaker": str(item["speaker"]),
            }
        return found
    for texts in sorted(folder.rglob("*.trans.txt")):
        for line in texts.read_text(encoding="utf-8").splitlines():
            name, _, words = line.partition(" ")
            file = texts.parent / f"{name}.flac"
            seconds = sonovox.info(file).duration
            found[name] = {
                "file_path": str(file),
                "words": words,
                "length": seconds,
                "speaker": name.split("-")[0],
            }
    return found


# Use them


def transcribe(asr: EncoderDecoderASR, items: dict[str, dict[str, Any]], count: int = 3) -> None:
    """Some recordings as text, beside what was said."""
    for item in list(items.values())[:count]:
        print(f"heard {asr.transcribe_file(item['file_path'])}\nsaid  {item['words']}\n")


def embeddings_of(verification: SpeakerRecognition, items: dict[str, dict[str, Any]], count: int = 20) -> torch.Tensor:
    """The voices of some recordings, `(recordings, features)`."""
    files = [item["file_path"] for item in list(items.values())[:count]]
    return torch.cat([verification.encode_batch(sonovox.load(file)[0])[0].cpu() for file in files])


def principal_components(vectors: torch.Tensor, count: int = 2) -> torch.Tensor:
    """The directions in which vectors differ most, `(vectors, count)`: a PCA."""
    centred = vectors - vectors.mean(dim=0)
    _, _, directions = torch.linalg.svd(centred, full_matrices=False)
    return centred @ directions[:count].T


def plot_speakers(vectors: torch.Tensor, speakers: list[str], target: Path) -> None:
    """Draw voices as points, each with its speaker."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    points = principal_components(vectors)
    for speaker in sorted(set(speakers)):
        own = points[[name == speaker for name in speakers]]
        axes.scatter(own[:, 0], own[:, 1], label=speaker)
    axes.set(xlabel="Principal component 1", ylabel="Principal component 2")
    axes.legend(title="speaker")
    figure.savefig(target)


def verify(verification: SpeakerRecognition, items: dict[str, dict[str, Any]]) -> None:
    """Two recordings of one speaker, and two of different ones."""
    by_speaker: dict[str, list[str]] = {}
    for item in items.values():
        by_speaker.setdefault(item["speaker"], []).append(item["file_path"])
    first, *others = by_speaker.values()
    for pair in ((first[0], first[1]), (first[0], others[0][0])):
        score, same = verification.verify_files(*pair)
        print(f"{Path(pair[0]).stem} {Path(pair[1]).stem} {score.item():.3f} {'same' if same.item() else 'different'}")


def separate(separator: SepformerSeparation, one: str, other: str, folder: Path) -> list[Path]:
    """Mix two recordings, take them apart, and write all of it."""
    sources = []
    for file in (one, other):
        signal, rate = sonovox.load(file)
        sources.append(Resample(rate, separator.sample_rate)(signal))
    length = min(source.shape[-1] for source in sources)
    mix = sources[0][:, :length] + sources[1][:, :length]
    with torch.no_grad():
        estimated = separator.separate_batch(mix)[0]  # (time, sources)
    files = [folder / name for name in ("mix.wav", *(f"source_{i}.wav" for i in range(estimated.shape[1])))]
    for file, signal in zip(files, (mix[0], *estimated.T), strict=True):
        sonovox.save(file, (signal / signal.abs().max()).unsqueeze(0).cpu(), separator.sample_rate)
    return files


# Train one on


def dataset_for(asr: EncoderDecoderASR, items: dict[str, dict[str, Any]], annotation: Path) -> DynamicItemDataset:
    """Signals and the tokens of their words, made by the model's own tokenizer."""
    annotation.write_text(json.dumps(items), encoding="utf-8")
    dataset = DynamicItemDataset.from_json(annotation)
    dataset = dataset.filtered_sorted(sort_key="length", select_n=100)
    dataset.add_dynamic_item(read_audio, takes="file_path", provides="signal")

    @takes("words")
    @provides("words", "tokens_list", "tokens_bos", "tokens_eos", "tokens")
    def text_pipeline(words: str) -> Iterator[Any]:
        yield words
        tokens_list = asr.tokenizer.encode_as_ids(words)
        yield tokens_list
        yield torch.LongTensor([asr.hparams.bos_index, *tokens_list])
        yield torch.LongTensor([*tokens_list, asr.hparams.eos_index])
        yield torch.LongTensor(tokens_list)

    dataset.add_dynamic_item(text_pipeline)
    dataset.set_output_keys(["id", "signal", "words", "tokens_list", "tokens_bos", "tokens_eos", "tokens"])
    return dataset


class EncDecFineTune(Brain):
    """Trains encoder and decoder on, with the cross-entropy of the next token."""

    def on_stage_start(self, stage: Stage, epoch: int | None = None) -> None:
        """A pretrained model is frozen: let learn what shall learn."""
        if stage == Stage.TRAIN:
            for module in (self.modules.enc, self.modules.emb, self.modules.dec, self.modules.seq_lin):
                module.requires_grad_(True)

    def compute_forward(self, batch: Any, stage: Stage) -> tuple[torch.Tensor, torch.Tensor]:
        """From waveforms to log-probabilities of tokens."""
        batch = batch.to(self.device)
        wavs, wav_lens = batch.signal
        tokens_bos, _ = batch.tokens_bos
        features = self.modules.normalize(self.modules.compute_features(wavs), wav_lens)
        encoded = self.modules.enc(features)
        decoded, _ = self.modules.dec(self.modules.emb(tokens_bos), encoded, wav_lens)
        return self.hparams.log_softmax(self.modules.seq_lin(decoded)), wav_lens

    def compute_objectives(self, predictions: Any, batch: Any, stage: Stage) -> torch.Tensor:
        """The loss of the tokens with their end."""
        p_seq, _ = predictions
        tokens_eos, tokens_eos_lens = batch.tokens_eos
        loss: torch.Tensor = self.hparams.seq_cost(p_seq, tokens_eos, tokens_eos_lens)
        return loss


def finetune(asr: EncoderDecoderASR, dataset: DynamicItemDataset, batch_size: int = 8) -> EncDecFineTune:
    """Two epochs over the recordings; the model that transcribes is the one that learns."""
    modules = {
        "enc": asr.mods.encoder.model,
        "emb": asr.hparams.emb,
        "dec": asr.hparams.dec,
        "compute_features": asr.mods.encoder.compute_features,  # the same features
        "normalize": asr.mods.encoder.normalize,
        "seq_lin": asr.hparams.seq_lin,
    }
    hparams = {
        "seq_cost": lambda p_seq, tokens, lengths: nll_loss(p_seq, tokens, lengths, label_smoothing=0.1),
        "log_softmax": Softmax(apply_log=True),
    }
    brain = EncDecFineTune(modules, hparams=hparams, opt_class=lambda p: torch.optim.SGD(p, 1e-5))
    brain.tokenizer = asr.tokenizer
    brain.fit(
        range(2),
        train_set=dataset,
        train_loader_kwargs={"batch_size": batch_size, "drop_last": True, "shuffle": False},
    )
    asr.eval()
    return brain


# Take its weights


def pretrain_from(path: str, hyperparams: Path, collect_in: Path | None = None) -> torch.nn.Module:
    """An encoder of speakers as its YAML file describes it, first with random weights, then with those of a file.

    The file can be a path, an address in the web, or `owner/name/file` of a repository.
    """
    model: torch.nn.Module = load_hparams(hyperparams)["embedding_model"]
    pretrainer = Pretrainer(collect_in=collect_in, loadables={"model": model}, paths={"model": path})
    pretrainer.collect_files()
    pretrainer.load_collected()
    return model.eval()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder in a web of one machine."""
    handler = functools.partial(_QuietHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


def main(words: list[str] | None = None) -> None:
    """All of it, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recordings", type=Path, required=True, help="folder of LibriSpeech, or with a manifest")
    parser.add_argument("--asr", default=ASR, help=f"model folder or repository; default: {ASR}")
    parser.add_argument("--speakers", default=SPEAKERS, help=f"default: {SPEAKERS}")
    parser.add_argument("--separator", default=SEPARATOR, help=f"default: {SEPARATOR}")
    parser.add_argument("--output", type=Path, default=Path("pretrained"), help="folder for what is written")
    parser.add_argument("--batch-size", type=int, default=8)
    options = parser.parse_args(words)
    options.output.mkdir(parents=True, exist_ok=True)
    items = recordings_in(options.recordings)
    print(f"{len(items)} recordings of {len({item['speaker'] for item in items.values()})} speakers\n")

    asr = EncoderDecoderASR.from_hparams(options.asr, savedir=options.output / "asr")
    transcribe(asr, items)

    verification = SpeakerRecognition.from_hparams(options.speakers, savedir=options.output / "speakers")
    shuffled = dict(sorted(items.items(), key=lambda item: item[0][::-1]))
    speakers = [item["speaker"] for item in list(shuffled.values())[:20]]
    plot_speakers(embeddings_of(verification, shuffled), speakers, options.output / "speakers.png")
    verify(verification, items)

    separator = SepformerSeparation.from_hparams(options.separator, savedir=options.output / "separator")
    first, *_, last = (item["file_path"] for item in items.values())
    print("wrote", *separate(separator, first, last, options.output))

    print("modules:", *asr.mods.keys())
    print(asr.mods.encoder.compute_features)
    print("tokens of begin and end:", asr.hparams.bos_index, asr.hparams.eos_index)
    dataset = dataset_for(asr, items, options.output / "data.json")
    brain = finetune(asr, dataset, options.batch_size)
    print(f"loss of the second epoch: {brain.avg_train_loss:.3f}")
    transcribe(asr, items, 1)

    copies = options.output / "speakers"  # a model folder itself, since savedir
    yaml, weights = copies / "hyperparams.yaml", copies / "embedding_model.ckpt"
    taken = pretrain_from(str(weights), yaml)
    with served(copies) as address:
        same = pretrain_from(f"{address}/embedding_model.ckpt", yaml, options.output / "model_web")
    pairs = zip(taken.parameters(), same.parameters(), strict=True)
    print("weights of the folder and of the web are the same:", all(torch.equal(*pair) for pair in pairs))


if __name__ == "__main__":
    main()
