"""Compare two copies of a task: clips, splits, labels, lengths and samples.

python -m hearpreprocess.compare A B
"""

from hearpreprocess.compare.comparison import DIFFERENT, IDENTICAL, Comparison, compare, median_snr

__all__ = ["DIFFERENT", "IDENTICAL", "Comparison", "compare", "median_snr"]
