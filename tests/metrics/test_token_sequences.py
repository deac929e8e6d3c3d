from sonovox.metrics.token_sequences import extract_concepts_values, merge_char, split_word


def test_pieces_are_merged_at_the_space():
    assert merge_char([["▁he", "llo", "▁you"]], space="▁") == [["hello", "you"]]
    assert merge_char([list("a__b"), list("_")]) == [["a", "b"], [""]]


def test_splitting_undoes_merging():
    words = [["ab", "c"], ["d"]]
    assert merge_char(split_word(words)) == words


def test_a_concept_that_is_not_closed_ends_with_the_next_or_the_sentence():
    sequence = [["<a>", "_", "x", "_", "<b>", "_", "y", "_", "z"]]
    assert extract_concepts_values(sequence, True, "<", ">", "_") == [["<a> x", "<b> y z"]]
    assert extract_concepts_values(sequence, False, "<", ">", "_") == [["<a>", "<b>"]]


def test_words_outside_of_concepts_are_left_out():
    sequence = [list("no_<a>_x_>_more")]
    assert extract_concepts_values(sequence, True, "<", ">", "_") == [["<a> x"]]
