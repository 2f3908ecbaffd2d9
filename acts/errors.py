"""The one kind of error that acts raise; its text is fit for the person in front of the page."""


class ActError(Exception):
    """An act cannot do what was asked of it; the text says why and what helps."""
