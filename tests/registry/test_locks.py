"""SQLite's locks on a registry's file are never dropped, since nothing else opens it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from typing import Final

Program = Callable[..., "Popen[str]"]

TWICE = """
import json, os, sys, threading
from store.registry.manager import Cache

def listed(root, **how):
    with Cache(root, **how) as cache:
        return sorted(one.uri for one in cache.search())

# The other process: it opens and closes a registry as often as it is told to.
asked, answered = os.pipe(), os.pipe()
if os.fork() == 0:
    os.close(asked[1])
    with open(asked[0]) as lines, open(answered[1], "w") as answers:
        for line in lines:
            root, how = json.loads(line)
            print(json.dumps(listed(root, **how)), file=answers, flush=True)
    os._exit(0)
tell, hear = open(asked[1], "w"), open(answered[0])

def elsewhere(root, **how):
    print(json.dumps([root, how]), file=tell, flush=True)
    return json.loads(hear.readline())

def aside(root):
    thread = threading.Thread(target=listed, args=[root])
    thread.start()
    thread.join()

found = {}
kept = []
for name, second in json.loads(sys.argv[2]).items():
    root = f"{sys.argv[1]}/{name}"
    one, two, other = Cache(root), Cache(root), Cache(root + "-other")
    kept += [one, two]
    one.put("a", b"1")
    exec(second)
    elsewhere(root)
    elsewhere(root, read_only=True)
    one.put("late", b"2")
    found[name] = elsewhere(root)
print(json.dumps(found))
"""

SECONDS: Final = {
    "another": 'two.best("a")',
    "closed": 'two.best("a"); two.close()',
    "reader": "listed(root, read_only=True)",
    "exports": 'one.export_to(root + "-copy")',
    "exported to": 'other.put("b", b""); other.export_to(root)',
    "imports": "other.import_from(root)",
    "cleans": "one.clean_disk(), one.clean_db(), one.autoclean(), one.prune(), one.stats()",
    "thread": "aside(root)",
    "new": "one.rebuild()",
}
"""What else the process does with a registry that it has open."""

WATCHED = """
import os, sys
from store.registry.manager import Cache
from store.registry.cache_backend import RegistryCache

opened = []
def watch(event, arguments):
    if event in ("open", "os.truncate", "shutil.copyfile") and "registry.sqlite" in str(arguments[0]):
        opened.append(arguments[0])
sys.addaudithook(watch)

root = sys.argv[1] + "/registry"
os.environ["STORE_CACHE_DIR"] = sys.argv[1]
one, two = Cache(root), Cache(root)
one.put("a", b"1")
backend = RegistryCache({"cache_dir": sys.argv[1]})
backend.set("uid", 5)
backend.get("uid")
two.best("a").open().close()
with Cache(root, read_only=True) as reader:
    reader.search()
with Cache(sys.argv[1] + "/other") as other:
    other.import_from(root)
    other.put("b", b"2")
    other.export_to(root)
with one.batch():
    one.put("c", b"3")
one.autoclean(), one.prune(max_count=9), one.stats(), one.clean_disk(), one.clean_db()
one.rebuild()
two.search()
os.unlink(root + "/registry.sqlite")
two.search()
with open(root + "/registry.sqlite", "r+b") as file:
    opened.remove(root + "/registry.sqlite")
    file.write(os.urandom(100))
Cache(root).search()
from store.cli.main import run
COMMANDS = "cache verify", "cache info", "cache list", "cache prune", "registry list", "doctor"
for command in COMMANDS:
    run([*command.split()])
print("opened:", opened)
"""


def test_a_second_registry_of_a_process_costs_no_write(start: Program, tmp_path: Path) -> None:
    """Another process that looks does not take itself for the last, and what is written then is seen."""
    out, problem = start(TWICE, tmp_path, json.dumps(SECONDS)).communicate()

    expected = {name: ["a", "late"] for name in SECONDS} | {"exported to": ["a", "b", "late"]}
    assert out, problem
    assert json.loads(out) == expected


def test_nothing_but_sqlite_opens_the_file(start: Program, tmp_path: Path) -> None:
    """Who closes another descriptor of it drops all locks of the process."""
    out, problem = start(WATCHED, tmp_path).communicate()

    assert out.splitlines()[-1:] == ["opened: []"], problem
