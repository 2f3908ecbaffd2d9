"""What payments raise; the text is fit for the operator."""

from acts.errors import ActError


class PaymentError(ActError):
    """Nothing can be sent or asked before somebody has mended a setting."""
