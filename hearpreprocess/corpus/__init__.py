"""From clips to splits, without any audio: the table of clips, splits, labels, and batches of audio work."""

from hearpreprocess.corpus import labels, splits
from hearpreprocess.corpus.batches import Batch, decoding_versions, make_batches, members_by_source
from hearpreprocess.corpus.choose import choose_clips
from hearpreprocess.corpus.labels import membership_digest
from hearpreprocess.corpus.table import LACKING, WHOLE, Omission, labels_of, read_table, to_table, write_table

__all__ = [
    "LACKING",
    "WHOLE",
    "Batch",
    "Omission",
    "choose_clips",
    "decoding_versions",
    "labels",
    "labels_of",
    "make_batches",
    "members_by_source",
    "membership_digest",
    "read_table",
    "splits",
    "to_table",
    "write_table",
]
