"""A user's table: reading, columns, splits, validation, and what happens to rows that cannot be used."""
