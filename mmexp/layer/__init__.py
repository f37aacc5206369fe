"""Network layers that several parts share."""
