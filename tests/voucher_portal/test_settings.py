"""Settings: what the environment may say, and what production refuses."""

import os
import re
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse

from voucher_portal.addresses import CACHE, QUEUE, broker_url, redis_url
from voucher_portal.environment import BASE_DIR, Environment, load_env_file

PROGRAMS = ("voucher_portal", "accounts", "integrations", "schools", "registry", "beneficiaries", "acts", "monitoring")
READ = re.compile(r"""(?:\benv\.(?:text|flag|number|words|path)\(|os\.environ(?:\.\w+\(|\[))\s*["']([A-Z_]+)["']""")
# set by our own test settings or by pytest
NOT_SETTINGS = {"PORTAL_TEST_DATA_DIR", "PYTEST_XDIST_WORKER"}
FOR_PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "voucher_portal.settings.prod",
    "PORTAL_ENV_FILE": "none",
    "SECRET_KEY": "x" * 60,
    "ALLOWED_HOSTS": "portal.example",
    "DATABASE_URL": "postgres://nobody@nowhere.invalid/none",
    "REDIS_URL": "redis://nowhere.invalid",
    "PORTAL_ADDRESS": "https://portal.example",
    "PORTAL_DATA_DIR": "/nowhere",
    "TREASURY_URL": "https://treasury.example",
    "TREASURY_TOKEN": "token",
}


def show(expression: str, environment: dict[str, str]) -> subprocess.CompletedProcess:
    """Print a value of the settings in a process that has this environment and nothing else."""
    code = f"from django.conf import settings; print({expression})"
    environment = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=BASE_DIR, env=environment, capture_output=True, text=True, check=False
    )


def test_every_variable_that_the_code_reads_is_explained_in_the_example():
    sources = [path.read_text() for program in PROGRAMS for path in (BASE_DIR / program).rglob("*.py")]
    read = {name for source in sources for name in READ.findall(source)} - NOT_SETTINGS
    read |= set(re.findall(r"\$\{([A-Z_]+)", (BASE_DIR / "docker-compose.yml").read_text()))
    example = (BASE_DIR / ".env.example").read_text()
    explained = set(re.findall(r"^([A-Z_]+)=", example, flags=re.MULTILINE))
    assert explained == read


def test_production_names_every_variable_that_is_missing():
    result = show(
        "settings.DEBUG", {"DJANGO_SETTINGS_MODULE": "voucher_portal.settings.prod", "PORTAL_ENV_FILE": "none"}
    )
    missing = FOR_PRODUCTION.keys() - {"DJANGO_SETTINGS_MODULE", "PORTAL_ENV_FILE"}
    assert result.returncode != 0
    assert all(name in result.stderr.splitlines()[-1] for name in missing)


def test_production_does_not_take_keys_of_a_test_certification_centre():
    result = show("settings.DEBUG", FOR_PRODUCTION | {"EDS_TEST_KEYS": "yes"})
    assert result.returncode != 0
    assert "EDS_TEST_KEYS" in result.stderr.splitlines()[-1]


def test_production_starts_with_its_variables_and_without_the_development_key():
    result = show("(settings.SECRET_KEY, settings.DEBUG, settings.SESSION_COOKIE_SECURE)", FOR_PRODUCTION)
    assert result.stdout.strip() == str(("x" * 60, False, True))


@pytest.mark.parametrize(("serves_pages", "limited"), [("yes", True), ("no", False)])
def test_only_processes_that_serve_pages_have_time_limits_in_the_database(serves_pages, limited):
    options = show(
        "settings.DATABASES['default']['OPTIONS']", FOR_PRODUCTION | {"PORTAL_SERVES_PAGES": serves_pages}
    ).stdout
    assert ("statement_timeout=15000" in options) is limited
    assert ("lock_timeout=5000" in options) is limited


@pytest.mark.parametrize("word", ["1", "true", "YES", "on"])
def test_a_flag_is_read_from_words(word):
    assert Environment({"DEBUG": word}).flag("DEBUG") is True


def test_an_empty_value_means_the_default():
    env = Environment({"PORT": "", "DEBUG": " ", "NAME": "  "})
    assert (env.number("PORT", 8000), env.flag("DEBUG", True), env.text("NAME", "none")) == (8000, True, "none")


@pytest.mark.parametrize(("method", "value"), [("flag", "perhaps"), ("number", "ten")])
def test_a_value_of_the_wrong_kind_is_refused_with_its_name(method, value):
    with pytest.raises(ImproperlyConfigured, match="THE_NAME"):
        getattr(Environment({"THE_NAME": value}), method)("THE_NAME", 1)


def test_a_file_completes_the_environment_and_does_not_override_it(tmp_path, monkeypatch):
    monkeypatch.setenv("GIVEN", "outside")
    monkeypatch.setenv("ADDED", "x")
    monkeypatch.delenv("ADDED")
    (tmp_path / ".env").write_text("# a comment\nGIVEN=file\nADDED = 'two words'\n\n")
    load_env_file(tmp_path / ".env")
    assert (os.environ["GIVEN"], os.environ["ADDED"]) == ("outside", "two words")


@pytest.mark.parametrize(
    ("url", "cache", "broker"),
    [
        ("redis://h:6379", "redis://h:6379/2", "redis://h:6379/0"),
        ("rediss://:pw@h:6379/5", "rediss://:pw@h:6379/2", "rediss://:pw@h:6379/0"),
        ("unix:///a/b.sock", "unix:///a/b.sock?db=2", "redis+socket:///a/b.sock?virtual_host=0"),
    ],
)
def test_one_address_of_redis_serves_every_client(url, cache, broker):
    assert (redis_url(url, CACHE), broker_url(url, QUEUE)) == (cache, broker)


@pytest.mark.django_db
def test_pages_may_load_only_our_own_files(client):
    policy = client.get(reverse("accounts:sign_in"))["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http:" not in policy
