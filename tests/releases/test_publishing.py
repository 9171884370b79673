"""A dry run finds what would stop the publishing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from store.releases.filesystem import FileSystemArchive

PLAIN = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
"""How root becomes somebody whom permissions hold for, too."""


@pytest.mark.skipif(os.getuid() == 0 and shutil.which("setpriv") is None, reason="root may all")
def test_a_dry_run_notices_what_cannot_be_read(
    archive: FileSystemArchive, project: Path, store_environment: pytest.MonkeyPatch
) -> None:
    """As the publishing itself would, and before anything goes."""
    del store_environment
    (project / "a.txt").chmod(0)
    asked = ["release", "publish", str(project), "survey@1.0.0", "--to", str(archive.host), "-n"]
    command = [sys.executable, "-m", "store", *asked]

    become = PLAIN if os.getuid() == 0 else []
    done = subprocess.run([*become, *command], capture_output=True, text=True, check=False)

    assert done.returncode == 10
    assert "a.txt" in done.stderr
