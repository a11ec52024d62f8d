"""Scores of played games, and the players that need no network."""

import numpy as np
import pytest

import data_prep
from recipes import scores
from recipes.scores.games import push_to_the_lean


def test_game_scores():
    found = scores.game_scores([1, 2, 3, 6])
    assert found == {
        "mean return": 3,
        "standard deviation of returns": pytest.approx(3.5**0.5),
        "lowest return": 1,
    }


def test_test_games_are_the_same_for_every_player_and_new_to_training():
    environments = data_prep.open_environments("CartPole-v1", 5)
    first = scores.play_test_games(environments, push_to_the_lean, 10, seed=0).first
    choose = data_prep.random_actions(environments, 0)
    again = scores.play_test_games(environments, choose, 5, seed=0).first
    # The initial states of the copies; later games depend on how long the earlier ones were.
    np.testing.assert_array_equal(first[::2], again)
    training = data_prep.play_games(environments, choose, 5, seed=0).first
    assert not set(map(bytes, first)) & set(map(bytes, training))


def test_the_rule_pushes_to_the_side_that_the_pole_falls_to():
    observations = np.array([[9, 9, 0.1, 0.0], [9, 9, -0.1, 0.0], [0, 0, 0.1, -0.5], [0, 0, 0, 1]])
    assert push_to_the_lean(observations).tolist() == [1, 0, 0, 1]


def test_the_rule_beats_random_play_and_is_for_cartpole_alone():
    environments = data_prep.open_environments("CartPole-v1", 10)
    random = scores.game_baselines(environments, 10, 0)["random play"]["mean return"]
    (rule,) = scores.game_rules(environments, 10, 0).values()
    assert random < 60 < 200 < rule["mean return"]
    assert scores.game_rules(data_prep.open_environments("Acrobot-v1"), 1, 0) == {}
