"""Learning from the best random games: which games are kept, and what is learnt from them."""

import keras
import numpy as np
import pytest

import data_prep
from recipes.reinforcement import cartpole_imitation as page
from recipes.report import Animation


def test_the_games_of_the_highest_return_are_kept():
    returns = np.tile([3.0, 9.0, 9.0, 1.0], 10)
    assert page.best_games(returns, 0.25).tolist() == [1, 2, 5, 6, 9, 10, 13, 14, 17, 18]
    assert sorted(page.best_games(returns, 1.0)) == list(range(40))


@pytest.mark.parametrize(
    ("games", "fraction"), [(100, 0.05), (100, 1.2), (9, 1.0), (100, -0.5), (100, 0)]
)
def test_too_few_or_too_many_games_are_refused(games, fraction):
    with pytest.raises(data_prep.DataError, match=f"{games} games, of which .* keep 10 or more"):
        page.best_games(np.arange(games), fraction)


def test_no_game_is_in_training_and_validation():
    environments = data_prep.open_environments("CartPole-v1", 10)
    games = data_prep.play_games(environments, data_prep.random_actions(environments, 0), 60, 0)
    kept = page.best_games(games.returns, 0.5)
    (train, _), (validation, labels) = page._split(games, kept, seed=0)
    assert len(train) + len(validation) == games.returns[kept].sum()
    assert len(validation) == len(labels)

    # Observations are random numbers: none occurs twice.
    assert not set(map(bytes, train)) & set(map(bytes, validation))
    first = {bytes(row) for row in games.first[kept]}
    assert len(first & set(map(bytes, validation))) == 6, "a fifth of 30 games"


@pytest.fixture(scope="module")
def report():
    keras.utils.set_random_seed(0)
    return page.run(epochs=2, games=2_000)


def test_the_report_compares_players_in_the_same_games(report):
    assert report.scores["mean return"] > 4 * report.baselines["random play"]["mean return"]
    assert list(report.comparisons) == [
        "logistic regression",
        "rule: push to the side that the pole falls to",
    ]
    shapes = report.data["shapes"]
    assert shapes["train"]["labels"][0] > 2 * shapes["validation"]["labels"][0]
    assert shapes["test"]["labels"] == [100]


def test_the_report_shows_a_game_as_it_was_played(report):
    animation = report.pictures["animation"]
    assert isinstance(animation, Animation)
    assert animation.frames_per_second == 25  # half of the 50 steps of a second
    lowest = report.scores["lowest return"]
    assert lowest / 2 <= len(animation.frames) <= 250
    panels = report.pictures["game"].axes[0].child_axes
    assert [panel.get_title() for panel in panels][0] == "step 0"
    assert len(panels) == 8


def test_equal_seeds_give_equal_scores(report):
    keras.utils.set_random_seed(0)
    same = page.run(epochs=2, games=2_000)
    assert same.scores == report.scores
    assert same.baselines == report.baselines
    assert same.comparisons == report.comparisons


def test_an_environment_without_pictures_gets_a_text(monkeypatch):
    environments = data_prep.open_environments("Acrobot-v1", 2)

    def refuse(*_):
        raise data_prep.DataError("Acrobot-v1 cannot be drawn: no pygame.")

    monkeypatch.setattr(data_prep, "render_game", refuse)
    pictures = page.game_pictures(environments, None, None, 0)
    assert list(pictures) == ["game"]
    words = " ".join(text.get_text() for text in pictures["game"].axes[0].texts)
    assert "No pictures of a game" in words
    assert "Acrobot-v1 cannot be drawn: no pygame." in words


def test_an_environment_that_draws_itself_is_shown(monkeypatch):
    environments = data_prep.open_environments("Acrobot-v1", 2)
    frames = np.zeros((61, 8, 10, 3), "uint8")
    monkeypatch.setattr(data_prep, "render_game", lambda *_: (frames, 60))
    pictures = page.game_pictures(environments, None, None, 0)
    assert pictures["animation"].frames_per_second == 20
    assert len(pictures["animation"].frames) == 21


@pytest.mark.parametrize("options", [{"observation_size": 0}, {"num_actions": -1}, {"units": 3}])
def test_sizes_that_cannot_work_are_refused(options):
    with pytest.raises(ValueError, match=f"build_cartpole_imitation: {next(iter(options))}="):
        page.build_cartpole_imitation(**options)
