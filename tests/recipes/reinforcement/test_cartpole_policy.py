"""PPO: advantages and loss against an oracle, games that are truncated, and a solved game."""

from types import SimpleNamespace

import gymnasium
import keras
import numpy as np
import pytest

import data_prep
from recipes.layers.rollouts import Rollouts
from recipes.reinforcement import cartpole_policy as page


def test_advantages_are_the_weighted_sum_of_the_errors_until_the_end():
    rng = np.random.default_rng(0)
    steps, count = 12, 5
    rewards, values = rng.normal(size=(steps, count)), rng.normal(size=(steps + 1, count))
    ended = rng.random((steps, count)) < 0.25
    terminated = ended & (rng.random((steps, count)) < 0.5)
    assert terminated.any()
    assert (ended & ~terminated).any()

    wanted = np.zeros((steps, count))
    for start in range(steps):
        for game in range(count):
            for step in range(start, steps):
                following = 0 if terminated[step, game] else values[step + 1, game]
                error = rewards[step, game] + 0.99 * following - values[step, game]
                wanted[start, game] += (0.99 * 0.95) ** (step - start) * error
                if ended[step, game]:
                    break
    found = page.estimate_advantages(rewards, values, terminated, ended)
    np.testing.assert_allclose(found, wanted, atol=1e-12)


class Ticks(gymnasium.Env):
    """Five steps with a reward of 1; the observation is the step; a time limit, or a real end."""

    observation_space = gymnasium.spaces.Box(0, 5, (1,))
    action_space = gymnasium.spaces.Discrete(2)

    def __init__(self, is_truncated):
        self.is_truncated = is_truncated

    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.ticks = 0
        return np.zeros(1, "float32"), {}

    def step(self, action):
        self.ticks += 1
        over = self.ticks == 5
        cut = over and self.is_truncated
        return np.array([self.ticks], "float32"), 1.0, over and not cut, cut, {}


def copies(is_truncated, count=2):
    return gymnasium.vector.SyncVectorEnv([lambda: Ticks(is_truncated)] * count)


class Oracle:
    """A model that knows the values: for ever, or until the fifth step."""

    def __init__(self, is_truncated):
        self.is_truncated = is_truncated

    def predict_on_batch(self, observations):
        left = np.inf if self.is_truncated else 5 - observations
        # 1 - discount times the sum of the discounts of the steps that are left.
        values = np.broadcast_to(1 - page.DISCOUNT**left, observations.shape)
        return [np.zeros((len(observations), 2), "float32"), values.astype("float32")]


@pytest.mark.parametrize("is_truncated", [True, False])
def test_the_true_values_leave_no_advantage(is_truncated, monkeypatch):
    rollout = Rollouts(copies(is_truncated), Oracle(is_truncated), None, steps=17).play()
    assert (rollout["terminated"] == (rollout["ended"] & (not is_truncated))).all()
    assert rollout["weights"].sum() == 2 * (17 - 2)  # steps 5 and 11 only begin a game
    advantages = page.estimate_advantages(
        rollout["rewards"] * (1 - page.DISCOUNT),
        rollout["values"],
        rollout["terminated"],
        rollout["ended"],
    )
    np.testing.assert_allclose(advantages[rollout["weights"] > 0], 0, atol=1e-6)

    # To take the end of the time for the end of the game would be an error of 0.99 and more.
    wrong = page.estimate_advantages(
        rollout["rewards"] * (1 - page.DISCOUNT),
        rollout["values"],
        rollout["ended"],
        rollout["ended"],
    )
    assert np.allclose(wrong[4], -0.99 if is_truncated else 0, atol=1e-6)


@pytest.mark.parametrize("is_truncated", [True, False])
def test_the_critic_learns_the_values(is_truncated, monkeypatch):
    monkeypatch.setattr(page, "DISCOUNT", 0.5)  # far rewards count little: quick to learn
    keras.utils.set_random_seed(0)
    model = page.build_cartpole_policy(1, 2, (16,))
    model.compile(keras.optimizers.Adam(0.01), steps_per_execution=16)
    rollouts = Rollouts(copies(is_truncated, 8), model, page.make_targets, 24, 24)
    model.fit(rollouts, epochs=20, verbose=0)
    steps = np.arange(5, dtype="float32")[:, None]
    wanted = np.ones((5, 1)) if is_truncated else 1 - 0.5 ** (5 - steps)
    _, values = model.predict(steps, verbose=0)
    np.testing.assert_allclose(values, wanted, atol=0.06)


def loss_oracle(logits, values, targets, weights):
    """The loss by the paper's equation 9, one step at a time."""
    losses = []
    for row, action in enumerate(targets["actions"]):
        probabilities = np.exp(logits[row]) / np.exp(logits[row]).sum()
        ratio = probabilities[action] / np.exp(targets["log_probabilities"][row])
        advantage = targets["advantages"][row]
        gain = min(ratio * advantage, min(max(ratio, 0.8), 1.2) * advantage)
        error = (values[row, 0] - targets["values"][row]) ** 2
        entropy = -(probabilities * np.log(probabilities)).sum()
        losses.append(-gain + 0.5 * error - 0.01 * entropy)
    return (np.array(losses) * weights).sum() / weights.sum()


def test_the_loss_is_that_of_the_paper():
    rng = np.random.default_rng(0)
    logits, values = rng.normal(size=(60, 3)), rng.normal(size=(60, 1))
    targets = {
        "actions": rng.integers(0, 3, 60),
        "log_probabilities": np.log(rng.uniform(0.1, 0.9, 60)),
        "advantages": rng.normal(size=60),
        "values": rng.normal(size=60),
    }
    weights = (rng.random(60) < 0.7).astype("float64")
    model = page.build_cartpole_policy(4, 3)

    def loss(logits, values, targets, weights):
        tensors = keras.tree.map_structure(keras.ops.convert_to_tensor, targets)
        outputs = [keras.ops.convert_to_tensor(array) for array in (logits, values)]
        return float(model.compute_loss(None, tensors, outputs, keras.ops.array(weights)))

    wanted = loss_oracle(logits, values, targets, weights)
    assert loss(logits, values, targets, weights) == pytest.approx(wanted, rel=1e-6)

    # A step without weight changes nothing; no step with weight gives no NaN.
    ignored = weights == 0
    targets["advantages"][ignored], targets["values"][ignored] = 1e3, -1e3
    assert loss(logits, values, targets, weights) == pytest.approx(wanted, rel=1e-6)
    assert loss(logits, values, targets, 0 * weights) == 0


def test_a_new_policy_takes_all_actions():
    model = page.build_cartpole_policy(6, 3)
    observations = np.random.default_rng(0).normal(size=(50, 6)).astype("float32")
    logits, values = model.predict(observations, verbose=0)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert probabilities.min() > 0.3
    assert logits.shape == (50, 3)
    assert values.shape == (50, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"observation_size": 0}, "build_cartpole_policy: observation_size=0; give an integer"),
        ({"num_actions": 1.5}, "num_actions=1.5; give an integer >= 1"),
        ({"units": ()}, "give a tuple of integers >= 1"),
    ],
)
def test_sizes_that_cannot_work_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        page.build_cartpole_policy(**options)


@pytest.mark.parametrize("options", [{"steps": 1}, {"repeats": 0}, {"batch_size": 0}])
def test_numbers_that_cannot_work_are_refused(options):
    with pytest.raises(data_prep.DataError, match="give 2 steps or more, and 1 or more of"):
        page.run(**options)


@pytest.fixture
def few_games(monkeypatch):
    monkeypatch.setattr(page, "TEST_GAMES", 4)
    monkeypatch.setattr(page, "COPIES", 2)


SMALL = {"epochs": 2, "environments": 4, "steps": 16, "batch_size": 32, "repeats": 1}


@pytest.mark.usefixtures("few_games")
def test_equal_seeds_give_equal_reports():
    def run(seed):
        keras.utils.set_random_seed(seed)
        return page.run(**SMALL, seed=seed)

    first, same = run(0), run(0)
    for score in ("mean return", "standard deviation of returns", "lowest return"):
        assert first.scores[score] == same.scores[score]
    for one, other in zip(first.model.get_weights(), same.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert first.data["shapes"]["train"]["inputs"] == [2 * 4 * 16, 4]
    assert set(first.pictures) == {"learning_curve", "game", "animation"}
    assert 0 < first.scores["fraction of time in the environments"] < 1


@pytest.mark.usefixtures("few_games")
def test_another_environment_is_played():
    report = page.run("MountainCar-v0", **SMALL)
    assert report.scores["mean return"] == report.baselines["random play"]["mean return"] == -200
    assert report.comparisons == {}
    assert "game" in report.pictures


def test_scores_are_those_of_all_trainings():
    played = [SimpleNamespace(steps_played=600, environment_seconds=1.0) for _ in range(2)]
    trained = [([], np.array([10.0, 30.0]), played[0], 4.0), ([], np.ones(2), played[1], 6.0)]
    scores = page._scores(trained)
    assert scores["mean return"] == 10.5
    assert scores["lowest return"] == scores["mean return of the worst training"] == 1
    assert scores["environment steps per second of training"] == 120
    assert scores["fraction of time in the environments"] == 0.2


@pytest.mark.slow
def test_one_training_solves_cartpole():
    keras.utils.set_random_seed(0)
    report = page.run(repeats=1)
    assert report.scores["mean return"] >= 475
