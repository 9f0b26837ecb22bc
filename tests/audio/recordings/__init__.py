"""Recordings as several independent programs write them, and by hand: what every decoder is held against."""
