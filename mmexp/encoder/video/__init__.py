"""Encoders of video, as frames."""
