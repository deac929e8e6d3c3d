import dataclasses

import pytest

from sonovox.io.metadata import AudioMetaData, encoding_of_subtype


def test_is_frozen_and_knows_its_duration():
    metadata = AudioMetaData(44100, 22050, 2, 16, "PCM_S", "wav")
    assert metadata.duration == 0.5
    with pytest.raises(dataclasses.FrozenInstanceError):
        metadata.sample_rate = 1


@pytest.mark.parametrize(
    ("container", "subtype", "expected"),
    [
        ("wav", "PCM_U8", ("PCM_U", 8)),
        ("wav", "DOUBLE", ("PCM_F", 64)),
        ("flac", "PCM_24", ("FLAC", 24)),
        ("ogg", "OPUS", ("OPUS", 0)),
        ("mp3", "MPEG_LAYER_III", ("MP3", 0)),
        ("wav", "IMA_ADPCM", ("IMA_ADPCM", 0)),
    ],
)
def test_encodings_have_torchaudios_names(container, subtype, expected):
    assert encoding_of_subtype(container, subtype) == expected
