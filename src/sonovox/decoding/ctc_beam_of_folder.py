"""Beam search for CTC as a stranger's model folder may have it: without files that it would read."""

from typing import Any

from sonovox._internal.errors import ArgumentError
from sonovox.decoding import ctc_beam

__all__ = ["CTCBeamSearcher", "CTCPrefixBeamSearcher"]


class CTCBeamSearcher(ctc_beam.CTCBeamSearcher):
    """`CTCBeamSearcher` without a language model.

    Args:
        args: see there, as `kwargs`.
        kwargs: see `args`.

    Raises:
        ArgumentError: `kenlm_model_path`.

    >>> CTCBeamSearcher(0, ["", "a"], kenlm_model_path="lm.arpa")
    Traceback (most recent call last):
    sonovox._internal.errors.ArgumentError: a model folder cannot name the file of a language model, ...
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse_files(args, kwargs)
        super().__init__(*args, **kwargs)


class CTCPrefixBeamSearcher(ctc_beam.CTCPrefixBeamSearcher, CTCBeamSearcher):
    """`CTCPrefixBeamSearcher` without a language model; see `CTCBeamSearcher`."""


def _refuse_files(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    # blank_index, vocab_list, space_token, kenlm_model_path
    path = kwargs.get("kenlm_model_path", args[3] if len(args) > 3 else None)
    if path is not None:
        raise ArgumentError(
            f"a model folder cannot name the file of a language model, got kenlm_model_path={path!r}",
            hint="build a searcher with it yourself, and give it to EncoderASR.set_decoding_function",
        )
