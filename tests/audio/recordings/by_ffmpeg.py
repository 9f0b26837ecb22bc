"""Recordings that ffmpeg writes, to a file or to a pipe, and joins of them."""

from __future__ import annotations

import struct
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from tests.audio.recordings import ogg, tags
from tests.audio.recordings.case import LENGTH, RATE, Case, mono_16, signal, signal_16

Options = tuple[str, ...]


def cases() -> Iterator[Case]:
    """All of them."""
    yield from _lossless()
    yield from _lossy()
    yield from _long()
    yield from _piped()
    yield from _joined()
    yield from _with_gaps()
    yield from _of_recorders()
    yield from _tagged()


def written(
    suffix: str,
    options: Options,
    channels: int = 1,
    *,
    rate: int = RATE,
    piped: bool = False,
    wide: bool = False,
    length: int = LENGTH,
) -> bytes:
    """What ffmpeg makes of the signal; `piped`: it cannot seek in its output. `wide`: of all its 32 bits."""
    form = ("-f", "s32le") if wide else ("-f", "s16le")
    samples = signal(channels, length) if wide else signal_16(channels, length)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{suffix}"
        command = [
            imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *form, "-ar", str(rate), "-ac", str(channels), "-i", "-",
            *options, "-bitexact", "-fflags", "+bitexact", "-threads", "1", "pipe:1" if piped else str(path),
        ]  # fmt: skip
        little = samples.astype("<i4" if wide else "<i2").tobytes()
        finished = subprocess.run(command, input=little, capture_output=True, check=False)
        assert finished.returncode == 0, (command, finished.stderr.decode(errors="replace"))
        return finished.stdout if piped else path.read_bytes()


def _lossless() -> Iterator[Case]:
    for container, codec, suffix, options, wide in (
        ("RIFF", "pcm_s16le", ".wav", (), False),
        ("RIFF", "pcm_s24le", ".wav", ("-c:a", "pcm_s24le"), True),
        ("RIFF", "pcm_f32le", ".wav", ("-c:a", "pcm_f32le"), True),
        ("RF64", "pcm_s16le", ".wav", ("-rf64", "always"), False),
        ("W64", "pcm_s16le", ".w64", (), False),
        ("AIFF", "pcm_s16be", ".aiff", (), False),
        ("AIFF", "pcm_s24be", ".aiff", ("-c:a", "pcm_s24be"), True),
        ("AU", "pcm_s16be", ".au", (), False),
        ("CAF", "pcm_s16be", ".caf", (), False),
        ("CAF", "alac", ".caf", ("-c:a", "alac"), False),
        ("FLAC", "16 bits", ".flac", (), False),
        ("FLAC", "24 bits", ".flac", ("-sample_fmt", "s32"), True),
        ("FLAC", "16 bits, frames of 512", ".flac", ("-frame_size", "512"), False),
        ("Ogg", "FLAC", ".oga", ("-c:a", "flac"), False),
        ("MP4", "ALAC", ".m4a", ("-c:a", "alac"), False),
        ("MP4", "ALAC, moov before mdat", ".m4a", ("-c:a", "alac", "-movflags", "+faststart"), False),
        ("MOV", "pcm_s16le", ".mov", ("-c:a", "pcm_s16le"), False),
        ("MOV", "pcm_s24be", ".mov", ("-c:a", "pcm_s24be"), True),
        ("MP4", "FLAC", ".mp4", ("-c:a", "flac"), False),
        ("Matroska", "FLAC", ".mka", ("-c:a", "flac"), False),
        ("Matroska", "pcm_s16le", ".mka", ("-c:a", "pcm_s16le"), False),
        ("TTA", "16 bits", ".tta", (), False),
        ("WavPack", "16 bits", ".wv", ("-c:a", "wavpack"), False),
        ("AVI", "pcm_s16le", ".avi", ("-c:a", "pcm_s16le"), False),
        ("RIFF", "pcm_s32le", ".wav", ("-c:a", "pcm_s32le"), True),
        ("CAF", "pcm_f64be", ".caf", ("-c:a", "pcm_f64be"), True),
        ("Ogg", "FLAC, 24 bits", ".oga", ("-c:a", "flac", "-sample_fmt", "s32"), True),
        ("MP4", "ALAC, 24 bits", ".m4a", ("-c:a", "alac", "-sample_fmt", "s32p"), True),
        ("MOV", "pcm_s32le", ".mov", ("-c:a", "pcm_s32le"), True),
        ("MOV", "pcm_f32le", ".mov", ("-c:a", "pcm_f32le"), True),
        ("Matroska", "FLAC, 24 bits", ".mka", ("-c:a", "flac", "-sample_fmt", "s32"), True),
        ("Matroska", "pcm_s24le", ".mka", ("-c:a", "pcm_s24le"), True),
        ("Matroska", "pcm_f32le", ".mka", ("-c:a", "pcm_f32le"), True),
        ("Matroska", "pcm_f64le", ".mka", ("-c:a", "pcm_f64le"), True),
        ("TTA", "24 bits", ".tta", ("-sample_fmt", "s32"), True),
        ("WavPack", "32 bits", ".wv", ("-c:a", "wavpack", "-sample_fmt", "s32p"), True),
        ("WavPack", "float 32", ".wv", ("-c:a", "wavpack", "-sample_fmt", "fltp"), True),
        ("AVI", "pcm_s24le", ".avi", ("-c:a", "pcm_s24le"), True),
    ):
        for channels in (1, 2):
            content = written(suffix, options, channels, wide=wide)
            expected = _expected(codec, channels)
            if container == "W64":  # ffmpeg counts the padding to 8 bytes among the data
                expected = np.pad(expected, (0, -len(expected) % (4 // channels)))
            name = f"{codec}, {'stereo' if channels == 2 else 'mono'}"
            open_end = "pages" if container == "Ogg" else ""
            yield Case("ffmpeg", container, name, "", suffix, content, expected, open_end)


def _expected(codec: str, channels: int) -> np.ndarray:
    samples = signal(channels)
    if "24" in codec:
        return mono_16((samples >> 8) << 8)
    if "f32" in codec or "float" in codec:
        return mono_16((samples / 2**31).astype(np.float32))
    if "f64" in codec:
        return mono_16(samples / 2**31)
    return mono_16(samples if "32" in codec else signal_16(channels))


_LOSSY: tuple[tuple[str, str, str, str, Options, int, str], ...] = (
    ("MP3", "CBR", "", ".mp3", ("-b:a", "64k"), RATE, ""),
    ("MP3", "VBR", "", ".mp3", ("-q:a", "4"), RATE, ""),
    ("MP3", "CBR", "no Xing frame", ".mp3", ("-b:a", "64k", "-write_xing", "0"), RATE, "frames"),
    ("MP3", "VBR", "no Xing frame", ".mp3", ("-q:a", "4", "-write_xing", "0", "-id3v2_version", "0"), RATE, "frames"),
    ("MP3", "CBR, 44,100 Hz", "ID3v1 written", ".mp3", ("-b:a", "64k", "-write_id3v1", "1"), 44100, ""),
    ("MP2", "CBR", "", ".mp2", ("-b:a", "64k"), RATE, "frames"),
    ("Ogg", "Vorbis", "", ".ogg", ("-c:a", "libvorbis"), RATE, "pages"),
    ("Ogg", "Opus", "", ".opus", ("-c:a", "libopus"), 48000, "pages"),
    ("Ogg", "Opus", "16,000 Hz", ".opus", ("-c:a", "libopus"), RATE, "pages"),
    ("MP4", "AAC", "", ".m4a", ("-c:a", "aac"), RATE, ""),
    ("MP4", "AAC", "moov before mdat", ".m4a", ("-c:a", "aac", "-movflags", "+faststart"), RATE, ""),
    ("MP4", "AAC", "fragmented", ".mp4", ("-c:a", "aac", "-movflags", "+frag_keyframe+empty_moov", "-frag_duration",
                                          "60000"), RATE, "fragments"),
    ("MP4", "Opus", "", ".mp4", ("-c:a", "libopus"), 48000, ""),
    ("Matroska", "Vorbis", "", ".mka", ("-c:a", "libvorbis"), RATE, ""),
    ("Matroska", "AAC", "", ".mka", ("-c:a", "aac"), RATE, ""),
    ("WebM", "Opus", "", ".webm", ("-c:a", "libopus"), 48000, ""),
    ("WebM", "Vorbis", "", ".webm", ("-c:a", "libvorbis"), RATE, ""),
    ("ADTS", "AAC", "", ".aac", ("-c:a", "aac"), RATE, "frames"),
    ("AC-3", "AC-3", "", ".ac3", ("-c:a", "ac3", "-b:a", "96k"), 48000, "frames"),
    ("AMR", "narrow-band", "", ".amr", ("-c:a", "libopencore_amrnb"), 8000, "frames"),
    ("ASF", "WMA 2", "", ".wma", ("-c:a", "wmav2"), RATE, ""),
    ("AVI", "MP3", "", ".avi", ("-c:a", "libmp3lame"), RATE, ""),
    ("MPEG-TS", "AAC", "", ".ts", ("-c:a", "aac"), RATE, "frames"),
    ("MP3", "CBR, 8,000 Hz", "", ".mp3", ("-b:a", "24k"), 8000, ""),
    ("E-AC-3", "E-AC-3", "", ".eac3", ("-c:a", "eac3", "-b:a", "96k"), 48000, "frames"),
    ("3GP", "AMR", "", ".3gp", ("-c:a", "libopencore_amrnb"), 8000, ""),
    ("Matroska", "MP3", "", ".mka", ("-c:a", "libmp3lame"), RATE, ""),
    ("Matroska", "AC-3", "", ".mka", ("-c:a", "ac3", "-b:a", "96k"), 48000, ""),
    ("MPEG-TS", "MP2", "", ".ts", ("-c:a", "mp2"), RATE, "frames"),
    ("RIFF", "ADPCM IMA", "", ".wav", ("-c:a", "adpcm_ima_wav"), RATE, ""),
    ("RIFF", "ADPCM Microsoft", "", ".wav", ("-c:a", "adpcm_ms"), RATE, ""),
    ("RIFF", "MP3", "", ".wav", ("-c:a", "libmp3lame"), RATE, ""),
    ("AIFF-C", "IMA4", "", ".aifc", ("-c:a", "adpcm_ima_qt"), RATE, ""),
    ("MOV", "mu-law", "", ".mov", ("-c:a", "pcm_mulaw"), RATE, ""),
)  # fmt: skip


def _lossy() -> Iterator[Case]:
    for container, codec, oddity, suffix, options, rate, open_end in _LOSSY:
        for channels in (1, 2):
            if channels == 2 and (codec in ("narrow-band", "AMR") or oddity):
                continue  # mono alone, or no oddity of stereo
            content = written(suffix, options, channels, rate=rate)
            name = f"{codec}, {'stereo' if channels == 2 else 'mono'}"
            yield Case("ffmpeg", container, name, oddity, suffix, content, open_end=open_end)


_LONG = 50_001
"""Several pages, blocks, fragments and clusters."""


def _long() -> Iterator[Case]:
    for container, codec, suffix, options, rate, open_end in (
        ("Ogg", "Vorbis", ".ogg", ("-c:a", "libvorbis", "-page_duration", "200000"), RATE, "pages"),
        ("Ogg", "Opus", ".opus", ("-c:a", "libopus", "-page_duration", "200000"), 48000, "pages"),
        ("Ogg", "FLAC", ".oga", ("-c:a", "flac", "-page_duration", "200000"), RATE, "pages"),
        ("FLAC", "16 bits", ".flac", (), RATE, ""),
        ("MP3", "CBR", ".mp3", ("-b:a", "64k"), RATE, ""),
        ("MP3", "CBR, no Xing frame", ".mp3", ("-b:a", "64k", "-write_xing", "0"), RATE, "frames"),
        ("MP4", "AAC", ".m4a", ("-c:a", "aac", "-movflags", "+faststart"), RATE, ""),
        ("MP4", "ALAC, moov behind", ".m4a", ("-c:a", "alac"), RATE, ""),
        ("MP4", "ALAC, moov before", ".m4a", ("-c:a", "alac", "-movflags", "+faststart"), RATE, ""),
        ("MP4", "ALAC, fragmented", ".mp4", ("-c:a", "alac", "-movflags", "+frag_keyframe+empty_moov",
                                             "-frag_duration", "500000"), RATE, "fragments"),
        ("Matroska", "FLAC", ".mka", ("-c:a", "flac", "-cluster_time_limit", "500"), RATE, ""),
        ("WebM", "Opus", ".webm", ("-c:a", "libopus", "-cluster_time_limit", "500"), 48000, ""),
        ("AVI", "pcm_s16le", ".avi", ("-c:a", "pcm_s16le"), RATE, ""),
        ("AVI", "MP3", ".avi", ("-c:a", "libmp3lame"), RATE, ""),
        ("ASF", "WMA 2", ".wma", ("-c:a", "wmav2"), RATE, ""),
        ("MPEG-TS", "AAC", ".ts", ("-c:a", "aac"), RATE, "frames"),
        ("ADTS", "AAC", ".aac", ("-c:a", "aac"), RATE, "frames"),
        ("TTA", "16 bits", ".tta", (), RATE, ""),
        ("WavPack", "16 bits", ".wv", ("-c:a", "wavpack"), RATE, ""),
    ):  # fmt: skip
        content = written(suffix, options, rate=rate, length=_LONG)
        is_lossless = any(word in codec for word in ("FLAC", "ALAC", "16"))
        expected = mono_16(signal_16(1, _LONG)) if is_lossless else None
        yield Case("ffmpeg", container, f"{codec}, mono", "longer", suffix, content, expected, open_end)

    options = ("-f", "matroska", "-c:a", "flac", "-cluster_time_limit", "500")
    content = written(".mka", options, piped=True, length=_LONG)
    expected = mono_16(signal_16(1, _LONG))
    yield Case("ffmpeg", "Matroska", "FLAC, mono", "longer, to a pipe", ".mka", content, expected, "clusters")


def _piped() -> Iterator[Case]:
    mono = mono_16(signal_16())
    for container, codec, suffix, options, open_end, is_lossless in (
        ("RIFF", "pcm_s16le", ".wav", ("-f", "wav"), "placeholder", True),
        ("RIFF", "pcm_f32le", ".wav", ("-f", "wav", "-c:a", "pcm_f32le"), "placeholder", True),
        ("W64", "pcm_s16le", ".w64", ("-f", "w64"), "placeholder", True),
        ("AU", "pcm_s16be", ".au", ("-f", "au"), "placeholder", True),
        ("FLAC", "16 bits", ".flac", ("-f", "flac"), "frames", True),
        ("FLAC", "16 bits, frames of 512", ".flac", ("-f", "flac", "-frame_size", "512"), "frames", True),
        ("TTA", "16 bits", ".tta", ("-f", "tta"), "", True),
        ("WavPack", "16 bits", ".wv", ("-f", "wv", "-c:a", "wavpack"), "frames", True),
        ("Ogg", "Vorbis", ".ogg", ("-f", "ogg", "-c:a", "libvorbis"), "pages", False),
        ("Ogg", "FLAC", ".oga", ("-f", "ogg", "-c:a", "flac"), "pages", True),
        ("MP3", "CBR", ".mp3", ("-f", "mp3", "-b:a", "64k"), "frames", False),
        ("Matroska", "pcm_s16le", ".mka", ("-f", "matroska", "-c:a", "pcm_s16le"), "clusters", True),
        ("Matroska", "pcm_s16le, live", ".mka", ("-f", "matroska", "-live", "1", "-c:a", "pcm_s16le"), "clusters",
         True),
        ("WebM", "Opus", ".webm", ("-f", "webm", "-c:a", "libopus"), "clusters", False),
        ("ASF", "WMA 2", ".wma", ("-f", "asf", "-c:a", "wmav2"), "frames", False),
        ("MP4", "ALAC, fragmented", ".mp4",
         ("-f", "mp4", "-c:a", "alac", "-frame_size", "512", "-movflags", "+frag_keyframe+empty_moov",
          "-frag_duration", "60000"), "fragments", True),
        ("AVI", "pcm_s16le", ".avi", ("-f", "avi", "-c:a", "pcm_s16le"), "placeholder", True),
    ):  # fmt: skip
        rate = 48000 if "Opus" in codec else RATE
        content = written(suffix, options, rate=rate, piped=True)
        yield Case("ffmpeg", container, codec, "to a pipe", suffix, content, mono if is_lossless else None, open_end)


GAP, OFFSET = ("-af", "aselect='not(between(t,1,2))'"), ("-af", "asetpts=PTS+2/TB")


def _with_gaps() -> Iterator[Case]:
    """Recordings whose times have a gap, as of a recorder that was paused, or do not begin at 0."""
    fragmented = ("-movflags", "+frag_keyframe+empty_moov", "-frag_duration", "500000")
    for container, codec, suffix, options, rate, open_end in (
        ("WebM", "Opus", ".webm", ("-c:a", "libopus"), 48000, ""),
        ("Matroska", "FLAC", ".mka", ("-c:a", "flac"), RATE, ""),
        ("MP4", "AAC", ".m4a", ("-c:a", "aac"), RATE, ""),
        ("MP4", "ALAC, fragmented", ".mp4", ("-c:a", "alac", *fragmented), RATE, "fragments"),
        ("ASF", "WMA 2", ".wma", ("-c:a", "wmav2"), RATE, ""),
    ):
        for oddity, filtered in (("gap", GAP), ("begins at 2 s", OFFSET)):
            length = _LONG * rate // RATE if oddity == "gap" else LENGTH
            content = written(suffix, (*options, *filtered), rate=rate, length=length)
            expected = mono_16(signal_16()) if oddity != "gap" and codec == "FLAC" else None
            yield Case("ffmpeg", container, f"{codec}, mono", oddity, suffix, content, expected, open_end)


def _of_recorders() -> Iterator[Case]:
    """Recordings as programs leave them that end a stream in another way, or add its duration afterwards."""
    for codec, suffix, encoder, rate in (
        ("Vorbis", ".ogg", "libvorbis", RATE), ("Opus", ".opus", "libopus", 48000), ("FLAC", ".oga", "flac", RATE),
    ):  # fmt: skip
        whole = written(suffix, ("-c:a", encoder, "-page_duration", "100000"), rate=rate, length=9001)
        expected = mono_16(signal_16(1, 9001)) if codec == "FLAC" else None
        for oddity, content in ogg.ended_otherwise(whole).items():
            yield Case("ffmpeg", "Ogg", codec, oddity, suffix, content, expected, "pages")
    live = written(".webm", ("-f", "webm", "-live", "1", "-c:a", "libopus"), rate=48000, piped=True, length=_LONG)
    content = with_duration(live, 1000 * _LONG / 48000 + 300)
    yield Case("ffmpeg", "WebM", "Opus", "to a pipe, duration of 300 ms more", ".webm", content, open_end="clusters")


def adts_frames(content: bytes, count: int) -> bytes:
    """The first frames of AAC in ADTS."""
    position = 0
    for _number in range(count):
        header = content[position : position + 7]
        position += (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return content[:position]


def with_duration(live: bytes, milliseconds: float) -> bytes:
    """A live Matroska file, to whose information a duration is added."""
    at = live.rindex(bytes.fromhex("1549a966"), 0, live.index(bytes.fromhex("1f43b675"))) + 4
    width = 9 - live[at].bit_length()
    size = int.from_bytes(live[at : at + width], "big") & (1 << 7 * width) - 1
    element = bytes.fromhex("448988") + struct.pack(">d", milliseconds)
    end = at + width + size
    longer = (size + len(element) | 1 << 56).to_bytes(8, "big")
    return live[:at] + longer + live[at + width : end] + element + live[end:]


def _joined() -> Iterator[Case]:
    mono = mono_16(signal_16())
    twice = np.concatenate([mono, mono])
    flac, other = written(".flac", ()), ("-serial_offset", "7")
    mp3 = written(".mp3", ("-b:a", "64k", "-write_xing", "0", "-id3v2_version", "0"))
    aac = written(".aac", ("-c:a", "aac"))
    yield Case(
        "ffmpeg", "FLAC", "16 bits", "two, one after the other", ".flac", flac + flac, twice, "streams", len(flac)
    )
    for codec, suffix, encoder, rate in (
        ("Vorbis", ".ogg", "libvorbis", RATE), ("Opus", ".opus", "libopus", 48000), ("FLAC", ".oga", "flac", RATE),
    ):  # fmt: skip
        first = written(suffix, ("-c:a", encoder), rate=rate)
        second = written(suffix, ("-c:a", encoder, *other), rate=rate)
        expected = twice if codec == "FLAC" else None
        yield Case("ffmpeg", "Ogg", codec, "chained", suffix, first + second, expected, "pages")
    yield Case("ffmpeg", "MP3", "CBR", "two, one after the other", ".mp3", mp3 + mp3, open_end="frames")
    for count in (1, 2, 3):
        frames = adts_frames(aac, count)
        yield Case("ffmpeg", "ADTS", "AAC", f"{count} of its frames", ".aac", frames, open_end="frames")
    yield Case("ffmpeg", "ADTS", "AAC", "two, one after the other", ".aac", aac + aac, open_end="frames")


def _tagged() -> Iterator[Case]:
    mono = mono_16(signal_16())
    flac, mp3 = written(".flac", ()), written(".mp3", ("-b:a", "64k"))
    bare = written(".mp3", ("-b:a", "64k", "-write_xing", "0", "-id3v2_version", "0"))
    ogg, m4a = written(".ogg", ("-c:a", "libvorbis")), written(".m4a", ("-c:a", "aac"))
    no_length = flac[:21] + bytes([flac[21] & 0xF0]) + bytes(4) + flac[26:]
    yield Case("ffmpeg", "FLAC", "16 bits", "0 samples in STREAMINFO", ".flac", no_length, mono, "frames")
    no_digest = no_length[:26] + bytes(16) + no_length[42:]
    yield Case("ffmpeg", "FLAC", "16 bits", "neither samples nor MD5", ".flac", no_digest, mono, "frames")
    yield Case("ffmpeg", "FLAC", "16 bits", "ID3 before", ".flac", tags.id3v2() + flac, mono)
    yield Case("ffmpeg", "MP3", "CBR", "another ID3 before", ".mp3", tags.id3v2() + mp3)
    for oddity, more in tags.BEHIND.items():
        yield Case("ffmpeg", "FLAC", "16 bits", oddity, ".flac", flac + more, mono)
        yield Case("ffmpeg", "MP3", "CBR", oddity, ".mp3", mp3 + more)
        yield Case("ffmpeg", "MP3", "CBR, no Xing frame", oddity, ".mp3", bare + more, open_end="frames")
        yield Case("ffmpeg", "Ogg", "Vorbis", oddity, ".ogg", ogg + more, open_end="pages")
        yield Case("ffmpeg", "MP4", "AAC", oddity, ".m4a", m4a + more)
