"""The C program that receives, writes and hashes: compiled where a compiler is."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

SOURCE = Path(__file__).with_name("receiver.c")
CHUNK = 1 << 20
"""Bytes that are received, written and hashed at a time; the fastest of those tried."""


def compiled(scratch: Path) -> tuple[Path | None, str]:
    """Compile the program.

    Returns:
        Where it lies, and an empty text; or None and what is missing.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None, "there is no C compiler"
    library = _libcrypto()
    if library is None:
        return None, "libcrypto.so.3 is not installed"
    program = scratch / "receiver"
    command = [compiler, "-O2", "-o", str(program), str(SOURCE), library]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        return None, f"the C program does not compile: {done.stderr.strip().splitlines()[-1]}"
    return program, ""


def receive(program: Path, url: str, target: Path) -> tuple[float, str]:
    """Run the program; returns the seconds that it counted itself, and the sha256 it found."""
    where = urlsplit(url)
    command = [program, where.hostname or "", str(where.port), where.path, target, str(CHUNK)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, digest = done.stdout.split()
    return float(seconds), digest


def _libcrypto() -> str | None:
    """Return the path of OpenSSL's library, as the loader's list has it."""
    loader = shutil.which("ldconfig", path="/sbin:/usr/sbin:/bin:/usr/bin")
    if loader is None:
        return None
    listed = subprocess.run([loader, "-p"], check=True, capture_output=True, text=True).stdout
    paths = [line.split()[-1] for line in listed.splitlines() if "libcrypto.so.3" in line]
    return paths[0] if paths else None
