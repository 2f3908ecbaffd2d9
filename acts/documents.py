"""The printed act: rendered once in each language, stored with its SHA-256, checked at every reading.

The bytes depend on the rows and the templates only: the day of the act stands for the time of printing.
Source: REG §13.2; style.md §5; design.md §7.
"""

import datetime
import hashlib
import logging
from typing import TYPE_CHECKING

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Count
from django.template.loader import render_to_string
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.enums import Language
from acts.errors import ActError
from acts.models import Act, ActDocument
from acts.paper import PARTIES, annex_of, paper_of, recalculations_of

if TYPE_CHECKING:
    from voucher_portal.pdf import Rendered

PAPER_CSS = "css/act-paper.css"
logger = logging.getLogger(__name__)


class DocumentDamaged(ActError):
    """The stored bytes are not those that were rendered."""


def render_act(act_id: int, language: str) -> "Rendered":
    """The act as a PDF in Kazakh or Russian: form Р-1 with its annexes. Four queries, stores nothing."""
    from voucher_portal import pdf  # here: WeasyPrint is heavy, and pages only read what workers have rendered

    act = Act.objects.select_related(*PARTIES).get(pk=act_id)
    return pdf.render(act_html(act, language), stylesheet=PAPER_CSS)


def act_html(act: Act, language: str) -> str:
    """The page that becomes the PDF, in the words of `language`."""
    annex = annex_of(act)
    context = {"paper": paper_of(act), "annex": annex, "recalculations": recalculations_of(act, annex)}
    with override(language):
        return render_to_string("acts/print/act.html", {**context, "language": language})


@transaction.atomic
def store_document(*, act_id: int, language: str, now: datetime.datetime) -> ActDocument:
    """The act's document in `language`, rendered unless it is there: once for ever, however often this is called.

    The act is locked meanwhile, so that of two workers the second finds the document of the first.
    """
    act = Act.objects.select_for_update(of=("self",), no_key=True).get(pk=act_id)
    found = ActDocument.objects.filter(act=act, language=language).first()
    if found:
        return found
    rendered = render_act(act_id, language)
    name = get_valid_filename(f"{act.number}-{language}.pdf")
    return ActDocument.objects.create(
        act=act,
        language=language,
        file=ContentFile(rendered.pdf, name=name),
        sha256=rendered.sha256,
        pages=rendered.pages,
        rendered_at=now,
    )


def read_document(document: ActDocument) -> bytes:
    """The stored bytes, checked against their SHA-256.

    Raises:
        DocumentDamaged: the file is missing, or is not what was rendered.
    """
    try:
        with document.file.open("rb") as file:
            content = file.read()
    except FileNotFoundError:
        content = b""
    if hashlib.sha256(content).hexdigest() != document.sha256:
        logger.error("the stored document %s is not what was rendered", document.file.name)
        raise DocumentDamaged(_("The stored document is damaged. Tell the operator the number of the act."))
    return content


def documents_missing(close_id: int | None = None, *, most: int | None = None) -> list[int]:
    """Acts of a close, or of all, that lack a document, the oldest first and at most `most`. One query."""
    acts = Act.objects.all() if close_id is None else Act.objects.filter(close=close_id)
    acts = acts.annotate(rendered=Count("documents")).filter(rendered__lt=len(Language))
    return list(acts.order_by("pk").values_list("pk", flat=True)[:most])
