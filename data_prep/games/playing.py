"""Play whole games and record their observations, actions and returns."""

from contextlib import closing
from dataclasses import dataclass

import numpy as np

from data_prep.errors import DataError, first_line
from data_prep.games.environments import open_environments

MOST_STEPS = 20_000  # in one game


@dataclass(frozen=True)
class Games:
    """Whole games, each from its first observation to its end.

    Attributes:
        observations: the observation before each action, (steps, features), float32. The steps of
            a game are in the order of time; steps of other games may lie between them.
        actions: the action of each step, (steps,).
        numbers: the game that each step belongs to, counted from 0, (steps,).
        returns: sum of the rewards of each game, (games,).
        first: the first observation of each game, (games, features).
    """

    observations: np.ndarray
    actions: np.ndarray
    numbers: np.ndarray
    returns: np.ndarray
    first: np.ndarray

    def take(self, games):
        """Return (observations, actions) of all steps of the games with these numbers."""
        rows = np.isin(self.numbers, games)
        return self.observations[rows], self.actions[rows]


def play_games(environments, choose, games, seed):
    """Play a number of whole games.

    The copies of the environment share the games equally, apart from a remainder. How many games
    of each copy count is fixed in advance: to count those that end first would favour short games.

    Args:
        environments: from `data_prep.open_environments`.
        choose: a function from observations (copies, features) to actions, integers (copies,).
        games: number of games.
        seed: equal seeds give equal initial states.

    Returns:
        Games.

    Raises:
        DataError: if a game does not end within 20,000 steps.
    """
    copies = environments.num_envs
    quotas = np.full(copies, games // copies)
    quotas[: games % copies] += 1
    first_numbers = np.cumsum(quotas) - quotas  # the number of each copy's first game

    observations, _ = environments.reset(seed=seed)
    observations = observations.astype("float32")
    played = np.zeros(copies, int)  # finished games of each copy
    lengths = np.zeros(copies, int)  # steps of the current game of each copy
    resets = np.zeros(copies, bool)  # copies whose next step only starts a new game
    returns = np.zeros(games)
    first = np.zeros((games, observations.shape[1]), "float32")
    steps = []

    while (played < quotas).any():
        actions = np.asarray(choose(observations))
        counted = (played < quotas) & ~resets
        numbers = first_numbers + played

        begins = counted & (lengths == 0)
        first[numbers[begins]] = observations[begins]
        steps.append((observations[counted], actions[counted], numbers[counted]))

        observations, rewards, terminated, truncated, _ = environments.step(actions)
        observations = observations.astype("float32")
        returns[numbers[counted]] += rewards[counted]
        lengths[counted] += 1
        if lengths.max() > MOST_STEPS:
            raise DataError(
                f"a game of {environments.spec.id} has not ended after {MOST_STEPS:,} steps: "
                f"register the environment with max_episode_steps."
            )

        resets = terminated | truncated
        played[counted & resets] += 1
        lengths[resets] = 0

    columns = [np.concatenate(column) for column in zip(*steps, strict=True)]
    return Games(*columns, returns, first)


def random_actions(environments, seed):
    """A policy for `play_games` that takes every action with the same probability.

    Args:
        environments: from `data_prep.open_environments`.
        seed: equal seeds give equal actions.

    Returns:
        A function from observations (copies, features) to actions (copies,).
    """
    random = np.random.default_rng(seed)
    count = int(environments.single_action_space.n)
    return lambda observations: random.integers(0, count, len(observations))


def render_game(name, choose, seed):
    """Play one game and return its frames as images.

    Args:
        name: as for `data_prep.open_environments`.
        choose: as for `play_games`.
        seed: equal seeds give equal initial states.

    Returns:
        (frames, frames per second): frames are images (steps, height, width, 3), uint8, one before
        each action.

    Raises:
        DataError: if the environment cannot be played or drawn, for example because a package that
            draws it is missing.
    """
    import gymnasium

    open_environments(name).close()  # refuses an environment that cannot be played
    frames = []
    try:
        with closing(gymnasium.make(name, render_mode="rgb_array")) as environment:
            observation, _ = environment.reset(seed=seed)
            over = False
            while not over and len(frames) < MOST_STEPS:
                frames.append(environment.render())
                action = int(choose(observation[None].astype("float32"))[0])
                observation, _, terminated, truncated, _ = environment.step(action)
                over = terminated or truncated
        pictures = np.asarray(frames, "uint8")
    except Exception as error:  # drawing can fail in any way; a report can do without it
        raise DataError(f"{name} cannot be drawn: {first_line(error)}") from error

    if pictures.ndim != 4 or pictures.shape[-1] != 3:
        raise DataError(f"{name} cannot be drawn: its frames are no pictures.")
    return pictures, environment.metadata.get("render_fps", 30)
