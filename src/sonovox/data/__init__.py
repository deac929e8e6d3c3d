"""Items of a corpus: descriptions, pipelines that compute what is asked, label encoders, padded batches."""

from typing import TYPE_CHECKING

from sonovox._internal.lazy import lazy_names

__all__ = [
    "BalancingDataSampler",
    "CTCTextEncoder",
    "CategoricalEncoder",
    "ConcatDatasetBatchSampler",
    "DataPipeline",
    "DynamicBatchSampler",
    "DynamicItem",
    "DynamicItemDataset",
    "Item",
    "LoopedLoader",
    "PaddedBatch",
    "PaddedData",
    "Quarantine",
    "QuarantinedItem",
    "ReproducibleRandomSampler",
    "ReproducibleWeightedRandomSampler",
    "SaveableDataLoader",
    "SentencePiece",
    "ShardedBatchSampler",
    "TextEncoder",
    "add_dynamic_item",
    "audio_duration",
    "batch_pad_right",
    "concatenate",
    "length_to_mask",
    "make_dataloader",
    "merge_char",
    "provides",
    "read_audio",
    "read_joined_audio",
    "set_output_keys",
    "split_word",
    "takes",
    "undo_padding",
    "write_audio",
]

if TYPE_CHECKING:
    from sonovox.data.audio import audio_duration, read_audio, write_audio
    from sonovox.data.balancing_sampler import BalancingDataSampler
    from sonovox.data.batch import PaddedBatch, PaddedData
    from sonovox.data.categorical_encoder import CategoricalEncoder
    from sonovox.data.concat_sampler import ConcatDatasetBatchSampler
    from sonovox.data.ctc_text_encoder import CTCTextEncoder
    from sonovox.data.dataset import DynamicItemDataset
    from sonovox.data.default_loader import make_dataloader
    from sonovox.data.dynamic_batch_sampler import DynamicBatchSampler
    from sonovox.data.dynamic_items import DynamicItem, provides, takes
    from sonovox.data.item import Item
    from sonovox.data.joined_audio import read_joined_audio
    from sonovox.data.loader import SaveableDataLoader
    from sonovox.data.looped_loader import LoopedLoader
    from sonovox.data.padding import batch_pad_right, undo_padding
    from sonovox.data.pipeline import DataPipeline
    from sonovox.data.quarantine import Quarantine, QuarantinedItem
    from sonovox.data.random_sampler import ReproducibleRandomSampler
    from sonovox.data.sentencepiece import SentencePiece
    from sonovox.data.several_datasets import add_dynamic_item, concatenate, set_output_keys
    from sonovox.data.sharded_sampler import ShardedBatchSampler
    from sonovox.data.text_encoder import TextEncoder
    from sonovox.data.weighted_sampler import ReproducibleWeightedRandomSampler
    from sonovox.data.words import merge_char, split_word
    from sonovox.dsp.lengths import length_to_mask

__getattr__ = lazy_names(
    __name__,
    {
        "BalancingDataSampler": "sonovox.data.balancing_sampler",
        "CTCTextEncoder": "sonovox.data.ctc_text_encoder",
        "CategoricalEncoder": "sonovox.data.categorical_encoder",
        "ConcatDatasetBatchSampler": "sonovox.data.concat_sampler",
        "DataPipeline": "sonovox.data.pipeline",
        "DynamicBatchSampler": "sonovox.data.dynamic_batch_sampler",
        "DynamicItem": "sonovox.data.dynamic_items",
        "DynamicItemDataset": "sonovox.data.dataset",
        "Item": "sonovox.data.item",
        "LoopedLoader": "sonovox.data.looped_loader",
        "PaddedBatch": "sonovox.data.batch",
        "PaddedData": "sonovox.data.batch",
        "Quarantine": "sonovox.data.quarantine",
        "QuarantinedItem": "sonovox.data.quarantine",
        "ReproducibleRandomSampler": "sonovox.data.random_sampler",
        "ReproducibleWeightedRandomSampler": "sonovox.data.weighted_sampler",
        "SaveableDataLoader": "sonovox.data.loader",
        "SentencePiece": "sonovox.data.sentencepiece",
        "ShardedBatchSampler": "sonovox.data.sharded_sampler",
        "TextEncoder": "sonovox.data.text_encoder",
        "add_dynamic_item": "sonovox.data.several_datasets",
        "audio_duration": "sonovox.data.audio",
        "batch_pad_right": "sonovox.data.padding",
        "concatenate": "sonovox.data.several_datasets",
        "length_to_mask": "sonovox.dsp.lengths",
        "make_dataloader": "sonovox.data.default_loader",
        "merge_char": "sonovox.data.words",
        "provides": "sonovox.data.dynamic_items",
        "read_audio": "sonovox.data.audio",
        "read_joined_audio": "sonovox.data.joined_audio",
        "set_output_keys": "sonovox.data.several_datasets",
        "split_word": "sonovox.data.words",
        "takes": "sonovox.data.dynamic_items",
        "undo_padding": "sonovox.data.padding",
        "write_audio": "sonovox.data.audio",
    },
)


def __dir__() -> list[str]:
    return sorted(__all__)
