"""Django's own development server with `hotswap.run_with_reloader` in the place of its reloader's function."""

from __future__ import annotations

import re
import urllib.error
import urllib.request

import pytest

from tests.process.running import environment, save, started

pytest.importorskip("django", reason="the tests of Django's development server need Django")

FILES = {
    "manage.py": """\
import os, sys
import hotswap
from django.core.management import execute_from_command_line
from django.utils import autoreload

autoreload.run_with_reloader = hotswap.run_with_reloader
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
print("manage", os.getpid(), flush=True)
if __name__ == "__main__":
    execute_from_command_line(sys.argv)
""",
    "settings.py": """\
DEBUG = True
SECRET_KEY = "x"
ROOT_URLCONF = "urls"
ALLOWED_HOSTS = ["*"]
GREETING = "hello"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": ["pages"]}]
""",
    "pages/greeting.html": "{{ greeting }}",
    "urls.py": """\
from django.urls import path
import views

urlpatterns = [path("", views.index)]
""",
    "views.py": """\
import os
from django.conf import settings
from django.http import HttpResponse
from django.dispatch import receiver
from django.template.loader import render_to_string
from django.utils.autoreload import file_changed
from words import WORD


@receiver(file_changed)  # behind the one that Django connects for templates
def tell(sender, file_path, **_):
    print("told of", file_path.name, flush=True)


def index(request):
    greeting = render_to_string("greeting.html", {"greeting": settings.GREETING})
    return HttpResponse(f"{greeting} {WORD} from {os.getpid()}")
""",
    "words.py": 'WORD = "world"\n',
}
SERVING = r"Starting (?:WSGI )?development server at http://127\.0\.0\.1:(\d+)/"


@pytest.fixture
def site(tmp_path):
    (tmp_path / "pages").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def serving(site):
    return started(
        "manage.py",
        "runserver",
        "127.0.0.1:0",
        "--skip-checks",
        cwd=site,
        env=environment(PYTHONPATH=f"{environment()['PYTHONPATH']}:{site}"),
    )


def get(port: str) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as response:
            return response.read().decode()
    except urllib.error.HTTPError as error:
        return f"{error.code}"


def test_the_development_server(site):
    """Views and what they import are swapped without a restart; settings restart it, in the same process; Ctrl-C ends it."""
    with serving(site) as run:
        port = run.expect(SERVING)[1]
        assert get(port) == f"hello world from {run.pid}"
        save(site / "words.py", 'WORD = "moon"\n')
        run.expect("hotswap: swapped .*words.WORD")
        assert get(port) == f"hello moon from {run.pid}"
        save(site / "views.py", FILES["views.py"].replace("from {", "out of {"))
        run.expect("hotswap: swapped .*views.index")
        assert get(port) == f"hello moon out of {run.pid}"
        assert run.count(f"manage {run.pid}") == 1
        here = len(run.text)
        save(site / "settings.py", FILES["settings.py"].replace("hello", "good evening"))
        port = run.expect(SERVING, since=here)[1]
        assert get(port) == f"good evening moon out of {run.pid}"
        assert run.count(f"manage {run.pid}") == 2
        run.interrupt()
        assert run.wait() in (0, 130)
        assert run.count("Traceback") == 0


def test_templates_are_read_anew(site):
    """Django keeps them compiled, and asks its reloader to be told of their files."""
    with serving(site) as run:
        port = run.expect(SERVING)[1]
        assert get(port) == f"hello world from {run.pid}"
        save(site / "pages" / "greeting.html", "{{ greeting }}!")
        run.expect("told of greeting.html")
        assert get(port) == f"hello! world from {run.pid}"
        run.interrupt()
        assert run.wait() in (0, 130)


def test_an_error_in_an_app_is_shown_and_cured(site):
    """An app that cannot be imported, which Django holds for its reloader: correcting it starts the program again."""
    (site / "settings.py").write_text(FILES["settings.py"] + "INSTALLED_APPS = ['shop']\n")
    (site / "shop").mkdir()
    (site / "shop" / "__init__.py").write_text("1 / 0\n")
    with serving(site) as run:
        run.expect("ZeroDivisionError")
        run.expect(r"hotswap: the program crashed; save shop/__init__\.py")
        save(site / "shop" / "__init__.py", "")
        port = run.expect(SERVING)[1]
        assert get(port) == f"hello world from {run.pid}"
        run.process.terminate()
        assert run.wait() == 0
        assert len(re.findall(r"manage \d+", run.text)) == 2
