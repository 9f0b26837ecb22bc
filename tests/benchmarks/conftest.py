"""The benchmarks are scripts beside each other, which find one another where the first of them stands."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
