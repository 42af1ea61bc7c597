"""The network that is trained live: its mathematics beside torch's, what it learns, and drawings made into digits."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw

from cnnhub import handwriting, live
from cnnhub.chance import Chance
from cnnhub.errors import ArgumentError, GeometryError
from cnnhub.handwriting import as_digit, digits
from cnnhub.live import LiveNetwork, Parts, Training
from tests.support.places import ROOT

SEVEN = [(40, 40), (160, 40), (90, 200)]  # x, y of the corners of a stroke
ONE = [(100, 30), (100, 190)]


@pytest.fixture(scope="module")
def learned() -> Training:
    """After 1,500 steps, 36 times each digit."""
    training = Training(seed=1)
    for _ in range(1_500):
        training.step()
    return training


def torch_logits(parameters: torch.Tensor, pictures: torch.Tensor) -> torch.Tensor:
    """The same network in torch: parameters (810,), pictures (N, 8, 8) -> logits (N, 10)."""
    filters, filter_biases, weights, biases = parameters.split([72, 8, 720, 10])
    maps = F.relu(F.conv2d(pictures[:, None], filters.reshape(8, 1, 3, 3), filter_biases))
    return F.linear(F.max_pool2d(maps, 2).flatten(1), weights.reshape(10, 72), biases)


def seeded_batch(seed: int, count: int = 40) -> tuple[np.ndarray, np.ndarray]:
    chosen = np.random.default_rng(seed).choice(live.COUNT, count, replace=False)
    return digits().pictures[chosen], digits().labels[chosen]


def test_the_digits_are_scikit_learns() -> None:
    known = pytest.importorskip("sklearn.datasets").load_digits()
    assert np.array_equal(digits().pictures * 16, known.images) and np.array_equal(digits().labels, known.target)
    assert handwriting.DIGITS_FILE.stat().st_size < 50_000
    with pytest.raises(ValueError, match="read-only"):
        digits().pictures[0] = 0


def test_chance_is_mulberry32() -> None:
    chance = Chance(7)
    drawn = [chance.uniform() for _ in range(3)]
    assert drawn == [0.011704753153026104, 0.06195825757458806, 0.97690763277933], "what the published JavaScript draws"
    normal = np.array([chance.normal() for _ in range(20_000)])
    assert abs(normal.mean()) < 0.02 and abs(normal.std() - 1) < 0.02 and abs((normal**4).mean() - 3) < 0.2
    firsts = np.bincount([Chance(seed).order(3)[0] for seed in range(3_000)])
    assert firsts.min() > 900, firsts
    for seed in (-1, 2**32, 0.5, True, "1"):
        with pytest.raises(ArgumentError, match=r"seed=.* arrived; expected a whole number from 0 to 4294967295\."):
            Chance(seed)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(3))
def test_forward_loss_and_gradients_are_torchs(seed: int) -> None:
    network, (pictures, labels) = LiveNetwork(seed), seeded_batch(seed)
    network.parts.biases[:] = np.linspace(-1, 1, 10)
    network.parts.filter_biases[:] = np.linspace(-0.2, 0.2, 8)
    parameters = torch.from_numpy(network.parameters).clone().requires_grad_()
    logits = torch_logits(parameters, torch.from_numpy(pictures))
    loss = F.cross_entropy(logits, torch.from_numpy(labels))
    loss.backward()
    assert np.allclose(network.activations(pictures).logits, logits.detach(), rtol=0, atol=1e-12)
    assert np.allclose(network.forward(pictures), logits.softmax(1).detach(), rtol=0, atol=1e-12)
    assert network.loss(pictures, labels) == pytest.approx(loss.item(), abs=1e-12)
    assert parameters.grad is not None
    assert np.allclose(network.gradients(pictures, labels), parameters.grad, rtol=0, atol=1e-12)


def test_gradients_are_the_slopes_of_the_loss() -> None:
    training = Training(seed=3)
    for _ in range(20):
        training.step()
    for index in np.random.default_rng(0).choice(live.PARAMETERS, 25, replace=False):
        slope = training.slope(int(index))
        assert slope.derivative == pytest.approx(slope.difference, abs=1e-7), index
        assert slope.weights[10] == slope.weight == training.network.parameters[index], "it is left as it was"
        assert slope.losses[10] == training.network.loss(*training._of_batch())
    with pytest.raises(ArgumentError, match=r"index=810 arrived; expected a parameter's number, 0 to 809\."):
        training.slope(810)


def test_a_step_is_that_of_torchs_sgd_and_goes_down() -> None:
    training = Training(seed=2, learning_rate=0.1, batch_size=48)
    parameters = torch.from_numpy(training.network.parameters).clone().requires_grad_()
    optimizer = torch.optim.SGD([parameters], lr=0.1, momentum=live.MOMENTUM)
    for _ in range(30):
        pictures, labels = (torch.from_numpy(each) for each in training._of_batch())
        optimizer.zero_grad()
        loss = F.cross_entropy(torch_logits(parameters, pictures), labels)
        loss.backward()
        optimizer.step()
        assert training.step() == pytest.approx(loss.item(), abs=1e-10)
    assert np.allclose(training.network.parameters, parameters.detach(), rtol=0, atol=1e-10)


def test_parts_are_views_of_every_parameter() -> None:
    network = LiveNetwork(5)
    parts = network.parts
    assert sum(each.size for each in vars(parts).values()) == live.PARAMETERS == 810
    assert parts.filters.std() == pytest.approx(np.sqrt(2 / 9), rel=0.2), "He et al. 2015"
    assert parts.weights.std() == pytest.approx(np.sqrt(2 / 72), rel=0.1)
    assert not parts.biases.any() and not parts.filter_biases.any()
    parts.weights[9, 71] = 7
    assert network.parameters[799] == 7 and Parts.of(network.parameters).weights[9, 71] == 7
    assert network.with_parameter(799, 1.0).parameters[799] == 1 and network.parameters[799] == 7


@pytest.mark.parametrize("seed", range(4))
def test_two_hundred_steps_read_nine_of_ten(seed: int) -> None:
    training = Training(seed)
    assert training.accuracy() < 0.3
    for _ in range(200):
        training.step()
    assert training.accuracy() > 0.9


def test_in_the_end_few_are_misread(learned: Training) -> None:
    assert learned.accuracy() > 0.96 and learned.accuracy(held_out=False) > 0.99
    wrong = learned.wrong()
    assert set(wrong) <= set(learned.held_out) and len(wrong) == round((1 - learned.accuracy()) * len(learned.held_out))
    answers = learned.network.forward(digits().pictures[wrong]).argmax(axis=1)
    assert (answers != digits().labels[wrong]).all()


def test_the_same_seed_learns_the_same() -> None:
    def losses(seed: int) -> list[float]:
        training = Training(seed)
        return [training.step() for _ in range(50)]

    assert losses(1) == losses(1) != losses(2)
    first, second = Training(1), Training(2)
    assert np.array_equal(first.held_out, second.held_out) and len(first.held_out) == 449
    assert sorted([*first.held_out, *first.train]) == list(range(live.COUNT))


def test_a_pass_shows_every_digit_once() -> None:
    training = Training(seed=4, batch_size=4)  # 1,348 digits to learn from are 337 batches
    shown = []
    for _ in range(337):
        shown += training.batch.tolist()
        training.step()
    assert sorted(shown) == training.train.tolist() and training.epoch == 1
    training.batch_size = 1_348
    assert sorted(training.batch) == training.train.tolist(), "what a batch lacks begins a pass"
    assert training.batch.tolist() == training.batch.tolist(), "looking takes no step"


def test_noise_spoils_its_share_of_what_is_learned_from() -> None:
    labels, little, much = digits().labels, Training(seed=1, noise=0.1), Training(seed=1, noise=0.5)
    spoiled = [np.flatnonzero(each.labels != labels) for each in (Training(seed=1), little, much)]
    assert [len(each) for each in spoiled] == [0, 135, 674] and set(spoiled[1]) < set(spoiled[2]) <= set(much.train)
    assert np.array_equal(little.labels[spoiled[1]], much.labels[spoiled[1]])
    assert np.bincount(much.labels[much.train]).min() > 100, "each label may take another's place"
    for _ in range(300):
        much.step()
    assert much.accuracy(held_out=False) < 0.6 < much.accuracy(), "it cannot learn what is wrong, and reads most all the same"


def test_a_rate_far_too_large_learns_nothing_and_ends_nothing() -> None:
    training = Training(seed=1, learning_rate=50.0)
    for _ in range(100):
        training.step()
    assert training.accuracy() < 0.2


@pytest.mark.parametrize(
    ("setting", "value"),
    [("learning_rate", -1), ("learning_rate", float("nan")), ("noise", 1.5), ("momentum", 2), ("batch_size", 0)]
    + [("batch_size", 1_349), ("batch_size", 2.5)],
)
def test_settings_that_mean_nothing(setting: str, value: float) -> None:
    with pytest.raises(ArgumentError, match=rf"{setting}={value!r} arrived; expected"):
        Training(**{setting: value})  # type: ignore[arg-type]
    training = Training()
    if setting != "noise":
        setattr(training, setting, value)
        with pytest.raises(ArgumentError, match=setting):
            training.step()


def test_pictures_of_another_shape() -> None:
    with pytest.raises(ArgumentError, match=r"Pictures shaped \(8, 8\) arrived; expected \(N, 8, 8\)\."):
        LiveNetwork().forward(np.zeros((8, 8)))


def test_it_learns_without_torch() -> None:
    code = (
        "import sys; from cnnhub.live import Training, as_digit; Training().step(); as_digit([[255]]); "
        "print([m for m in ('torch', 'PIL', 'sklearn', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr


# ---- drawings


def drawn(points: list[tuple[int, int]], width: int = 18, size: tuple[int, int] = (280, 240)) -> np.ndarray:
    """White strokes on black (H, W), their ends round."""
    picture = Image.new("L", size)
    pen = ImageDraw.Draw(picture)
    pen.line(points, fill=255, width=width, joint="curve")
    for x, y in points:
        pen.ellipse([x - width / 2, y - width / 2, x + width / 2, y + width / 2], fill=255)
    return np.asarray(picture)


def test_nothing_drawn_is_nothing() -> None:
    assert as_digit(np.zeros((280, 280))) is None and as_digit(np.full((9, 5), 127)) is None
    assert as_digit(np.zeros((0, 0))) is None
    with pytest.raises(GeometryError, match=r"A drawing shaped \(8, 8, 3\) arrived; expected \(H, W\), its brightness\."):
        as_digit(np.zeros((8, 8, 3)))


def test_where_and_how_large_a_digit_is_drawn_does_not_matter() -> None:
    digit = as_digit(drawn(SEVEN))
    assert digit is not None and digit.shape == (8, 8)
    assert ((digit * 16) % 1 == 0).all() and digit.min() >= 0 and digit.max() == 1
    assert digit.any(axis=1).all(), "it fills the height, as the digits do"
    assert not digit[:, [0, 7]].any()
    elsewhere = as_digit(drawn([(x + 70, y + 25) for x, y in SEVEN]))
    assert np.array_equal(digit, elsewhere)
    twice = as_digit(np.kron(drawn(SEVEN), np.ones((2, 2))))
    assert np.array_equal(digit, twice)


def test_thin_strokes_are_thickened_and_leaning_ones_straightened() -> None:
    thin, thick = (as_digit(drawn(SEVEN, width)) for width in (3, 18))
    assert thin is not None and thick is not None
    assert thin.sum() > 0.7 * thick.sum()
    upright, leaning = as_digit(drawn(ONE)), as_digit(drawn([(150, 30), (90, 190)]))
    assert upright is not None and leaning is not None
    assert np.abs(upright - leaning).mean() < 0.08
    assert as_digit(drawn([(10, 100), (270, 100)])) is not None and as_digit(np.array([[255]])) is not None


def test_digits_drawn_anew_are_read(learned: Training) -> None:
    """The held-out digits themselves, enlarged to 240 x 240 with smooth edges, as drawings."""
    held_out = learned.held_out[:100]
    large = [Image.fromarray((255 * picture).astype(np.uint8)).resize((240, 240)) for picture in digits().pictures[held_out]]
    made = [as_digit(np.asarray(each)) for each in large]
    answers = learned.network.forward(np.stack([each for each in made if each is not None])).argmax(axis=1)
    assert (answers == digits().labels[held_out]).mean() > 0.85


def test_drawn_strokes_are_read(learned: Training) -> None:
    zero = [(100 + round(45 * np.cos(a)), 110 + round(80 * np.sin(a))) for a in np.linspace(0, 2 * np.pi, 40)]
    for points, label in ((zero, 0), ([(85, 70), *ONE], 1), (SEVEN, 7)):
        digit = as_digit(drawn(points))
        assert digit is not None
        assert learned.network.forward(digit[None]).argmax() == label, label
