"""What the tests of sign-in by signature share."""

from tests.pki import pki

__all__ = ["pki"]
