"""The form base and the components that draw forms, deadlines and confirmations."""

from django import forms
from django.http import HttpResponse
from django.template.loader import render_to_string

from tests import html
from voucher_portal.forms import PortalForm


class ReasonForm(PortalForm):
    reason = forms.CharField(label="Reason", help_text="One sentence")
    note = forms.CharField(label="Note", required=False)
    sure = forms.BooleanField(label="I am sure")
    way = forms.ChoiceField(label="Way", choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)

    def clean(self):
        raise forms.ValidationError("These two do not fit.")


def draw(template: str, **context) -> HttpResponse:
    return HttpResponse(render_to_string(template, context))


def test_an_empty_required_field_is_named_in_its_message():
    form = ReasonForm({})
    assert form.errors["reason"] == ["Заполните поле «Reason»."]


def test_the_summary_names_every_error_and_links_to_its_field():
    page = draw("components/form.html", form=ReasonForm({"way": "a"}))
    assert html.texts_of(page, ".error-summary li") == [
        "These two do not fit.",
        "Reason: Заполните поле «Reason».",
        "I am sure: Заполните поле «I am sure».",
    ]
    assert html.element(page, ".error-summary a[href='#id_reason']") is not None


def test_what_is_not_required_says_so():
    page = draw("components/form.html", form=ReasonForm())
    assert html.texts_of(page, ".field__optional") == ["необязательно"]


def test_help_and_error_have_the_ids_that_the_control_points_to():
    page = draw("components/form.html", form=ReasonForm({}))
    described_by = html.element(page, "#id_reason").get("aria-describedby").split()
    assert [html.text_of(page, f"#{name}") for name in described_by] == ["One sentence", "Заполните поле «Reason»."]


def test_choices_stand_under_one_legend():
    page = draw("components/form.html", form=ReasonForm())
    assert html.text_of(page, "fieldset legend") == "Way"


def test_a_deadline_says_what_by_when_and_what_to_do():
    page = draw("components/deadline.html", text="Confirm October", left="2 days", url="/x/", action="Confirm")
    assert html.text_of(page, ".deadline__text") == "Confirm October — 2 days"
    assert html.element(page, ".deadline a").get("href") == "/x/"


def test_a_confirmation_names_the_thing_and_offers_the_way_back():
    page = draw(
        "components/confirm.html",
        question="Reject act № 12?",
        warning="It cannot be undone.",
        action="Reject",
        post_to="/act/12/reject/",
        back="/act/12/",
        form=ReasonForm(),
    )
    form = html.element(page, "form.confirm")
    assert (form.get("method"), form.get("action")) == ("post", "/act/12/reject/")
    assert html.text_of(page, "form.confirm h2") == "Reject act № 12?"
    assert html.element(page, ".buttons a").get("href") == "/act/12/"
