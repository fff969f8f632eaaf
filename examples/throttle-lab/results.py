#!/usr/bin/env python3
"""Makes all figures of the lab anew: docs/results.md, both plots, and the tables of the READMEs.

    examples/throttle-lab/results.py [--seeds N] [--only faults|readmes|regions]

Tables are of one seed; the figures of docs/results.md and those of faults are medians over the seeds
1 to N. It needs Rust and Python 3.11, and some minutes.
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
    "--strategy", "sdk-standard", "sdk-adaptive", "tower-retry", "tower-resilience", "semaphore",
    "backoff", "stack", "stack-adaptive", "oracle",
]  # fmt: skip

# The table of the workspace's README.
HEADLINE = [
    "sdk-standard", "sdk-adaptive", "tower-retry", "tower-resilience", "semaphore", "backoff",
    "stack", "stack-adaptive",
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

# A service that fails: what is compared, in which shares, and how else.
FAULTS = [
    "sdk-standard", "sdk-adaptive", "tower-resilience", "backoff", "retries", "stack",
    "stack-adaptive",
]  # fmt: skip
SHARES = [0.1, 0.2, 0.3, 0.5, 0.8]
HALVES = {
    "503 after 2 s": ["--fault", "unavailable:0.5", "--fault-takes", "2s"],
    "500": ["--fault", "internal:0.5"],
    "429, model not ready": ["--fault", "not-ready:0.5"],
    "429, model overloaded": ["--fault", "busy:0.5"],
    "529": ["--fault", "overloaded:0.5"],
    "answers a minute late": ["--fault", "slow:0.5"],
    "no answer, attempts end after 30 s": ["--fault", "hang:0.5", "--attempt-timeout", "30s"],
}
DOWN = "1@120s-420s"
OUTAGES = {
    "503": ["--fault", f"unavailable:{DOWN}"],
    "503 after 2 s": ["--fault", f"unavailable:{DOWN}", "--fault-takes", "2s"],
    "500": ["--fault", f"internal:{DOWN}"],
    "429, model not ready": ["--fault", f"not-ready:{DOWN}"],
    "429, model overloaded": ["--fault", f"busy:{DOWN}"],
    "no answer, attempts end after 30 s": ["--fault", f"hang:{DOWN}", "--attempt-timeout", "30s"],
}

# Several Regions: rows on which nothing was tuned.
UNTUNED_SEED = "90210"
UNTUNED = {
    "quotas untold": ["--untold"],
    "three Regions": ["--regions", "1,1,1"],
    "1 to 10": ["--regions", "1,10"],
    "fixed minutes": ["--meter", "fixed"],
    "sliding minutes": ["--meter", "sliding"],
}

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

# What if half of the calls fail?

Lost calls in %, and goodput by the healthy one, as in the README's table, where half of the calls meet
something else than a quick 503:

<!-- halves: written by results.py -->
{halves}
<!-- end -->

# What if all calls fail for five minutes?

From how many seconds on 95 % of all later callers are told within 6 s (0: of all, -: never), requests meanwhile in % of the healthy rate,
and seconds after the end until the goodput is back at 95 %:

<!-- outages: written by results.py -->
{outages}
<!-- end -->

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


def by_fault(scenario, columns, seeds, cell):
    """A table of strategies by the flags of each column."""
    runs = {}
    for name, flags in columns.items():
        for seed in range(1, seeds + 1):
            printed = lab(
                "--scenario", scenario, "--seed", str(seed), "--json", *flags, "--strategy", *FAULTS
            )  # fmt: skip
            for row in json.loads(printed)["rows"]:
                runs.setdefault((row["strategy"], name), []).append(row)
        print(scenario, name, flush=True)
    rows = [
        [f"`{strategy}`", *(cell(runs[strategy, name]) for name in columns)]
        for strategy in FAULTS
    ]
    return table(list(columns), rows)


def lost(rows):
    percent = median(row["lost_percent"] or 0 for row in rows)
    goodput = median(row["goodput"] for row in rows)
    return f"{percent:.0f} / {goodput:.2f}" if percent >= 10 else f"{percent:.2g} / {goodput:.2f}"


def outage(rows):
    rows = [row["outage"] for row in rows]

    def middle(key, digits):
        numbers = [row[key] if row[key] is not None else float("inf") for row in rows]
        number = median(numbers)
        return "-" if number == float("inf") else f"{number:.{digits}f}"

    load = median(row["load_percent"] for row in rows)
    load = f"{load:.0f}" if load >= 10 else f"{load:.1f}"
    return f"{middle('fast_after_s', 0)} / {load} / {middle('recovered_after_s', 0)}"


def brownouts(seeds):
    columns = {f"{share:.0%}".replace("%", " %"): ["--fault", f"unavailable:{share}"] for share in SHARES}
    return by_fault("brownout", columns, seeds, lost)


def halves(seeds):
    return by_fault("brownout", HALVES, seeds, lost)


def outages(seeds):
    return by_fault("outage", OUTAGES, seeds, outage)


def marked(file, name, text):
    """Puts a text between the marks of that name."""
    pattern = rf"(?<=<!-- {name}: written by results.py -->\n).*?(?=<!-- end -->)"
    file.write_text(replaced(file, pattern, text + "\n"))


def headline(name, flags, alt):
    """The plot and the table of one command, for the lab's README."""
    printed = lab(*flags)
    wrapped = " ".join(flags).replace(" --strategy", " \\\n    --strategy")
    block = f"![{alt}]({name}.svg)\n\n```text\n"
    block += f"$ cargo run --release --example throttle_lab -- {wrapped}\n{printed}```\n"
    marked(LAB / "README.md", name, block.rstrip("\n"))


def regions():
    """The tables of several Regions, and rows on which nothing was tuned."""
    printed = lab("--scenario", "regions")
    block = "```text\n$ cargo run --release --example throttle_lab -- --scenario regions\n"
    marked(LAB / "docs/regions.md", "regions", block + printed + "```")
    marked(LAB / "docs/regions.md", "others", untuned())


def untuned():
    """The stack over Regions by one large Region, where each row differs in one thing from the tables."""
    rows = []
    for name, flags in UNTUNED.items():
        printed = lab(
            "--scenario", "regions", "--json", "--seed", UNTUNED_SEED, *flags, "--way", "large", "regions",
            "--part", "requests", "tokens", "chat",
        )  # fmt: skip
        rows.append([name, *untuned_cells(json.loads(printed))])
        print("regions", *flags, flush=True)
    head = [
        "lost", "`requests` x large", "throttled per ok", "`tokens` x large", "throttled per ok",
        "`chat` x large", "moved %", "written x large",
    ]  # fmt: skip
    return table(head, rows)


def untuned_cells(run):
    of = {}
    for part in run["parts"]:
        ways = {row["way"]: row for row in part["rows"]}
        of[part["plan"]["part"]] = ways["regions"]
    cells = [str(sum(row["failed"] for row in of.values()))]
    for part in ("requests", "tokens"):
        cells += [f"{of[part]['x_large']:.3f}", f"{of[part]['throttled_per_ok']:.3f}"]
    chat = of["chat"]
    written = chat["chat"]["written_x_large"]
    return [*cells, f"{chat['x_large']:.3f}", f"{chat['chat']['moved_percent']:.1f}", f"{written:.3f}"]


def workspace_readme():
    """One table of three scenarios, of those strategies that an application may choose."""
    agents = [flag for flag in AGENTS if not flag.startswith("--plot") and ".svg" not in flag]
    half = ["--scenario", "brownout", "--fault", "unavailable:0.5", "--strategy", *HEADLINE]
    of = {}
    for name, flags in {"requests": [], "agents": agents, "brownout": half}.items():
        rows = json.loads(lab(*flags, "--json"))["rows"]
        of[name] = {row["strategy"]: row for row in rows}

    def cells(row, speed):
        if row is None:
            return ["-", "-", "-"]
        lost = 100 * row["failed"] / (row["ok"] + row["failed"])
        # Who loses calls has fewer to make.
        speed = row[speed] if speed == "goodput" or lost == 0 else None
        numbers = [(lost, 1), (speed, 2), (row["p99_s"], 1)]
        return ["-" if number is None else f"{number:.{digits}f}" for number, digits in numbers]

    heads = ["lost %", "x oracle", "p99 s"]
    lines = [" " * 18 + "".join(f"{name:<29}" for name in of).rstrip()]
    head = heads + heads + ["lost %", "goodput", "p99 s"]
    rows = [["strategy", *head]]
    for strategy in HEADLINE:
        row = [strategy]
        for name, speed in {"requests": "x_oracle", "agents": "x_oracle", "brownout": "goodput"}.items():
            row += cells(of[name].get(strategy), speed)
        rows.append(row)
    for row in rows:
        groups = [row[at : at + 3] for at in (1, 4, 7)]
        text = "   ".join("".join(f"{cell:>9}" for cell in group)[1:] for group in groups)
        lines.append(f"{row[0]:<17}{text}".rstrip())
    marked(WORKSPACE / "README.md", "headline", "\n".join(["```text", *lines, "```"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, metavar="N")
    parser.add_argument(
        "--only", choices=["faults", "readmes", "regions"], help="leave the other figures as they are"
    )
    arguments = parser.parse_args()
    seeds = arguments.seeds
    build = ["cargo", "build", "--release", "-p", "throttle-lab", "--example", "throttle_lab"]
    subprocess.run(build, cwd=WORKSPACE, check=True)
    results = LAB / "docs/results.md"
    if arguments.only == "regions":
        regions()
        return
    if arguments.only != "readmes":
        marked(LAB / "README.md", "brownouts", brownouts(seeds))
    if arguments.only == "faults":
        marked(results, "halves", halves(seeds))
        marked(results, "outages", outages(seeds))
        return
    headline("requests", REQUESTS, "Calls completed over time, by strategy")
    headline("agents", AGENTS, "Calls that reserve 33,300 tokens and come to 1,400")
    workspace_readme()
    if arguments.only == "readmes":
        return
    page = PAGE.format(
        seeds=seeds,
        calls=by_strategy(CALLS, seeds),
        tokens=by_strategy(TOKENS, seeds),
        meters=by_meter(seeds),
        halves=halves(seeds),
        outages=outages(seeds),
    )
    results.write_text(page)
    regions()


if __name__ == "__main__":
    main()
