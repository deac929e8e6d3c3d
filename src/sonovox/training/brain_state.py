"""What of a Brain goes into a checkpoint beside its modules and optimisers."""

from typing import TYPE_CHECKING, Any

from torch import nn
from torch.optim import Optimizer

from sonovox.training.checkpoints import RandomStates

if TYPE_CHECKING:
    from sonovox.training.brain import Brain

__all__ = ["BrainState", "register", "stateful_attributes"]

COUNTERS = ("epoch", "step", "optimizer_step", "avg_train_loss", "train_is_done")


class BrainState:
    """Counters, the running average, and what the researcher's hooks have put on the Brain since it was made.

    Of the attributes that hooks have set, those are kept that JSON can hold (such as
    `self.train_stats`), and those that have a state of their own (such as an
    `ErrorRateStats` that an epoch has half filled).

    Args:
        brain: whose state it is.
        given: names of attributes that were there before training, which stay as they are.
    """

    def __init__(self, brain: "Brain", given: set[str]) -> None:
        self.brain = brain
        self.given = given

    def state_dict(self) -> dict[str, Any]:
        """The state as it is now."""
        own = {name: value for name, value in vars(self.brain).items() if name not in self.given}
        return {
            "counters": {name: getattr(self.brain, name) for name in COUNTERS},
            "bad_steps": self.brain.guard.count,
            "scaler": self.brain.scaler.state_dict(),
            "plain": {name: value for name, value in own.items() if name not in COUNTERS and _is_plain(value)},
            "stateful": {name: value.state_dict() for name, value in stateful_attributes(own).items()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go back to a state; objects that no hook has made yet are left out."""
        vars(self.brain).update(state["counters"])
        vars(self.brain).update(state["plain"])
        self.brain.guard.count = state["bad_steps"]
        if state["scaler"]:
            self.brain.scaler.load_state_dict(state["scaler"])
        present = stateful_attributes(vars(self.brain))
        for name, value in state["stateful"].items():
            if name in present:
                present[name].load_state_dict(value)


def stateful_attributes(attributes: dict[str, Any]) -> dict[str, Any]:
    """Metrics and the like: what has a state, and is neither a module nor an optimiser, which are saved apart."""
    return {
        name: value
        for name, value in attributes.items()
        if callable(getattr(value, "state_dict", None))
        and callable(getattr(value, "load_state_dict", None))
        and not isinstance(value, (nn.Module, Optimizer, BrainState, type))
    }


def register(brain: "Brain", loader: Any, given: set[str]) -> None:
    """Make everything that training needs to go on exactly a recoverable of the Brain's checkpointer.

    What the researcher has registered stays as it is; the rest is added: modules
    that learn, optimisers, the loader's position, random states, the Brain's own.
    """
    checkpointer = brain.checkpointer
    known = list(checkpointer.recoverables.values())
    for name, module in brain.modules.items():
        module = _unwrapped(module)
        if any(weight.requires_grad for weight in module.parameters()) or any(True for _ in module.buffers()):
            held = [each for each in known if isinstance(each, nn.Module)]
            if not any(module is part for each in held for part in each.modules()):
                checkpointer.add_recoverable(f"module-{name}", module)
    for name, optimizer in brain.optimizers_dict.items():
        if not any(optimizer is each for each in known):
            checkpointer.add_recoverable("optimizer" if name == "opt_class" else name, optimizer)
    if hasattr(loader, "load_state_dict"):
        checkpointer.add_recoverable("dataloader-TRAIN", loader)
    checkpointer.add_recoverable("brain", BrainState(brain, given))
    checkpointer.add_recoverable("random", RandomStates())


def _unwrapped(module: nn.Module) -> nn.Module:
    return module.module if isinstance(module, nn.parallel.DistributedDataParallel) else module


def _is_plain(value: Any) -> bool:
    """True for what JSON holds without loss."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(each) for key, each in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str))
