"""Learning to play: a policy learns from its own games, by PPO with a critic.

    observation (4,) -> dense 64 x 2 -> logits (2,), and -> dense 64 x 2 -> value (1,)

Take it for a game that can be played often and cheaply, when nobody can show the right actions. The
current network plays the training games, so it meets its own mistakes and can correct them.
`cartpole_imitation`, which learns once from random games, cannot.

Two networks see the same observation. The actor gives the probabilities of the actions; in
training, each action is sampled from them. The critic predicts the value: the discounted sum of the
rewards that are still to come. The advantage of an action is how much better the game went on than
the critic had predicted. A training step makes actions with a positive advantage more probable,
others less. A rollout, some steps of several games, is used several times. PPO clips the ratio of
new to old probability, so that the policy does not move far from the one that played.

A game may end in two ways. It is terminated when the pole has fallen: no reward follows, so the
value after the last step is 0. It is truncated when the time is up: it could have gone on, so the
critic's value of the last observation is used.

In the report: the mean return over the steps played, with its range over several trainings, and a
game of the trained network. The loss says little, since each epoch has new games.

Differs from cartpole_imitation: it plays new games in every epoch, and a critic rates its actions.

Reference: Schulman et al., "Proximal policy optimization algorithms", 2017.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import time

import keras
import numpy as np
from keras import layers, ops

import data_prep
import visualize
from recipes import scores
from recipes.layers.rollouts import MeanReturn, Rollouts
from recipes.layers.sizes import check_integers, check_tuples
from recipes.reinforcement.cartpole_imitation import COPIES, TEST_GAMES, game_pictures
from recipes.report import Report

PASSES = 6  # over the steps of a rollout
CLIP = 0.2  # outside 0.8 to 1.2 the ratio of new to old probability gains no more
DISCOUNT = 0.99  # each step later, a reward counts 0.99 times as much
TRACE = 0.95  # lambda: 0 uses the critic after one step, 1 at the end of the game or rollout
VALUE_WEIGHT = 0.5  # of the critic's loss
ENTROPY_WEIGHT = 0.01  # keeps the policy from becoming certain too early


def estimate_advantages(rewards, values, terminated, ended):
    """Advantages: how much better the game went after each action than the critic predicted.

        error_t = reward_t + DISCOUNT * value_t+1 - value_t
        advantage_t = error_t + DISCOUNT * TRACE * advantage_t+1

    If the game terminates in step t, value_t+1 is 0; if it ends, advantage_t+1 is 0. Source:
    Schulman et al., "High-dimensional continuous control using generalized advantage estimation".

    Args:
        rewards: reward after each step, (steps, environments).
        values: value before each step and after the last one, (steps + 1, environments).
        terminated: whether the game terminated in the step, (steps, environments).
        ended: whether it terminated or was truncated, (steps, environments).

    Returns:
        (steps, environments). Advantages plus values are the targets of the critic.
    """
    errors = rewards + DISCOUNT * values[1:] * ~terminated - values[:-1]
    advantages = np.zeros_like(errors)
    following = np.zeros_like(errors[0])
    for step in reversed(range(len(errors))):
        following = errors[step] + DISCOUNT * TRACE * ~ended[step] * following
        advantages[step] = following
    return advantages


@keras.saving.register_keras_serializable(package="recipes")
class ActorCritic(keras.Model):
    """A model from observations to the logits of the actions and the value, with PPO's loss.

    `fit` takes a `Rollouts`.
    """

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Loss of actor and critic, minus the entropy: the mean over the steps of weight 1."""
        logits, values = y_pred
        log_probabilities = ops.log_softmax(logits)  # (batch, actions)
        taken = ops.one_hot(y["actions"], logits.shape[-1], dtype=logits.dtype)
        ratio = ops.exp(ops.sum(taken * log_probabilities, axis=-1) - y["log_probabilities"])

        # The smaller gain: no more for leaving the clip range, full loss for the wrong direction.
        clipped = ops.clip(ratio, 1 - CLIP, 1 + CLIP)
        gain = ops.minimum(ratio * y["advantages"], clipped * y["advantages"])
        error = ops.square(values[:, 0] - y["values"])
        entropy = -ops.sum(ops.exp(log_probabilities) * log_probabilities, axis=-1)

        losses = VALUE_WEIGHT * error - gain - ENTROPY_WEIGHT * entropy  # (batch,)
        return ops.sum(losses * sample_weight) / ops.maximum(ops.sum(sample_weight), 1.0)


def make_targets(rollout):
    """The targets that the loss needs, from a rollout: {name: (steps, environments)}.

    Rewards are multiplied by 1 - DISCOUNT: an endless game with rewards of 1 then has the value 1.
    Advantages are scaled to mean 0 and standard deviation 1 over the steps of weight 1.

    Args:
        rollout: from `Rollouts.play`.
    """
    rewards, values = rollout["rewards"] * (1 - DISCOUNT), rollout["values"]
    advantages = estimate_advantages(rewards, values, rollout["terminated"], rollout["ended"])
    counted = advantages[rollout["weights"] > 0]
    return {
        "actions": rollout["actions"],
        "log_probabilities": rollout["log_probabilities"],
        "advantages": (advantages - counted.mean()) / (counted.std() + 1e-8),
        "values": advantages + values[:-1],
    }


def build_cartpole_policy(
    observation_size=4, num_actions=2, units=(64, 64), name="cartpole_policy"
):
    """Build actor and critic in one model, not compiled.

    Args:
        observation_size: size of an observation, a vector.
        num_actions: number of actions.
        units: width of each hidden layer of the actor, and of the critic.
        name: name of the model.

    Returns:
        An ActorCritic from observations (batch, observation_size) to the logits of the actions
        (batch, num_actions) and the values (batch, 1).

    Raises:
        ValueError: if a size is not an integer >= 1.

    Example:
        import numpy as np
        import gymnasium

        environments = gymnasium.make_vec("CartPole-v1", num_envs=32)
        model = build_cartpole_policy(observation_size=4, num_actions=2)
        model.compile(keras.optimizers.Adam(0.003))
        rollouts = Rollouts(environments, model, make_targets, steps=16)
        model.fit(rollouts, epochs=2)  # 30 epochs with steps=64 solve CartPole

        observations = np.random.normal(size=(10, 4))
        logits, values = model.predict(observations)  # (10, 2), (10, 1)
        best_actions = logits.argmax(axis=1)
    """
    check_integers(
        "build_cartpole_policy", observation_size=observation_size, num_actions=num_actions
    )
    check_tuples("build_cartpole_policy", units=units)

    observation = keras.Input((observation_size,), name="observation")
    outputs = []
    for output, size, gain in (("logits", num_actions, 0.01), ("value", 1, 1.0)):
        x = observation
        for width in units:
            initializer = keras.initializers.Orthogonal(2**0.5)
            x = layers.Dense(width, activation="tanh", kernel_initializer=initializer)(x)
        # Small initial logits: at first all actions are about equally probable.
        initializer = keras.initializers.Orthogonal(gain)
        outputs.append(layers.Dense(size, kernel_initializer=initializer, name=output)(x))
    return ActorCritic(observation, outputs, name=name)


def run(
    data="CartPole-v1",
    epochs=30,
    batch_size=256,
    seed=0,
    environments=32,
    steps=64,
    repeats=3,
    learning_rate=0.003,
    callbacks=(),
):
    """Train several times by playing; report the mean return of 100 test games after each.

    Args:
        data: id of a gymnasium environment with vectors as observations and discrete actions, or
            module:id for an environment that a module registers.
        epochs: number of rollouts, each followed by training on its steps.
        batch_size: game steps per training step.
        seed: sets the initial weights, the games and the random order of their steps.
        environments: number of games that are played at the same time.
        steps: steps of a rollout in each of these games.
        repeats: number of trainings, each with other initial weights and games.
        learning_rate: the initial learning rate of Adam; it decays linearly to zero.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report on all trainings; the model and the game shown are those of the last training.
    """
    _check(batch_size, steps, repeats)
    games = data_prep.open_environments(data, environments)
    tests = data_prep.open_environments(data, COPIES)
    sizes = games.single_observation_space.shape[0], int(games.single_action_space.n)

    trained = []
    for repeat in range(repeats):
        is_last = repeat == repeats - 1
        name = "cartpole_policy" if is_last else f"training_{repeat + 1}"
        model = build_cartpole_policy(*sizes, name=name)
        play_seed = seed * repeats + repeat
        rollouts = Rollouts(games, model, make_targets, steps, batch_size, PASSES, play_seed)

        # Decay to zero: the last epoch is the final model, so none has to be picked.
        schedule = keras.optimizers.schedules.PolynomialDecay(
            learning_rate, decay_steps=epochs * len(rollouts), end_learning_rate=0.0
        )
        model.compile(
            optimizer=keras.optimizers.Adam(schedule),
            steps_per_execution=16,  # several batches per call: faster for a small model
        )
        started = time.perf_counter()
        progress = [MeanReturn(rollouts), *callbacks]
        history = model.fit(rollouts, epochs=epochs, callbacks=progress).history
        seconds = time.perf_counter() - started

        # The test games are played once, with the most probable action at each step.
        choose = _best_action(model)
        played = scores.play_test_games(tests, choose, TEST_GAMES, seed)
        trained.append((history["mean_return"], played.returns, rollouts, seconds))

    played_steps = epochs * steps * environments
    return Report(
        model=model,
        headline="mean return",
        scores=_scores(trained),
        baselines=scores.game_baselines(tests, TEST_GAMES, seed),
        comparisons=scores.game_rules(tests, TEST_GAMES, seed),
        data=data_prep.describe_environments(games, train=played_steps, test=TEST_GAMES),
        pictures={"learning_curve": _plot_learning(trained, steps * environments)}
        | game_pictures(tests, played, choose, seed),
    )


def _check(batch_size, steps, repeats):
    """Refuse numbers that cannot work: a rollout of one step may only begin new games."""
    if steps < 2 or min(batch_size, repeats) < 1:
        raise data_prep.DataError(
            f"batch_size {batch_size}, steps {steps}, repeats {repeats}: give 2 steps or more, and "
            f"1 or more of the others."
        )


def _best_action(model):
    """A player that takes the action with the highest probability."""
    return lambda observations: model.predict_on_batch(observations)[0].argmax(axis=1)


def _scores(trained):
    """Scores over the test games of all trainings, the worst training, and the speed."""
    _, returns, rollouts, seconds = zip(*trained, strict=True)
    steps_played = sum(player.steps_played for player in rollouts)
    environment_seconds = sum(player.environment_seconds for player in rollouts)
    return scores.game_scores(returns) | {
        "mean return of the worst training": float(np.mean(returns, axis=1).min()),
        "environment steps per second of training": steps_played / sum(seconds),
        "fraction of time in the environments": environment_seconds / sum(seconds),
    }


def _plot_learning(trained, steps):
    """The mean return of the games played in training, over the steps played."""
    curves = [mean_returns for mean_returns, *_ in trained]
    x = steps * np.arange(1, len(curves[0]) + 1)
    return visualize.plot_lines(x, {"games of the training": curves}, "environment steps", "return")
