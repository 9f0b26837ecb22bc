"""Exports to Parquet, in the layout of the Hugging Face hub: `data/<split>-00000-of-0000N.parquet` and README.md.

The column `audio` holds the WAV files themselves. Row groups are bounded by their bytes, as readers take a whole one
into memory and the hub's viewer refuses those over 286 MiB; the page index lets them find single clips.
"""

from __future__ import annotations

import array
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hearpreprocess.errors import OutputError
from hearpreprocess.exporting.arrow_arrays import arrow_array
from hearpreprocess.exporting.clips import checked_content
from hearpreprocess.exporting.columns import Column, columns_of, columns_table
from hearpreprocess.exporting.formats import OnClip, Options
from hearpreprocess.exporting.hub import SplitFacts, card_head, schema_metadata
from hearpreprocess.exporting.names import respelled
from hearpreprocess.exporting.readme import README, readme
from hearpreprocess.exporting.shards import by_bytes
from hearpreprocess.loading import FinishedClip, FinishedTask
from hearpreprocess.storage import counted, fitting_name, whole_file

_MOST_IN_SHARD, _MOST_IN_ROW_GROUP, _PAGE = 500_000_000, 16_000_000, 1 << 20
"""Bytes of the clips in a file, in a row group and in a page; a larger clip has one of its own."""

_MOST_ROWS_AT_ONCE = 1024

_NOT_IN_SPLITS = re.compile(r"[^\w.]|\.(?!\w)|^\.")
_LONGEST_ENDING = "-00000-of-00000.parquet"

_AUDIO = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
_TYPES = {
    "text": pa.string(),
    "json": pa.string(),
    "label": pa.int64(),
    "labels": pa.list_(pa.int64()),
    "events": pa.list_(pa.struct([("start", pa.float64()), ("end", pa.float64()), ("label", pa.int64())])),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
}

LOADING = """\
```python
import io

import soundfile
from datasets import Audio, load_dataset

dataset = load_dataset("DIRECTORY")  # this directory, or its repository on the hub
clips = dataset["SPLIT"].cast_column("audio", Audio(decode=False))
samples, rate = soundfile.read(io.BytesIO(clips[0]["audio"]["bytes"]), dtype="int16")
```

Without `cast_column`, `datasets` decodes the clips itself, which needs further packages."""


@dataclass(frozen=True)
class Shard:
    """A Parquet file: its path in the export, the name of its split there, and its clips."""

    path: str
    split: str
    clips: Sequence[FinishedClip]


def write(task: FinishedTask, folder: Path, options: Options, on_clip: OnClip) -> None:
    """Write a task as Parquet files and a README.md; files that are there are kept.

    Raises OutputError where the task has no clips.
    """
    del options  # it has none
    columns = columns_of(task)
    schema = _schema(task, columns)
    shards = shards_of(task)
    for shard in shards:
        path = folder / shard.path
        if path.exists():
            on_clip(len(shard.clips))
            continue
        with whole_file(path) as temporary:
            _write_shard(temporary, shard.clips, columns, schema, on_clip)
    with whole_file(folder / README) as temporary:
        temporary.write_text(_readme(task, folder, columns, shards), encoding="utf-8")


def shards_of(task: FinishedTask) -> list[Shard]:
    """The files of a task in their order; a split without clips has none, as `datasets` fails on one without rows.

    Raises OutputError where there is none.
    """
    shards = []
    for split, name in split_names(task.splits).items():
        groups = list(by_bytes(task.clips(split), _MOST_IN_SHARD))
        for number, clips in enumerate(groups):
            shards.append(Shard(f"data/{name}-{number:05d}-of-{len(groups):05d}.parquet", name, clips))
    if not shards:
        raise OutputError(f"{task.path}: has no clips in any of its splits; expected some. Rebuild the task")
    return shards


def split_names(splits: Sequence[str]) -> dict[str, str]:
    """By split, its name in the export: `datasets` reads letters, digits, `_` and single dots alone, and no `all`."""
    return dict(zip(splits, respelled(splits, _split_name), strict=True))


def _split_name(split: str) -> str:
    fitting = fitting_name(split, _LONGEST_ENDING).removesuffix(_LONGEST_ENDING)
    name = _NOT_IN_SPLITS.sub("_", fitting) or "_"
    return "all_" if name == "all" else name


def _schema(task: FinishedTask, columns: Sequence[Column]) -> pa.Schema:
    fields = [("audio", _AUDIO), *((column.name, _TYPES[column.kind]) for column in columns)]
    return pa.schema(fields, metadata=schema_metadata(task, columns))


def _write_shard(
    path: Path, clips: Sequence[FinishedClip], columns: Sequence[Column], schema: pa.Schema, on_clip: OnClip
) -> None:
    # Statistics and dictionaries serve small values; of audio they would cost memory and find nothing.
    others = [leaf for leaf in _leaves(schema) if leaf != "audio.bytes"]
    largest = max(clip.size for clip in clips)
    with pq.ParquetWriter(
        path,
        schema,
        compression="snappy",
        use_dictionary=others,
        write_statistics=others,
        write_page_index=True,
        data_page_size=_PAGE,
        write_batch_size=min(max(_PAGE // max(largest, 1), 1), _MOST_ROWS_AT_ONCE),
    ) as writer:
        for group in by_bytes(clips, _MOST_IN_ROW_GROUP):
            writer.write_table(_table(group, columns, schema), row_group_size=len(group))
            on_clip(len(group))


def _table(clips: Sequence[FinishedClip], columns: Sequence[Column], schema: pa.Schema) -> pa.Table:
    paths = arrow_array([clip.file for clip in clips], pa.string())
    audio = pa.StructArray.from_arrays([_contents(clips), paths], ["bytes", "path"])
    others = [arrow_array([column.of(clip) for clip in clips], _TYPES[column.kind]) for column in columns]
    return pa.Table.from_arrays([audio, *others], schema=schema)


def _contents(clips: Sequence[FinishedClip]) -> pa.BinaryArray:
    """The contents of the clips' files in one buffer, as `pa.array` would hold them three times."""
    if len(clips) == 1:  # it may be large, and needs no other buffer
        content = checked_content(clips[0])
        return _binary(content, [0, len(content)])
    contents, ends = bytearray(), [0]
    for clip in clips:
        contents += checked_content(clip)
        ends.append(len(contents))
    return _binary(contents, ends)


def _binary(contents: bytes | bytearray, ends: list[int]) -> pa.BinaryArray:
    """An array over a buffer; `ends`: of each value, after a 0."""
    offsets = pa.py_buffer(array.array("i", ends))
    return pa.Array.from_buffers(pa.binary(), len(ends) - 1, [None, offsets, pa.py_buffer(contents)])


def _leaves(schema: pa.Schema) -> Iterator[str]:
    """The paths of the columns in a file of this schema."""
    sink = pa.BufferOutputStream()
    pq.write_metadata(schema, sink)
    of_file = pq.read_metadata(pa.BufferReader(sink.getvalue())).schema
    yield from (of_file.column(number).path for number in range(len(of_file)))


def _readme(task: FinishedTask, folder: Path, columns: Sequence[Column], shards: Sequence[Shard]) -> str:
    splits = list(dict.fromkeys(shard.split for shard in shards))
    head = card_head(task, columns, {split: _facts(folder, split, shards) for split in splits})
    audio = "| `audio` | (bytes: binary, path: string) | a 16-bit mono WAV file |"
    first, second, *others = columns_table(columns)
    sections = {
        "How to load it": LOADING.replace("SPLIT", splits[0]),
        "Columns": "\n".join([first, second, audio, *others]) + "\n\n" + _note(task, splits[0]),
    }
    return readme(task, sections, f"{head}\n")


def _note(task: FinishedTask, split: str) -> str:
    changed = [f"`{of_task}` is `{name}`" for of_task, name in split_names(task.splits).items() if of_task != name]
    note = f" `datasets` does not read the names of all splits; here {', '.join(changed)}." if changed else ""
    return (
        f"A label is its index in the vocabulary of {counted(len(task.vocabulary), 'labels')}, whose names are in the "
        f'features: `dataset["{split}"].features`.{note}'
    )


def _facts(folder: Path, split: str, shards: Sequence[Shard]) -> SplitFacts:
    paths = [folder / shard.path for shard in shards if shard.split == split]
    files = [pq.read_metadata(path) for path in paths]
    groups = [file.row_group(number) for file in files for number in range(file.num_row_groups)]
    return SplitFacts(
        clips=sum(file.num_rows for file in files),
        file_bytes=sum(path.stat().st_size for path in paths),
        column_bytes=sum(group.total_byte_size for group in groups),
    )
