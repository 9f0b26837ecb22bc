"""Bytes on disk, safely: things that appear whole or not at all, seals, locks, digests, room on the disk."""
