"""Text: normalisers for scoring, spelling, numbers, edit distance, who spoke when."""

from sonovox.text.american_spelling import american_spelling
from sonovox.text.basic import normalize_basic
from sonovox.text.edit_distance import EditCounts, align, edit_counts, edit_distance
from sonovox.text.english import normalize_english
from sonovox.text.letters import normalize_letters
from sonovox.text.number_words import digitize_number_words
from sonovox.text.rttm import Turn, parse_rttm, read_rttm, rttm_lines, write_rttm
from sonovox.text.speech_symbols import text_to_sequence
from sonovox.text.streaming_text import TextStreamingContext, decode_tokens_streaming

__all__ = [
    "EditCounts",
    "TextStreamingContext",
    "Turn",
    "align",
    "american_spelling",
    "decode_tokens_streaming",
    "digitize_number_words",
    "edit_counts",
    "edit_distance",
    "normalize_basic",
    "normalize_english",
    "normalize_letters",
    "parse_rttm",
    "read_rttm",
    "rttm_lines",
    "text_to_sequence",
    "write_rttm",
]
