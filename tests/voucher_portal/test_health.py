"""Liveness and readiness."""

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db


def test_a_living_process_says_so_without_sign_in(client):
    assert client.get(reverse("healthz_live")).json() == {"status": "ok"}
