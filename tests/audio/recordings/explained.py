"""Where tools differ on a recording, and where no tool can know that it is cut: the tables of docs/audio.md.

`python -m tests.audio.recordings.explained` writes them into the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "audio.md"
REFUSES, OTHER_LENGTH, OTHER_SAMPLES, OTHER_RATE, ROUNDS = (
    "refuses it", "gives another length", "gives other samples", "gives another rate", "rounds otherwise",
)  # fmt: skip
"""How a tool differs: ROUNDS by at most 1 of 32,768 at the same length."""


@dataclass(frozen=True)
class Difference:
    """How `tool` differs from hearpreprocess on the recordings whose names match one of `patterns`."""

    recordings: str
    patterns: tuple[str, ...]
    tool: str
    ways: tuple[str, ...]
    reason: str

    def matches(self, name: str) -> bool:
        """Whether a recording of the corpus is meant."""
        return any(fnmatchcase(name, pattern) for pattern in self.patterns)


@dataclass(frozen=True)
class OpenEnd:
    """Formats in which a cut cannot be known, and what is read of such a recording."""

    formats: str
    reason: str
    read: str


@dataclass(frozen=True)
class Refusal:
    """Recordings that are refused although they are whole."""

    recordings: str
    patterns: tuple[str, ...]
    reason: str


_SINGLE = ("MP4 / *", "MOV / *", "Matroska / *", "WebM / *", "AVI / *", "ASF / *", "ADTS / *", "AC-3 / *", "AMR / *",
           "MPEG-TS / *", "TTA / *", "WavPack / *", "E-AC-3 / *", "3GP / *")  # fmt: skip

DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        "MP4, 3GP, MOV, Matroska, WebM, AVI, ASF, ADTS, AC-3, E-AC-3, AMR, MPEG-TS, TTA, WavPack",
        _SINGLE, "soundfile", (REFUSES,),
        "libsndfile does not know these containers; ffmpeg reads them here, too",
    ),
    Difference(
        "Opus in Ogg without a last page, or with an empty one",
        ("Ogg / Opus / *last page*",), "soundfile", (REFUSES,),
        "libsndfile wants a last page with a packet",
    ),
    Difference(
        "Opus in Ogg without a last page, or with an empty one",
        ("Ogg / Opus / *last page*",), "ffmpeg", (OTHER_LENGTH,),
        "ffmpeg gives the last packet whole; its page states where in it the recording ends",
    ),
    Difference(
        "ADPCM of Microsoft and of IMA, GSM 6.10, in WAV with a fact chunk",
        ("RIFF / ADPCM*", "WAV / MS_ADPCM*"), "soundfile", (OTHER_LENGTH,),
        "libsndfile gives the last block whole; the fact chunk states where in it the recording ends",
    ),
    Difference(
        "ADPCM of Microsoft and of IMA, GSM 6.10, in WAV with a fact chunk",
        ("RIFF / ADPCM*", "RIFF / GSM*", "WAV / MS_ADPCM*", "WAV / GSM610*"), "ffmpeg", (OTHER_LENGTH,),
        "ffmpeg gives the last block whole, too",
    ),
    Difference(
        "WAV with zeros before a chunk, or a chunk whose name is zeros",
        ("RIFF / * zeros before */ by hand", "RIFF / *chunk without a name*"), "soundfile", (REFUSES,),
        "libsndfile takes the zeros for the name of a chunk",
    ),
    Difference(
        "WAV with zeros before a chunk",
        ("RIFF / * zeros before */ by hand",), "ffmpeg", (REFUSES,),
        "ffmpeg takes the zeros for the name of a chunk",
    ),
    Difference(
        "WAV with 24 bits in stereo, whose blocks have 0 bytes",
        ("RIFF / 24 bits, stereo / blocks of 0 bytes / *",), "ffmpeg", (OTHER_LENGTH,),
        "ffmpeg gives half a frame less; the other fields state what a frame is",
    ),
    Difference(
        "AIFF whose sound chunk does not count its own 8 bytes",
        ("AIFF / * / SSND size without *",), "soundfile", (OTHER_LENGTH,),
        "libsndfile loses the last 8 bytes; the header states the number of samples",
    ),
    Difference(
        "AIFF whose sound chunk does not count its own 8 bytes",
        ("AIFF / * / SSND size without *",), "ffmpeg", (OTHER_LENGTH,),
        "ffmpeg loses the last 8 bytes, too",
    ),
    Difference(
        "AU and CAF with a placeholder for the size",
        ("AU / *size 0x*", "CAF / *data size *"), "ffmpeg", (REFUSES,),
        "ffmpeg knows some of the placeholders that programs leave",
    ),
    Difference(
        "AU with a placeholder for the size",
        ("AU / *size 0x*",), "soundfile", (REFUSES,),
        "libsndfile knows two of the placeholders that programs leave",
    ),
    Difference(
        "BW64; NIST whose header is longer than 1,024 bytes; CAF with a placeholder for the size",
        ("BW64 / *", "NIST / * / header of 2,048 bytes / *", "CAF / *data size *"), "soundfile", (REFUSES,),
        "libsndfile does not know these variants of containers that it reads",
    ),
    Difference(
        "ALAC in CAF, as ffmpeg writes it; FLAC in Ogg",
        ("CAF / alac, * / ffmpeg", "Ogg / FLAC*"), "soundfile", (REFUSES,),
        "libsndfile takes fewer variants of the two than they have",
    ),
    Difference(
        "FLAC that states no length",
        ("FLAC / * / to a pipe / *", "FLAC / *0 samples in STREAMINFO / *", "FLAC / *neither samples nor MD5 / *"),
        "soundfile", (REFUSES,),
        "soundfile wants to make an array for the largest possible length",
    ),
    Difference(
        "GSM 6.10, G.721, G.723, NMS ADPCM, XI",
        ("* / GSM610*", "* / GSM 6.10*", "* / G72*", "* / NMS_ADPCM*", "XI / *"), "soundfile", (REFUSES,),
        "soundfile seeks, and libsndfile cannot in these encodings; here they are read from the start",
    ),
    Difference(
        "WAV with a data size of 0, as a program leaves it that is killed",
        ("RIFF / *data size 0x0*",), "soundfile", (REFUSES,),
        "libsndfile takes 0 as it stands; no program means it",
    ),
    Difference(
        "WAV and AIFF behind an ID3 tag",
        ("RIFF / *ID3*before*", "AIFF / *ID3 before*"), "soundfile", (REFUSES, OTHER_LENGTH),
        "libsndfile takes the tag's length off the end of what it reads from memory",
    ),
    Difference(
        "WAV with another file behind it",
        ("RIFF / *another file behind*",), "soundfile", (REFUSES,),
        "libsndfile reads on where the RIFF chunk has ended",
    ),
    Difference(
        "W64",
        ("W64 / 16 bits*",), "soundfile", (OTHER_LENGTH,),
        "libsndfile rounds the size of the data up to 8 bytes, and takes what follows for samples; the size is stated",
    ),
    Difference(
        "W64 to a pipe",
        ("W64 / * / to a pipe / *",), "soundfile", (REFUSES,),
        "the size of the file is a placeholder, which libsndfile compares with the file",
    ),
    Difference(
        "SVX with an odd number of bytes, AIFF with more data than frames",
        ("AIFF / *data longer than the frames*", "SVX / 8 bits, mono / *"),
        "soundfile", (OTHER_LENGTH,),
        "libsndfile goes by the size of the data, padding included; the header states the number of samples",
    ),
    Difference(
        "NIST with a tag or zeros behind",
        ("NIST / * behind / *",), "soundfile", (OTHER_LENGTH,),
        "libsndfile reads to the end of the file; the header states the number of samples",
    ),
    Difference(
        "FLAC, Vorbis or Opus: several recordings one after the other",
        ("FLAC / * / two, one after the other / *", "Ogg / * / chained / *"), "soundfile", (OTHER_LENGTH,),
        "libsndfile stops where the first ends",
    ),
    Difference(
        "MP3 with a variable bit rate that states no length",
        ("MP3 / VBR, mono / no Xing frame / *",), "soundfile", (OTHER_LENGTH,),
        "libsndfile estimates the length; ffmpeg counts the frames",
    ),
    Difference(
        "MP3 without a Xing frame, with zeros behind",
        ("MP3 / CBR, no Xing frame / zeros behind / *",), "soundfile", (REFUSES,),
        "libsndfile looks for another frame in the zeros",
    ),
    Difference(
        "MP3, MP2, MP3 in WAV",
        ("MP3 / *", "MP2 / *", "RIFF / MP3, *"), "soundfile", (ROUNDS,),
        "the decoders of libsndfile and ffmpeg calculate differently; here it is ffmpeg's, as in the reference",
    ),
    Difference(
        "8SVX in stereo",
        ("SVX / 8 bits, stereo / *",), "soundfile", (OTHER_SAMPLES,),
        "libsndfile mixes up the channels, which stand one behind the other",
    ),
    Difference(
        "RIFX",
        ("RIFX / *",), "ffmpeg", (OTHER_SAMPLES,),
        "ffmpeg reads the samples in the wrong byte order",
    ),
    Difference(
        "ADPCM of Microsoft and of IMA4",
        ("* / MS_ADPCM*", "* / ADPCM Microsoft*", "AIFF* / IMA*"), "ffmpeg", (OTHER_SAMPLES,),
        "the two decoders round their predictor differently; the encodings are lossy",
    ),
    Difference(
        "G.721, G.723",
        ("* / G72*",), "ffmpeg", (OTHER_SAMPLES,),
        "ffmpeg's ADPCM drifts: of the signal that was written, 5 to 17 dB are left there and 20 to 24 dB here",
    ),
    Difference(
        "NMS ADPCM",
        ("WAV / NMS_ADPCM*",), "ffmpeg", (OTHER_LENGTH,),
        "ffmpeg takes it for another ADPCM, and gives noise",
    ),
    Difference(
        "GSM 6.10 in AIFF",
        ("AIFF / GSM610*",), "ffmpeg", (OTHER_LENGTH,),
        "ffmpeg gives the last frame of 160 samples whole; the header states the number of samples",
    ),
    Difference(
        "MP3 with Lyrics3, zeros or text behind",
        ("MP3 / CBR / Lyrics3 behind / *", "MP3 / CBR / zeros behind / *", "MP3 / CBR / text behind / *"),
        "ffmpeg", (OTHER_LENGTH,),
        "the frame count in the Xing frame is given up for what is behind; here it decides",
    ),
    Difference(
        "FLAC files one after the other",
        ("FLAC / * / two, one after the other / *",), "ffmpeg", (OTHER_LENGTH,),
        "ffmpeg loses the frames around the joint",
    ),
    Difference(
        "Opus, one recording after the other",
        ("Ogg / Opus / chained / *",), "ffmpeg", (OTHER_SAMPLES,),
        "ffmpeg begins the second with the state of the first; here it is the same as alone",
    ),
    Difference(
        "Opus",
        ("OGG / OPUS*", "Ogg / Opus, * / ffmpeg"), "ffmpeg", (OTHER_SAMPLES, ROUNDS),
        "ffmpeg has a decoder of its own; here Ogg Opus is read by libopus, in libsndfile",
    ),
    Difference(
        "Opus of a recording that was not at 48,000 Hz",
        ("Ogg / Opus* / 16,000 Hz / *",), "ffmpeg", (OTHER_RATE,),
        "the header states the original rate, which libsndfile has the decoder give; ffmpeg gives 48,000 Hz",
    ),
    Difference(
        "Vorbis in Ogg",
        ("OGG / VORBIS*", "Ogg / Vorbis*"), "ffmpeg", (OTHER_LENGTH, ROUNDS),
        "ffmpeg gives the last block whole, whose page states where in it the recording ends, and rounds differently",
    ),
    Difference(
        "HTK, MAT 4 and 5, MPC 2000, PAF with 24 bits, WVE, XI",
        ("HTK / *", "XI / *", "MAT? / *", "MPC2K / *", "PAF / PCM_24*", "WVE / *"), "ffmpeg", (REFUSES,),
        "ffmpeg does not know these formats",
    ),
    Difference(
        "WAV and AIFF behind an ID3 tag, with an empty chunk or a size of 0; AU in little-endian order; W64 to a pipe",
        ("RIFF / *ID3*before*", "AIFF / *ID3 before*", "RIFF / *empty chunk*", "AIFF / * size 0x0 / *",
         "AU / *little-endian*", "W64 / * / to a pipe / *"), "ffmpeg", (REFUSES,),
        "ffmpeg knows these containers, but not these variants",
    ),
    Difference(
        "ALAC in CAF",
        ("CAF / ALAC_*", "CAF / alac*"), "ffmpeg", (OTHER_LENGTH, REFUSES),
        "ffmpeg leaves out twice what the last packet lacks, 1,095 samples here; the packet table states the length",
    ),
    Difference(
        "AIFF-C, 24 bits, sowt",
        ("AIFF-C / sowt, 24 bits*",), "ffmpeg", (OTHER_LENGTH,),
        "ffmpeg takes sowt for 16 bits whatever the header says",
    ),
    Difference(
        "AU and NIST with something behind the data; AIFF with more data than frames",
        ("AU / * behind / *", "NIST / * behind / *", "AIFF / *data longer than the frames*"),
        "ffmpeg", (OTHER_LENGTH,),
        "ffmpeg reads to the end of the data or the file; the header states the number of samples",
    ),
    Difference(
        "VOC with mu-law or A-law in mono, as libsndfile writes it",
        ("VOC / ?LAW, mono / libsndfile",),
        "soundfile",
        (OTHER_LENGTH,),
        "libsndfile counts the byte that ends the file among the samples, when it writes and when it reads",
    ),
    Difference(
        "VOC with mu-law or A-law in mono, as libsndfile writes it",
        ("VOC / ?LAW, mono / libsndfile",),
        "ffmpeg",
        (OTHER_LENGTH,),
        "ffmpeg goes by the size of the block, which counts the byte that ends the file",
    ),
    Difference(
        "VOC, as sox writes it",
        ("VOC / 16 bits, * / sox",), "ffmpeg", (OTHER_LENGTH,),
        "ffmpeg loses the end of the block",
    ),
)  # fmt: skip

REFUSALS: tuple[Refusal, ...] = (
    Refusal(
        "WAV whose blocks have more or fewer bytes than its samples, as of 24 bits in 4 bytes",
        ("RIFF / * / wrong blocks of *",),
        "programs differ in which of the bytes they take",
    ),
    Refusal(
        "AIFF with DWVW",
        ("AIFF / DWVW_16*", "AIFF / DWVW_24*"),
        "libsndfile cannot read what it writes there, and ffmpeg does not know it",
    ),
    Refusal(
        "MIDI sample dumps",
        ("SDS / *",),
        "libsndfile loses the last sample of what it writes itself",
    ),
    Refusal(
        "MP3 without a Xing frame, with text behind",
        ("MP3 / CBR, no Xing frame / text behind / *",),
        "a damaged frame looks the same",
    ),
)

OPEN_ENDS: dict[str, OpenEnd] = {
    "placeholder": OpenEnd(
        "WAV, W64, AU, CAF or AVI with a placeholder for the size, as programs leave it that write to a pipe",
        "the size of the data was never filled in",
        "the whole samples up to the end of the file",
    ),
    "headers": OpenEnd(
        "IRCAM, PAF, PVF; XI, as libsndfile writes it",
        "the headers have no place for a length; libsndfile leaves 0 in that of XI",
        "the whole samples up to the end of the file",
    ),
    "frames": OpenEnd(
        "FLAC whose header says 0 samples, WavPack to a pipe, MP3 without a Xing frame, MP2, ADTS, AC-3, AMR, MPEG-TS, "
        "ASF to a pipe",
        "it is a row of frames, each with its own length, and nothing counts them",
        "the frames before the cut; one that is cut itself is refused or left out",
    ),
    "fragments": OpenEnd(
        "fragmented MP4",
        "it is a row of fragments, and nothing counts them",
        "the fragments before the cut; one that is cut itself is refused",
    ),
    "clusters": OpenEnd(
        "Matroska and WebM to a pipe",
        "segment and clusters have an unknown size",
        "the blocks before the cut",
    ),
    "pages": OpenEnd(
        "Ogg",
        "the page that ends a stream is missing in whole recordings, too, as of Android's recorder",
        "the pages before the cut; one that is cut itself is refused",
    ),
    "streams": OpenEnd(
        "FLAC files one after the other",
        "a cut between two of them leaves a whole file",
        "the recordings before the cut, and only if the cut is between two",
    ),
}


def differences_of(name: str, tool: str) -> list[Difference]:
    """Those that explain a recording."""
    return [difference for difference in DIFFERENCES if difference.tool == tool and difference.matches(name)]


def is_refused(name: str) -> bool:
    """Whether a recording of the corpus is refused although it is whole."""
    return any(fnmatchcase(name, pattern) for refusal in REFUSALS for pattern in refusal.patterns)


def tables() -> dict[str, str]:
    """The tables of the page by the name of their place in it."""
    differing = [(row.recordings, row.tool, " or ".join(row.ways), row.reason) for row in DIFFERENCES]
    open_ends = [(row.formats, row.reason, row.read) for row in OPEN_ENDS.values()]
    return {
        "differences": _table(("recording", "tool", "which", "and why"), differing),
        "refusals": _table(("recording", "why it is refused"), [(row.recordings, row.reason) for row in REFUSALS]),
        "open ends": _table(("recording", "why a cut cannot be known", "what is read"), open_ends),
    }


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, tuple("---" for _name in head), *rows))


def with_tables(page: str) -> str:
    """The page with the tables in their places: between a comment that names one and the next blank line."""
    for name, table in tables().items():
        page, count = re.subn(rf"(<!-- table: {name} -->\n\n)(?:\|.*\n)*", lambda place: f"{place[1]}{table}\n", page)  # noqa: B023
        assert count == 1, name
    return page


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
