"""What this program is: its version, and where it is developed."""

__version__ = "0.1.0"
PROJECT_URL = "https://github.com/hearbenchmark/hear-preprocess"
