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
    "LoopedLoader",
    "PaddedBatch",
    "PaddedData",
    "Quarantine",
    "QuarantinedItem",
    "ReproducibleRandomSampler",
    "ReproducibleWeightedRandomSampler",
    "SaveableDataLoader",
    "ShardedBatchSampler",
    "TextEncoder",
    "add_dynamic_item",
    "batch_pad_right",
    "make_dataloader",
    "provides",
    "set_output_keys",
    "takes",
    "undo_padding",
]

if TYPE_CHECKING:
    from sonovox.data.balancing_sampler import BalancingDataSampler
    from sonovox.data.batch import PaddedBatch, PaddedData
    from sonovox.data.categorical_encoder import CategoricalEncoder
    from sonovox.data.concat_sampler import ConcatDatasetBatchSampler
    from sonovox.data.ctc_text_encoder import CTCTextEncoder
    from sonovox.data.dataset import DynamicItemDataset, add_dynamic_item, set_output_keys
    from sonovox.data.default_loader import make_dataloader
    from sonovox.data.dynamic_batch_sampler import DynamicBatchSampler
    from sonovox.data.dynamic_items import DynamicItem, provides, takes
    from sonovox.data.loader import SaveableDataLoader
    from sonovox.data.looped_loader import LoopedLoader
    from sonovox.data.padding import batch_pad_right, undo_padding
    from sonovox.data.pipeline import DataPipeline
    from sonovox.data.quarantine import Quarantine, QuarantinedItem
    from sonovox.data.random_sampler import ReproducibleRandomSampler
    from sonovox.data.sharded_sampler import ShardedBatchSampler
    from sonovox.data.text_encoder import TextEncoder
    from sonovox.data.weighted_sampler import ReproducibleWeightedRandomSampler

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
        "LoopedLoader": "sonovox.data.looped_loader",
        "PaddedBatch": "sonovox.data.batch",
        "PaddedData": "sonovox.data.batch",
        "Quarantine": "sonovox.data.quarantine",
        "QuarantinedItem": "sonovox.data.quarantine",
        "ReproducibleRandomSampler": "sonovox.data.random_sampler",
        "ReproducibleWeightedRandomSampler": "sonovox.data.weighted_sampler",
        "SaveableDataLoader": "sonovox.data.loader",
        "ShardedBatchSampler": "sonovox.data.sharded_sampler",
        "TextEncoder": "sonovox.data.text_encoder",
        "add_dynamic_item": "sonovox.data.dataset",
        "batch_pad_right": "sonovox.data.padding",
        "make_dataloader": "sonovox.data.default_loader",
        "provides": "sonovox.data.dynamic_items",
        "set_output_keys": "sonovox.data.dataset",
        "takes": "sonovox.data.dynamic_items",
        "undo_padding": "sonovox.data.padding",
    },
)


def __dir__() -> list[str]:
    return sorted(__all__)
