import inspect

import pytest

from sonovox.inference.asr import WhisperASR
from sonovox.inference.encoder_asr import EncoderASR
from sonovox.inference.encoder_decoder_asr import EncoderDecoderASR
from sonovox.inference.recogniser import Recogniser, TranscribedPart
from sonovox.inference.streaming_asr import StreamingASR


@pytest.mark.parametrize("kind", [WhisperASR, EncoderASR, EncoderDecoderASR, StreamingASR])
@pytest.mark.parametrize("method", ["parts", "check"])
def test_every_recogniser_has_the_methods_with_the_same_arguments(kind, method):
    asked, given = (inspect.signature(getattr(owner, method)).parameters for owner in (Recogniser, kind))
    assert list(asked.values()) == list(given.values())


def test_a_part_cannot_be_changed():
    part = TranscribedPart(0, (), 0.0, 1.0, None)
    with pytest.raises(AttributeError):
        part.seconds = 2.0
