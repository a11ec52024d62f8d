"""The front door: python -m recipes ls | show | run | cp | draw | bench.

Keras, TensorFlow and NumPy are imported only when a model has to be built.
"""

import argparse
import fnmatch
import math
import sys
from pathlib import Path

from recipes import catalog

STOPPED = 130  # the shell's exit code for Ctrl-C
EXTRAS = {  # package: the extra of keras-recipes that installs it
    "babel": "text",
    "nbformat": "notebooks",
    "nibabel": "volumes",
    "pydicom": "volumes",
    "rouge_score": "text",
    "sacrebleu": "text",
    "safetensors": "text",
    "tensorflow": "tensorflow",
    "tokenizers": "text",
}


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one sentence."""

    def error(self, message):
        """Say what is wrong and where help is; exit code 2."""
        self.exit(2, f"{self.prog}: {message}; see `{self.prog} --help`\n")


def main(argv=None):
    """Run one command. Returns the exit code: 0, 2 for bad input, 130 for Ctrl-C."""
    argv = sys.argv[1:] if argv is None else list(argv)
    try:
        if argv[:1] in (["run"], ["bench"]) and len(argv) > 1 and not argv[1].startswith("-"):
            page = catalog.find(argv[1])
            verb = _run if argv[0] == "run" else _bench
            return verb(page, page_parser(page, argv[0]).parse_args(argv[2:]))
        arguments = _parser().parse_args(argv)
        return arguments.command(arguments)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:  # `recipes ls | head`
        sys.stderr.close()
        return 0
    except ModuleNotFoundError as error:
        package = str(error.name).split(".")[0]
        if package not in EXTRAS:
            raise
        print(
            f"recipes: this needs the package {package}: pip install {package}, or install "
            f"keras-recipes[{EXTRAS[package]}]",
            file=sys.stderr,
        )
        return 2
    except (ValueError, OSError) as error:
        if not isinstance(error, _expected_errors()):
            raise
        print(f"recipes: {error}", file=sys.stderr)
        return 2


def run_script(path):
    """Run a page that was started by its own path, as `recipes run` does with the same flags.

    The page calls this before it imports Keras: so --help is quick, and TensorFlow's start-up
    messages are dropped.
    """
    sys.exit(main(["run", path, *sys.argv[1:]]))


def page_parser(page, verb="run"):
    """The parser of `run NAME`: the page's own flags, then the flags of every page.

    `bench NAME` has the page's flags and --seeds.
    """
    parser = Parser(
        prog=f"recipes {verb} {page.name}",
        description=page.summary,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    flags = parser.add_argument_group("flags of this recipe")
    for flag in page.flags():
        option = "--" + flag.name.replace("_", "-")
        text = flag.help.replace("%", "%%") or " "
        if flag.kind is bool:
            flags.add_argument(
                option, action=argparse.BooleanOptionalAction, default=flag.default, help=text
            )
            continue
        kind = finite if flag.kind is float else flag.kind
        kind = {"epochs": positive, "batch_size": positive, "seed": natural}.get(flag.name, kind)
        kind = above_zero if flag.name == "learning_rate" else kind
        flags.add_argument(
            option, type=kind, default=flag.default, help=text, metavar=flag.kind.__name__.upper()
        )
    common = parser.add_argument_group("flags of every recipe")
    common.add_argument(
        "--seeds",
        type=positive,
        default=1 if verb == "run" else 3,
        metavar="N",
        help="train N times, with seeds counting up from --seed",
    )
    if verb == "bench":
        return parser
    common.add_argument(
        "--out", type=Path, default=Path("runs", page.name), metavar="FOLDER", help="report folder"
    )
    common.add_argument(
        "--resume", action="store_true", help="continue a stopped run from its last finished epoch"
    )
    common.add_argument(
        "--tensorboard", action="store_true", help="also write TensorBoard logs into the folder"
    )
    return parser


def positive(text):
    """An integer >= 1."""
    return _integer(text, 1)


def natural(text):
    """An integer >= 0."""
    return _integer(text, 0)


def finite(text):
    """A number that is neither infinite nor NaN."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return number


def above_zero(text):
    """A finite number greater than 0."""
    number = finite(text)
    if number <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not above 0")
    return number


def _integer(text, least):
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise argparse.ArgumentTypeError(f"{text!r} is not an integer >= {least}")
    return number


def _parser():
    parser = Parser(prog="recipes", description="Deep learning recipes: list, read, run, copy.")
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")

    verb = verbs.add_parser("ls", help="list the recipes, a line each")
    verb.add_argument("pattern", nargs="?", default="*", help="part of a name, or a glob: lstm*")
    verb.set_defaults(command=_ls)

    verb = verbs.add_parser("show", help="print the source of a recipe")
    verb.add_argument("name")
    verb.set_defaults(command=_show)

    verb = verbs.add_parser(
        "run",
        help="train a recipe, score it and write a report",
        usage="recipes run NAME [flags]   (recipes run NAME --help lists the flags)",
    )
    verb.add_argument("name")
    verb.set_defaults(command=None)  # main() handles `run NAME` and `bench NAME` before

    verb = verbs.add_parser(
        "bench",
        help="measure a recipe over seeds and update docs/RESULTS.md (in the repository)",
        usage="recipes bench NAME [flags]   (recipes bench NAME --help lists the flags)",
    )
    verb.add_argument("name")

    verb = verbs.add_parser("cp", help="copy a recipe's model builder into your project")
    verb.add_argument("name")
    verb.add_argument("dest", type=Path, help="a folder or a file")
    verb.add_argument(
        "--with-run", action="store_true", help="copy the whole recipe, training included"
    )
    verb.add_argument("--notebook", action="store_true", help="write a Jupyter notebook")
    verb.add_argument("--force", action="store_true", help="overwrite an existing file")
    verb.set_defaults(command=_cp)

    verb = verbs.add_parser("draw", help="draw a recipe's model")
    verb.add_argument("name")
    verb.add_argument("-o", "--output", type=Path, required=True, help="file: .svg, .png, .pdf")
    verb.set_defaults(command=_draw)
    return parser


def _ls(arguments):
    wanted = arguments.pattern if set(arguments.pattern) & set("*?[") else f"*{arguments.pattern}*"
    found = [
        page
        for page in catalog.pages()
        if fnmatch.fnmatch(page.name, wanted) or fnmatch.fnmatch(page.chapter, wanted)
    ]
    if not found:
        raise catalog.RecipeError(
            f"no recipe or chapter matches {arguments.pattern!r}: `python -m recipes ls` lists all."
        )
    names = max(len(page.name) for page in found)
    chapters = max(len(page.chapter) for page in found)
    for page in found:
        print(f"{page.chapter:{chapters}}  {page.name:{names}}  {page.summary}")
    return 0


def _show(arguments):
    page = catalog.find(arguments.name)
    print(f"# {page.path}\n\n{page.text}", end="")
    return 0


def _options(page, arguments):
    return {flag.name: getattr(arguments, flag.name) for flag in page.flags()}


def _bench(page, arguments):
    folder = catalog.HOME.parent / "benchmarks"
    if not folder.is_dir():
        raise catalog.RecipeError(
            "bench works in a clone of the repository, installed with `pip install -e .`."
        )
    from visualize.startup import quiet_start

    sys.path.insert(0, str(folder))
    with quiet_start():
        from bench import bench
    bench(page, _options(page, arguments), arguments.seeds)
    return 0


def _run(page, arguments):
    from recipes import runner

    return runner.run(
        page,
        _options(page, arguments),
        out=arguments.out,
        seeds=arguments.seeds,
        resume=arguments.resume,
        tensorboard=arguments.tensorboard,
    )


def _cp(arguments):
    from recipes import copying

    written = copying.copy(
        catalog.find(arguments.name),
        arguments.dest,
        with_run=arguments.with_run,
        notebook=arguments.notebook,
        force=arguments.force,
    )
    print(written)
    return 0


def _draw(arguments):
    from recipes import runner

    print(runner.draw(catalog.find(arguments.name), arguments.output))
    return 0


def _expected_errors():
    """Errors whose message is for the user; if one can occur, its module is loaded."""
    found = [catalog.RecipeError]
    for module, name in (("data_prep", "DataError"), ("visualize", "VisualizeError")):
        if module in sys.modules:
            found.append(getattr(sys.modules[module], name))
    return tuple(found)


if __name__ == "__main__":
    sys.exit(main())
