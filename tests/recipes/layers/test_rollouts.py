"""Rollouts: what is played in which epoch, and steps that only begin a new game."""

import keras
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, VectorEnv

from recipes.layers.rollouts import MeanReturn, Rollouts


class Clocks(VectorEnv):
    """Games of fixed lengths, one per copy; the observation is the step in the game.

    Games of odd copies are truncated, those of even copies terminate. Every step gives a reward
    of 1. `actions` holds the actions of all steps, those that are ignored too.
    """

    def __init__(self, lengths):
        self.num_envs = len(lengths)
        self.metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP}
        self.lengths, self.is_cut = np.array(lengths), np.arange(len(lengths)) % 2 == 1
        self.actions = []

    def reset(self, seed=None, options=None):
        self.clocks = np.zeros(self.num_envs, int)
        self.over = np.zeros(self.num_envs, bool)
        return self.observe(), {}

    def observe(self):
        return self.clocks[:, None].astype("float64")

    def step(self, actions):
        self.actions.append(actions)
        rewards = np.where(self.over, 0.0, 1.0)
        self.clocks = np.where(self.over, 0, self.clocks + 1)
        self.over = self.clocks == self.lengths
        return self.observe(), rewards, self.over & ~self.is_cut, self.over & self.is_cut, {}


class Doubtful:
    """A model that prefers action 1, and says that the value is ten times the observation."""

    def predict_on_batch(self, observations):
        logits = np.tile(np.log([0.2, 0.8]).astype("float32"), (len(observations), 1))
        return [logits, 10 * observations]


def targets(rollout):
    return {name: rollout[name] for name in ("actions", "rewards")}


def test_a_step_that_begins_a_new_game_has_no_weight():
    rollout = Rollouts(Clocks([2, 3]), Doubtful(), targets, steps=7).play()
    first, second = rollout["observations"][:, :, 0].T
    assert first.tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert second.tolist() == [0, 1, 2, 3, 0, 1, 2]
    assert rollout["weights"].T.tolist() == [[1, 1, 0, 1, 1, 0, 1], [1, 1, 1, 0, 1, 1, 1]]
    assert rollout["rewards"].tolist() == rollout["weights"].tolist()

    # The last observation of a game follows its last step, so its value is known.
    assert rollout["values"].shape == (8, 2)
    assert rollout["values"][:, 1].tolist() == [0, 10, 20, 30, 0, 10, 20, 30]
    assert rollout["ended"].T.astype(int).tolist() == [[0, 1, 0, 0, 1, 0, 0], [0, 0, 1, 0, 0, 0, 1]]
    assert rollout["terminated"].T.astype(int).tolist() == [[0, 1, 0, 0, 1, 0, 0], [0] * 7]


def test_a_rollout_goes_on_where_the_one_before_stopped():
    rollouts = Rollouts(Clocks([5, 5]), Doubtful(), targets, steps=3)
    seen = np.concatenate([rollouts.play()["observations"][:, 0, 0] for _ in range(3)])
    assert seen.tolist() == [0, 1, 2, 3, 4, 5, 0, 1, 2]


def test_actions_are_sampled_from_the_probabilities():
    rollout = Rollouts(Clocks([9] * 50), Doubtful(), targets, steps=40).play()
    assert rollout["actions"].mean() == pytest.approx(0.8, abs=0.04)  # 4.5 standard deviations
    wanted = np.log(np.where(rollout["actions"] == 1, 0.8, 0.2))
    np.testing.assert_allclose(rollout["log_probabilities"], wanted, rtol=1e-5)


def test_equal_seeds_give_equal_rollouts():
    def play(seed):
        return Rollouts(Clocks([4, 6]), Doubtful(), targets, steps=20, seed=seed).play()["actions"]

    np.testing.assert_array_equal(play(3), play(3))
    assert (play(3) != play(4)).any()


def test_mean_return_is_that_of_the_last_games_that_ended():
    rollouts = Rollouts(Clocks([5, 3]), Doubtful(), targets, steps=2)
    means = []
    for _ in range(4):
        rollouts.play()
        means.append(rollouts.mean_return)
    # Two steps without an end, then games of 3 and of 5 steps; then the second game of 3 steps.
    assert means == [2, 3, 5, 3]
    assert rollouts.steps_played == 16
    assert rollouts.environment_seconds > 0


class Watched(Rollouts):
    """Rollouts that note when they are played and read."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.events, self.read = [], []

    def on_epoch_begin(self):
        super().on_epoch_begin()
        self.events.append("play")

    def __getitem__(self, number):
        batch = super().__getitem__(number)
        self.events.append(number)
        self.read.append(batch)
        return batch


def test_fit_trains_in_each_epoch_on_the_steps_just_played():
    observation = keras.Input((1,))
    outputs = [keras.layers.Dense(2)(observation), keras.layers.Dense(1)(observation)]
    model = keras.Model(observation, outputs)
    model.compile("sgd")

    rollouts = Watched(
        Clocks([4, 4]), model, lambda rollout: {"actions": rollout["actions"]}, 8, 10, passes=2
    )
    model.compute_loss = lambda x, y, y_pred, *_, **__: keras.ops.mean(y_pred[0] + y_pred[1])
    history = model.fit(rollouts, epochs=3, verbose=0, callbacks=[MeanReturn(rollouts)])

    # 2 passes over 16 steps are 3 full batches of 10 and one of 2.
    assert len(rollouts) == 4
    start = rollouts.events.index("play")  # Keras has looked at some batches before
    for epoch in range(3):
        played, *numbers = rollouts.events[start + 5 * epoch : start + 5 * epoch + 5]
        assert (played, sorted(numbers)) == ("play", [0, 1, 2, 3])
        read = rollouts.read[start + 4 * epoch : start + 4 * epoch + 4]
        played = np.concatenate([observations[:, 0] for observations, _, _ in read])
        seen = [step % 5 for step in range(8 * epoch, 8 * epoch + 8)]  # 4 steps, then a new game
        assert sorted(played) == sorted(seen * 4), "two copies, two passes"
    assert history.history["mean_return"] == [4, 4, 4]
