"""The base of commands: one JSON object on standard output, the rest on standard error, exit status 0, 1 or 2."""

import io
import json
from decimal import Decimal

import pytest
from django.core.management import call_command

from voucher_portal.commands import JsonCommand, WrongInput


class Command(JsonCommand):
    def add_options(self, parser):
        parser.add_argument("word")

    def run(self, word, **options):
        self.progress(f"hears {word}")
        print("a library that prints")  # noqa: T201
        if word == "nonsense":
            raise WrongInput("word: is nonsense", "word: really")
        return {"contracts": {"new": 2, "put_aside": int(word == "broken")}, "amount_kzt": Decimal("1.50")}

    def exit_status(self, result):
        return 1 if result["contracts"]["put_aside"] else 0


def said(*args):
    """What the command printed on both streams, and its exit status."""
    out, err, status = io.StringIO(), io.StringIO(), 0
    try:
        call_command(Command(stdout=out, stderr=err), *args)
    except SystemExit as stop:
        status = stop.code
    return out.getvalue(), err.getvalue(), status


def test_json_is_all_that_standard_output_has(capsys):
    out, err, status = said("word", "--json")
    assert json.loads(out) == {"contracts": {"new": 2, "put_aside": 0}, "amount_kzt": "1.50"}
    assert (err, status) == ("hears word\n", 0)
    assert capsys.readouterr().out == ""


def test_people_get_one_line_for_each_number():
    out, _err, _status = said("word")
    assert out == "contracts.new: 2\ncontracts.put_aside: 0\namount_kzt: 1.50\n"


def test_what_is_put_aside_gives_status_1_and_still_the_result():
    out, _err, status = said("broken", "--json")
    assert (json.loads(out)["contracts"]["put_aside"], status) == (1, 1)


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_wrong_input_gives_status_2_and_its_reasons(flags):
    out, err, status = said("nonsense", *flags)
    assert err == "hears nonsense\nword: is nonsense\nword: really\n"
    assert status == 2
    assert (json.loads(out) if flags else out) == ({"errors": ["word: is nonsense", "word: really"]} if flags else "")
