import pytest
import torch
import torch._dynamo.testing

from sonovox.models.whisper.export import WhisperDecoderStep

TOKENS = torch.tensor([[3, 14, 15, 9], [5, 35, 8, 9]])


@pytest.fixture
def step_and_inputs(small_whisper, small_mel):
    step = WhisperDecoderStep(small_whisper)
    with torch.no_grad():
        audio = step.read_audio(small_whisper.encode(small_mel))
    return step, (TOKENS[:, :1], torch.tensor(0), *step.empty_cache(rows=2), *audio)


@torch.inference_mode()
def test_steps_equal_teacher_forcing(step_and_inputs, small_whisper, small_mel):
    step, (_, _, keys, values, *audio) = step_and_inputs
    whole = small_whisper(small_mel, TOKENS)
    for i in range(4):
        logits, keys, values = step(TOKENS[:, i : i + 1], torch.tensor(i), keys, values, *audio)
        torch.testing.assert_close(logits, whole[:, i], rtol=1e-5, atol=1e-5)


def test_exports_and_walks_without_the_python_code(step_and_inputs, small_whisper, small_mel):
    step, inputs = step_and_inputs
    exported = torch.export.export(step, inputs).module()
    _, _, keys, values, *audio = inputs
    whole = small_whisper(small_mel, TOKENS)
    for i in range(4):
        logits, keys, values = exported(TOKENS[:, i : i + 1], torch.tensor(i), keys, values, *audio)
        torch.testing.assert_close(logits, whole[:, i], rtol=1e-5, atol=1e-5)


def test_compiles_whole_once_for_all_positions(step_and_inputs):
    step, inputs = step_and_inputs
    counter = torch._dynamo.testing.CompileCounter()
    compiled = torch.compile(step, backend=counter, fullgraph=True)
    tokens, _, keys, values, *audio = inputs
    with torch.no_grad():
        for i in range(3):
            logits, keys, values = compiled(tokens, torch.tensor(i), keys, values, *audio)
    assert counter.frame_count == 1
    assert logits.isfinite().all()
