"""What the doors of the emulated channels share."""


class Dropped(Exception):
    """The connection is cut without an answer."""
