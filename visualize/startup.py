"""Drop TensorFlow's start-up messages, so that a command prints only its own output."""

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
    """Capture standard error, drop TensorFlow's messages and print the rest afterwards.

    TensorFlow writes from C++ before its log level can be set. The file descriptor itself is
    therefore redirected, not `sys.stderr`.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    original = os.dup(2)
    with tempfile.TemporaryFile("w+b") as captured:
        os.dup2(captured.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(original, 2)
            os.close(original)

            captured.seek(0)
            lines = captured.read().decode(errors="replace").splitlines(keepends=True)
            sys.stderr.write("".join(line for line in lines if not NOISE.match(line)))
