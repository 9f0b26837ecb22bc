"""Annotations as programs write them: events of recordings in label tracks, tables, TextGrids, XML and JSON.

One module reads one format, or a family of them. All are read without further packages: those that exist are either as
large as a scientific environment (jams and crowsetta, 223 and 237 MB with what they need), or drop and change
annotations without a word (see `textgrid` and `elan`).
"""

from typing import TYPE_CHECKING

from hearpreprocess.lazy import lazy_names

if TYPE_CHECKING:
    from hearpreprocess.task.annotations.collector import UndecidedError
    from hearpreprocess.task.annotations.detection import FORMATS, format_of
    from hearpreprocess.task.annotations.options import AnnotationOptions
    from hearpreprocess.task.annotations.reading import Annotations, annotations_in, outline_of
    from hearpreprocess.task.annotations.seconds import mark_of
    from hearpreprocess.task.annotations.time_columns import has_times, time_column

__all__ = [
    "FORMATS",
    "AnnotationOptions",
    "Annotations",
    "UndecidedError",
    "annotations_in",
    "format_of",
    "has_times",
    "mark_of",
    "outline_of",
    "time_column",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "collector": "UndecidedError",
            "detection": "FORMATS format_of",
            "options": "AnnotationOptions",
            "reading": "Annotations annotations_in outline_of",
            "seconds": "mark_of",
            "time_columns": "has_times time_column",
        },
    )
