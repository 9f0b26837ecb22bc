"""Compare two copies of a task: clips, splits, labels, lengths and samples.

python -m hearpreprocess.compare A B
"""

from hearpreprocess.compare.comparison import Comparison, compare

__all__ = ["Comparison", "compare"]
