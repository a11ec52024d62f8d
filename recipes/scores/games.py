"""Scores of played games: of a network, and of simple policies to compare it with."""

import numpy as np

import data_prep

TEST_SEED = 1_000_003  # far from the seeds of the training games


def play_test_games(environments, choose, games, seed):
    """Play games from initial states that are not used in training.

    Args:
        environments: from `data_prep.open_environments`.
        choose: a function from observations (copies, features) to actions (copies,).
        games: number of games.
        seed: seed of the run; equal seeds give equal initial states.

    Returns:
        data_prep.Games.
    """
    return data_prep.play_games(environments, choose, games, TEST_SEED + games * seed)


def game_scores(returns):
    """Mean, standard deviation and minimum of the returns of games.

    Args:
        returns: sum of the rewards of each game, (games,).

    Returns:
        {"mean return", "standard deviation of returns", "lowest return"}, over the games.
    """
    returns = np.asarray(returns, "float64")
    return {
        "mean return": float(returns.mean()),
        "standard deviation of returns": float(returns.std()),
        "lowest return": float(returns.min()),
    }


def game_baselines(environments, games, seed):
    """Scores of random actions, from the initial states of the test games.

    Args:
        environments: from `data_prep.open_environments`.
        games: number of games.
        seed: seed of the run.

    Returns:
        {"random play": scores}.
    """
    choose = data_prep.random_actions(environments, seed)
    return {"random play": game_scores(play_test_games(environments, choose, games, seed).returns)}


def game_rules(environments, games, seed):
    """Scores of a simple rule written by hand for the game, on the test games.

    Args:
        environments: from `data_prep.open_environments`.
        games: number of games.
        seed: seed of the run.

    Returns:
        {name of the rule: scores} for CartPole; {} for other environments.
    """
    if environments.spec.id.split("-v")[0] != "CartPole":
        return {}
    played = play_test_games(environments, push_to_the_lean, games, seed)
    return {"rule: push to the side that the pole falls to": game_scores(played.returns)}


def push_to_the_lean(observations):
    """Actions in CartPole: push right if the pole's angle + angular velocity is above zero.

    Args:
        observations: position, velocity, angle and angular velocity, (games, 4).

    Returns:
        1 for right, 0 for left, (games,).
    """
    return (observations[:, 2] + observations[:, 3] > 0).astype(int)
