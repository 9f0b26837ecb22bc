"""The version of this program and its home."""

# By calendar, after the older tool of this name on the package index (2021.1.1), so that pip takes this for the newer
# one. No suffix such as .dev0 between releases: pip would not count that as >=2026.12, and the version is in the key of
# every step, so dropping the suffix for a release would rebuild everything.
__version__ = "2026.12.0"
PROJECT_URL = "https://github.com/hearbenchmark/hear-preprocess"
