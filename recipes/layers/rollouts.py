"""Batches of steps from games that the network plays in training (reinforcement learning)."""

import time

import keras
import numpy as np


class Rollouts(keras.utils.PyDataset):
    """Batches of steps from games that are played with the network's current weights.

    Before each epoch the network plays some steps in every environment, with actions sampled from
    its probabilities; the games go on where the last epoch stopped. The epoch then trains on these
    steps in several passes, each in a random order.

    Args:
        environments: a gymnasium.vector.VectorEnv that returns the last observation of a game, and
            begins a new game in its next step and ignores that action (autoreset mode NEXT_STEP).
        model: a keras.Model from observations to logits (batch, actions) and values (batch, 1).
        make_targets: a function from the dict that `play` returns to {name: targets (steps,
            environments)}, which `fit` gives to the loss.
        steps: steps in each environment before an epoch.
        batch_size: game steps in a batch.
        passes: how many times an epoch uses each step.
        seed: sets the initial states, the actions and the order of the steps.

    Attributes:
        mean_return: mean return of the games that ended in the latest rollout with such games.
            Until a game has ended: mean sum of the rewards so far of the unfinished games.
        steps_played: steps in all environments so far.
        environment_seconds: time spent in the environments so far.
    """

    def __init__(
        self, environments, model, make_targets, steps=64, batch_size=256, passes=6, seed=0
    ):
        super().__init__()
        self.environments, self.model, self.make_targets = environments, model, make_targets
        self.steps, self.batch_size, self.passes = steps, batch_size, passes
        self.random = np.random.default_rng(seed)
        self.mean_return, self.any_game_ended = 0.0, False
        self.steps_played, self.environment_seconds = 0, 0.0

        observation, _ = environments.reset(seed=seed)
        self.observation = observation.astype("float32")
        self.begins = np.zeros(len(observation), bool)  # whether the next step only begins a game
        self.returns = np.zeros(len(observation))  # sums of rewards in the unfinished games
        self.batches = None

    def __len__(self):
        return -(-self.passes * self.steps * len(self.observation) // self.batch_size)

    def __getitem__(self, number):
        """Return (observations, targets, weights) of one batch."""
        if self.batches is None:  # Keras reads batches before training, for their shapes
            self.batches = self._zeros()
        observations, targets, weights, order = self.batches
        rows = order[number * self.batch_size : (number + 1) * self.batch_size]
        targets = {name: array[rows] for name, array in targets.items()}
        return observations[rows], targets, weights[rows]

    def on_epoch_begin(self):
        """Play a rollout, and put its steps into a random order for each pass."""
        rollout = self.play()
        targets = self.make_targets(rollout)
        size = rollout["weights"].size
        self.batches = (
            np.concatenate(rollout["observations"]),  # (size, features)
            {name: array.ravel() for name, array in targets.items()},
            rollout["weights"].ravel(),
            np.concatenate([self.random.permutation(size) for _ in range(self.passes)]),
        )

    def play(self):
        """Play some steps in every environment.

        Returns:
            A dict of arrays (steps, environments): "observations" (with a third axis), "actions",
            "log_probabilities" of the actions, "rewards", "terminated", "ended" (terminated or
            truncated), and "weights": 0 where the step only began a new game, else 1. "values" are
            (steps + 1, environments): before each step and after the last one.
        """
        rows, returns = [], []
        for _ in range(self.steps):
            row, ended_returns = self._step()
            rows.append(row)
            returns.extend(ended_returns)

        self.any_game_ended = self.any_game_ended or bool(returns)
        if returns or not self.any_game_ended:
            self.mean_return = float(np.mean(returns or self.returns))

        rollout = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
        _, last_values = self.model.predict_on_batch(self.observation)
        rollout["values"] = np.concatenate([rollout["values"], last_values.T])
        return rollout

    def _step(self):
        """Play one step everywhere: (its row of the rollout, the returns of games that ended)."""
        logits, values = self.model.predict_on_batch(self.observation)
        # The largest of logits plus Gumbel noise is a sample of their softmax.
        actions = (logits + self.random.gumbel(size=logits.shape)).argmax(axis=1)
        log_probabilities = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
        row = {
            "observations": self.observation,
            "actions": actions.astype("int32"),
            "log_probabilities": log_probabilities[np.arange(len(actions)), actions],
            "values": values[:, 0],
            "weights": (~self.begins).astype("float32"),
        }

        started = time.perf_counter()
        observation, rewards, terminated, truncated, _ = self.environments.step(actions)
        self.environment_seconds += time.perf_counter() - started

        self.steps_played += len(actions)
        ended = terminated | truncated
        row |= {"rewards": rewards.astype("float32"), "terminated": terminated, "ended": ended}
        self.observation, self.begins = observation.astype("float32"), ended
        self.returns += rewards
        ended_returns = self.returns[ended]
        self.returns[ended] = 0
        return row, ended_returns

    def _zeros(self):
        """Batches of zeros, with the shapes and types of a rollout."""
        shape = (self.steps, len(self.observation))
        numbers = np.zeros(shape, "float32")
        rollout = {"actions": np.zeros(shape, "int32"), "weights": np.ones(shape, "float32")}
        rollout |= dict.fromkeys(("log_probabilities", "rewards"), numbers)
        rollout |= dict.fromkeys(("terminated", "ended"), np.zeros(shape, bool))
        rollout["values"] = np.zeros((shape[0] + 1, shape[1]), "float32")
        observations = np.zeros((numbers.size, self.observation.shape[1]), "float32")
        targets = {name: array.ravel() for name, array in self.make_targets(rollout).items()}
        order = np.tile(np.arange(numbers.size), self.passes)
        return observations, targets, np.zeros(numbers.size, "float32"), order


class MeanReturn(keras.callbacks.Callback):
    """Add the mean return of the training games to the logs: progress bar and history.

    Args:
        rollouts: the Rollouts that `fit` takes.
    """

    def __init__(self, rollouts):
        super().__init__()
        self.rollouts = rollouts

    def on_epoch_end(self, epoch, logs):
        """Add it to the logs, so that the callbacks after this one see it."""
        logs["mean_return"] = self.rollouts.mean_return
