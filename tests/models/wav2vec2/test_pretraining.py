import pytest
import torch
from torch.nn import functional as F

from small_encoder import config, speech
from sonovox._internal.errors import ArgumentError, WeightsError
from sonovox.models.wav2vec2 import Wav2Vec2PretrainingConfig, Wav2Vec2PretrainModel
from sonovox.models.wav2vec2.pretraining import contrastive_loss

SMALL = {
    "mask_length": 3, "num_codevectors_per_group": 6, "codevector_dim": 8, "proj_codevector_dim": 10,
    "num_negatives": 5,
}  # fmt: skip


def model(kind="base", **changes):
    torch.manual_seed(0)
    built = Wav2Vec2PretrainModel(config(kind), Wav2Vec2PretrainingConfig(**{**SMALL, **changes}))
    built.wav2vec2.feature_extractor.norm_over_padding = False
    return built


def slow_loss(states, targets, negatives, mask, temperature):
    """Equation 3 of the paper, frame by frame; distractors that equal the target are left out."""
    total, right = torch.zeros(()), 0
    for item, step in mask.nonzero().tolist():
        target = targets[item, step]
        others = [targets[item, place] for place in negatives[item, step].tolist()]
        others = [other for other in others if not torch.equal(other, target)]
        similar = [F.cosine_similarity(states[item, step], each, dim=0) / temperature for each in (target, *others)]
        total = total - torch.log(similar[0].exp() / torch.stack(similar).exp().sum())
        right += all(similar[0] >= other for other in similar)
    return total, right / int(mask.sum())


def test_the_contrastive_loss_is_that_of_the_paper():
    torch.manual_seed(1)
    states, codes = torch.randn(2, 9, 4), torch.randint(3, (2, 9, 1))
    targets = torch.randn(3, 4)[codes.squeeze(-1)]
    negatives, mask = torch.randint(9, (2, 9, 6)), torch.rand(2, 9) > 0.4
    loss, accuracy = contrastive_loss(states, targets, codes, negatives, mask, 0.3)
    expected, share = slow_loss(states, targets, negatives, mask, 0.3)
    torch.testing.assert_close(loss, expected)
    assert accuracy.item() == pytest.approx(share)


def test_the_diversity_loss_is_the_share_of_the_codebooks_that_is_not_in_use():
    built = model(diversity_loss_weight=2.0)
    waves, lengths = speech()
    output = built(waves, lengths)
    unused = 1 - output.codevector_perplexity / 12
    torch.testing.assert_close(output.diversity_loss, unused * output.mask.sum())
    torch.testing.assert_close(output.loss, output.contrastive_loss + 2 * output.diversity_loss)


def test_a_batch_is_its_items():
    built = model().eval()
    waves, lengths = speech()
    mask = torch.zeros(2, 18, dtype=torch.bool)
    mask[:, 2:7] = True
    negatives = torch.randint(10, (2, 18, 5))
    together = built(waves, lengths, mask, negatives)
    parts = []
    for item, length in enumerate(lengths.tolist()):
        frames = int(built.wav2vec2.feature_extractor.frames(torch.tensor(length)))
        of_item = slice(item, item + 1)
        parts.append(built(waves[of_item, :length], None, mask[of_item, :frames], negatives[of_item, :frames]))
        states = together.projected_states[of_item, :frames]
        torch.testing.assert_close(parts[-1].projected_states, states, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(
        together.contrastive_loss, sum(part.contrastive_loss for part in parts), rtol=1e-4, atol=1e-4
    )


def test_masks_and_distractors_stay_within_the_items_and_come_from_the_generator():
    built = model()
    waves, lengths = speech((6000, 1500))
    outputs = []
    for _ in range(2):
        built.generator = torch.Generator().manual_seed(5)
        torch.manual_seed(0)
        outputs.append(built(waves, lengths))
    assert torch.equal(outputs[0].loss, outputs[1].loss)
    assert not outputs[0].mask[1, 4:].any()
    assert outputs[0].mask.any(1).all()


def test_everything_learns_and_the_loss_falls():
    built = model("large", quantiser_dropout=0.0)
    waves, lengths = speech()
    optimizer = torch.optim.Adam(built.parameters(), lr=2e-3)
    losses = []
    for _ in range(30):
        built.generator = torch.Generator().manual_seed(0)
        output = built(waves, lengths)
        optimizer.zero_grad()
        output.loss.backward()
        optimizer.step()
        losses.append(output.loss.item())
    assert sum(losses[-5:]) < 0.9 * sum(losses[:5])
    silent = {name for name, parameter in built.named_parameters() if parameter.grad is None}
    assert silent == set()


def test_one_graph_without_breaks():
    built = model().eval()
    waves, lengths = speech()
    mask, negatives = torch.rand(2, 18) > 0.5, torch.randint(10, (2, 18, 5))
    mask[1, 10:] = False
    torch.compiler.reset()
    compiled = torch.compile(built, fullgraph=True, backend="eager")
    found, expected = (each(waves, lengths, mask, negatives) for each in (compiled, built))
    torch.testing.assert_close(found[:5], expected[:5])
    built.train()
    assert torch.compile(built, fullgraph=True, backend="eager")(waves, lengths).loss.isfinite()


def test_what_no_training_can_use_is_refused():
    with pytest.raises(ArgumentError, match="mask_prob must be in"):
        Wav2Vec2PretrainingConfig(mask_prob=1.5)
    with pytest.raises(WeightsError, match="lacks num_codevector_groups"):
        Wav2Vec2PretrainingConfig.from_huggingface({"model_type": "hubert"})
