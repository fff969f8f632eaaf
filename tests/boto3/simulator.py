"""Starts bedrock-sim and speaks to it: as boto3, as plain HTTP, and through its own controls."""

import contextlib
import http.client
import json
import os
import select
import subprocess
import time
import unittest
from pathlib import Path

import boto3
from botocore.config import Config

import service_model

CLAUDE = "anthropic.claude-sonnet-4-5-20250929-v1:0"
CLAUDE_PROFILE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
NOVA = "amazon.nova-lite-v1:0"

ROOT = Path(__file__).resolve().parents[2]
SECONDS_TO_START = 10
SECONDS_TO_STOP = 10


def program():
    """The path of the built program, or an error that says how to build it."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
    path = Path(os.environ.get("BEDROCK_SIM") or ROOT / target / "debug" / "bedrock-sim")
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing: run `cargo build -p bedrock-sim`, or set BEDROCK_SIM"
        )
    return path


class Simulator:
    """One running program."""

    def __init__(self, *arguments, latency_factor=0):
        command = [program(), "--listen", "127.0.0.1:0", "--latency-factor", str(latency_factor)]
        command += arguments
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.clients = []
        try:
            self.url = self._read_url()
        except BaseException:
            self.stop()
            raise

    def _read_url(self):
        ready, _, _ = select.select([self.process.stdout], [], [], SECONDS_TO_START)
        line = self.process.stdout.readline() if ready else ""
        if not line.startswith("listening on http://"):
            raise RuntimeError(f"the simulator did not start: {line!r}")
        return line.removeprefix("listening on ").strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Ends the program and returns its exit code."""
        for client in self.clients:
            client.close()
        self.process.terminate()
        try:
            return self.process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            self.process.stdout.close()

    def client(self, judged=True, **config):
        """A client of one attempt, whose every answer is held to the service model."""
        settings = {
            "retries": {"total_max_attempts": 1},
            "read_timeout": 20,
            "proxies": {},
            "max_pool_connections": 50,
        }
        os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
        client = boto3.session.Session(
            aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key="secret",
            region_name="us-east-1",
        ).client("bedrock-runtime", endpoint_url=self.url, config=Config(**(settings | config)))
        if judged:
            service_model.judge(client)
        self.clients.append(client)
        return client

    def http(self, method, path, body=None, headers=None):
        """One plain HTTP request; returns status, headers in lower case, and body."""
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=20)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, headers, answer.read()

    def script(self, *faults, guardrail_words=()):
        """Queues faults, each as keywords of the simulator's own JSON."""
        script = {"faults": list(faults), "guardrail_words": list(guardrail_words)}
        status, _, body = self.http("POST", "/_sim/script", json.dumps(script))
        if status != 200:
            raise ValueError(body.decode())

    def reset(self):
        """Forgets faults, figures, quotas spent and cached prompts."""
        self.http("POST", "/_sim/reset")

    def usage(self, model):
        """What the simulator says this model id was charged."""
        return json.loads(self.http("GET", "/_sim/usage")[2])["models"][model]

    def usage_with(self, in_flight, model):
        """The usage as soon as so many calls are in flight."""
        deadline = time.monotonic() + 5
        while (usage := self.usage(model))["in_flight"] != in_flight:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{usage['in_flight']} calls in flight, not {in_flight}")
            time.sleep(0.01)
        return usage

    def usage_at_rest(self, model):
        """The usage once no call is in flight any more."""
        return self.usage_with(0, model)


class SimulatorTest(unittest.TestCase):
    """Tests that share one program, reset before each of them."""

    maxDiff = None
    arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.simulator = Simulator(*cls.arguments)
        cls.addClassCleanup(cls.simulator.stop)
        cls.client = cls.simulator.client()

    def setUp(self):
        self.simulator.reset()

    def start(self, *arguments, **options):
        """Another program, for this test alone."""
        simulator = Simulator(*arguments, **options)
        self.addCleanup(simulator.stop)
        return simulator

    def script(self, fault, **keys):
        """Queues one fault for the shared program."""
        self.simulator.script({"fault": fault, **keys})


def user(*blocks):
    """A user message of Converse; plain texts become text blocks."""
    return {"role": "user", "content": [_block(block) for block in blocks]}


def assistant(*blocks):
    """An assistant message of Converse; plain texts become text blocks."""
    return {"role": "assistant", "content": [_block(block) for block in blocks]}


def _block(block):
    return {"text": block} if isinstance(block, str) else block


def converse(client, model=CLAUDE, **request):
    """Converse, saying hello unless told otherwise."""
    request.setdefault("messages", [user("hello")])
    return client.converse(modelId=model, **request)


def converse_stream(client, model=CLAUDE, **request):
    """The event stream of ConverseStream, saying hello unless told otherwise."""
    request.setdefault("messages", [user("hello")])
    return client.converse_stream(modelId=model, **request)["stream"]


def anthropic(**members):
    """A body of the Anthropic Messages API."""
    body = {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 500,
        "messages": [{"role": "user", "content": "hello"}],
    }
    return json.dumps(body | members)


def nova(**members):
    """A body of Nova's own format."""
    return json.dumps({"schemaVersion": "messages-v1", "messages": [user("hello")]} | members)


def invoke(client, body, model=CLAUDE, **headers):
    """InvokeModel; returns the response and its decoded body."""
    response = client.invoke_model(modelId=model, body=body, **headers)
    return response, json.loads(response["body"].read())


def invoke_stream(client, body, model=CLAUDE):
    """The decoded chunks of InvokeModelWithResponseStream."""
    stream = client.invoke_model_with_response_stream(modelId=model, body=body)["body"]
    with contextlib.closing(stream):
        for event in stream:
            yield json.loads(event["chunk"]["bytes"])
