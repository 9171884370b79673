"""How gunicorn serves a small CDCS: ``CDCS_HOME=… CDCS_PORT=… python -m gunicorn -c mini_gunicorn.py``.

The database and its user ``admin`` are made first; a line on stdout says that it answers.
"""

import os
import subprocess
import sys
from pathlib import Path

bind = f"127.0.0.1:{os.environ['CDCS_PORT']}"
workers = 1
threads = 8
pythonpath = str(Path(__file__).parent)
wsgi_app = "mini_wsgi:application"


def on_starting(server: object) -> None:
    """Make the database and the user."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "mini_settings",
        "DJANGO_SUPERUSER_PASSWORD": "admin",
        "PYTHONPATH": pythonpath,
    }
    named = ["--noinput", "--username", "admin", "--email", "a@example.com"]
    for call in (["migrate"], ["createsuperuser", *named]):
        manage = [sys.executable, "-m", "django", *call]
        subprocess.run(manage, env=environment, check=True, stdout=subprocess.DEVNULL)


def post_worker_init(worker: object) -> None:
    """Say that it answers."""
    os.write(1, b"ready\n")
