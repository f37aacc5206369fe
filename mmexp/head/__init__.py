"""Networks that a task puts after the fusion."""
