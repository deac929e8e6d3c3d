"""README.md of a fine-tuned model: what it is, how good it is, how it is used."""

from collections.abc import Mapping
from typing import Any

from sonovox import __version__
from sonovox.finetuning.settings import FinetuneSettings

__all__ = ["model_card"]


def model_card(settings: FinetuneSettings, record: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    """The text of the card, with the fields that model hubs read on top.

    Args:
        settings: of the fine-tuning.
        record: what was told about the data when it began.
        results: "WER" and "CER" in percent, and "epoch".
    """
    encoder = settings.encoder.removeprefix("hf:")
    is_published = encoder.count("/") == 1 and not encoder.startswith((".", "/", "~"))
    head = ["---", "library_name: sonovox", "pipeline_tag: automatic-speech-recognition"]
    head += [f"base_model: {encoder}"] if is_published else []
    name = settings.out.resolve().name
    labels = "the labels that it had" if record.get("keep_head") else f"{len(record['letters'])} characters"
    return "\n".join([
        *head,
        "---",
        "",
        f"# {name}",
        "",
        f"Speech to text: {encoder if is_published else 'an encoder of our own'}, fine-tuned with CTC over "
        f"{labels} by sonovox {__version__}.{_adapters(settings)}",
        "",
        "```sh",
        f"sonovox transcribe --model {name} recording.wav",
        "```",
        "",
        "The folder is one of Hugging Face, and opens in transformers too.",
        "",
        "| measure | value |",
        "|---|---|",
        f"| word error rate of the dev set | {results['WER']:.2f} % |",
        f"| character error rate of the dev set | {results['CER']:.2f} % |",
        f"| epoch, chosen by them | {results['epoch']} |",
        "",
        "The data, as they were found:",
        "",
        "```",
        *(line for line in record["report"] if not line.startswith(("data ", "left out", "odd"))and line[:1] != " "),
        "```",
        "",
    ])  # fmt: skip


def _adapters(settings: FinetuneSettings) -> str:
    if not settings.adapter_rank:
        return ""
    return f" Adapters of rank {settings.adapter_rank} (LoRA) and the head learnt; the weights hold them."
