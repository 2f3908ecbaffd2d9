import pytest

from integrations.onec.messages import Reason
from integrations.onec.reader import read
from tests.integrations.onec.examples import (
    LOCAL_IBAN,
    OTHER_IBAN,
    PAYEE_IBAN,
    STATEMENT,
    document_text,
    statement_text,
    text,
    windows,
)


def doubts(content: str) -> list[tuple[int, Reason]]:
    """Line and reason of what is wrong with a statement that can be read."""
    statement = read(windows(content))
    assert statement.is_complete == (not statement.doubts)
    return [(doubt.line, doubt.reason) for doubt in statement.doubts]


def balance(opening, received, spent, closing, *, iban=LOCAL_IBAN, day="06.11.2025") -> str:
    """The fields of an account's section."""
    return (
        f"ДатаНачала={day}\nДатаКонца={day}\nРасчСчет={iban}\nНачальныйОстаток={opening}\nВсегоПоступило={received}\n"
        f"ВсегоСписано={spent}\nКонечныйОстаток={closing}\n"
    )


def income(amount: str, **changes) -> str:
    """A document by which the local account received money."""
    fields = {"СуммаРасход": "", "СуммаПриход": amount, "ПлательщикИИК": PAYEE_IBAN, "ПолучательИИК": LOCAL_IBAN}
    return document_text(**(fields | changes))


BETWEEN = "КонецРасчСчет\nСекцияРасчСчет\n"


def test_a_statement_that_adds_up_is_complete():
    documents = [document_text(СуммаРасход="10.10"), document_text(СуммаРасход="0.20"), income("5.05")]
    assert doubts(statement_text(*documents, balance=balance("100.00", "5.05", "10.30", "94.75"))) == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("1000000.00", "0.00", "50668.00", "949332.01"), Reason.WRONG_BALANCE),
        (("1000000.00", "0.00", "50667.99", "949332.01"), Reason.WRONG_EXPENSE),
        (("1000000.00", "0.01", "50668.00", "949332.01"), Reason.WRONG_INCOME),
        (("", "0.00", "50668.00", "949332.00"), Reason.NO_BALANCE),
        (("1000000.00", "", "50668.00", "949332.00"), Reason.NO_BALANCE),
        (("1000000.00", "0.00", "50668.00", ""), Reason.NO_BALANCE),
    ],
)
def test_a_balance_that_does_not_add_up_makes_the_statement_incomplete(values, expected):
    assert doubts(statement_text(balance=balance(*values))) == [(11, expected)]


def test_a_document_that_is_missing_is_noticed():
    documents = document_text(СуммаРасход="50000.00")
    assert doubts(statement_text(documents)) == [(11, Reason.WRONG_EXPENSE)]


def test_a_document_that_came_twice_is_noticed():
    assert doubts(statement_text(document_text() * 2)) == [(11, Reason.WRONG_EXPENSE)]


def test_an_account_may_be_overdrawn_but_not_turned_over_negatively():
    assert doubts(statement_text(balance=balance("-1.00", "0.00", "50668.00", "-50669.00"))) == []


def test_a_statement_without_balances_closes_nothing():
    before, _, rest = text(STATEMENT).partition("СекцияРасчСчет\n")
    content = before + rest.partition("КонецРасчСчет\n")[2]
    assert doubts(content) == [(1, Reason.NO_BALANCE), (11, Reason.FOREIGN_ACCOUNT)]


def test_a_file_that_names_no_account_at_all_closes_nothing():
    assert doubts("1CClientBankExchange\nКонецФайла\n") == [(1, Reason.NO_BALANCE)]


def test_every_account_of_the_header_has_its_balance():
    content = text(STATEMENT).replace("СекцияРасчСчет\n", f"РасчСчет={OTHER_IBAN}\nСекцияРасчСчет\n")
    assert doubts(content) == [(1, Reason.NO_BALANCE)]


def test_a_file_that_names_no_account_in_its_header_is_judged_by_its_balances():
    assert doubts(text(STATEMENT).replace(f"РасчСчет={LOCAL_IBAN}\nСекция", "РасчСчет=\nСекция")) == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"ПлательщикИИК": OTHER_IBAN}, [(20, Reason.FOREIGN_ACCOUNT), (11, Reason.WRONG_EXPENSE)]),
        ({"ПлательщикИИК": ""}, []),
        ({"СуммаРасход": "", "Сумма": "50668.00"}, []),
        (
            {"СуммаРасход": "", "Сумма": "50668.00", "ПлательщикИИК": OTHER_IBAN},
            [(20, Reason.FOREIGN_ACCOUNT), (11, Reason.WRONG_EXPENSE)],
        ),
        ({"Сумма": "50668.00"}, []),
        ({"СуммаПриход": "0.00"}, []),
        ({"Сумма": "1.00"}, [(20, Reason.SUMS_DIFFER)]),
    ],
)
def test_a_document_belongs_to_the_account_whose_money_moved(fields, expected):
    assert doubts(statement_text(document_text(**fields))) == expected


def test_days_of_one_account_follow_one_another_in_any_order():
    first = balance("100.00", "0.00", "10.00", "90.00", day="05.11.2025")
    second = balance("90.00", "5.00", "0.00", "95.00")
    documents = [document_text(СуммаРасход="10.00"), income("5.00")]
    assert doubts(statement_text(*documents, balance=first + BETWEEN + second)) == []
    assert doubts(statement_text(*documents, balance=second + BETWEEN + first)) == []


def test_a_day_that_is_missing_is_noticed():
    first = balance("100.00", "0.00", "10.00", "90.00", day="05.11.2025")
    second = balance("80.00", "5.00", "0.00", "85.00")
    documents = [document_text(СуммаРасход="10.00"), income("5.00")]
    assert doubts(statement_text(*documents, balance=first + BETWEEN + second)) == [(20, Reason.BROKEN_CHAIN)]


@pytest.mark.parametrize("told", ["once", "twice"])
def test_a_transfer_between_two_accounts_of_the_statement_counts_for_both(told):
    both = (
        balance("100.00", "0.00", "10.00", "90.00")
        + BETWEEN
        + balance("0.00", "10.00", "0.00", "10.00", iban=OTHER_IBAN)
    )
    if told == "once":
        documents = [document_text(СуммаРасход="", Сумма="10.00", ПолучательИИК=OTHER_IBAN)]
    else:
        sides = {"ПлательщикИИК": LOCAL_IBAN, "ПолучательИИК": OTHER_IBAN}
        documents = [document_text(СуммаРасход="10.00", **sides), income("10.00", **sides)]
    assert doubts(statement_text(*documents, balance=both)) == []


def test_sums_of_one_account_do_not_make_up_for_those_of_another():
    both = (
        balance("100.00", "0.00", "10.00", "90.00")
        + BETWEEN
        + balance("50.00", "0.00", "20.00", "30.00", iban=OTHER_IBAN)
    )
    documents = [document_text(СуммаРасход="20.00"), document_text(СуммаРасход="10.00", ПлательщикИИК=OTHER_IBAN)]
    assert doubts(statement_text(*documents, balance=both)) == [(11, Reason.WRONG_EXPENSE), (20, Reason.WRONG_EXPENSE)]


def test_a_file_without_its_last_line_is_read_but_closes_nothing():
    content = text(STATEMENT).removesuffix("КонецФайла\n")
    assert doubts(content) == [(33, Reason.NO_END)]
    assert len(read(windows(content)).documents) == 1


def test_a_document_that_breaks_off_is_not_read():
    content = text(STATEMENT)[: text(STATEMENT).index("68.00\nВалюта")]
    assert doubts(content) == [(20, Reason.CUT_OFF), (24, Reason.NO_END), (11, Reason.WRONG_EXPENSE)]
    assert read(windows(content)).documents == ()


def test_two_files_in_one_close_nothing():
    assert doubts(text(STATEMENT) * 2) == [(35, Reason.AFTER_END)]


@pytest.mark.parametrize("lines", range(1, 34))
def test_a_statement_cut_after_any_line_is_never_complete(lines):
    content = "".join(text(STATEMENT).splitlines(keepends=True)[:lines])
    assert not read(windows(content)).is_complete
