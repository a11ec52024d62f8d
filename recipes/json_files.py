"""JSON files that are written in one step."""

import json
import os
from pathlib import Path


def read_json(path):
    """Read a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def write_json(path, value):
    """Write a JSON file. A kill at any moment leaves the old file or the new one."""
    path = Path(path)
    new = path.with_name(path.name + ".new")

    new.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    os.replace(new, path)
