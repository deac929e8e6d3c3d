"""Write a trained model as a folder that `Pretrained.from_hparams` reads, on any machine and without its recipe.

    hyperparams.yaml        modules, what they need, and the files that fill them
    <loadable>.safetensors  weights of a module
    <loadable>.txt          labels of an encoder
    <loadable>.model        a SentencePiece model
    <encoder>/              a pretrained encoder that the training had from a local folder, as it was there
    README.md               what it is, how to use it, how good it is

The folder appears as a whole or not at all, and only when it has been read back.
"""

import os
import tempfile
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from torch import nn

from sonovox import __version__
from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError, WeightsError
from sonovox._internal.folders import atomic_folder
from sonovox.hparams import RefTag, dump, load_hparams, subset
from sonovox.hub import pack_weights
from sonovox.inference.classify import EncoderClassifier
from sonovox.inference.detect_speech import VAD
from sonovox.inference.encoder_asr import EncoderASR
from sonovox.inference.encoder_decoder_asr import EncoderDecoderASR
from sonovox.inference.enhancement import SpectralMaskEnhancement, WaveformEnhancement
from sonovox.inference.interface import HPARAMS_FILE, Pretrained
from sonovox.inference.separation import SepformerSeparation
from sonovox.inference.speaker import SpeakerRecognition
from sonovox.inference.streaming_asr import StreamingASR
from sonovox.inference.waveform_encoder import WaveformEncoder
from sonovox.integrations.huggingface.source import local_sources, open_like
from sonovox.models.wav2vec2.pretrained import FOLDER_FILES

__all__ = ["INTERFACES", "save_pretrained"]

# What a model folder can be for: the classes that `interface` in its YAML file may name.
INTERFACES: dict[str, type[Pretrained]] = {
    "EncoderASR": EncoderASR,
    "EncoderClassifier": EncoderClassifier,
    "EncoderDecoderASR": EncoderDecoderASR,
    "SepformerSeparation": SepformerSeparation,
    "SpeakerRecognition": SpeakerRecognition,
    "SpectralMaskEnhancement": SpectralMaskEnhancement,
    "StreamingASR": StreamingASR,
    "VAD": VAD,
    "WaveformEncoder": WaveformEncoder,
    "WaveformEnhancement": WaveformEnhancement,
}
# What the card shows of each.
_FIRST_USE = {
    "EncoderASR": 'print(model.transcribe_file("recording.wav"))',
    "EncoderClassifier": 'scores, score, index, label = model.classify_file("recording.wav")',
    "EncoderDecoderASR": 'print(model.transcribe_file("recording.wav"))',
    "SepformerSeparation": 'sources = model.separate_file("recording.wav")  # (1, time, sources)',
    "SpeakerRecognition": 'score, same = model.verify_files("one.wav", "two.wav")',
    "SpectralMaskEnhancement": 'model.enhance_file("noisy.wav", "clean.wav")',
    "StreamingASR": 'print(model.transcribe_file("recording.wav"))  # chunk by chunk',
    "VAD": 'model.save_boundaries(model.get_speech_segments("recording.wav"))',
    "WaveformEncoder": 'features = model.encode_file("recording.wav")  # (1, frames, features)',
    "WaveformEnhancement": 'model.enhance_file("noisy.wav", "clean.wav")',
}
README = "README.md"
# What a model folder may hold, so that a folder of something else is never replaced.
_OWN_SUFFIXES = (".safetensors", ".txt", ".model")


def save_pretrained(
    folder: str | os.PathLike[str],
    hparams: str | os.PathLike[str],
    *,
    interface: str,
    keys: Iterable[str],
    loadables: Mapping[str, Any],
    overrides: Any = None,
    title: str = "",
    description: str = "",
    results: Mapping[str, object] | None = None,
) -> Path:
    """The folder, with a trained model in it; one that stood there is replaced in one step.

    Args:
        folder: where to; an older model folder, or nothing.
        hparams: the YAML file of the training, or its text.
        interface: the class that will use it, one of `INTERFACES`.
        keys: of the YAML file, what inference needs; what these refer to comes with them, and nothing else.
            The modules that the interface needs are among them, by its names for them.
        loadables: key -> the trained object: modules, label encoders, SentencePiece processors.
        overrides: of the training, as `load_hparams` takes them.
        title: first line of the model card.
        description: what it was trained on, for what it is good.
        results: name -> number, with its unit, for the table of the card.

    Raises:
        ArgumentError: a key that the YAML file lacks or the interface needs, a loadable that cannot be saved,
            or a folder that holds something else.
        HParamsError: what is left of the YAML file is refused by strict reading, as every reader will read it.
        WeightsError: it builds other modules than the loadables.
        WriteError: the disk is full, and the like; what stood there stands.
    """
    check_choice("interface", interface, INTERFACES)
    text = _hyperparams(hparams, interface, keys, loadables, overrides)
    built = _check_builds(text, interface, loadables)
    files = {HPARAMS_FILE: text.encode(), **dict(_packed(name, thing) for name, thing in loadables.items())}
    files[README] = _card(Path(folder), interface, built, title, description, results or {}).encode()
    sources = {
        source for thing in loadables.values() if isinstance(thing, nn.Module) for source in local_sources(thing)
    }
    for file in (file for source in sources for name in FOLDER_FILES for file in source.glob(name)):
        files[f"{file.parent.name}/{file.name}"] = file.read_bytes()
    _check_replaceable(Path(folder))
    with atomic_folder(folder) as writer:
        for name, content in files.items():
            writer.write(name, [content])
    return Path(folder)


def _hyperparams(
    hparams: str | os.PathLike[str],
    interface: str,
    keys: Iterable[str],
    loadables: Mapping[str, Any],
    overrides: Any,
) -> str:
    wanted = list(dict.fromkeys([*keys, *loadables]))
    own = [key for key in ("interface", "pretrainer") if key in wanted]
    if own:
        raise ArgumentError(f"keys must not have {' and '.join(own)}", hint="the folder gets one of its own")
    needed = [*INTERFACES[interface].MODULES_NEEDED, *INTERFACES[interface].HPARAMS_NEEDED]
    missing = [name for name in needed if name not in wanted]
    if missing and "modules" not in wanted:
        raise ArgumentError(
            f"keys must have {', '.join(missing)}, which {interface} needs", hint="name them in the YAML"
        )
    own_part: dict[str, Any] = {"interface": interface}
    if "modules" not in wanted:
        own_part["modules"] = {name: RefTag(f"<{name}>") for name in INTERFACES[interface].MODULES_NEEDED}
    parts = dump({"loadables": {name: RefTag(f"<{name}>") for name in loadables}})
    pretrainer = "pretrainer: !new:sonovox.hub.Pretrainer\n" + textwrap.indent(parts, "  ")
    return subset(hparams, wanted, overrides) + dump(own_part) + pretrainer


def _check_builds(text: str, interface: str, loadables: Mapping[str, Any]) -> Pretrained:
    """What a reader will build of `text`, once it is sure to take the weights."""
    values = load_hparams(text)
    for name, loadable in loadables.items():
        if isinstance(loadable, nn.Module):
            try:
                open_like(values[name], loadable)
                values[name].load_state_dict(loadable.state_dict())
            except (AttributeError, RuntimeError) as error:
                raise WeightsError(
                    f"the YAML file builds another {name} than the one to be saved: {error}",
                    hint="was it changed after the training, or with other overrides?",
                ) from error
    return INTERFACES[interface](values["modules"], values)


def _packed(name: str, loadable: Any) -> tuple[str, bytes]:
    """The file of a loadable: its name and content."""
    if isinstance(loadable, nn.Module):
        return f"{name}.safetensors", pack_weights(loadable.state_dict())
    if hasattr(loadable, "serialized_model_proto"):
        return f"{name}.model", loadable.serialized_model_proto()
    if hasattr(loadable, "save") and hasattr(loadable, "load"):
        with tempfile.TemporaryDirectory() as place:
            loadable.save(Path(place) / "labels.txt")
            return f"{name}.txt", (Path(place) / "labels.txt").read_bytes()
    raise ArgumentError(
        f"{name} is a {type(loadable).__name__}, which cannot be saved",
        hint="loadables are modules, label encoders and SentencePiece processors",
    )


def _check_replaceable(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ArgumentError(f"{folder} is a file", hint="give the name of a folder")
    held = list(folder.iterdir())
    others = sorted(path.name for path in held if not _is_own(path))
    if others or (held and not (folder / HPARAMS_FILE).exists()):
        raise ArgumentError(
            f"{folder} is there and holds {', '.join(others[:5]) or 'no model'}",
            hint="give a folder of its own for the model",
        )


def _is_own(path: Path) -> bool:
    if path.is_dir():
        return (path / "config.json").is_file()  # an encoder
    return path.name in (HPARAMS_FILE, README) or path.suffix in _OWN_SUFFIXES


def _card(
    folder: Path, interface: str, model: Pretrained, title: str, description: str, results: Mapping[str, object]
) -> str:
    n_parameters = sum(parameter.numel() for parameter in model.mods.parameters())
    lines = [f"# {title or folder.absolute().name}", ""]
    if description:
        lines += [description.strip(), ""]
    lines += [
        f"A model for `{interface}` of sonovox {__version__}: {n_parameters:,} parameters, {model.sample_rate} Hz.",
        "",
        *(["```", f"sonovox transcribe --model {folder.name} recording.wav", "```"] if hasattr(model, "parts") else []),
        "```python",
        f"from sonovox.inference import {interface}",
        "",
        f'model = {interface}.from_hparams("{folder.name}")',
        _FIRST_USE[interface],
        "```",
    ]
    if results:
        lines += ["", "| measure | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in results.items())]
    return "\n".join(lines) + "\n"
