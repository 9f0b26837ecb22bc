"""What the scripts of the workflows share: the outputs of a step, and GitHub's command line."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def write_output(name: str, value: str) -> None:
    """Print an output of this step and, on GitHub, hand it to the steps and jobs that follow."""
    line = f"{name}={value}"
    print(line)
    if path := os.environ.get("GITHUB_OUTPUT"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")


def gh(*arguments: str | Path) -> str:
    """What `gh` prints. Raises CalledProcessError if it fails; its own message goes to standard error."""
    return subprocess.run(["gh", *arguments], stdout=subprocess.PIPE, text=True, check=True).stdout
