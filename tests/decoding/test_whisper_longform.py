import pytest
import torch

from sonovox.decoding.whisper import DecodingOptions
from sonovox.decoding.whisper_longform import Recording, decode_recordings

A, B, C, D = range(4)


@pytest.fixture
def run(scripted, vocabulary, numbered_mel):
    """`run(script, n_frames, ...)`: segments as (start, end, text) of each recording, and the model."""

    def run(script, *lengths, options=None, **model_options):
        model = scripted(script, **model_options)
        recordings = [Recording(numbered_mel(n), n) for n in lengths]
        found = [[] for _ in lengths]
        for i, segments in decode_recordings(model, vocabulary, recordings, options or DecodingOptions()):
            found[i] += [(round(s.start, 2), round(s.end, 2), s.text) for s in segments]
        return found, model

    return run


def test_pairs_of_times_cut_segments_and_the_window_moves_to_the_last_cut(run, at):
    script = {
        0: [at(0), A, at(4), at(4), B, at(9), at(9), C],  # C goes on beyond the window
        900: [at(0.5), C, D, at(5)],
    }
    found, model = run(script, 1500)
    assert found == [[(0, 4, "a"), (4, 9, "b"), (9.5, 14, "cd")]]
    assert model.batches == [1, 1]


def test_one_closing_time_at_the_end_means_the_window_is_done(run, at):
    script = {0: [at(0), A, at(4), at(4), B, at(9)], 3000: [at(1), C, at(2)]}
    found, _ = run(script, 3300)
    assert found == [[(0, 4, "a"), (4, 9, "b"), (31, 32, "c")]]


def test_one_segment_without_its_closing_time_ends_with_the_window(run, at):
    assert run({0: [at(1), A, B]}, 2000)[0] == [[(1, 20, "ab")]]


def test_times_stay_inside_the_recording(run, at):
    assert run({0: [at(0), A, at(29.9)]}, 500)[0] == [[(0, 5, "a")]]


def test_silence_gives_no_segment_and_moves_on(run, at):
    # Unsure of its words, and of the opinion that nobody speaks.
    found, model = run({0: [at(0), A, at(2)]}, 3500, no_speech=0.9, confidence=0.02)
    assert found == [[]]
    assert model.batches == [1, 1]


def test_a_window_that_says_nothing_moves_on(run):
    found, model = run({}, 7000)
    assert found == [[]]
    assert model.batches == [1, 1, 1]


def test_a_cut_beyond_the_recording_is_its_end(run, at):
    found, model = run({0: [at(0), A, at(9), at(9), B]}, 600)
    assert found == [[(0, 6, "a")]]
    assert model.batches == [1]


def test_recordings_go_together_and_do_not_disturb_each_other(run, at):
    script = {0: [at(0), A, at(4), at(4), B], 400: [at(0), B, at(1)], 3000: [at(0), C, at(2)]}
    together, model = run(script, 1000, 3100)
    assert together == [run(script, 1000)[0][0], run(script, 3100)[0][0]]
    assert model.batches[0] == 2


def test_reads_what_was_said_before_only_when_asked(run, at, vocabulary):
    script = {0: [at(0), A, at(9), at(9), B], 900: [at(0), B, at(2)]}
    _, plain = run(script, 1200)
    assert plain.prompts == [[27], [27]]
    _, conditioned = run(script, 1200, options=DecodingOptions(condition_on_previous_text=True))
    assert conditioned.prompts == [[27], [28, at(0), A, at(9), 27]]


def test_initial_prompt_is_read_at_every_window(run, at):
    script = {0: [at(0), A, at(9), at(9), B], 900: [at(0), B, at(2)]}
    _, model = run(script, 1200, options=DecodingOptions(initial_prompt="dd"))
    assert model.prompts == [[28, D, D, 27], [28, D, D, 27]]


def test_prefix_is_for_the_first_window_only(run, at):
    script = {0: [A, at(9), at(9), B], 900: [at(0), B, at(2)]}
    found, model = run(script, 1200, options=DecodingOptions(prefix="dd"))
    assert found == [[(0, 9, "dda"), (9, 11, "b")]]
    assert model.prompts == [[27, at(0), D, D], [27]]


def test_the_end_of_a_window_is_silence_of_the_scaled_mel():
    loud, quiet = Recording(torch.full((2, 10), 1.2), 10), Recording(torch.full((2, 10), -1.0), 10)
    assert loud.window(12)[:, 10:].tolist() == [[pytest.approx(-0.8)] * 2] * 2  # 8 decades below the loudest
    assert quiet.window(12)[:, 10:].tolist() == [[-1.5] * 2] * 2  # 1e-10 in power


def test_empty_recording_needs_no_model(run):
    found, model = run({}, 0)
    assert found == [[]]
    assert model.batches == []
