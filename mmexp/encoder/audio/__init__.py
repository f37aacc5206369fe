"""Encoders of audio, as waveforms."""
