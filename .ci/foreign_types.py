#!/usr/bin/env python3
"""Which crates' types does each published crate show in its API? Only those listed in foreign_types.txt.

A type of another crate ties our version to its version: each one is a decision. Reads the JSON that
rustdoc writes to target/doc; `.ci/run` makes it.
"""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
STD = {"std", "core", "alloc"}


def paths_in(value):
    """The ids of all types and traits that a part of an item names."""
    if isinstance(value, dict):
        if "id" in value and ("path" in value or "name" in value) and "args" in value:
            yield value["id"]
        for inner in value.values():
            yield from paths_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from paths_in(inner)


def is_ours(item):
    """Whether an item is a part of the API that its crate wrote: rustdoc adds blanket and auto impls."""
    implementation = item["inner"].get("impl")
    if implementation:
        of = implementation["trait"]
        # `Unpin` is written by pin-project-lite, with a hidden type of its own.
        is_written = not implementation["is_synthetic"] and implementation["blanket_impl"] is None
        return is_written and not (of and of["path"] == "Unpin")
    return item["visibility"] in ("public", "default")


def reachable(doc):
    """The items of the crate that can be named from outside, and what hangs on them."""
    index, seen, todo = doc["index"], set(), [doc["root"]]
    while todo:
        id = todo.pop()
        item = index.get(str(id))
        if id in seen or item is None or item["crate_id"] != 0 or not is_ours(item):
            continue
        seen.add(id)
        yield item
        for kind, inner in item["inner"].items():
            if not isinstance(inner, dict):
                continue
            if kind == "use":
                todo.append(inner["id"])
            todo.extend(inner.get("items", []))
            todo.extend(inner.get("impls", []))
            todo.extend(inner.get("variants", []))
            fields = inner.get("kind", {})
            for shape in fields.values() if isinstance(fields, dict) else []:
                todo.extend(shape.get("fields", []) if isinstance(shape, dict) else shape)


def foreign(doc):
    """Crate -> where it is shown, one example each."""
    found = {}
    for item in reachable(doc):
        if "module" in item["inner"]:
            continue
        named = set(paths_in(item["inner"]))
        used = item["inner"].get("use")
        if used:
            named.add(used["id"])
        for id in named:
            summary = doc["paths"].get(str(id))
            if summary is None or summary["crate_id"] == 0:
                continue
            crate = doc["external_crates"][str(summary["crate_id"])]["name"]
            if crate not in STD:
                where = item["name"] or (used or {}).get("name") or "an impl"
                found.setdefault(crate, f"{'::'.join(summary['path'])} in {where}")
    return found


def allowed():
    """The list: a line for each crate, with the crates whose types it may show."""
    lines = (HERE / "foreign_types.txt").read_text().splitlines()
    lines = [line.split("#")[0].split(":") for line in lines if line.split("#")[0].strip()]
    return {name.strip(): set(crates.split()) for name, crates in lines}


def main(folder):
    wrong = 0
    for name, listed in allowed().items():
        doc = json.loads((pathlib.Path(folder) / f"{name.replace('-', '_')}.json").read_text())
        shown = foreign(doc)
        for crate in sorted(shown.keys() - listed):
            print(f"{name} shows {shown[crate]}: list it, if it is to be tied to that crate")
            wrong += 1
        for crate in sorted(listed - shown.keys()):
            print(f"{name} shows nothing of {crate} any more: take it off the list")
            wrong += 1
        print(f"{name}: {' '.join(sorted(shown)) or 'nothing foreign'}")
    sys.exit(wrong != 0)


main(sys.argv[1])
