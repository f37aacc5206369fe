"""Images that tasks draw of what a run has answered."""
