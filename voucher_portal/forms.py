"""The base of every form: messages in the words of the glossary, with the label of the field in them."""

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _


class PortalForm(forms.Form):
    """A form whose empty required field says «Fill in the field …» and whose controls `components/form.html` draws."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            label = field.label or name
            field.error_messages["required"] = format_lazy(_("Fill in the field “{label}”."), label=label)
