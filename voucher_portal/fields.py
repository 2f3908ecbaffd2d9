"""Column types that Django does not bring."""

from django.db import models


class DayMaskField(models.Field):
    """The days of a month as PostgreSQL `bit(31)`: bit k is day k + 1. In Python a string of 31 characters 0 and 1.

    A mask lets one row stand for a month: covered days are `bit_count(study & contract)`, see registry/sql.
    """

    def db_type(self, connection):
        return "bit(31)"
