#!/usr/bin/env python3
"""Checks the dashboard and the alert rules against a recording, by a real Prometheus.

    cargo run -p end-to-end --example telemetry_recording > recording.txt
    examples/grafana/check.py recording.txt [--values values.json]

Each query of each panel must be answered, and with data; so must each variable. Each alert's expression
must be answered. Needs `prometheus` and `promtool` (Debian's package `prometheus`), and nothing of PyPI.
"""

import argparse
import json
import math
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).parent
STEP = 15


def scrapes(path):
    """Yields the second and the text of each scrape."""
    second, lines = None, []
    for line in path.read_text().splitlines():
        if line.startswith("# SCRAPED "):
            if second is not None:
                yield second, lines
            second, lines = int(line.split()[2]), []
        else:
            lines.append(line)
    if second is not None:
        yield second, lines


def open_metrics(recording, began):
    """The recording as promtool takes it: the samples of each metric together, with their times."""
    kinds, samples, last = {}, {}, 0
    for second, lines in recording:
        last = second
        metric = None
        for line in lines:
            if line.startswith("# TYPE "):
                _, _, metric, kind = line.split()
                kinds[metric] = kind
            elif line and not line.startswith("#"):
                samples.setdefault(metric, []).append(f"{line} {began + second}")
    out = []
    for metric, kind in kinds.items():
        name = metric.removesuffix("_total") if kind == "counter" else metric
        out.append(f"# TYPE {name} {kind}")
        out.extend(samples[metric])
    return "\n".join([*out, "# EOF", ""]), began + last


class Prometheus:
    def __init__(self, data, config):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = "127.0.0.1:%d" % free.getsockname()[1]
        self.url = f"http://{address}/api/v1/"
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={data}",
             "--storage.tsdb.retention.time=10y", f"--web.listen-address={address}",
             "--log.level=error"])
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://{address}/-/ready")
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("prometheus does not start")

    def get(self, what, **parameters):
        query = urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(f"{self.url}{what}?{query}") as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise ValueError(json.load(error)["error"]) from None


def filled(query):
    """A query as Grafana sends it, with all models and keys chosen."""
    for name, value in {"$__rate_interval": "1m", "$model": ".*", "$key": ".*"}.items():
        query = query.replace(name, value)
    if "$" in query:
        raise ValueError("a variable that the dashboard has not")
    return query


def values(prometheus, panel, target, began, ended):
    query = filled(target["expr"])
    if target.get("instant"):
        series = prometheus.get("query", query=query, time=ended)["result"]
        return [(one["metric"], [one["value"]]) for one in series]
    series = prometheus.get("query_range", query=query, start=began, end=ended, step=STEP)["result"]
    return [(one["metric"], one["values"]) for one in series]


def is_data(series):
    return any(math.isfinite(float(value)) for _, points in series for _, value in points)


def alert_expressions():
    """The `expr` of each rule, as far as YAML is needed for that: promtool reads the rest."""
    text = (HERE / "alerts.yml").read_text()
    for rule in re.split(r"^ +- alert: ", text, flags=re.M)[1:]:
        name = rule.split("\n")[0]
        block = re.search(r"expr: (?:\|\n((?: {10}.*\n)+)|(.*)\n)", rule)
        yield name, block[1] or block[2]


def main():
    flags = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    flags.add_argument("recording", type=pathlib.Path)
    flags.add_argument("--values", type=pathlib.Path, help="where to write what the panels show")
    flags = flags.parse_args()
    dashboard = json.loads((HERE / "dashboard.json").read_text())
    subprocess.run(["promtool", "check", "rules", HERE / "alerts.yml"], check=True)
    subprocess.run(["promtool", "test", "rules", HERE / "alerts_test.yml"], check=True)
    failures, shown, queries = [], [], 0
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        began = int(time.time()) - 3 * 3600
        text, ended = open_metrics(scrapes(flags.recording), began)
        (scratch / "recording").write_text(text)
        (scratch / "prometheus.yml").write_text("{}\n")
        subprocess.run(
            ["promtool", "tsdb", "create-blocks-from", "openmetrics", scratch / "recording",
             scratch / "data"], check=True, stdout=subprocess.DEVNULL)
        prometheus = Prometheus(scratch / "data", scratch / "prometheus.yml")
        try:
            for panel in dashboard["panels"]:
                for target in panel.get("targets", []):
                    queries += 1
                    what = f"{panel['title']}, {target['refId']}"
                    try:
                        series = values(prometheus, panel, target, began, ended)
                    except ValueError as error:
                        failures.append(f"{what}: {error}")
                        continue
                    if not is_data(series):
                        failures.append(f"{what}: no data: {target['expr']}")
                    shown.append({"panel": panel["title"], "type": panel["type"],
                                  "unit": panel["fieldConfig"]["defaults"]["unit"],
                                  "legend": target["legendFormat"], "series": series})
            for variable in dashboard["templating"]["list"]:
                if variable["type"] == "query":
                    found = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["definition"])
                    if not prometheus.get(f"label/{found[2]}/values", **{"match[]": found[1]}):
                        failures.append(f"variable {variable['name']}: no values")
            for alert, expression in alert_expressions():
                queries += 1
                try:
                    prometheus.get("query_range", query=expression, start=began, end=ended, step=60)
                except ValueError as error:
                    failures.append(f"{alert}: {error}")
        finally:
            prometheus.process.terminate()
            prometheus.process.wait()
    if flags.values:
        flags.values.write_text(json.dumps(shown))
    for failure in failures:
        print(failure, file=sys.stderr)
    print(f"{queries - len(failures)} passed, {len(failures)} failed")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
