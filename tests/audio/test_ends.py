"""Where a recording ends: without a last page, with padding in its last block, with times that have no samples."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import soundfile

from hearpreprocess import audio
from hearpreprocess.errors import AudioError
from tests.audio.recordings import by_ffmpeg, ogg
from tests.audio.recordings.by_hand_others import aiff_common, aiff_form, aiff_sound, caf_data, caf_head
from tests.audio.recordings.by_hand_riff import PCM, PLACEHOLDERS, chunk, described, extensible, riff
from tests.audio.recordings.case import LENGTH, RATE, signal_16
from tests.audio.recordings.encodings import pcm

LITTLE, BIG = pcm(16), pcm(16, order=">")


def written(form: str, subtype: str, length: int = LENGTH, rate: int = RATE) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, signal_16(1, length), rate, subtype, format=form)
    return file.getvalue()


def length_of(content: bytes) -> int:
    """How many samples a recording has, which `probe` and `decode` say alike."""
    length = len(audio.decode(content).samples)
    assert audio.probe(content).frames == length
    return length


@pytest.mark.parametrize(("bits", "channels", "block"), [(24, 1, 4), (24, 2, 8), (16, 2, 2), (16, 1, 4), (32, 1, 3)])
@pytest.mark.parametrize("described_as", [described, extensible])
def test_blocks_that_the_bits_do_not_fill_are_refused(bits: int, channels: int, block: int, described_as) -> None:
    head = described_as(PCM, channels, bits, block=block)
    content = riff(chunk(b"fmt ", head), chunk(b"data", LITTLE[0]))
    wanted = f"{block} bytes per block; expected {channels * bits // 8} for {channels} channels? of {bits} bits"
    for read in (audio.decode, audio.probe, audio.read_wav):
        with pytest.raises(AudioError, match=wanted):
            read(content)


def test_blocks_of_0_bytes_are_those_of_the_bits() -> None:
    content = riff(chunk(b"fmt ", described(PCM, 1, 16, block=0)), chunk(b"data", LITTLE[0]))
    assert audio.decode(content).samples.tolist() == LITTLE[1].tolist()
    with pytest.raises(AudioError, match="truncated"):
        audio.decode(content[:-100])


@pytest.mark.parametrize(("codec", "rate"), [("VORBIS", RATE), ("OPUS", 48000), ("OPUS", 16000)])
def test_an_ogg_without_a_last_page_is_whole(codec: str, rate: int) -> None:
    content = written("OGG", codec, 3 * rate, rate)
    whole = audio.decode(content).samples
    endings = ogg.ended_otherwise(content)
    for oddity, odd in endings.items():
        assert np.array_equal(audio.decode(odd).samples, whole), oddity
        assert audio.probe(odd).frames == len(whole), oddity
    bare = endings["no last page"]
    pages = ogg.pages_of(bare)
    begun = audio.decode(b"".join(pages[:-1])).samples
    assert 0 < len(begun) < len(whole)
    assert np.array_equal(begun, whole[: len(begun)])
    assert length_of(bare + bare) == 2 * len(whole)
    for damaged in (
        bare[:-1],
        bare[: -len(pages[-1]) + 3],
        bare + b"OggX" + bytes(50),
        b"".join([*pages[:-2], pages[-1]]),
    ):
        with pytest.raises(AudioError, match="truncated|damaged"):
            audio.decode(damaged)


def test_an_ogg_whose_last_packet_goes_on_is_cut() -> None:
    pages = ogg.pages_of(written("OGG", "VORBIS"))
    table = pages[-1][27 : 27 + pages[-1][26]]
    going_on = pages[-1][:26] + bytes([len(table) + 1]) + table + b"\xff" + pages[-1][27 + len(table) :] + bytes(255)
    for flags in (0, 4):
        content = b"".join(pages[:-1]) + ogg.page_with(going_on, flags=flags)
        with pytest.raises(AudioError, match="truncated: the last packet continues"):
            audio.decode(content)


@pytest.mark.parametrize("codec", ["VORBIS", "OPUS"])
def test_a_gap_in_an_ogg_has_no_samples(codec: str) -> None:
    pages = ogg.pages_of(written("OGG", codec, 3 * 48000, 48000))
    positions = [struct.unpack("<q", page[6:14])[0] for page in pages]
    late = [
        ogg.page_with(page, granule=position + 10 * 48000) if number > len(pages) // 2 else page
        for number, (page, position) in enumerate(zip(pages, positions, strict=True))
    ]
    assert abs(length_of(b"".join(late)) - 3 * 48000) < 2000


@pytest.mark.parametrize("size", PLACEHOLDERS)
@pytest.mark.parametrize(("mark", "order", "data"), [(b".snd", ">", BIG), (b"dns.", "<", LITTLE)])
def test_au_with_a_placeholder_lasts_to_the_end(size: int, mark: bytes, order: str, data) -> None:
    content = mark + struct.pack(f"{order}LLLLL", 28, size, 3, RATE, 1) + b"note" + data[0]
    assert audio.decode(content).samples.tolist() == data[1].tolist()
    with pytest.raises(AudioError, match="no samples"):
        audio.decode(content[:28])


@pytest.mark.parametrize("size", [-1, 0, (1 << 63) - 1])
def test_caf_with_a_placeholder_lasts_to_the_end(size: int) -> None:
    content = caf_head(b"lpcm", 0, 16, 1) + caf_data(BIG[0], size)
    assert audio.decode(content).samples.tolist() == BIG[1].tolist()


@pytest.mark.parametrize("subtype", ["MS_ADPCM", "IMA_ADPCM"])
def test_the_fact_chunk_ends_the_last_block(subtype: str) -> None:
    content = written("WAV", subtype)
    at = content.index(b"fact") + 8
    per_block = int.from_bytes(content[38:40], "little")
    whole = -(-LENGTH // per_block) * per_block
    for frames, expected in (
        (LENGTH, LENGTH), (whole, whole), (whole - per_block + 1, whole - per_block + 1),
        (whole - per_block, whole), (whole + 1, whole), (0, whole),
    ):  # fmt: skip
        assert length_of(content[:at] + struct.pack("<L", frames) + content[at + 4 :]) == expected, frames


def test_gsm_whose_size_counts_the_padding() -> None:
    content = written("WAV", "GSM610", 2800, 8000)
    at = content.index(b"data") + 4
    (size,) = struct.unpack("<L", content[at : at + 4])
    assert size == 9 * 65
    padded = content[:at] + struct.pack("<L", size + 1) + content[at + 4 : at + 4 + size] + b"\0"
    assert audio.decode(padded).samples.tolist() == audio.decode(content).samples.tolist()


@pytest.mark.parametrize("zeros", [1, 2, 3, 4, 5000])
def test_zeros_between_chunks_are_none(zeros: int) -> None:
    head, data = chunk(b"fmt ", described(PCM, 1, 16)), chunk(b"data", LITTLE[0])
    for content in (riff(head, bytes(zeros), data), riff(bytes(zeros), head, data)):
        assert audio.decode(content).samples.tolist() == LITTLE[1].tolist()
        with pytest.raises(AudioError):
            audio.decode(content[:-1])


def test_an_aiff_sound_chunk_may_leave_out_its_own_fields() -> None:
    sound = aiff_sound(BIG[0], size=len(BIG[0]))
    whole = aiff_form(b"AIFF", aiff_common(1, 16), sound)
    note = b"ANNO" + struct.pack(">L", 9) + b"some note\0"
    for content in (whole, aiff_form(b"AIFF", aiff_common(1, 16), sound, note)):
        assert audio.decode(content).samples.tolist() == BIG[1].tolist()
    too_many = aiff_form(b"AIFF", aiff_common(1, 16, frames=LENGTH + 4), aiff_sound(BIG[0]), note)
    for cut in (whole[:-1], too_many):
        with pytest.raises(AudioError, match="truncated"):
            audio.decode(cut)


def test_aac_may_have_one_frame() -> None:
    content = by_ffmpeg.written(".aac", ("-c:a", "aac"))
    last = by_ffmpeg.adts_frames(content, 1)
    changed = bytes([*last[:2], last[2] ^ 4, *last[3:]])  # of another rate: the walk goes on to the end
    assert length_of(by_ffmpeg.adts_frames(content, 3) + changed) >= 3 * 1024
    for count in (1, 2):
        frames = by_ffmpeg.adts_frames(content, count)
        assert length_of(frames) == 1024 * count
        with pytest.raises(AudioError, match="truncated"):
            audio.decode(frames[:-1])


@pytest.mark.parametrize(
    ("suffix", "codec", "odd"),
    [(".mka", "flac", by_ffmpeg.OFFSET), (".wma", "wmav2", by_ffmpeg.OFFSET), (".m4a", "alac", by_ffmpeg.GAP)],
)
def test_times_without_samples_are_no_cut(suffix: str, codec: str, odd: tuple[str, ...]) -> None:
    content = by_ffmpeg.written(suffix, ("-c:a", codec, *odd), length=3 * RATE)
    expected = 3 * RATE if odd == by_ffmpeg.OFFSET else 2 * RATE
    assert abs(length_of(content) - expected) <= 2048
    with pytest.raises(AudioError):
        audio.decode(content[: len(content) * 3 // 4])


def test_a_live_recording_is_held_to_a_duration_that_was_added() -> None:
    live = by_ffmpeg.written(".mka", ("-f", "matroska", "-live", "1", "-c:a", "flac"), piped=True, length=3 * RATE)
    assert length_of(by_ffmpeg.with_duration(live, 3300)) == 3 * RATE
    for behind in (bytes(3000), b"TAG" + bytes(125)):
        assert length_of(live + behind) == 3 * RATE
    half = len(live) // 2
    with pytest.raises(AudioError, match="damaged: no element at byte"):
        audio.decode(live[:half] + b"\0" + live[half:])
    with pytest.raises(AudioError, match=r"truncated: the header declares 6\.000 s, the last block begins at 2\.\d+ s"):
        audio.decode(by_ffmpeg.with_duration(live, 6000))
