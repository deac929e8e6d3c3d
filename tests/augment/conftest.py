"""Files of noise and impulse responses that are written for a test."""

import pytest
import torch

import sonovox


@pytest.fixture
def write_list(tmp_path):
    """`write_list({"a": samples, ...}, rate)`: the CSV file that lists them as SpeechBrain's do."""

    def write(sounds, rate=16000, name="list.csv"):
        lines = ["ID, duration, wav, wav_format, wav_opts"]
        for key, samples in sounds.items():
            samples = torch.as_tensor(samples, dtype=torch.float32)
            samples = samples if samples.dim() == 2 else samples.unsqueeze(0)
            sonovox.save(tmp_path / f"{key}.wav", samples, rate, encoding="PCM_F", bits_per_sample=32)
            lines.append(f"{key}, {samples.shape[1] / rate}, $folder/{key}.wav, wav,")
        (tmp_path / name).write_text("\n".join(lines) + "\n")
        return {"csv_file": tmp_path / name, "replacements": {"folder": tmp_path}}

    return write
