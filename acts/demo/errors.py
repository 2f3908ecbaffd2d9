"""What stops the demo; the text is fit for whoever started it."""


class DemoError(Exception):
    """The demo cannot be played here as asked."""
