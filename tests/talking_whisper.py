"""A Whisper of some kilobytes that says what it was told to say, whatever it hears."""

import base64
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from sonovox.models.whisper.config import WhisperConfig
from sonovox.models.whisper.convert import HUGGING_FACE, OPENAI, to_huggingface
from sonovox.models.whisper.folder import save_whisper
from sonovox.models.whisper.model import Whisper
from sonovox.models.whisper.tokenizer import WhisperTokenizer

# Every byte is a token, and the first piece of " ♪", which is never said; else it would be the space.
# Then end, start, English, two tasks, four more, times.
TEXTS = [*(bytes([byte]) for byte in range(256)), b" \xe2"]
CONFIG = WhisperConfig(
    vocab_size=len(TEXTS) + 2 + 1 + 2 + 4 + 1501, d_model=64, n_heads=2, n_encoder_layers=1, n_decoder_layers=1
)
END = len(TEXTS)
FIRST_TIMESTAMP = END + 9


def said(text: str, seconds: float) -> list[int]:
    """Tokens of a text from 0 s on, without the end."""
    return [FIRST_TIMESTAMP, *text.encode(), FIRST_TIMESTAMP + round(seconds / 0.02)]


def talking_whisper(tokens: list[int]) -> Whisper:
    """A model that says `tokens` in every window.

    Its layers add nothing to their input, so the position alone decides: each
    position is the embedding of the token that follows it.
    """
    model = Whisper(CONFIG)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(("norm.weight", "feed_forward.0.weight")):
                parameter.fill_(1.0)
            elif name.startswith("decoder.embedding"):
                parameter.normal_(generator=generator)
            else:
                parameter.zero_()
        script = torch.tensor([*tokens, *[END] * (CONFIG.n_text_positions - len(tokens))])
        model.decoder.positions.copy_(10 * model.decoder.embedding.weight[script])
    return model.eval()


def write_ranks(path: Path) -> Path:
    """The vocabulary in OpenAI's form."""
    path.write_bytes(b"".join(base64.b64encode(text) + b" %d\n" % rank for rank, text in enumerate(TEXTS)))
    return path


def write_folder(folder: Path, model: Whisper) -> Path:
    """The model as a Hugging Face folder."""
    with TemporaryDirectory() as temporary:
        tokenizer = WhisperTokenizer.from_ranks(write_ranks(Path(temporary) / "ranks.tiktoken"), CONFIG.vocab_size)
    return save_whisper(folder, model, tokenizer)


def write_checkpoint(path: Path, model: Whisper) -> Path:
    """The model as OpenAI's `.pt`, with the vocabulary beside it."""
    ours = {
        their: our
        for our, theirs in HUGGING_FACE.items()
        for their, our in zip(
            theirs if isinstance(theirs, tuple) else (theirs,),
            OPENAI[our] if isinstance(OPENAI[our], tuple) else (OPENAI[our],),
            strict=True,
        )
    }
    state = {}
    for name, tensor in to_huggingface(model.state_dict()).items():
        starred = name.replace("layers.0", "layers.*")
        prefix = next((known for known in ours if starred == known or starred.startswith(f"{known}.")), None)
        if prefix is not None:
            state[ours[prefix].replace("*", "0") + starred[len(prefix) :]] = tensor
    dims = {
        "n_mels": CONFIG.n_mels, "n_vocab": CONFIG.vocab_size, "n_audio_ctx": 1500, "n_text_ctx": 448,
        "n_audio_state": CONFIG.d_model, "n_text_state": CONFIG.d_model, "n_audio_head": CONFIG.n_heads,
        "n_text_head": CONFIG.n_heads, "n_audio_layer": 1, "n_text_layer": 1,
    }  # fmt: skip
    torch.save({"dims": dims, "model_state_dict": state}, path)
    write_ranks(path.with_name("gpt2.tiktoken"))
    return path
