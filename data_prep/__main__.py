"""The commands of data_prep: python -m data_prep ls | frames."""

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
PRICES = ("close", "volume")  # default features of each joined file that has these columns
BLOCK = 4096  # frames gathered and written at a time


class Parser(argparse.ArgumentParser):
    """An argument parser that prints its errors as one sentence."""

    def error(self, message):
        """Print what is wrong and where to find help, then exit with code 2."""
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
    """An error message with flags for arguments: "order='sort'" becomes "--order sort"."""

    def flag(match):
        name, quoted, bare = match.groups()
        return f"--{name.replace('_', '-')} {quoted or bare or ''}".strip()

    return re.sub(r"\b([a-z]+(?:_[a-z]+)*)=(?:'([^']*)'|(\w+))?", flag, message)


def _parser():
    parser = Parser(prog="data_prep", description="From raw data to labelled frames.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    ls = commands.add_parser("ls", help="list the named data, one line each")
    ls.set_defaults(command=_ls)

    frames = commands.add_parser(
        "frames",
        help="cut tables into labelled frames, in train, validation and test parts",
        description="Cut tables into frames, split them by time and write them to an .npz file. "
        "Several files are joined on their time. Their columns are then named FILE_column: "
        "BTC-USD.csv gives BTC_close.",
    )
    frames.set_defaults(command=_frames)
    _add_frames_flags(frames)
    return parser


def _add_frames_flags(parser):
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help=".csv, .csv.gz or .parquet file"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help=".npz to write")
    parser.add_argument("--window", type=int, required=True, metavar="N", help="rows in a frame")
    parser.add_argument(
        "--horizon", type=int, metavar="N", help="rows from a frame's last row to its target"
    )
    parser.add_argument(
        "--stride",
        type=int,
        default=1,
        metavar="N",
        help="rows from the start of a frame to the start of the next (default 1)",
    )

    group = parser.add_argument_group("columns")
    group.add_argument(
        "--columns", type=_names, metavar="A,B,...", help="names for a file without a header"
    )
    group.add_argument(
        "--time", metavar="NAME", help="time column; default: the column named time, if any"
    )
    group.add_argument(
        "--group", metavar="NAME", help="column that tells several series in one table apart"
    )
    group.add_argument(
        "--features",
        type=_names,
        metavar="A,B,...",
        help="input columns; default: close and volume of each joined price file, otherwise all",
    )
    group.add_argument("--target", type=_names, metavar="A,B,...", help="target columns")

    group = parser.add_argument_group("labels")
    group.add_argument(
        "--label", choices=list(OPTIONS), default="value", help="kind of label (default value)"
    )
    group.add_argument("--steps", type=int, metavar="N", help="for next: number of values")
    group.add_argument(
        "--dead-band",
        type=float,
        metavar="X",
        help="for direction: changes of at most this size have the class flat",
    )
    group.add_argument(
        "--rule",
        choices=("last", "majority", "any"),
        help="for class: how the rows of a window give its class (default last)",
    )

    group = parser.add_argument_group("irregular rows")
    group.add_argument(
        "--max-gap",
        type=_time_span,
        metavar="SPAN",
        help="longest time between rows that is not a gap, such as 2h",
    )
    group.add_argument(
        "--order",
        choices=("refuse", "sort", "keep"),
        default="refuse",
        help="rows that go back in time (default refuse)",
    )
    group.add_argument(
        "--duplicates",
        choices=("refuse", "first", "last", "keep"),
        default="refuse",
        help="rows of the same time (default refuse)",
    )
    group.add_argument(
        "--missing",
        choices=("refuse", "fill", "drop"),
        default="refuse",
        help="missing values (default refuse)",
    )
    group.add_argument(
        "--fill-limit", type=int, metavar="N", help="for fill: rows to carry a value forward"
    )

    group = parser.add_argument_group("parts")
    group.add_argument(
        "--test",
        type=_fraction_or_rows,
        default=0.2,
        metavar="FRACTION",
        help="fraction of the rows, or number of rows, for testing: the last ones (default 0.2)",
    )
    group.add_argument(
        "--validation",
        type=_fraction_or_rows,
        default=0.05,
        metavar="FRACTION",
        help="the same for validation: the rows before the test rows (default 0.05)",
    )
    group.add_argument(
        "--scale", type=_names, metavar="A,B,...", help="scalers in their order, such as min_max"
    )
    group.add_argument(
        "--balance",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="keep equally many training frames of each class (default: on)",
    )
    group.add_argument(
        "--seed", type=int, default=0, metavar="N", help="selects the frames that balancing keeps"
    )


def _names(text):
    return [name.strip() for name in text.split(",")]


def _fraction_or_rows(text):
    if text.isdigit():
        return int(text)
    try:
        return float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number; give a fraction such as 0.2, or a number of rows"
        ) from error


def _time_span(text):
    try:
        return float(text)
    except ValueError:
        return text


def _ls(arguments):
    from data_prep.sources.named import NAMED

    name_width = max(map(len, NAMED))
    kind_width = max(len(data.kind) for data in NAMED.values())
    for name, data in NAMED.items():
        origin = f"{data.source}; {data.licence}"
        print(f"{name:{name_width}}  {data.kind:{kind_width}}  {data.shapes}  {origin}")
    return 0


def _frames(arguments):
    if not arguments.out.absolute().parent.is_dir():
        raise DataError(f"--out {arguments.out}: no such folder; make it, or choose another.")
    if arguments.out.suffix != ".npz":
        raise DataError(f"--out {arguments.out}: give a file that ends in .npz.")

    series, time, features = _read_series(arguments)
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
    checked = check(data)

    size = _write(data, arguments.out)
    _print_summary(data, checked)
    print(f"wrote {arguments.out} ({size / 1e6:.1f} MB)")
    return 0


def _read_series(arguments):
    """Read the files: (one table, name of its time column, names of its features)."""
    several = len(arguments.files) > 1
    tables = {}
    for path in arguments.files:
        name = path.name.split(".")[0]
        if several:
            name = name.split("-")[0]
        if name in tables:
            raise DataError(f"{path}: two files would be named {name}; rename one of them.")
        tables[name] = read_table(path, arguments.columns)

    time = arguments.time
    first = next(iter(tables.values()))
    if time is None and "time" in first.columns:
        time = "time"
    if not several:
        return first, time, arguments.features

    if time is None:
        raise DataError("several files are joined on their time; name its column with --time.")
    joined = join_tables(tables, time)
    print(f"joined on {time}: {len(joined):,} rows that all {len(tables)} files have")
    for name, table in tables.items():
        print(f"  {name}: {len(table):,} rows, {len(table) - len(joined):,} not in all files")

    features = arguments.features
    all_have_prices = all(set(PRICES) <= set(table.columns) for table in tables.values())
    if features is None and all_have_prices:
        features = [f"{name}_{price}" for name in tables for price in PRICES]
    return joined, time, features


def _print_summary(data, checked):
    train = data.train
    features = ", ".join(map(str, train.features))
    print(f"frames: {train.window} rows of {len(train.features)} features ({features})")

    targets = ", ".join(map(str, train.table.target_names))
    print(f"label: {train.labelling.kind} of {targets}, horizon {train.labelling.horizon}")

    for name, part in data.parts().items():
        print(f"  {name}: {len(part):,} frames{_class_counts(part, data.classes)}")
    for reason, count in train.dropped.items():
        print(f"dropped: {count:,} {reason}")
    print(f"checked: {checked}")


def _class_counts(part, classes):
    """ ": down 12, up 15" for the classes of a part; "" without classes."""
    if not classes:
        return ""
    counts = np.bincount(part.labels, minlength=len(classes))
    pairs = zip(classes, counts, strict=True)
    return ": " + ", ".join(f"{name} {count:,}" for name, count in pairs)


def _write(data, path):
    """Write the parts to an .npz file, and return its size in bytes.

    The frames are gathered and written block by block, so that they need not fit in memory. The
    file is written under another name, and renamed when it is complete.
    """
    unfinished = path.with_name(path.name + ".part")
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, part in data.parts().items():
                _write_part(archive, name, part)

            for name, words in (("names", data.train.features), ("classes", data.classes)):
                words = np.array([str(word) for word in words], dtype=np.str_)
                _write_array(archive, name, words.dtype, words.shape, [words])
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path.stat().st_size


def _write_part(archive, name, part):
    """Write the arrays x_NAME (inputs) and y_NAME (labels) of a part."""
    shapes = part.shapes()
    no_inputs, no_labels = part.gather(slice(0, 0))  # empty arrays, for their types
    starts = range(0, len(part), BLOCK)
    blocks = [slice(start, start + BLOCK) for start in starts]

    inputs = (part.gather(block)[0] for block in blocks)
    _write_array(archive, f"x_{name}", no_inputs.dtype, shapes["inputs"], inputs)

    labels = (part.gather(block)[1] for block in blocks)
    _write_array(archive, f"y_{name}", no_labels.dtype, shapes["labels"], labels)


def _write_array(archive, name, dtype, shape, blocks):
    """Write one .npy member of an .npz file from blocks of its rows."""
    header = {
        "descr": np.lib.format.dtype_to_descr(dtype),
        "fortran_order": False,
        "shape": tuple(map(int, shape)),
    }
    with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
        np.lib.format.write_array_header_1_0(file, header)
        for block in blocks:
            file.write(np.ascontiguousarray(block).tobytes())


if __name__ == "__main__":
    sys.exit(main())
