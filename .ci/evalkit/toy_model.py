"""A model after the HEAR API without any training: the loudness of 64 frequency bands, every 50 ms."""

from __future__ import annotations

import torch

BANDS = 64
WINDOW = 1024
"""Samples of a frame, 64 ms at 16 kHz."""


class ToyModel(torch.nn.Module):  # type: ignore[misc]  # PyTorch is not installed where types are checked
    """What the HEAR API wants to know of a model."""

    sample_rate = 16000
    scene_embedding_size = BANDS
    timestamp_embedding_size = BANDS
    hop = 800


def load_model(model_file_path: str = "") -> ToyModel:
    """The model; it has no weights to load."""
    return ToyModel()


def get_timestamp_embeddings(audio: torch.Tensor, model: ToyModel) -> tuple[torch.Tensor, torch.Tensor]:
    """Embeddings (sounds, frames, 64) of audio (sounds, samples), and the middles of the frames in milliseconds."""
    spectrum = torch.stft(
        audio,
        n_fft=WINDOW,
        hop_length=model.hop,
        window=torch.hann_window(WINDOW, device=audio.device),
        pad_mode="constant",
        return_complex=True,
    )
    power = spectrum.abs().square()[:, 1:].unflatten(1, (BANDS, -1)).mean(dim=2)
    embeddings = torch.log(power + 1e-6).transpose(1, 2)
    timestamps = torch.arange(embeddings.shape[1], device=audio.device) * model.hop / model.sample_rate * 1000
    return embeddings, timestamps.expand(len(audio), -1)


def get_scene_embeddings(audio: torch.Tensor, model: ToyModel) -> torch.Tensor:
    """Embeddings (sounds, 64) of audio (sounds, samples): the mean over the frames."""
    embeddings, _ = get_timestamp_embeddings(audio, model)
    return embeddings.mean(dim=1)
