"""PDFs by WeasyPrint: our fonts only, no address fetched but our own files, the same bytes for the same page.

    rendered = pdf.render(html, stylesheet="css/act-paper.css")

Fonts and stylesheets are read once in a process. Days for the metadata come from `<meta name="dcterms.created">` of
the page, never from the clock.
"""

import hashlib
from dataclasses import dataclass
from functools import cache

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher

from voucher_portal.pdf_fonts import FAMILY, font_files, static_path


@dataclass(frozen=True)
class Rendered:
    """A PDF in memory and how many pages it has."""

    pdf: bytes
    pages: int

    @property
    def sha256(self) -> str:
        """The hash that the bytes are told by."""
        return hashlib.sha256(self.pdf).hexdigest()


class OurFilesOnly(URLFetcher):
    """Fetches our font files; any other address stops the rendering, so that a page cannot read the machine."""

    def fetch(self, url, headers=None):
        """The file of `url`. Raises FatalURLFetchingError for anything that is not one of our fonts."""
        if url not in {file.as_uri() for file in font_files().values()}:
            raise FatalURLFetchingError(f"a document may not fetch {url}")
        return super().fetch(url, headers)


def render(html: str, *, stylesheet: str) -> Rendered:
    """`html` as a PDF, laid out by the static file `stylesheet`; FatalURLFetchingError for a foreign address."""
    fonts, styles = _look(stylesheet)
    document = HTML(string=html, url_fetcher=OurFilesOnly()).render(font_config=fonts, stylesheets=styles)
    identifier = hashlib.sha256(html.encode()).digest()[:16]
    return Rendered(document.write_pdf(pdf_identifier=identifier), len(document.pages))


@cache
def _look(stylesheet: str) -> tuple[FontConfiguration, list[CSS]]:
    fonts, fetcher = FontConfiguration(), OurFilesOnly()
    faces = CSS(string=_font_faces(), font_config=fonts, url_fetcher=fetcher)
    return fonts, [faces, CSS(filename=static_path(stylesheet), font_config=fonts, url_fetcher=fetcher)]


def _font_faces() -> str:
    return "".join(
        f'@font-face {{ font-family: "{FAMILY}"; font-weight: {weight}; src: url("{file.as_uri()}") }}'
        for weight, file in font_files().items()
    )
