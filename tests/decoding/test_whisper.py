import dataclasses
import math

import pytest
import torch

from sonovox._internal.errors import ArgumentError, ChoiceError
from sonovox.decoding.whisper import (
    DecodingOptions,
    DecodingResult,
    choose_languages,
    compression_ratio,
    decode,
    detect_language,
)

SURE = DecodingResult((1, 2), "bc", "en", 0.0, -0.2, 1.0, 0.0)


def audio(*keys: int) -> torch.Tensor:
    return torch.tensor(keys, dtype=torch.float32).view(-1, 1, 1)


def test_gives_tokens_text_and_confidence(scripted, vocabulary, at):
    model = scripted({7: [at(0), 2, 0, 19, at(1.0)]})
    (result,) = decode(model, audio(7), vocabulary)
    assert (result.text, result.tokens, result.temperature) == ("cat", (at(0), 2, 0, 19, at(1.0)), 0.0)
    assert -0.5 < result.average_log_probability < 0.0


def test_without_timestamps_the_prompt_says_so(scripted, vocabulary):
    model = scripted({7: [2, 0, 19]})
    (result,) = decode(model, audio(7), vocabulary, DecodingOptions(timestamps=False))
    assert result.text == "cat"
    assert model.prompts == [[27, 30]]


def test_previous_tokens_go_before_the_start_and_are_cut_to_the_last(scripted, vocabulary):
    model = scripted({7: [2]})
    options = DecodingOptions(timestamps=False)
    decode(model, audio(7), vocabulary, options, previous=[[1] * 300 + [5]])
    (prompt,) = model.prompts
    assert prompt == [28, *[1] * 222, 5, 27, 30]


def test_prompts_of_different_lengths_in_one_batch(scripted, vocabulary):
    model = scripted({1: [0], 2: [1], 3: [2]})
    options = DecodingOptions(timestamps=False)
    results = decode(model, audio(1, 2, 3), vocabulary, options, previous=[[], [9, 9], []])
    assert [result.text for result in results] == ["a", "b", "c"]


def test_prefix_begins_the_text(scripted, vocabulary, at):
    model = scripted({7: [19, 18]})  # what follows the prefix
    options = DecodingOptions(prefix="ca")
    (result,) = decode(model, audio(7), vocabulary, options)
    assert result.text == "cats"
    assert result.tokens[0] == at(0)


def test_items_that_fail_are_decoded_again_and_the_others_are_not(scripted, vocabulary):
    model = scripted({1: [0, 1, 2], 2: [0] * 200})  # item 2 repeats itself
    options = DecodingOptions(timestamps=False, temperatures=(0.0, 0.5), best_of=2)
    results = decode(model, audio(1, 2), vocabulary, options)
    assert [result.temperature for result in results] == [0.0, 0.5]
    assert len(model.prompts) == 2 + 2  # both once, then two draws for the second


@pytest.mark.parametrize(
    ("change", "fails", "silent"),
    [
        ({}, False, False),
        ({"compression_ratio": 2.5}, True, False),
        ({"average_log_probability": -1.1}, True, False),
        ({"average_log_probability": -1.1, "no_speech_probability": 0.7}, False, True),
        ({"no_speech_probability": 0.7}, False, False),  # sure of its words: speech
    ],
)
def test_thresholds_of_the_paper(change, fails, silent):
    result = dataclasses.replace(SURE, **change)
    assert result.has_failed(DecodingOptions()) is fails
    assert result.is_silence(DecodingOptions()) is silent


def test_thresholds_can_be_switched_off():
    bad = dataclasses.replace(SURE, compression_ratio=9.0, average_log_probability=-9.0, no_speech_probability=1.0)
    options = DecodingOptions(
        compression_ratio_threshold=None, log_probability_threshold=None, no_speech_threshold=None
    )
    assert not bad.has_failed(options)
    assert not bad.is_silence(options)


def test_length_penalty_changes_the_ranking(table_decoder, vocabulary):
    small = {"start": 4, "end": 5, "no_speech": 3, "no_timestamps": 3, "first_timestamp": 6, "blanks": [5]}
    vocabulary.__dict__.update(small, not_said=[], prefix=lambda *_, **__: [4])
    table_decoder.tables[0] = -9.0
    table_decoder.tables[0, 4, 0] = math.log(0.5)
    table_decoder.tables[0, 4, 1] = math.log(0.5)
    table_decoder.tables[0, 0, 5] = math.log(0.6)  # "a": 0.5 * 0.6
    table_decoder.tables[0, 1, 2] = math.log(0.8)
    table_decoder.tables[0, 2, 5] = math.log(0.7)  # "bc": 0.5 * 0.8 * 0.7, less likely but longer
    options = DecodingOptions(timestamps=False, beam_size=3, max_new_tokens=8, temperatures=(0.0,))
    (by_mean,) = decode(table_decoder, audio(0), vocabulary, options)
    (by_sum,) = decode(table_decoder, audio(0), vocabulary, dataclasses.replace(options, length_penalty=0.0))
    assert (by_mean.text, by_sum.text) == ("bc", "a")


def test_language_is_the_likeliest_of_the_language_tokens(scripted, vocabulary):
    vocabulary.multilingual = True
    (probabilities,) = detect_language(scripted({7: [vocabulary.languages["de"]]}), audio(7), vocabulary)
    assert list(probabilities) == ["de", "en"]
    assert sum(probabilities.values()) == pytest.approx(1.0)


def test_language_is_detected_only_where_it_is_open(scripted, vocabulary):
    model = scripted({7: [vocabulary.languages["de"]]})
    assert choose_languages(model, audio(7, 7), vocabulary, DecodingOptions()) == ["en", "en"]  # English-only
    vocabulary.multilingual = True
    assert choose_languages(model, audio(7, 7), vocabulary, DecodingOptions(language="fr")) == ["fr", "fr"]
    assert model.prompts == []
    assert choose_languages(model, audio(7, 7), vocabulary, DecodingOptions()) == ["de", "de"]


def test_english_only_models_detect_nothing(scripted, vocabulary):
    with pytest.raises(ArgumentError, match="an English-only model detects no languages"):
        detect_language(scripted({}), audio(7), vocabulary)


def test_compression_ratio_tells_repetition_from_speech():
    assert compression_ratio("it was the best of times, it was the worst of times") < 2.4
    assert compression_ratio("thank you. " * 30) > 2.4
    assert compression_ratio("") == 0.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"task": "translat"}, r"task must be one of .*; did you mean translate\?"),
        ({"beam_size": 0}, "beam_size must be at least 1, got 0"),
        ({"max_new_tokens": 300}, "max_new_tokens must be at most 224, got 300"),
        ({"patience": 0.0}, "patience must be positive"),
        ({"temperatures": ()}, r"temperatures must be one or more .*\(0.0,\) switches the fallback off"),
    ],
)
def test_refuses_options_outside_their_range(options, message):
    with pytest.raises((ArgumentError, ChoiceError), match=message):
        DecodingOptions(**options)
