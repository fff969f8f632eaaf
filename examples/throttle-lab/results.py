#!/usr/bin/env python3
"""Makes all figures of the lab anew: docs/results.md, both plots, and the tables of the READMEs.

    examples/throttle-lab/results.py [--seeds N]

Tables are of one seed; the figures of docs/results.md are medians over the seeds 1 to N. It needs
Rust and Python 3.11, and some minutes.
"""

import argparse
import json
import os
import re
import subprocess
from pathlib import Path
from statistics import median

LAB = Path(__file__).resolve().parent
WORKSPACE = LAB.parent.parent

REQUESTS = ["--plot", "examples/throttle-lab/requests.svg"]
AGENTS = [
    "--scenario", "agents", "--plot", "examples/throttle-lab/agents.svg",
    "--strategy", "sdk-adaptive", "tower-retry", "tower-resilience", "semaphore", "backoff",
    "stack", "stack-adaptive", "oracle",
]  # fmt: skip

# By what a call costs, so that no table is too wide.
CALLS = ["requests", "sliding", "fixed", "neighbour", "many", "bursts"]
TOKENS = ["tokens", "burndown", "mixed", "over5", "over10", "agents"]
METERS = {
    "bucket of 1.5 s": ["--meter", "bucket", "--burst", "1.5s"],
    "bucket of 10 s": ["--meter", "bucket", "--burst", "10s"],
    "bucket of 60 s": ["--meter", "bucket", "--burst", "60s"],
    "fixed minutes": ["--meter", "fixed"],
    "sliding minutes": ["--meter", "sliding"],
}
BY_METER = ["over10", "agents", "bursts"]
# Those that lose no more than a few calls.
LASTING = ["sdk-adaptive", "tower-retry", "semaphore", "backoff", "stack", "stack-adaptive"]

PAGE = """\
# What comes of each scenario?

By scenario and strategy: the share of calls that failed, or where none did the time by the oracle's
(`x oracle`), in `bursts` the mean wait in seconds; of the oracle its seconds. Medians over the seeds 1 to {seeds}. A
strategy that loses calls has fewer to make, and one that lets small calls pass large ones may be
faster than the oracle.

Where the quota is one of requests:

{calls}

Where it is one of tokens:

{tokens}

# What does the meter change?

{meters}

# How are the figures made?

`examples/throttle-lab/results.py` builds the lab, runs all of it, and writes this page, both plots,
the lab's tables in its README and the one in the workspace's README. It takes some minutes and
Python 3.11.
"""


def lab(*flags):
    """What the lab prints, started where cargo would start it."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", WORKSPACE / "target"))
    command = [WORKSPACE / target / "release/examples/throttle_lab", *flags]
    run = subprocess.run(command, cwd=WORKSPACE, check=True, capture_output=True, text=True)
    return run.stdout


class Measured:
    """A scenario with one meter, with each of the seeds."""

    def __init__(self, scenario, seeds, flags=()):
        self.bursts = scenario == "bursts"
        runs = [
            json.loads(lab("--scenario", scenario, "--seed", str(seed), "--json", *flags))
            for seed in range(1, seeds + 1)
        ]
        self.rows = {}
        for run in runs:
            for row in run["rows"]:
                self.rows.setdefault(row["strategy"], []).append(row)
        print(scenario, *flags, flush=True)

    def cell(self, strategy):
        rows = self.rows[strategy]
        failed = 100 * median(row["failed"] / (row["ok"] + row["failed"]) for row in rows)
        if failed > 0:
            return f"{failed:.0f} % fail" if failed >= 1 else f"{failed:.1g} % fail"
        if self.bursts:
            return f"{median(row['wait_s'] for row in rows):.1f} s"
        if strategy == "oracle":
            return f"{median(row['makespan_s'] for row in rows):.0f} s"
        return f"{median(row['x_oracle'] for row in rows if row['x_oracle']):.2f}"


def table(head, rows):
    lines = ["| | " + " | ".join(head) + " |", "|---|" + "--:|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def by_strategy(scenarios, seeds):
    measured = [Measured(scenario, seeds) for scenario in scenarios]
    rows = [
        [f"`{strategy}`", *(one.cell(strategy) for one in measured)]
        for strategy in measured[0].rows
    ]
    return table([f"`{scenario}`" for scenario in scenarios], rows)


def by_meter(seeds):
    shown = [*LASTING, "oracle"]
    rows = []
    for scenario in BY_METER:
        for meter, flags in METERS.items():
            measured = Measured(scenario, seeds, flags)
            rows.append([f"`{scenario}`, {meter}", *(measured.cell(name) for name in shown)])
    return table([f"`{name}`" for name in shown], rows)


def replaced(file, pattern, text):
    """The text of a file with the one place that matches replaced."""
    new, times = re.subn(pattern, lambda _: text, file.read_text(), flags=re.DOTALL)
    if times != 1:
        raise SystemExit(f"{file}: {times} places for a table")
    return new


def headline(name, flags, alt):
    """The plot and the table of one command, for the lab's README; and the table alone."""
    printed = lab(*flags)
    wrapped = " ".join(flags).replace(" --strategy", " \\\n    --strategy")
    block = f"![{alt}]({name}.svg)\n\n```text\n"
    block += f"$ cargo run --release --example throttle_lab -- {wrapped}\n{printed}```\n"
    readme = LAB / "README.md"
    readme.write_text(
        replaced(
            readme,
            rf"(?<=<!-- {name}: written by results.py -->\n).*?(?=<!-- end -->)",
            block,
        )
    )
    return printed


def workspace_readme(printed):
    """Keeps the rows that the table has, with the new figures."""
    readme = WORKSPACE / "README.md"
    pattern = r"```text\nideal: .*?```"
    (old,) = re.findall(pattern, readme.read_text(), flags=re.DOTALL)
    names = [line.split()[0] for line in old.splitlines()[1:] if line.strip("`")]
    kept = [line for line in printed.splitlines()[1:] if not line or line.split()[0] in names]
    readme.write_text(replaced(readme, pattern, "\n".join(["```text", *kept, "```"])))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, metavar="N")
    seeds = parser.parse_args().seeds
    build = ["cargo", "build", "--release", "-p", "throttle-lab", "--example", "throttle_lab"]
    subprocess.run(build, cwd=WORKSPACE, check=True)
    workspace_readme(headline("requests", REQUESTS, "Calls completed over time, by strategy"))
    headline("agents", AGENTS, "Calls that reserve 33,300 tokens and come to 1,400")
    page = PAGE.format(
        seeds=seeds,
        calls=by_strategy(CALLS, seeds),
        tokens=by_strategy(TOKENS, seeds),
        meters=by_meter(seeds),
    )
    (LAB / "docs/results.md").write_text(page)


if __name__ == "__main__":
    main()
