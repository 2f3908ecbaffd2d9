"""What the tests of signatures share."""

from tests.pki import pki

__all__ = ["pki"]
