"""Limits for a plausible recording; the sources of HEAR have 96,000 Hz and two channels at most."""

HIGHEST_RATE, MOST_CHANNELS = 768_000, 32
"""In hertz; channels."""
