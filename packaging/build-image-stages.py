#!/usr/bin/env python3
"""The stages of the Dockerfile without Docker: reads it, and does what it says with the tools of this machine.

    packaging/build-image-stages.py DIR      builds below DIR; as root, since files go to another user
    packaging/build-image-stages.py --plan   prints what it would do, as JSON

DIR/STAGE is the root of a stage, DIR/image that of the image, and DIR/image.json what the image says of how it is run.
Base images are not there: a stage begins empty, and its commands find npm, cargo and bash on this machine. What the
.dockerignore keeps from a builder is kept from the stages as well. CARGO_TARGET_DIR says where to compile (`target` of the
sources unless set), as the builder's cache does.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

SOURCES = Path(__file__).resolve().parent.parent


def instructions(dockerfile):
    """The name and the words of each instruction, continued lines joined."""
    lines = (line for line in dockerfile.splitlines() if not line.lstrip().startswith("#"))
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            name, words = line.strip().split(maxsplit=1)
            yield name.upper(), words.strip()


def options(words):
    """The options in front, by name, and the words after them."""
    found = {}
    while words.startswith("--"):
        option, words = words.split(maxsplit=1)
        name, value = option[2:].split("=", 1)
        found[name] = value
    return found, words


def plan(dockerfile):
    """The stages in their order, each with its steps, and the settings of the last: the image."""
    stages, arguments, of_all = [], {}, {}
    for name, words in instructions(dockerfile):
        if name == "ARG":
            argument, _, value = words.partition("=")
            arguments[argument] = of_all.get(argument, value)
            if not stages:
                of_all[argument] = value
            continue
        words = re.sub(r"\$\{(\w+)\}", lambda found: arguments[found[1]], words)
        if name == "FROM":
            base, _, stage = words.partition(" AS ")
            stages.append({"name": stage.strip() or "image", "base": base, "steps": [], "settings": {}})
            directory = "/"
            continue
        steps, settings = stages[-1]["steps"], stages[-1]["settings"]
        if name == "WORKDIR":
            directory = os.path.join(directory, words)
            settings["WORKDIR"] = directory
        elif name == "RUN":
            steps.append({"run": shlex.split(options(words)[1]), "in": directory})
        elif name == "COPY":
            given, words = options(words)
            *files, into = words.split()
            into = os.path.normpath(os.path.join(directory, into))
            steps.append({"copy": files, "from": given.get("from"), "owner": given.get("chown"), "into": into})
        elif name in ("ENV", "LABEL"):
            pairs = (pair.split("=", 1) for pair in shlex.split(words))
            settings.setdefault(name, {}).update(pairs)
        elif name in ("ENTRYPOINT", "CMD"):
            settings[name] = json.loads(words)
        elif name == "HEALTHCHECK":
            settings[name] = json.loads(options(words)[1].removeprefix("CMD "))
        elif name in ("USER", "EXPOSE", "STOPSIGNAL"):
            settings[name] = words
        else:
            sys.exit(f"{name}: this script does not know how to do that without Docker")
    return stages


def ignored(patterns, path):
    """Whether the .dockerignore keeps a path from the builder: the last line that fits it, or a folder of it, decides."""
    kept_away = False
    paths = [path, *(str(parent) for parent in Path(path).parents if parent.name)]
    for pattern in patterns:
        regex = re.escape(pattern.removeprefix("!")).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
        if any(re.fullmatch(regex, folder) for folder in paths):
            kept_away = not pattern.startswith("!")
    return kept_away


def context():
    """The files of the sources that a builder gets, as paths below them."""
    lines = (SOURCES / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    let_in = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    for folder, folders, files in os.walk(SOURCES):
        below = os.path.relpath(folder, SOURCES)
        paths = {name: os.path.normpath(os.path.join(below, name)) for name in folders + files}
        folders[:] = [
            name
            for name in folders
            if not ignored(patterns, paths[name]) or any(path.startswith(paths[name] + "/") for path in let_in)
        ]
        yield from (paths[name] for name in sorted(files) if not ignored(patterns, paths[name]))


def copy(step, sources, into, owner):
    """What COPY does: the content of folders, and files, into a folder."""
    for name in step["copy"]:
        source = sources / name.lstrip("/")
        if source.is_dir():
            shutil.copytree(source, into, symlinks=True, dirs_exist_ok=True)
        else:
            into.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, into)
    if owner:
        user, group = map(int, owner.split(":"))
        for path in (into, *into.rglob("*")):
            os.chown(path, user, group, follow_symlinks=False)


def main():
    stages = plan((SOURCES / "Dockerfile").read_text())
    if sys.argv[1:] == ["--plan"]:
        json.dump({"stages": stages, "context": sorted(context())}, sys.stdout, indent=1)
        return
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    directory = Path(sys.argv[1]).resolve()
    os.environ.setdefault("CARGO_TARGET_DIR", str(SOURCES / "target"))
    sent = directory / "context"
    for folder in (sent, *(directory / stage["name"] for stage in stages)):
        shutil.rmtree(folder, ignore_errors=True)
    for path in context():
        (sent / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(SOURCES / path, sent / path)
    for stage in stages:
        root = directory / stage["name"]
        root.mkdir(parents=True)
        for step in stage["steps"]:
            if "run" in step:
                print(f"[{stage['name']}] {shlex.join(step['run'])}", flush=True)
                place = root / step["in"].lstrip("/")
                place.mkdir(parents=True, exist_ok=True)
                subprocess.run(step["run"], cwd=place, check=True)
            else:
                from_where = directory / step["from"] if step["from"] else sent
                copy(step, from_where, root / step["into"].lstrip("/"), step["owner"])
    (directory / "image.json").write_text(json.dumps(stages[-1]["settings"], indent=1))
    print(directory / "image")


main()
