"""Stories of every role, told by a real browser."""
