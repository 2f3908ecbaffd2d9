"""Error pages. No test here may touch the database: it may be what failed."""

import types

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpResponse
from django.test import Client
from django.urls import path

from voucher_portal import urls

FAULTS = {400: SuspiciousOperation, 403: PermissionDenied, 404: Http404, 500: RuntimeError}


@pytest.fixture
def faulty(settings):
    """A client of a portal whose page `/fault/<status>/` fails with that status."""

    def fail(request, status):
        raise FAULTS[status]("a fault")

    def form(request):
        return HttpResponse()

    fail.login_required = form.login_required = False
    module = types.ModuleType("faulty_urls")
    module.urlpatterns = [path("fault/<int:status>/", fail), path("form/", form), *urls.urlpatterns]
    for handler in ("handler400", "handler403", "handler404", "handler500"):
        setattr(module, handler, getattr(urls, handler))
    settings.ROOT_URLCONF = module
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


@pytest.mark.parametrize("status", FAULTS)
@pytest.mark.parametrize("language", ["kk", "ru"])
def test_an_error_page_speaks_the_language_and_shows_nothing_technical_but_the_request_id(faulty, status, language):
    headers = {"X-Request-ID": "request-0001", "Accept-Language": language}
    response = faulty.get(f"/fault/{status}/", headers=headers)
    page = response.content.decode()
    assert response.status_code == status
    assert f'<html lang="{language}">' in page
    assert "a fault" not in page
    assert "request-0001" in page


def test_a_form_that_is_too_old_gets_a_page_of_its_own(faulty):
    response = faulty.post("/form/")
    assert response.status_code == 403
    assert "errors/403_csrf.html" in [template.name for template in response.templates]
