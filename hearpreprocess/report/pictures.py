"""The pictures of a report: SVG paths for lines, a small PNG for a spectrogram.

Every picture is drawn into a box of fixed units, which the page scales to the available space.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence

from hearpreprocess.audio import FULL_SCALE, Samples

WIDTH, HEIGHT = 256, 64
"""Of waveform and spectrogram."""

ROLL_WIDTH = 480
"""Of an event roll; its rows are one unit high."""

BAR_HEIGHT = 100
"""Of the highest bar of a histogram; each bar is one unit wide."""

RANGE = 80
"""Decibels from the loudest bin of a spectrogram, the brightest colour, to the darkest colour."""

# Sixteen colours of evenly rising OKLab lightness, from indigo through green to yellow, readable without colour vision.
_RAMP = bytes.fromhex(
    "150033 190154 101b66 01326b 02466d 055875 006a7e 057c85 058f8a 0aa28c 32b487 65c382 90d07d b7dc7b dee77d fff19a"
)
_COLOURS = len(_RAMP) // 3
_WINDOW = 512
_MOST_FRAMES = 2  # per column: covers 16 s at 16 kHz without gaps
_GAP = 0.08  # between two bars


def waveform(samples: Samples) -> str:
    """An SVG path with a stroke for each column, from its lowest to its highest sample."""
    import numpy as np

    if not len(samples):
        return f"M0 {HEIGHT // 2}h{WIDTH}"
    edges = np.arange(WIDTH) * len(samples) // WIDTH
    middle, scale = HEIGHT / 2, (HEIGHT / 2 - 1) / FULL_SCALE
    tops = np.rint(middle - np.maximum.reduceat(samples, edges) * scale).astype(int)
    bottoms = np.rint(middle - np.minimum.reduceat(samples, edges) * scale).astype(int)
    # A stroke of length 0 is not drawn: silence gets one unit.
    return "".join(
        f"M{column} {top}v{max(1, bottom - top)}"
        for column, (top, bottom) in enumerate(zip(tops.tolist(), bottoms.tolist(), strict=True))
    )


def spectrogram(samples: Samples) -> str:
    """The data URL of a PNG: time to the right, frequency upwards on a linear scale, power in decibels.

    Each column is the mean of up to _MOST_FRAMES evenly spread frames, with gaps between them in a long clip, so that
    an hour takes no more time than a minute.
    """
    import numpy as np
    from PIL import Image

    frames_a_column = min(_MOST_FRAMES, max(1, -(-len(samples) // (WIDTH * _WINDOW))))
    frames = WIDTH * frames_a_column
    starts = (2 * np.arange(frames) + 1) * len(samples) // (2 * frames)
    # A long clip is not copied for silence around it: its first and last frame lie less than a column further inside.
    if len(samples) < frames * _WINDOW:
        samples = np.pad(samples, _WINDOW // 2)
    else:
        starts = np.clip(starts - _WINDOW // 2, 0, len(samples) - _WINDOW)
    windowed = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[starts] * np.hanning(_WINDOW)
    # Without the DC bin, so that the number of bins is a multiple of the rows.
    of_frames = np.fft.rfft(windowed, axis=1)[:, 1:]
    squares = of_frames.real**2 + of_frames.imag**2
    power = squares.reshape(WIDTH, frames_a_column, HEIGHT, _WINDOW // 2 // HEIGHT).mean(axis=(1, 3))
    loudest = power.max()
    if loudest > 0:
        decibels = 10 * np.log10(np.maximum(power / loudest, 10 ** (-RANGE / 10)))
        levels = np.minimum((decibels / RANGE + 1) * _COLOURS, _COLOURS - 1).astype(np.uint8)
    else:
        levels = np.zeros(power.shape, np.uint8)
    picture = Image.fromarray(np.ascontiguousarray(levels.T[::-1]))
    picture.putpalette(_RAMP)
    content = io.BytesIO()
    picture.save(content, "PNG", optimize=True, bits=4)
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"


def event_roll(rows: Sequence[str], events: Iterable[tuple[str, float, float]], seconds: float) -> str:
    """An SVG path with a stroke for each event, in the row of its label. `events`: label, start and end in seconds.

    Events of a label that touch at this width become one stroke, so that thousands of them stay small.
    """
    scale = ROLL_WIDTH / seconds if seconds else 0
    row_of = {label: number for number, label in enumerate(rows)}
    strokes: list[list[int]] = []
    for label, start, end in sorted(events, key=lambda event: (row_of[event[0]], event[1])):
        left = min(max(0, round(start * scale)), ROLL_WIDTH - 1)
        right = min(max(left + 1, round(end * scale)), ROLL_WIDTH)
        if strokes and strokes[-1][0] == row_of[label] and left < strokes[-1][2]:
            strokes[-1][2] = max(right, strokes[-1][2])
        else:
            strokes.append([row_of[label], left, right])
    path, last_row, last_right = [], -1, 0
    for row, left, right in strokes:
        # Relative to the end of the previous stroke in the row, which takes fewer bytes.
        move = f"m{left - last_right} 0" if row == last_row else f"M{left} {row}.5"
        path.append(f"{move}h{right - left}")
        last_row, last_right = row, right
    return "".join(path)


def bars(counts: Sequence[int]) -> str:
    """An SVG path with a bar for each count; every count above 0 is visible."""
    highest = max(counts, default=0)
    width = 1 - 2 * _GAP
    heights = [max(1, round(BAR_HEIGHT * count / highest)) if count else 0 for count in counts]
    return "".join(
        f"M{at + _GAP:g} {BAR_HEIGHT}v-{height}h{width:g}v{height}z" for at, height in enumerate(heights) if height
    )
