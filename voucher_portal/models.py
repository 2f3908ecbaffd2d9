"""The base of every model whose state is moved by transitions."""

from django.db import models
from django_fsm import FSMModelMixin


class StatefulModel(FSMModelMixin, models.Model):
    """A model with a protected state: only a transition, or its bulk twin, may move it.

    `full_clean()` assigns cleaned values back, which a protected field refuses; and a form without the state would
    validate a conditional constraint with a hole in it. So the state is never cleaned and always constrained.
    """

    class Meta:
        abstract = True

    def clean_fields(self, exclude=None):
        """Clean every field but the protected states."""
        super().clean_fields(exclude=set(exclude or ()) | self._get_protected_fsm_fields())

    def validate_constraints(self, exclude=None):
        """Validate constraints with the protected states, whatever the form leaves out."""
        super().validate_constraints(exclude=set(exclude or ()) - self._get_protected_fsm_fields())
