"""Missing modalities: what the fusion is given of a modality that a sample lacks."""
