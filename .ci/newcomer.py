#!/usr/bin/env python3
"""Does a newcomer get on with what the README and the guides say? In a fresh clone in a temporary folder.

Clones the last commit, runs the README's commands for a first look and for the tests, and builds a project
of one's own outside of the workspace, with the first example of each guide. `--guides` leaves the commands
out. What is built goes to CARGO_TARGET_DIR if that is set, else into the clone, as on a bare machine.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent.parent
GUIDES = ("docs/*.md", "crates/*/README.md", "crates/*/docs/*.md")

# What the guides' examples use. Ours are the clone's, as if they were published.
MANIFEST = """[package]
name = "newcomer"
version = "0.1.0"
edition = "2024"

[features]
# What some examples ask for, as they are compiled without it in the layers' own tests.
default = ["axum", "http"]
axum = []
http = []

[dependencies]
axum = "0.8"
aws-config = {{ version = "1", default-features = false }}
aws-sdk-bedrockruntime = {{ version = "1", default-features = false, features = ["rt-tokio"] }}
bytes = "1"
futures-util = "0.3"
http = "1"
http-body-util = "0.1"
hyper-util = {{ version = "0.1", features = ["client-legacy", "http1", "tokio"] }}
# No example uses it. With its default features it has to compile beside ours.
quick_cache = "0.7"
serde_json = "1"
tokio = {{ version = "1", features = ["full", "test-util"] }}
tower = {{ version = "0.5", features = ["balance", "buffer", "limit", "load", "retry", "util"] }}
tower-resilience = {{ version = "0.13", features = ["cache", "circuitbreaker", "ratelimiter", "retry"] }}
tower-test = "0.4"
{ours}

[patch.crates-io]
{patches}
"""
FEATURES = {
    "bedrock-sim": ["sdk"],
    "tower-bedrock": ["axum", "fleet", "test-util", "toml"],
    "tower-circuit-breaker": ["http", "load"],
    "tower-backoff": ["http"],
    "tower-quota": ["http", "load", "shared"],
    "tower-quota-redis": [],
    "tower-redis-connection": [],
    "tower-response-cache": ["http"],
    "tower-response-cache-redis": [],
}


def run(command, folder):
    print(f"$ {command}", flush=True)
    subprocess.run(command, shell=True, check=True, cwd=folder)


def commands(readme):
    """The README's commands up to the tests, the first ones that a reader tries."""
    for block in re.findall(r"```sh\n(.*?)```", readme, flags=re.S):
        for line in block.splitlines():
            yield line
            if line.startswith("cargo test"):
                return


def first_example(guide):
    """The first Rust that a guide shows, as a program; None if it shows none that compiles by itself."""
    for info, code in re.findall(r"```rust([^\n]*)\n(.*?)```", guide, flags=re.S):
        if "ignore" in info or "compile_fail" in info:
            continue
        lines = [re.sub(r"^# ?", "", line) if re.match(r"#( |$)", line) else line for line in code.splitlines()]
        code = "\n".join(lines)
        return code if re.search(r"\bfn main\(", code) else f"fn main() {{\n{code}\n}}\n"
    return None


def project(clone, folder):
    ours = [path.parent for path in sorted(clone.glob("crates/*/Cargo.toml"))]
    dependencies = [
        f'{path.name} = {{ version = "0.1", features = {FEATURES[path.name]} }}'.replace("'", '"') for path in ours
    ]
    patches = [f'{path.name} = {{ path = "{path}" }}' for path in ours]
    (folder / "src").mkdir(parents=True)
    (folder / "src/lib.rs").write_text("")
    (folder / "examples").mkdir()
    manifest = MANIFEST.format(ours="\n".join(dependencies), patches="\n".join(patches))
    (folder / "Cargo.toml").write_text(manifest)
    shown = 0
    for guide in sorted(path for glob in GUIDES for path in clone.glob(glob)):
        code = first_example(guide.read_text())
        if code:
            name = "_".join(guide.relative_to(clone).with_suffix("").parts).replace("-", "_").lower()
            allow = "#![allow(unused, dead_code)]\n"
            (folder / "examples" / f"{name}.rs").write_text(allow + code)
            shown += 1
    print(f"the first examples of {shown} guides", flush=True)
    # The versions that the clone is tested with.
    (folder / "Cargo.lock").write_text((clone / "Cargo.lock").read_text())
    run("cargo check --quiet --examples", folder)


def main():
    with tempfile.TemporaryDirectory() as folder:
        clone = pathlib.Path(folder) / "clone"
        run(f"git clone --quiet {HERE} {clone}", folder)
        if "--guides" not in sys.argv:
            for command in commands((clone / "README.md").read_text()):
                run(command, clone)
        project(clone, pathlib.Path(folder) / "project")


main()
