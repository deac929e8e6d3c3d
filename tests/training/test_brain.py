"""The Brain learns what a bare loop learns, and takes no step that is not finite."""

import logging
import math

import pytest
import torch
from torch import nn

from sonovox.errors import ArgumentError, NonFiniteTrainingError
from sonovox.training import Checkpointer, Stage
from sonovox.training.brain import Brain

QUIET = {"noprogressbar": True, "device": "cpu"}


class Regression(Brain):
    def compute_forward(self, batch, stage):
        return self.modules.model(batch["x"])

    def compute_objectives(self, predictions, batch, stage):
        return nn.functional.mse_loss(predictions, batch["y"])


def batches(count=6, size=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [
        {
            "id": [f"{number}-{item}" for item in range(size)],
            "x": torch.randn(size, 3, generator=generator),
            "y": torch.randn(size, 1, generator=generator),
        }
        for number in range(count)
    ]


def model():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.Linear(5, 1))


def brain(net, cls=Regression, **options):
    return cls({"model": net}, lambda p: torch.optim.Adam(p, 0.01), run_opts=QUIET | options)


def fit(learner, data, epochs=2, **kwargs):
    learner.fit(range(epochs), data, train_loader_kwargs={"batch_size": None}, **kwargs)
    return learner


def bare_loop(net, data, epochs=2, factor=1, skip=(), max_norm=5.0):
    optimizer = torch.optim.Adam(net.parameters(), 0.01)
    for _ in range(epochs):
        groups = [data[start : start + factor] for start in range(0, len(data), factor)]
        for group in groups:
            if any(data.index(batch) in skip for batch in group):
                continue
            for batch in group:
                (nn.functional.mse_loss(net(batch["x"]), batch["y"]) / len(group)).backward()
            nn.utils.clip_grad_norm_(net.parameters(), max_norm)
            optimizer.step()
            optimizer.zero_grad()
    return net


def assert_same(one, other, **tolerance):
    for name, value in one.state_dict().items():
        torch.testing.assert_close(
            value, other.state_dict()[name], msg=lambda text, n=name: f"{n}: {text}", **tolerance
        )


class TestOneBatch:
    def test_training_is_a_bare_loop(self):
        learner = fit(brain(model()), batches())
        assert_same(learner.modules.model, bare_loop(model(), batches()))

    @pytest.mark.parametrize("factor", [2, 4, 5, 6, 7])
    def test_accumulation_drops_nothing_at_the_end_of_an_epoch(self, factor):
        learner = fit(brain(model(), grad_accumulation_factor=factor), batches())
        assert_same(learner.modules.model, bare_loop(model(), batches(), factor=factor))
        assert learner.optimizer_step == 2 * math.ceil(6 / factor)

    def test_accumulation_drops_nothing_where_nobody_knows_the_length(self):
        class Endless(torch.utils.data.IterableDataset):
            def __iter__(self):
                yield from batches()

        learner = fit(brain(model(), grad_accumulation_factor=4), Endless())
        assert_same(learner.modules.model, bare_loop(model(), batches(), factor=4))

    @pytest.mark.parametrize("norm", [0.0, -1.0])
    def test_a_norm_of_zero_or_less_clips_nothing(self, norm):
        learner = fit(brain(model(), max_grad_norm=norm), batches())
        assert_same(learner.modules.model, bare_loop(model(), batches(), max_norm=float("inf")))

    def test_gradients_of_all_modules_are_clipped_together(self):
        class Two(Regression):
            def compute_forward(self, batch, stage):
                return self.modules.b(self.modules.a(batch["x"]))

            def optimizers_step(self):
                assert self.check_gradients()
                norms = [weight.grad.norm() for weight in self.modules.parameters()]
                seen.append(torch.stack(norms).norm().item())
                self.zero_grad()

        seen = []
        learner = Two(
            {"a": nn.Linear(3, 3), "b": nn.Linear(3, 1)}, torch.optim.SGD, run_opts=QUIET | {"max_grad_norm": 1e-3}
        )
        fit(learner, batches(), epochs=1)
        assert seen == pytest.approx([1e-3] * 6, rel=1e-4)

    def test_the_tutorials_way_of_two_optimisers_works(self):
        class Tutorial(Regression):
            def init_optimizers(self):
                self.slow = torch.optim.SGD(self.modules.model[0].parameters(), 0.001)
                self.fast = torch.optim.SGD(self.modules.model[3].parameters(), 0.1)

            def fit_batch(self, batch):
                loss = self.compute_objectives(self.compute_forward(batch, Stage.TRAIN), batch, Stage.TRAIN)
                loss.backward()
                if self.check_gradients(loss):
                    self.slow.step()
                    self.fast.step()
                self.slow.zero_grad()
                self.fast.zero_grad()
                return loss.detach().cpu()

        learner = fit(brain(model(), Tutorial), batches())
        assert learner.learning_rates() == [0.001, 0.1]
        assert learner.optimizer_step == 12
        assert not torch.equal(learner.modules.model[0].weight, model()[0].weight)

    def test_bf16_computes_in_bf16_and_keeps_weights_in_32_bits(self):
        class Watch(Regression):
            def compute_objectives(self, predictions, batch, stage):
                seen.add((stage, predictions.dtype))
                return super().compute_objectives(predictions.float(), batch, stage)

        seen = set()
        learner = brain(nn.Linear(3, 1), Watch, precision="bf16", eval_precision="fp32")
        fit(learner, batches(), valid_set=batches(2), valid_loader_kwargs={"batch_size": None})
        assert seen == {(Stage.TRAIN, torch.bfloat16), (Stage.VALID, torch.float32)}
        assert learner.modules.model.weight.dtype == torch.float32

    def test_fp16_scales_its_losses(self):
        learner = brain(nn.Linear(3, 1), precision="fp16")
        before = learner.modules.model.weight.clone()
        fit(learner, batches())
        assert learner.scaler.is_enabled()
        assert torch.isfinite(learner.modules.model.weight).all()
        assert not torch.equal(learner.modules.model.weight, before)


class TestNonFinite:
    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    @pytest.mark.parametrize("position", range(6))
    @pytest.mark.parametrize("factor", [1, 2])
    def test_a_bad_batch_changes_nothing(self, value, position, factor):
        data = batches()
        data[position]["x"][0, 0] = value
        learner = fit(brain(model(), grad_accumulation_factor=factor), data)
        good = batches()
        group = range(position - position % factor, position - position % factor + factor)
        # Exactly the weights and the running statistics of a run without the group of the bad batch.
        assert_same(learner.modules.model, bare_loop(model(), good, factor=factor, skip=group), rtol=0, atol=0)
        assert math.isfinite(learner.avg_train_loss)

    def test_a_bad_gradient_of_a_good_loss_is_not_taken(self):
        class Root(Regression):
            def compute_objectives(self, predictions, batch, stage):
                # The slope of the root at zero is infinite, its value is not.
                return super().compute_objectives(predictions, batch, stage) + (predictions.sum() * 0).sqrt()

        with pytest.raises(NonFiniteTrainingError, match="the gradient was not finite in 3 steps in a row"):
            fit(brain(model(), Root), batches())

    def test_training_stops_after_patience_and_names_the_items(self, caplog):
        data = batches()
        for batch in data[1:4]:
            batch["y"].fill_(float("nan"))
        learner = brain(model())
        with pytest.raises(NonFiniteTrainingError, match=r"in 3 steps in a row, the last with 3-0, 3-1, 3-2, 3-3"):
            fit(learner, data)
        assert "items: 1-0, 1-1, 1-2, 1-3" in caplog.text
        assert_same(learner.modules.model, bare_loop(model(), batches()[:1], epochs=1), rtol=0, atol=0)

    def test_a_good_step_between_resets_patience(self):
        data = batches()
        for position in (0, 1, 3, 4):
            data[position]["y"].fill_(float("inf"))
        assert math.isfinite(fit(brain(model()), data).avg_train_loss)


class TestLoop:
    def test_stages_and_hooks_come_in_order(self):
        class Watch(Regression):
            def on_stage_start(self, stage, epoch=None):
                calls.append(("start", stage.name, epoch, self.modules.training))

            def on_stage_end(self, stage, stage_loss, epoch=None):
                calls.append(("end", stage.name, epoch, stage_loss > 0))

        calls = []
        learner = brain(model(), Watch)
        fit(learner, batches(), epochs=1, valid_set=batches(2), valid_loader_kwargs={"batch_size": None})
        learner.evaluate(batches(2), test_loader_kwargs={"batch_size": None})
        assert calls == [
            ("start", "TRAIN", 0, True),
            ("end", "TRAIN", 0, True),
            ("start", "VALID", 0, False),
            ("end", "VALID", 0, True),
            ("start", "TEST", None, False),
            ("end", "TEST", None, True),
        ]

    def test_evaluation_is_the_mean_of_the_losses_and_learns_nothing(self):
        learner = brain(model())
        expected = [nn.functional.mse_loss(model().eval()(batch["x"]), batch["y"]).item() for batch in batches(3)]
        loss = learner.evaluate(batches(3), test_loader_kwargs={"batch_size": None})
        assert loss == pytest.approx(sum(expected) / 3, rel=1e-6)
        assert_same(learner.modules.model, model())

    def test_the_average_of_an_epoch_is_the_mean_of_its_losses(self):
        class Keep(Regression):
            def on_fit_batch_end(self, batch, outputs, loss, should_step):
                losses.append(loss.item())

        losses = []
        learner = fit(brain(model(), Keep), batches(), epochs=1)
        assert learner.avg_train_loss == pytest.approx(sum(losses) / 6, rel=1e-6)

    def test_debug_looks_at_a_few_batches_and_saves_nothing_where_it_would_count(self, tmp_path):
        class Saves(Regression):
            def on_stage_end(self, stage, stage_loss, epoch=None):
                saved.append(self.checkpointer.save_and_keep_only(meta={"loss": stage_loss}).path)

        saved = []
        options = QUIET | {"debug": True, "debug_batches": 1}
        learner = Saves({"model": model()}, torch.optim.SGD, run_opts=options, checkpointer=Checkpointer(tmp_path))
        fit(learner, batches(), epochs=10)
        assert learner.optimizer_step == len(saved) == 2
        assert not any(tmp_path in path.parents for path in saved)

    def test_a_limit_of_steps_ends_training(self):
        learner = fit(brain(model(), optimizer_step_limit=8), batches(), epochs=10)
        assert learner.optimizer_step == 8

    def test_overfitting_takes_the_same_few_batches(self):
        class Ids(Regression):
            def compute_forward(self, batch, stage):
                seen.append((stage.name, batch["id"][0]))
                return super().compute_forward(batch, stage)

        seen = []
        fit(brain(model(), Ids, overfit_batches=2), batches(), epochs=2, valid_set=batches(1, seed=5))
        epoch = [("TRAIN", "0-0"), ("TRAIN", "1-0"), ("VALID", "0-0"), ("VALID", "1-0")]
        assert seen == 2 * epoch

    def test_a_second_fit_goes_on_from_the_first(self):
        learner = brain(model())
        fit(fit(learner, batches(), epochs=1), batches(), epochs=1)
        # Each fit makes a new optimiser, as it always did.
        expected = bare_loop(bare_loop(model(), batches(), epochs=1), batches(), epochs=1)
        assert_same(learner.modules.model, expected)

    def test_no_batches_are_an_error(self):
        with pytest.raises(Exception, match="no batch to train on"):
            fit(brain(model()), [])

    def test_weights_that_are_thawed_by_a_hook_learn(self):
        class Thaw(Regression):
            def on_stage_start(self, stage, epoch=None):
                if stage == Stage.TRAIN:
                    self.modules.model.requires_grad_(True)

        learner = fit(brain(model().requires_grad_(False), Thaw), batches())
        assert_same(learner.modules.model, bare_loop(model(), batches()))


class TestArguments:
    def test_what_is_no_module_is_refused(self):
        with pytest.raises(ArgumentError, match=r"modules\['x'\] must be a torch.nn.Module, got int"):
            Brain({"x": 1})

    def test_options_are_attributes(self):
        learner = Brain(hparams={"grad_accumulation_factor": 3}, run_opts={"device": "cpu"})
        assert learner.grad_accumulation_factor == 3
        assert learner.hparams.grad_accumulation_factor == 3
        with pytest.raises(AttributeError, match=r"no attribute 'presicion'; did you mean precision\?"):
            _ = learner.presicion

    def test_what_must_be_overridden_says_so(self):
        with pytest.raises(NotImplementedError, match="override compute_forward"):
            fit(Brain({"model": model()}, torch.optim.SGD, run_opts=QUIET), batches())

    def test_parameters_are_counted(self, caplog):
        caplog.set_level(logging.INFO)
        net = nn.Sequential(nn.Linear(3, 1), nn.Linear(1, 1).requires_grad_(False))
        brain(net).print_trainable_parameters()
        assert "4 of 6 parameters learn (66.7 %)" in caplog.text
