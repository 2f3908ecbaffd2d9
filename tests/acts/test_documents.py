"""The printed act: what it says in both languages, that it is made once, and that its bytes are checked."""

import hashlib
import io
import threading
import time
from decimal import Decimal

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext, override
from pypdf import PdfReader
from weasyprint import CSS, HTML
from weasyprint.urls import FatalURLFetchingError

from accounts.enums import Language
from accounts.models import Organisation
from acts import documents, words
from acts.models import Act, ActDocument
from acts.paper import PARTIES, annex_of, paper_of, recalculations_of
from acts.tasks import queue_documents, render_act_documents, render_missing_documents
from registry.models import LateFact
from tests.acts.factories import CLOSED_AT, ActFactory, Line, act_with, act_with_corrections, draw_up, enrolled
from tests.factories import LateFactFactory, ProviderFactory
from voucher_portal import pdf
from voucher_portal.pdf_fonts import font_files, static_path

KAZAKH_LETTERS = "әғқңөұүһіӘҒҚҢӨҰҮҺІ"
NBSP = "\N{NO-BREAK SPACE}"

pytestmark = pytest.mark.django_db


def text_of(content: bytes) -> str:
    """The text of a PDF without blanks: where one stands is the reader's guess."""
    return solid("".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))


def fonts_of(page) -> list:
    return [font.get_object() for font in page["/Resources"]["/Font"].values()]


def solid(text: str) -> str:
    return "".join(text.split())


def named(act: Act, *, kk: str, ru: str) -> Act:
    Organisation.objects.filter(provider=act.provider).update(name_kk=kk, name_ru=ru)
    return Act.objects.select_related(*PARTIES).get(pk=act.pk)


@pytest.mark.parametrize(
    ("amount", "ru", "kk"),
    [
        ("43009.23", "Сорок три тысячи девять тенге 23 тиын", "Қырық үш мың тоғыз теңге 23 тиын"),
        ("0.00", "Ноль тенге 00 тиын", "Нөл теңге 00 тиын"),
        ("1.05", "Один тенге 05 тиын", "Бір теңге 05 тиын"),
        ("-5000.50", "Минус пять тысяч тенге 50 тиын", "Минус бес мың теңге 50 тиын"),
        ("21000002.10", "Двадцать один миллион два тенге 10 тиын", "Жиырма бір миллион екі теңге 10 тиын"),
    ],
)
def test_sums_are_written_in_words_of_whole_tenge_and_figures_of_tiyn(amount, ru, kk):
    for language, expected in (("ru", ru), ("kk", kk)):
        with override(language):
            assert words.sum_in_words(Decimal(amount)).replace(NBSP, " ") == expected


def test_a_document_dates_in_the_form_before_a_noun():
    with override("ru"):
        assert words.document_day(CLOSED_AT.date()).replace(NBSP, " ") == "5 ноября 2025 года"
    with override("kk"):
        assert words.document_day(CLOSED_AT.date()).replace(NBSP, " ") == "2025 жылғы 5 қарашадағы"


def test_the_form_groups_by_level_nominal_and_month_and_adds_up_to_the_act():
    provider = ProviderFactory()
    primary = enrolled(2, provider=provider)
    basic = enrolled(1, provider=provider, level="basic")
    full, part, other = [Line(primary[0]), Line(primary[1], paid_days=17), Line(basic[0], nominal_kzt=Decimal("9.00"))]
    act = draw_up([full, part, other])
    paper = paper_of(act)
    assert [(line.level, line.children, line.days, line.amount_kzt) for line in paper.current.lines] == [
        ("primary", 2, 35, Decimal("150154.32")),
        ("basic", 1, 18, Decimal("9.00")),
    ]
    assert [line.price_kzt for line in paper.current.lines] == [Decimal("4290.12"), Decimal("0.50")]
    assert (paper.current.amount_kzt, paper.days, paper.annex_rows) == (act.amount_kzt, act.paid_days, 3)
    assert paper.earlier.lines == []


def test_earlier_months_stand_apart_and_count_refunds_negative():
    act = act_with_corrections(billed_late=2, full=3)
    paper = paper_of(act)
    assert [(line.kind, line.days, line.children) for line in paper.earlier.lines] == [
        ("ORIGINAL", 36, 2),
        ("REFUND", -36, 2),
        ("CORRECTION", 16, 1),
    ]
    assert paper.current.amount_kzt + paper.earlier.amount_kzt == act.amount_kzt
    assert paper.days == act.paid_days


def test_a_recalculation_names_old_new_difference_and_cause():
    act = act_with_corrections(billed_late=1)
    changed = act.charges.get(kind="CORRECTION").contract
    LateFactFactory(contract=changed, reason="SHEET", billed_at=act.close.closed_at)
    rows = recalculations_of(act, annex_of(act))
    found = {row.any.contract_id: row for row in rows}
    row = found[changed.pk]
    assert (row.before_kzt, row.new.amount_kzt, row.difference_kzt) == (
        Decimal("77222.22"),
        Decimal("68641.97"),
        Decimal("-8580.25"),
    )
    assert "Табель" in str(row.cause)
    assert sorted((row.old is None, row.new is None) for row in rows) == [(False, False), (False, True), (True, False)]
    assert LateFact.objects.count() == 1


@pytest.mark.parametrize("language", Language.values)
def test_the_pdf_says_what_the_form_asks_for_with_kazakh_letters_right(language):
    act = named(act_with(3), kk=f"«Әділет» мектебі {KAZAKH_LETTERS}", ru=f"Школа «Әділет» {KAZAKH_LETTERS}")
    rendered = documents.render_act(act.pk, language)
    text = text_of(rendered.pdf)
    assert rendered.pdf.startswith(b"%PDF-")
    assert KAZAKH_LETTERS in text
    with override(language):
        expected = [
            act.number,
            "05.11.2025",
            act.provider.name,
            act.provider.bin,
            act.provider.issuer.organisation.name,
            act.provider.issuer.organisation.bin,
            act.state_order.number,
            words.document_day(act.state_order.signed_on),
            "231 666,66 ₸",
            words.sum_in_words(act.amount_kzt),
            gettext("Delivered (executor)"),
            "1803******",
            "18 / 18",
            "1 / 2",
            "2 / 2",
        ]
    assert [part for part in expected if solid(part) not in text] == []


def test_the_pdf_has_no_whole_iin_and_no_name_of_a_child():
    act = act_with(2)
    text = text_of(documents.render_act(act.pk, "ru").pdf)
    children = [charge.contract.child for charge in act.charges.all()]
    assert [child.iin for child in children if child.iin in text or child.last_name in text] == []


def test_only_our_two_fonts_are_in_the_pdf():
    rendered = documents.render_act(act_with_corrections().pk, "kk")
    pages = PdfReader(io.BytesIO(rendered.pdf)).pages
    fonts = sorted({font["/BaseFont"].partition("+")[2] for page in pages for font in fonts_of(page)})
    assert fonts == ["Golos-Text-Variable", "Golos-Text-Variable-Semi-Bold"]


@pytest.mark.parametrize("language", Language.values)
def test_the_same_act_gives_the_same_bytes(language):
    act = act_with(2)
    first, second = (documents.render_act(act.pk, language).pdf for _ in range(2))
    assert first == second


@pytest.mark.parametrize("address", ["file:///etc/passwd", "http://127.0.0.1:1/x.png", "x.png"])
def test_a_page_cannot_fetch_anything_into_the_pdf(address):
    page = f'<html><body><img src="{address}"><p>text</p></body></html>'
    if ":" in address:
        with pytest.raises(FatalURLFetchingError):
            pdf.render(page, stylesheet=documents.PAPER_CSS)
    else:
        assert pdf.render(page, stylesheet=documents.PAPER_CSS).pages == 1


@pytest.mark.parametrize("count", [1, 20])
def test_rendering_costs_the_same_queries_for_any_number_of_children(count, django_assert_num_queries):
    act = act_with(count)
    with django_assert_num_queries(3):  # the act, the lines of the form, the annex
        documents.render_act(act.pk, "ru")


def test_recalculations_cost_one_query_more(django_assert_num_queries):
    act = act_with_corrections(billed_late=5, full=5)
    with django_assert_num_queries(4):
        documents.render_act(act.pk, "ru")


def test_a_document_is_stored_with_its_hash_and_its_pages():
    act = act_with(1)
    document = documents.store_document(act_id=act.pk, language="kk", now=CLOSED_AT)
    content = document.file.read()
    assert (document.sha256, document.pages) == (hashlib.sha256(content).hexdigest(), 2)
    assert documents.read_document(document) == content


def test_a_stored_document_is_never_rendered_again(monkeypatch):
    act = act_with(1)
    first = documents.store_document(act_id=act.pk, language="kk", now=CLOSED_AT)
    monkeypatch.delattr(pdf, "render")  # a second rendering would fail
    assert documents.store_document(act_id=act.pk, language="kk", now=timezone.now()) == first


def test_a_killed_worker_leaves_nothing_that_stops_the_next():
    act = act_with(1)
    default_storage.save(f"acts/{timezone.now():%Y/%m}/{act.number}-kk.pdf", io.BytesIO(b"half a document"))
    document = documents.store_document(act_id=act.pk, language="kk", now=CLOSED_AT)
    assert documents.read_document(document).startswith(b"%PDF-")


@pytest.mark.parametrize("spoil", [lambda path: path.write_bytes(b"%PDF-other"), lambda path: path.unlink()])
def test_changed_or_missing_bytes_are_not_given_out(spoil, settings):
    document = documents.store_document(act_id=act_with(1).pk, language="ru", now=CLOSED_AT)
    spoil(settings.MEDIA_ROOT / document.file.name)
    with pytest.raises(documents.DocumentDamaged):
        documents.read_document(document)


def test_the_task_renders_both_languages_and_may_run_again():
    acts = [act_with(1), act_with(1)]
    for _ in range(2):
        render_act_documents([act.pk for act in acts])
    assert ActDocument.objects.count() == 4


def test_an_act_that_cannot_be_rendered_holds_up_no_other():
    act = act_with(1)
    missing = act.pk + 1_000
    with pytest.raises(Exception, match=str(missing)):
        render_act_documents.run([missing, act.pk])
    assert act.documents.count() == 2


def test_a_close_queues_what_it_lacks_and_nothing_more(django_capture_on_commit_callbacks):
    act = act_with(1)
    other = ActFactory(close=act.close, provider__issuer=act.provider.issuer)
    documents.store_document(act_id=act.pk, language="kk", now=CLOSED_AT)
    assert documents.documents_missing(act.close_id) == [act.pk, other.pk]
    with django_capture_on_commit_callbacks(execute=True):
        queue_documents(act.close_id)
    assert documents.documents_missing(act.close_id) == []
    with django_capture_on_commit_callbacks() as queued:
        queue_documents(act.close_id)
    assert queued == []


def test_an_act_that_nobody_queued_is_found_and_rendered():
    act = act_with(1)
    render_missing_documents()
    assert act.documents.count() == 2
    assert documents.documents_missing() == []


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_one_document():
    act = act_with(1)
    made, barrier = [], threading.Barrier(2)

    def work():
        barrier.wait()
        made.append(documents.store_document(act_id=act.pk, language="kk", now=CLOSED_AT).pk)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert made == [ActDocument.objects.get().pk] * 2


@pytest.mark.long  # it measures, and so needs a quiet machine
def test_an_act_of_120_lines_takes_hardly_longer_than_weasyprint_alone():
    """design.md §7: at most 1.2 times a bare run of the same page with the same styles."""
    act = act_with(120)
    documents.render_act(act.pk, "ru")  # a worker reads fonts and stylesheet once
    with override("ru"):
        page = documents.act_html(Act.objects.select_related(*PARTIES).get(pk=act.pk), "ru")
    ours = min(_seconds(lambda: documents.render_act(act.pk, "ru")) for _ in range(3))
    bare = min(_seconds(lambda: _bare(page)) for _ in range(3))
    assert ours <= 1.2 * bare


def _bare(page: str) -> None:
    faces = "".join(
        f'@font-face {{ font-family: "Golos Text Variable"; font-weight: {weight}; src: url("{file.as_uri()}") }}'
        for weight, file in font_files().items()
    )
    HTML(string=page).write_pdf(stylesheets=[CSS(string=faces), CSS(filename=static_path(documents.PAPER_CSS))])


def _seconds(work) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def test_the_page_shows_the_same_form_as_the_pdf():
    act = Act.objects.select_related(*PARTIES).get(pk=act_with(1).pk)
    with override("ru"):
        form = render_to_string("acts/print/form.html", {"paper": paper_of(act)})
    assert form in documents.act_html(act, "ru")
