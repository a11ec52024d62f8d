"""Environments of gymnasium that a small dense network can play."""

import hashlib
import importlib

from data_prep.errors import DataError, first_line


def open_environments(name, count=1):
    """Open several copies of an environment; one call takes a step in each of them.

    Args:
        name: id of an environment of gymnasium, such as "CartPole-v1", or "module:id" for one that
            a module registers when it is imported.
        count: number of copies.

    Returns:
        A gymnasium.vector.VectorEnv. The step that ends a game returns its last observation. The
        next step of that copy ignores the action, gives no reward and returns the first
        observation of a new game.

    Raises:
        DataError: if count is below 1, there is no such environment, it needs a package that is not
            installed, its observations are not a vector of numbers, or its actions are not two or
            more integers from 0.
    """
    gymnasium = _import_gymnasium()
    if count < 1:
        raise DataError(f"{name}: {count} environments; give 1 or more.")

    try:
        environments = gymnasium.make_vec(name, num_envs=count)
        next_step = gymnasium.vector.AutoresetMode.NEXT_STEP
        if environments.metadata.get("autoreset_mode") != next_step:
            environments.close()
            environments = gymnasium.make_vec(name, num_envs=count, vectorization_mode="sync")
    except gymnasium.error.UnregisteredEnv as error:
        raise DataError(
            f"gymnasium has no environment {name!r}: {first_line(error)} Give an id such as "
            f"CartPole-v1."
        ) from error
    except (gymnasium.error.Error, ModuleNotFoundError) as error:
        raise DataError(f"cannot open the environment {name!r}: {first_line(error)}") from error

    try:
        _check_spaces(gymnasium, name, environments)
    except DataError:
        environments.close()
        raise
    return environments


def describe_environments(environments, **sizes):
    """Describe environments for report.json, as `Dataset.describe` describes arrays.

    Args:
        environments: from `open_environments`.
        **sizes: number of examples in each part, such as train=5000.

    Returns:
        A dict of strings, numbers, lists and dicts. The fingerprint is the SHA-256 of the
        environment's id, settings and spaces.
    """
    gymnasium = _import_gymnasium()
    spec = environments.spec
    observations, actions = environments.single_observation_space, environments.single_action_space
    settings = {
        key: value
        for key, value in spec.kwargs.items()
        if key not in ("num_envs", "vectorization_mode")
    }
    text = repr((spec.id, spec.max_episode_steps, sorted(settings.items()), observations, actions))

    return {
        "name": spec.id,
        "source": f"an environment of gymnasium {gymnasium.__version__}",
        "shapes": {
            part: {"inputs": [size, *observations.shape], "labels": [size]}
            for part, size in sizes.items()
        },
        "classes": [],
        "fingerprint": hashlib.sha256(text.encode()).hexdigest(),
    }


def _import_gymnasium():
    """Import gymnasium only when it is needed: this takes half a second."""
    try:
        return importlib.import_module("gymnasium")
    except ModuleNotFoundError as error:
        raise DataError(
            "environments come with gymnasium, which is not installed: pip install gymnasium."
        ) from error


def _check_spaces(gymnasium, name, environments):
    """Refuse an environment that a dense network with one output per action cannot play."""
    observations, actions = environments.single_observation_space, environments.single_action_space
    if not isinstance(observations, gymnasium.spaces.Box) or len(observations.shape) != 1:
        raise DataError(
            f"{name}: its observations are {observations}; give an environment whose observations "
            f"are a vector of numbers, a Box of one axis."
        )
    is_discrete = isinstance(actions, gymnasium.spaces.Discrete)
    if not is_discrete or actions.start != 0 or actions.n < 2:
        raise DataError(
            f"{name}: its actions are {actions}; give an environment with two Discrete actions or "
            f"more, numbered from 0."
        )
