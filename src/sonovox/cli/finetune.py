"""`sonovox finetune`: a pretrained encoder learns to write, from recordings and their text."""

import os
import shlex
import sys
from pathlib import Path

import typer

from sonovox.cli.train import log_on_stderr

__all__ = ["finetune"]


def finetune(
    encoder: str = typer.Argument(
        help="facebook/wav2vec2-base and its like (HuBERT, WavLM), a folder of one, or that of an earlier run."
    ),
    data: str = typer.Argument(
        help="A folder of recordings with a .txt of the same name beside each; a CSV, TSV or JSON lines list; a Kaldi "
        "directory; or hf:owner/name[:config[:split]]."
    ),
    out: Path = typer.Option(..., "--out", "-o", help="Folder of the run; its model/ is the result."),
    dev: str = typer.Option("", help="Data to watch the training with. Default: a part of DATA."),
    dev_share: float = typer.Option(0.1, help="How large a part."),
    split: str = typer.Option("auto", help="recording or speaker: what is drawn for it. auto: 10 speakers or more."),
    text_column: str = typer.Option("", help="Of a list or data set; found by its name when left out."),
    audio_column: str = typer.Option("", help="Likewise."),
    normalize: str = typer.Option("letters", help="Of the text: letters (lower case, no punctuation), basic, none."),
    max_seconds: float = typer.Option(30.0, help="Longer recordings are left out."),
    epochs: int = typer.Option(20, help="How often each recording is heard."),
    batch_seconds: float = typer.Option(None, help="Of sound in a batch. Default: a hundredth of all, 8 to 100."),
    accumulate: int = typer.Option(1, help="Batches to one update."),
    keep_head: bool = typer.Option(
        None,
        "--keep-head/--new-head",
        help="The layer for the letters, of a model that was fine-tuned before. Default: kept where it can write all.",
    ),
    lora: bool = typer.Option(False, "--lora", help="Only adapters beside the encoder's layers learn, and the head."),
    lora_rank: int = typer.Option(None, help="Of the adapters; needs no --lora. Default: 16."),
    learning_rate: float = typer.Option(
        None, "--learning-rate", "--lr", help="Of the head. Default: 1e-3, or 1e-4 for one that is kept."
    ),
    encoder_learning_rate: float = typer.Option(
        None, help="Of the encoder; 0 leaves it as it is. Default: 1e-4, or 1e-3 for adapters."
    ),
    freeze_updates: int = typer.Option(
        None, help="Updates before the encoder learns. Default: a tenth of all for a new head."
    ),
    freeze_feature_extractor: bool = typer.Option(
        True, "--freeze-feature-extractor/--train-feature-extractor", help="Whether its convolutions learn too."
    ),
    mask_time: float = typer.Option(0.2, help="Share of the frames masked in training (SpecAugment)."),
    precision: str = typer.Option("", help="fp32, bf16 or fp16. Default: bf16 on a GPU that has it, else fp32."),
    device: str = typer.Option("", help="cpu, cuda, cuda:1, mps. Default: a GPU where there is one."),
    workers: int = typer.Option(None, help="Processes that read recordings. Default: 4 with a GPU, else none."),
    seed: int = typer.Option(0, help="Of the split, the order and the first weights."),
    offline: bool = typer.Option(False, "--offline", help="Use models of the cache only."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No progress bar."),
) -> None:
    """Fine-tune a speech encoder into a recogniser, without writing code.

    The data are read once, and what is missing or odd in them is told before the training begins. After
    each epoch the word error rate of the dev set is shown, with some of its lines. The same command goes
    on where a run was stopped, exactly; with fewer --epochs it ends, and writes the model of its best epoch.

    With several GPUs: torchrun --nproc-per-node 2 -m sonovox finetune ENCODER DATA --out FOLDER
    """
    from sonovox.finetuning.settings import FinetuneSettings

    if "RANK" in os.environ:
        # Else each process tells that it searches weights without gradients in vain, where none are frozen any more.
        os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    settings = FinetuneSettings(
        encoder=encoder,
        data=data,
        out=out,
        dev=dev or None,
        dev_share=dev_share,
        split=split,
        text_column=text_column,
        audio_column=audio_column,
        normalize=normalize,
        max_seconds=max_seconds,
        epochs=epochs,
        batch_seconds=batch_seconds,
        accumulate=accumulate,
        keep_head=keep_head,
        lora=lora,
        lora_rank=lora_rank,
        learning_rate=learning_rate,
        encoder_learning_rate=encoder_learning_rate,
        freeze_updates=freeze_updates,
        freeze_feature_extractor=freeze_feature_extractor,
        mask_time=mask_time,
        precision=precision or None,
        device=device or None,
        workers=workers,
        seed=seed,
        offline=True if offline else None,
    )
    from sonovox.finetuning.run import run_finetuning

    with log_on_stderr():
        run_finetuning(settings, quiet=quiet)
    if os.environ.get("RANK", "0") == "0":
        run = shlex.quote(str(out))
        print(f"sonovox transcribe --model {run} file.wav", file=sys.stdout)  # noqa: T201
        print(f"sonovox push {run} owner/name", file=sys.stdout)  # noqa: T201
