"""The front door of data_prep: python -m data_prep frames | ls."""

import argparse
import re
import sys
import zipfile
from pathlib import Path

import numpy as np

from data_prep.balance import balance
from data_prep.errors import DataError
from data_prep.leaks import check
from data_prep.series.frames import make_frames
from data_prep.series.labels import OPTIONS
from data_prep.series.scalers import scale
from data_prep.series.splits import split_by_time
from data_prep.tables.files import join_tables, read_table

STOPPED = 130  # the shell's exit code for Ctrl-C
PRICES = ("close", "volume")  # what is kept of joined price files, where nothing else is named
BLOCK = 4096  # frames gathered and written together


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one sentence."""

    def error(self, message):
        """Say what is wrong and where help is; exit code 2."""
        self.exit(2, f"{self.prog}: {message}; see `{self.prog} --help`\n")


def main(argv=None):
    """Run one command. Returns the exit code: 0, 2 for bad input, 130 for Ctrl-C."""
    try:
        arguments = _parser().parse_args(argv)
        return arguments.command(arguments)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:  # `data_prep ls | head`
        sys.stderr.close()
        return 0
    except (DataError, OSError) as error:
        print(f"data_prep: {_flags_for_arguments(str(error))}", file=sys.stderr)
        return 2


def _flags_for_arguments(message):
    """The message of an error with "order='sort'" as "--order sort": here they are flags."""

    def flag(match):
        name, quoted, bare = match.groups()
        return f"--{name.replace('_', '-')} {quoted or bare or ''}".strip()

    return re.sub(r"\b([a-z]+(?:_[a-z]+)*)=(?:'([^']*)'|(\w+))?", flag, message)


def _parser():
    parser = Parser(prog="data_prep", description="From raw data to labelled frames.")
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")
    verb = verbs.add_parser("ls", help="list the named data, a line each")
    verb.set_defaults(command=_ls)

    verb = verbs.add_parser(
        "frames",
        help="cut tables into labelled frames, in train, validation and test parts",
        description="Cut tables into frames, split them by time and write them to an .npz file. "
        "Several files are joined on their time, their columns named FILE_column: BTC-USD.csv "
        "gives BTC_close.",
    )
    verb.set_defaults(command=_frames)
    verb.add_argument("files", nargs="+", type=Path, metavar="FILE", help=".csv, .csv.gz, .parquet")
    verb.add_argument("--out", type=Path, required=True, metavar="FILE", help=".npz file to write")
    verb.add_argument("--window", type=int, required=True, metavar="N", help="rows in a frame")
    verb.add_argument(
        "--horizon", type=int, metavar="N", help="rows from a frame's last row to its target"
    )
    verb.add_argument("--stride", type=int, default=1, metavar="N", help="rows from frame to frame")

    group = verb.add_argument_group("columns")
    group.add_argument("--columns", type=_names, metavar="A,B,...", help="where there is no header")
    group.add_argument("--time", metavar="NAME", help="default: time, where a column is named so")
    group.add_argument("--group", metavar="NAME", help="column that tells one series from another")
    group.add_argument(
        "--features",
        type=_names,
        metavar="A,B,...",
        help="input columns; default: close and volume of joined price files, otherwise all",
    )
    group.add_argument("--target", type=_names, metavar="A,B,...", help="target columns")

    group = verb.add_argument_group("labels")
    group.add_argument("--label", choices=list(OPTIONS), default="value")
    group.add_argument("--steps", type=int, metavar="N", help="values, for next")
    group.add_argument("--dead-band", type=float, metavar="X", help="change that is flat")
    group.add_argument("--rule", choices=("last", "majority", "any"), help="for class")

    group = verb.add_argument_group("rows that are not as they should be")
    group.add_argument("--max-gap", type=_span, metavar="SPAN", help="longest step, such as 2h")
    group.add_argument("--order", choices=("refuse", "sort", "keep"), default="refuse")
    group.add_argument(
        "--duplicates", choices=("refuse", "first", "last", "keep"), default="refuse"
    )
    group.add_argument("--missing", choices=("refuse", "fill", "drop"), default="refuse")
    group.add_argument("--fill-limit", type=int, metavar="N", help="rows to carry a value forward")

    group = verb.add_argument_group("parts")
    group.add_argument(
        "--test", type=_share, default=0.2, metavar="SHARE", help="of the rows, or their number"
    )
    group.add_argument(
        "--validation", type=_share, default=0.05, metavar="SHARE", help="of the rows before those"
    )
    group.add_argument("--scale", type=_names, metavar="A,B,...", help="such as min_max")
    group.add_argument(
        "--balance",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="as many training frames of each class (on by default)",
    )
    group.add_argument(
        "--seed", type=int, default=0, metavar="N", help="draws what balancing keeps"
    )
    return parser


def _names(text):
    return [name.strip() for name in text.split(",")]


def _share(text):
    return int(text) if text.isdigit() else float(text)


def _span(text):
    try:
        return float(text)
    except ValueError:
        return text


def _ls(arguments):
    from data_prep.sources.named import NAMED

    width = max(map(len, NAMED))
    kinds = max(len(data.kind) for data in NAMED.values())
    for name, data in NAMED.items():
        print(f"{name:{width}}  {data.kind:{kinds}}  {data.shapes}  {data.source}; {data.licence}")
    return 0


def _frames(arguments):
    if not arguments.out.absolute().parent.is_dir():
        raise DataError(f"--out {arguments.out}: no such folder; make it, or choose another.")
    if arguments.out.suffix != ".npz":
        raise DataError(f"--out {arguments.out}: give a file that ends in .npz.")
    series, time, features = _series(arguments)
    frames = make_frames(
        series,
        arguments.window,
        arguments.horizon,
        stride=arguments.stride,
        features=features,
        target=arguments.target,
        label=arguments.label,
        steps=arguments.steps,
        dead_band=arguments.dead_band,
        rule=arguments.rule,
        group=arguments.group,
        time=time,
        max_gap=arguments.max_gap,
        order=arguments.order,
        duplicates=arguments.duplicates,
        missing=arguments.missing,
        fill_limit=arguments.fill_limit,
    )
    data = split_by_time(frames, arguments.test, arguments.validation)
    if arguments.scale:
        data = scale(data, arguments.scale)
    if data.classes and arguments.balance:
        data = balance(data, arguments.seed)
    proof = check(data)
    size = _write(data, arguments.out)
    _report(data, proof)
    print(f"wrote {arguments.out} ({size / 1e6:.1f} MB)")
    return 0


def _series(arguments):
    """(one table, name of its time column, names of its features) of the files."""
    tables = {}
    for path in arguments.files:
        name = path.name.split(".")[0]
        name = name.split("-")[0] if len(arguments.files) > 1 else name
        if name in tables:
            raise DataError(f"{path}: two files would be named {name}; rename one of them.")
        tables[name] = read_table(path, arguments.columns)
    time, features = arguments.time, arguments.features
    first = next(iter(tables.values()))
    if time is None and "time" in first.columns:
        time = "time"
    if len(tables) == 1:
        return first, time, features
    if time is None:
        raise DataError("several files are joined on their time; name its column with --time.")
    joined = join_tables(tables, time)
    if features is None and all(set(PRICES) <= set(table.columns) for table in tables.values()):
        features = [f"{name}_{price}" for name in tables for price in PRICES]
    print(f"joined on {time}: {len(joined):,} rows that all {len(tables)} files have")
    for name, table in tables.items():
        print(f"  {name}: {len(table):,} rows, {len(table) - len(joined):,} not in all files")
    return joined, time, features


def _report(data, proof):
    train = data.train
    print(
        f"frames: {train.window} rows of {len(train.features)} features "
        f"({', '.join(map(str, train.features))})"
    )
    targets = ", ".join(map(str, train.table.target_names))
    print(f"label: {train.labelling.kind} of {targets}, horizon {train.labelling.horizon}")
    for name, part in data.parts().items():
        counts = np.bincount(part.labels, minlength=len(data.classes)) if data.classes else ()
        pairs = zip(data.classes, counts, strict=True)
        classes = ", ".join(f"{label} {count:,}" for label, count in pairs)
        print(f"  {name}: {len(part):,} frames" + (f": {classes}" if classes else ""))
    for reason, count in train.dropped.items():
        print(f"dropped: {count:,} {reason}")
    print(f"checked: {proof}")


def _write(data, path):
    """Write the parts block by block, beside and renamed in; returns the size in bytes."""
    beside = path.with_name(path.name + ".part")
    try:
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, part in data.parts().items():
                blocks = [slice(first, first + BLOCK) for first in range(0, len(part), BLOCK)]
                for number, letter in enumerate("xy"):
                    shape, kind = part.shapes(), part.gather(slice(0, 0))[number].dtype
                    arrays = (part.gather(block)[number] for block in blocks)
                    shape = shape["labels" if number else "inputs"]
                    _write_array(archive, f"{letter}_{name}", kind, shape, arrays)
            for name, words in (("names", data.train.features), ("classes", data.classes)):
                words = np.array([str(word) for word in words], dtype=np.str_)
                _write_array(archive, name, words.dtype, words.shape, [words])
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path.stat().st_size


def _write_array(archive, name, kind, shape, blocks):
    """Write one .npy member of an .npz file from blocks of its rows."""
    header = {
        "descr": np.lib.format.dtype_to_descr(kind),
        "fortran_order": False,
        "shape": tuple(map(int, shape)),
    }
    with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
        np.lib.format.write_array_header_1_0(file, header)
        for block in blocks:
            file.write(np.ascontiguousarray(block).tobytes())


if __name__ == "__main__":
    sys.exit(main())
