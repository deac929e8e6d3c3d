"""Training: the Brain and its loop, checkpoints, schedules, counters, loggers.

>>> from sonovox.training import EpochCounter
>>> list(EpochCounter(2))
[1, 2]
"""

from sonovox.training.annealing_brain import AnnealingBrain
from sonovox.training.brain import Brain
from sonovox.training.checkpoints import (
    Checkpoint,
    Checkpointer,
    RandomStates,
    average_checkpoints,
    average_state_dicts,
    ckpt_recency,
)
from sonovox.training.distributed import is_main_process, run_on_main
from sonovox.training.encoder_brain import EncoderBrain
from sonovox.training.epochs import EpochCounter, EpochCounterWithStopper
from sonovox.training.experiment import create_experiment_directory, run_experiment
from sonovox.training.loggers import FileTrainLogger, TensorboardLogger
from sonovox.training.options import RunOptions
from sonovox.training.schedules import (
    CyclicCosineScheduler,
    CyclicLRScheduler,
    IntervalScheduler,
    InverseSquareRootScheduler,
    LinearNoamScheduler,
    LinearScheduler,
    LinearWarmupScheduler,
    NewBobScheduler,
    NoamIntervalScheduler,
    NoamScheduler,
    ReduceLROnPlateau,
    ScheduledLoss,
    StepScheduler,
    TriStageLRSchedule,
    WarmAndExpDecayLRSchedule,
    WarmCoolDecayLRSchedule,
    update_learning_rate,
)
from sonovox.training.seeding import seed_everything
from sonovox.training.stage import Stage

__all__ = [
    "AnnealingBrain",
    "Brain",
    "Checkpoint",
    "Checkpointer",
    "CyclicCosineScheduler",
    "CyclicLRScheduler",
    "EncoderBrain",
    "EpochCounter",
    "EpochCounterWithStopper",
    "FileTrainLogger",
    "IntervalScheduler",
    "InverseSquareRootScheduler",
    "LinearNoamScheduler",
    "LinearScheduler",
    "LinearWarmupScheduler",
    "NewBobScheduler",
    "NoamIntervalScheduler",
    "NoamScheduler",
    "RandomStates",
    "ReduceLROnPlateau",
    "RunOptions",
    "ScheduledLoss",
    "Stage",
    "StepScheduler",
    "TensorboardLogger",
    "TriStageLRSchedule",
    "WarmAndExpDecayLRSchedule",
    "WarmCoolDecayLRSchedule",
    "average_checkpoints",
    "average_state_dicts",
    "ckpt_recency",
    "create_experiment_directory",
    "is_main_process",
    "run_experiment",
    "run_on_main",
    "seed_everything",
    "update_learning_rate",
]
