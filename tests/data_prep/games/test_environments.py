"""Environments of gymnasium: which are opened, which are refused, and how games are played."""

import re
import sys

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete

import data_prep

LINE = Box(-np.inf, np.inf, (2,))


class Count(gymnasium.Env):
    """A game of as many steps as its number: 1 for the first game, 2 for the second, and so on.

    The observation is (number of the game, step in it); each step gives a reward of 1.
    """

    def __init__(self, observations=LINE, actions=None, render_mode=None):
        self.observation_space = observations
        self.action_space = actions or Discrete(2)
        self.render_mode = render_mode
        self.game = 0

    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.game, self.step_number = self.game + 1, 0
        return np.array([self.game, 0], "float32"), {}

    def step(self, action):
        self.step_number += 1
        observation = np.array([self.game, self.step_number], "float32")
        return observation, 1.0, self.step_number == self.game, False, {}


class Endless(Count):
    """A game that never ends."""

    def step(self, action):
        return np.zeros(2, "float32"), 1.0, False, False, {}


class SameStep(gymnasium.vector.SyncVectorEnv):
    """Copies that begin a new game in the step that ends the old one."""

    def __init__(self, num_envs=1):
        same_step = gymnasium.vector.AutoresetMode.SAME_STEP
        super().__init__([Count] * num_envs, autoreset_mode=same_step)


@pytest.fixture
def register(monkeypatch):
    """Register an environment for one test."""

    def add(name, *arguments, **options):
        monkeypatch.setattr(gymnasium.envs.registration, "registry", dict(gymnasium.registry))
        monkeypatch.setattr(gymnasium, "registry", gymnasium.envs.registration.registry)
        gymnasium.register(name, *arguments, disable_env_checker=True, **options)
        return name

    return add


def first_action(observations):
    return np.zeros(len(observations), int)


def test_games_are_whole_and_in_order(register):
    environments = data_prep.open_environments(register("Count-v0", Count), 2)
    games = data_prep.play_games(environments, first_action, 5, seed=0)
    # The first copy plays unlimited games, of 1, 2 and 3 steps, the second one two.
    assert games.returns.tolist() == [1, 2, 3, 1, 2]
    assert games.first.tolist() == [[1, 0], [2, 0], [3, 0], [1, 0], [2, 0]]
    observations, actions = games.take([2])
    assert observations.tolist() == [[3, 0], [3, 1], [3, 2]]
    assert actions.tolist() == [0, 0, 0]
    assert len(games.actions) == len(games.numbers) == 9, "no step that only begins a game"


def test_long_games_count_as_well_as_short_ones():
    environments = data_prep.open_environments("CartPole-v1", 10)
    player = data_prep.random_actions(environments, 0)
    games = data_prep.play_games(environments, player, 40, seed=0)

    # With one copy no game can be favoured.
    one = data_prep.open_environments("CartPole-v1", 1)
    player = data_prep.random_actions(one, 1)
    returns = data_prep.play_games(one, player, 200, seed=1).returns
    assert games.returns.mean() == pytest.approx(returns.mean(), abs=4 * returns.std() / 40**0.5)
    assert np.bincount(games.numbers).tolist() == games.returns.tolist()


def test_equal_seeds_give_equal_games():
    def play(seed):
        environments = data_prep.open_environments("CartPole-v1", 3)
        player = data_prep.random_actions(environments, seed)
        return data_prep.play_games(environments, player, 7, seed)

    first, same, other = play(0), play(0), play(1)
    np.testing.assert_array_equal(first.observations, same.observations)
    np.testing.assert_array_equal(first.actions, same.actions)
    assert first.returns.tolist() != other.returns.tolist()


def test_a_vector_environment_of_another_autoreset_mode_is_opened_as_copies(register):
    name = register("Count-v0", Count, vector_entry_point=SameStep)
    environments = data_prep.open_environments(name, 2)
    assert not isinstance(environments.unwrapped, SameStep)
    returns = data_prep.play_games(environments, first_action, 4, seed=0).returns
    assert returns.tolist() == [1, 2, 1, 2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"observations": Box(0, 255, (8, 8, 3), "uint8")}, "its observations are Box"),
        ({"observations": Dict(place=LINE)}, "its observations are Dict"),
        ({"observations": Discrete(5)}, "its observations are Discrete"),
        ({"actions": Box(-1, 1, (1,))}, "its actions are Box"),
        ({"actions": Discrete(2, start=1)}, "numbered from 0"),
        ({"actions": Discrete(1)}, "two Discrete actions or more"),
    ],
)
def test_spaces_that_no_dense_network_can_play_are_refused(register, options, message):
    name = register("Odd-v0", Count, kwargs=options)
    with pytest.raises(data_prep.DataError, match=f"Odd-v0: .*{message}"):
        data_prep.open_environments(name)


def test_unknown_environments_are_refused(monkeypatch):
    def refused(message, name="Chess-v3", count=1):
        with pytest.raises(data_prep.DataError, match=message):
            data_prep.open_environments(name, count)

    refused("gymnasium has no environment 'Chess-v3'.* Give an id such as CartPole-v1")
    refused("Did you mean", "CartPol-v1")
    refused("cannot open the environment 'no_module:Game-v0'", "no_module:Game-v0")
    refused("cannot open the environment ''", "")
    refused("CartPole-v1: 0 environments; give 1 or more", "CartPole-v1", 0)

    def missing(*_, **__):
        raise gymnasium.error.DependencyNotInstalled("Box2D is not installed, run `pip install x`")

    monkeypatch.setattr(gymnasium, "make_vec", missing)
    refused("cannot open the environment 'LunarLander-v3': Box2D is not", "LunarLander-v3")


def test_missing_gymnasium_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    with pytest.raises(data_prep.DataError, match="not installed: pip install gymnasium"):
        data_prep.open_environments("CartPole-v1")


def test_a_game_without_an_end_is_refused(register, monkeypatch):
    monkeypatch.setattr("data_prep.games.playing.MOST_STEPS", 30)
    environments = data_prep.open_environments(register("Endless-v0", Endless), 2)
    with pytest.raises(data_prep.DataError, match="Endless-v0 has not ended after 30 steps"):
        data_prep.play_games(environments, first_action, 2, seed=0)


def test_the_description_names_environment_sizes_and_settings(register):
    environments = data_prep.open_environments("CartPole-v1", 4)
    found = data_prep.describe_environments(environments, train=50, test=3)
    assert found["name"] == "CartPole-v1"
    assert gymnasium.__version__ in found["source"]
    assert found["shapes"] == {
        "train": {"inputs": [50, 4], "labels": [50]},
        "test": {"inputs": [3, 4], "labels": [3]},
    }
    assert re.fullmatch("[0-9a-f]{64}", found["fingerprint"])

    def fingerprint(name, count):
        opened = data_prep.open_environments(name, count)
        return data_prep.describe_environments(opened)["fingerprint"]

    assert fingerprint("CartPole-v1", 7) == found["fingerprint"]
    unlimited = fingerprint(register("Count-v0", Count), 1)
    assert unlimited != found["fingerprint"]
    gymnasium.registry.pop("Count-v0")
    assert fingerprint(register("Count-v0", Count, max_episode_steps=9), 1) != unlimited


class Drawn(Count):
    """A game with pictures: their value is ten times the step."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}

    def render(self):
        return np.full((4, 6, 3), 10 * self.step_number, "uint8")


def test_render_game_keeps_a_picture_before_each_step(register):
    frames, per_second = data_prep.render_game(register("Drawn-v0", Drawn), first_action, 0)
    assert per_second == 10
    assert frames.shape == (1, 4, 6, 3)  # the first game has one step
    assert frames.max() == 0


def test_an_environment_that_cannot_be_drawn_says_why(register, monkeypatch):
    name = register("Drawn-v0", Drawn)

    def broken(self):
        raise gymnasium.error.DependencyNotInstalled("pygame is not installed, run `pip ...`")

    monkeypatch.setattr(Drawn, "render", broken)
    with pytest.raises(data_prep.DataError, match="Drawn-v0 cannot be drawn: pygame is not"):
        data_prep.render_game(name, first_action, 0)
    monkeypatch.setattr(Drawn, "render", lambda self: None)
    with pytest.raises(data_prep.DataError, match="Drawn-v0 cannot be drawn"):
        data_prep.render_game(name, first_action, 0)
