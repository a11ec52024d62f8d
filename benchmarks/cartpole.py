"""Seconds that the recipe cartpole_policy needs to solve CartPole-v1, for several seeds.

    python benchmarks/cartpole.py

CartPole-v1 counts as solved at a mean return of 475 over 100 games. The network is trained once for
each seed with the recipe's settings. It then plays 100 games from initial states that were not used
in training, with the most probable action at each step. The seconds are those of the whole run:
training, these games, the games of the simple policies and the pictures. They do not include the
start of Python and Keras. No files are written.
"""

import argparse
import time

import keras

from recipes.reinforcement import cartpole_policy

SOLVED = 475


def main():
    """Print a line for each seed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=5, help="number of seeds, from 0")
    arguments = parser.parse_args()

    solved = 0
    print("seed  seconds  mean return  lowest return  steps per second  fraction in environments")
    for seed in range(arguments.seeds):
        keras.utils.clear_session()
        keras.config.disable_interactive_logging()  # clear_session turns it on
        keras.utils.set_random_seed(seed)
        started = time.perf_counter()
        scores = cartpole_policy.run(seed=seed, repeats=1).scores
        seconds = time.perf_counter() - started

        solved += scores["mean return"] >= SOLVED
        print(
            f"{seed:4}  {seconds:7.1f}  {scores['mean return']:11.1f}  "
            f"{scores['lowest return']:13.0f}  "
            f"{scores['environment steps per second of training']:16,.0f}  "
            f"{scores['fraction of time in the environments']:24.3f}",
            flush=True,
        )
    print(f"solved with {solved} of {arguments.seeds} seeds")


if __name__ == "__main__":
    main()
