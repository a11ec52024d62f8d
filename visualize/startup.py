"""TensorFlow's start-up messages, kept away from the user of a command."""

import contextlib
import os
import re
import sys
import tempfile

NOISE = re.compile(
    r"^(WARNING: All log messages before absl|[IWEF]\d{4} |To enable the following instructions)"
)


@contextlib.contextmanager
def quiet_start():
    """Hold back what is written to standard error, drop TensorFlow's messages, pass on the rest.

    TensorFlow writes from C++ before its log level can be set, so the file descriptor is what has
    to be redirected.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile("w+b") as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            lines = held.read().decode(errors="replace").splitlines(keepends=True)
            sys.stderr.write("".join(line for line in lines if not NOISE.match(line)))
