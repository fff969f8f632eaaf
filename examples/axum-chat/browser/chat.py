"""The program under test, and the simulated Bedrock inside of it."""

import json
import os
import pathlib
import subprocess
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PROGRAM = os.environ.get("AXUM_CHAT", TARGET / "debug" / "examples" / "axum_chat")


class Chat:
    """Starts the program on a free port."""

    def __init__(self, *flags):
        self.process = subprocess.Popen(
            [PROGRAM, "--listen", "127.0.0.1:0", *flags],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "RUST_LOG": "off"},
        )
        self.url = self.process.stdout.readline().split()[-1]
        self.bedrock = self.process.stdout.readline().split()[-1]

    def script(self, *entries):
        """Has the simulated Bedrock do this next."""
        data = json.dumps(entries).encode()
        urllib.request.urlopen(f"{self.bedrock}/_sim/script", data).read()

    def ask(self, prompt, seconds):
        """A question of another caller; whatever comes of it."""
        headers = {"content-type": "application/json", "x-deadline-ms": str(seconds * 1000)}
        body = json.dumps({"prompt": prompt}).encode()
        request = urllib.request.Request(f"{self.url}/chat", body, headers)
        try:
            urllib.request.urlopen(request).read()
        except OSError:
            pass

    def status(self):
        with urllib.request.urlopen(f"{self.url}/status") as answer:
            return json.load(answer)

    def stop(self):
        self.process.terminate()
        self.process.stdout.close()
        return self.process.wait(timeout=90)
