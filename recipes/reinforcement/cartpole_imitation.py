"""Learning to play: a network imitates the best of many random games.

    observation (4,) -> dense 64 -> dense 64 -> probabilities of the actions (2,)

The simplest way to learn a game without a teacher. It needs random games that sometimes go well. In
CartPole, the default, a cart is pushed left or right to keep a pole upright. Each step gives a
reward of 1. A game ends when the pole leans too far, when the cart leaves the track, or after 500
steps. The return of a game is the sum of its rewards.

Thousands of games are played with random actions, and the best are kept. The network is a
classifier: it learns which action was taken at each observation of these games. The actions are
random, so its accuracy is close to guessing. But in the kept games, actions that helped are a
little more frequent than actions that did harm. The network plays the most probable action at every
step, which turns this slight preference into a rule. It never trains on its own games, so it cannot
correct its own mistakes.

In the report: the returns of the random games, of the kept ones and of the network, then a game
that it played. The comparisons are a linear classifier trained on the same actions and, for
CartPole, a one-line rule. They show that this game hardly needs a network.

Reference: Mannor et al., "The cross entropy method for fast policy search", 2003: its first round.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
import numpy as np
from keras import layers
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import data_prep
import visualize
from recipes import scores
from recipes.layers.sizes import check_integers, check_tuples
from recipes.report import Animation, Report
from recipes.schedules import warmup_cosine

COPIES = 100  # of the environment; they run at the same time
TEST_GAMES = 100
LEAST_KEPT = 10  # games at least; a fifth of the kept games is for validation
SHOWN = 8  # at most: frames in the strip of one game
FRAMES_PER_SECOND = 25  # of the animation, at most


def build_cartpole_imitation(observation_size=4, num_actions=2, units=(64, 64)):
    """Build the network, not compiled.

    Args:
        observation_size: size of an observation, a vector.
        num_actions: number of actions.
        units: width of each hidden layer.

    Returns:
        A keras.Sequential from observations (batch, observation_size) to the probabilities of the
        actions (batch, num_actions).

    Raises:
        ValueError: if a size is not an integer >= 1.

    Example:
        import numpy as np

        # Observations from good games, and the actions taken.
        observations = np.random.normal(size=(512, 4))
        actions = np.random.randint(2, size=512)

        model = build_cartpole_imitation(observation_size=4, num_actions=2)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(observations, actions, batch_size=64, epochs=2)
        probabilities = model.predict(observations)  # (512, 2)
        best_actions = probabilities.argmax(axis=1)
    """
    check_integers(
        "build_cartpole_imitation", observation_size=observation_size, num_actions=num_actions
    )
    check_tuples("build_cartpole_imitation", units=units)

    model = keras.Sequential([keras.Input((observation_size,))], name="cartpole_imitation")
    for width in units:
        model.add(layers.Dense(width, activation="relu"))
    model.add(layers.Dense(num_actions, activation="softmax"))
    return model


def run(
    data="CartPole-v1",
    epochs=10,
    batch_size=256,
    seed=0,
    games=10_000,
    keep=0.05,
    learning_rate=0.003,
    callbacks=(),
):
    """Imitate the best random games, then play; report the mean return of 100 test games.

    Args:
        data: id of a gymnasium environment with vectors as observations and discrete actions, or
            module:id for an environment that a module registers.
        epochs: passes over the steps of the training games.
        batch_size: game steps per training step.
        seed: sets the games, the initial weights and the validation games.
        games: number of random games to play.
        keep: fraction of the random games to learn from, those of the highest return.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    environments = data_prep.open_environments(data, COPIES)
    random_player = data_prep.random_actions(environments, seed)
    random_games = data_prep.play_games(environments, random_player, games, seed)
    kept = best_games(random_games.returns, keep)
    train, validation = _split(random_games, kept, seed)

    observation_size = environments.single_observation_space.shape[0]
    model = build_cartpole_imitation(observation_size, int(environments.single_action_space.n))

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(train[1]), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=16,  # several batches per call: faster for a small model
    )
    model.fit(
        *train,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=validation,
        callbacks=list(callbacks),
    )

    # The test games are played once, after training.
    def choose(observations):
        return model.predict_on_batch(observations).argmax(axis=1)

    played = scores.play_test_games(environments, choose, TEST_GAMES, seed)
    sizes = {"train": len(train[1]), "validation": len(validation[1]), "test": TEST_GAMES}
    returns = {"random games": random_games.returns, "kept games": random_games.returns[kept]}
    return Report(
        model=model,
        headline="mean return",
        scores=scores.game_scores(played.returns),
        baselines=scores.game_baselines(environments, TEST_GAMES, seed),
        comparisons=_comparisons(environments, train, seed),
        data=data_prep.describe_environments(environments, **sizes),
        pictures={"returns": _plot_returns(returns | {"the network's games": played.returns})}
        | game_pictures(environments, played, choose, seed),
    )


def best_games(returns, fraction):
    """Numbers of the games with the highest returns; of equal returns, the earlier games."""
    count = round(fraction * len(returns))
    if not LEAST_KEPT <= count <= len(returns):
        raise data_prep.DataError(
            f"{len(returns):,} games, of which a fraction of {fraction:g} is kept: {count} games "
            f"to learn from; give a number and a fraction that keep {LEAST_KEPT} or more."
        )
    return np.argsort(-returns, kind="stable")[:count]


def _split(games, kept, seed):
    """(observations, actions) for training and for validation; no game is in both."""
    order = np.random.default_rng(seed).permutation(kept)
    validation_games = len(kept) // 5
    return games.take(order[validation_games:]), games.take(order[:validation_games])


def _comparisons(environments, train, seed):
    """Test scores of a linear classifier trained on the same actions, and of a simple rule."""
    linear = make_pipeline(StandardScaler(), LogisticRegression()).fit(*train)
    played = scores.play_test_games(environments, linear.predict, TEST_GAMES, seed)
    rules = scores.game_rules(environments, TEST_GAMES, seed)
    return {"logistic regression": scores.game_scores(played.returns)} | rules


def _plot_returns(returns):
    """The returns of several sets of games, each sorted from the lowest to the highest."""
    percent = np.arange(101)
    lines = {name: [np.percentile(values, percent)] for name, values in returns.items()}
    return visualize.plot_lines(percent, lines, "games with a lower return (%)", "return")


def game_pictures(environments, played, choose, seed):
    """Pictures of one game and an animation of it, or a text that says why it cannot be drawn.

    Args:
        environments: from `data_prep.open_environments`.
        played: test games. For CartPole the first one is drawn from its observations. Other
            environments play and render a new game.
        choose: the player, a function from observations (copies, features) to actions (copies,).
        seed: sets the initial state of the new game.

    Returns:
        {"game": Figure, "animation": Animation}, or {"game": Figure}.
    """
    name = environments.spec.id
    try:
        if name.split("-v")[0] == "CartPole":
            observations, _ = played.take([0])
            frames, per_second = visualize.draw_cart_poles(observations), 50
        else:
            frames, per_second = data_prep.render_game(name, choose, seed)
    except data_prep.DataError as error:
        return {"game": visualize.plot_texts({"No pictures of a game": str(error)})}

    shown = np.linspace(0, len(frames) - 1, min(SHOWN, len(frames))).astype(int)
    strip = visualize.plot_images(frames[shown], [f"step {number}" for number in shown])
    every = -(-per_second // FRAMES_PER_SECOND)
    return {"game": strip, "animation": Animation(frames[::every], per_second / every)}
