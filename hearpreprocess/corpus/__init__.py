"""From clips to splits, without audio: the table of clips, splits, labels, and batches of audio work."""

from hearpreprocess.corpus import labels, splits
from hearpreprocess.corpus.batches import Batch
from hearpreprocess.corpus.choose import choose_clips, excerpt_note
from hearpreprocess.corpus.collection import rarely_collecting
from hearpreprocess.corpus.folder import CorpusFolder
from hearpreprocess.corpus.labels import membership_digest
from hearpreprocess.corpus.plan import plan_corpus
from hearpreprocess.corpus.table import WHOLE, ClipTable, labels_of
from hearpreprocess.corpus.texts import problem_of_label, problem_of_name, spelled_twice

__all__ = [
    "WHOLE",
    "Batch",
    "ClipTable",
    "CorpusFolder",
    "choose_clips",
    "excerpt_note",
    "labels",
    "labels_of",
    "membership_digest",
    "plan_corpus",
    "problem_of_label",
    "problem_of_name",
    "rarely_collecting",
    "spelled_twice",
    "splits",
]
