"""The command: python -m visualize MODEL -o FILE | doctor | notes -o DIR.

Keras is imported only when a model has to be drawn.
"""

import argparse
import sys
from pathlib import Path

from visualize.errors import VisualizeError
from visualize.startup import quiet_start


class Parser(argparse.ArgumentParser):
    """An argument parser that reports an error in one sentence."""

    def error(self, message):
        """Print what is wrong and how to get help; exit with code 2."""
        self.exit(2, f"{self.prog}: {message}; see `{self.prog} --help`\n")


def main(argv=None):
    """Run the command. Returns the exit code: 0, 2 for bad input, 130 for Ctrl-C."""
    argv = sys.argv[1:] if argv is None else list(argv)
    first = argv[0] if argv else None
    try:
        if first == "doctor":
            return _doctor(argv[1:])
        if first == "notes":
            return _notes(argv[1:])
        return _draw(argv)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `visualize doctor | head`
        sys.stderr.close()
        return 0
    except ModuleNotFoundError as error:
        if str(error.name).split(".")[0] != "tensorflow":
            raise
        print(
            "visualize: Keras needs the package tensorflow: pip install tensorflow, or install "
            "keras-recipes[tensorflow]",
            file=sys.stderr,
        )
        return 2
    except (VisualizeError, OSError) as error:
        print(f"visualize: {error}", file=sys.stderr)
        return 2


def _doctor(argv):
    parser = Parser(
        prog="visualize doctor",
        description="Show where Graphviz is searched, and which engines can draw.",
    )
    parser.parse_args(argv)

    from visualize.diagrams import doctor

    print("\n".join(doctor.report()))
    return 0


def _notes(argv):
    parser = Parser(prog="visualize notes", description="Write every picture of the study notes.")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder to write to")
    arguments = parser.parse_args(argv)

    with quiet_start():
        import keras  # noqa: F401  (imported here so that its start-up messages are dropped)

        from visualize.notes import gallery

    for path in gallery.write_all(arguments.output):
        print(path)
    return 0


def _draw(argv):
    parser = Parser(
        prog="visualize",
        description="Draw a Keras model. Also: visualize doctor, visualize notes -o FOLDER.",
    )
    parser.add_argument(
        "model", help="a .keras, .h5 or .json file, or package.module:function that builds a model"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        help="file to write: .svg, .png, .pdf, .jpg, .gif, .html, .dot or .mmd",
    )
    parser.add_argument("--style", default="color", help="color, or plain (black on white)")
    parser.add_argument(
        "--rankdir", default="TB", help="TB draws from top to bottom, LR from left to right"
    )
    parser.add_argument(
        "--depth", type=int, default=1, help="how many levels of nested models to open"
    )
    parser.add_argument("--engine", default="auto", help="auto, dot, pygraphviz or matplotlib")
    parser.add_argument(
        "--hide",
        action="append",
        default=[],
        metavar="NAME",
        help="name or class of layers to leave out; may be given several times",
    )
    parser.add_argument(
        "--input-shape",
        type=_shape,
        metavar="SIZES",
        help="input shape, without the batch axis, for a model that is not built: 28,28,1",
    )
    arguments = parser.parse_args(argv)

    with quiet_start():
        from visualize.diagrams import drawing, loading

        model = loading.load(arguments.model)

    diagram = drawing.plot_architecture(
        model,
        arguments.output,
        style=arguments.style,
        rankdir=arguments.rankdir,
        depth=arguments.depth,
        engine=arguments.engine,
        hide=arguments.hide,
        input_shape=arguments.input_shape,
    )
    print(diagram.path)
    return 0


def _shape(text):
    """Turn "28,28,1" into (28, 28, 1); "?" or "None" stands for an axis of any size."""
    try:
        return tuple(
            None if part.strip() in ("?", "None") else int(part) for part in text.split(",")
        )
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a list of sizes such as 28,28,1"
        ) from error


if __name__ == "__main__":
    sys.exit(main())
