"""Streams that break, stall or dawdle, as boto3 and a bare socket see them."""

import contextlib
import json
import socket
import time

from botocore.eventstream import ChecksumMismatch
from botocore.exceptions import EventStreamError, ReadTimeoutError
from urllib3.exceptions import HTTPError, ProtocolError

from simulator import (
    CLAUDE,
    NOVA,
    SimulatorTest,
    anthropic,
    converse,
    converse_stream,
    invoke,
    invoke_stream,
    nova,
    user,
)

INTERNAL = "The system encountered an unexpected error during processing. Try your request again."
EXCEPTIONS = {
    "internal_server": ("internalServerException", INTERNAL),
    "model_stream_error": (
        "modelStreamErrorException",
        "The model encountered an error while streaming the response.",
    ),
    "service_unavailable": (
        "serviceUnavailableException",
        "Bedrock is unable to process your request.",
    ),
    "throttling": (
        "throttlingException",
        "Too many tokens, please wait before trying again.",
    ),
    "validation": (
        "validationException",
        "The input fails to satisfy the constraints specified by the service.",
    ),
}
TIMEOUT = (
    "modelTimeoutException",
    "Model has timed out in processing the request. Try your request again.",
)


class StreamTest(SimulatorTest):
    def setUp(self):
        super().setUp()
        # What an undisturbed stream says.
        self.events = list(converse_stream(self.client))
        self.chunks = list(invoke_stream(self.client, anthropic()))
        self.simulator.reset()

    def read(self, stream):
        """A stream's events up to its end or its error, and the error."""
        events = []
        with contextlib.closing(stream):
            try:
                for event in stream:
                    events.append(event)
            except (EventStreamError, ChecksumMismatch, ProtocolError) as error:
                return events, error
        return events, None

    def streams(self):
        """A stream of each operation, with the events it should have."""
        yield converse_stream(self.client), self.events
        yield invoke_stream(self.client, anthropic()), self.chunks


class ExceptionFrameTest(StreamTest):
    def check(self, error, operation, code, message):
        self.assertIsInstance(error, EventStreamError)
        self.assertEqual(error.response["Error"], {"Code": code, "Message": message})
        self.assertEqual(error.operation_name, operation)

    def test_every_exception_comes_out_of_converse_stream_at_its_event(self):
        for exception, expected in EXCEPTIONS.items():
            for at in (0, 1, 3, len(self.events) - 1):
                with self.subTest(exception, at=at):
                    self.script("stream_exception", exception=exception, at=at)
                    events, error = self.read(converse_stream(self.client))
                    self.assertEqual(events, self.events[:at])
                    self.check(error, "ConverseStream", *expected)

    def test_every_exception_comes_out_of_invoke_model_at_its_chunk(self):
        for exception, expected in (EXCEPTIONS | {"model_timeout": TIMEOUT}).items():
            for at in (0, 2, len(self.chunks) - 1):
                with self.subTest(exception, at=at):
                    self.script("stream_exception", exception=exception, at=at)
                    chunks, error = self.read(invoke_stream(self.client, anthropic()))
                    self.assertEqual(chunks, self.chunks[:at])
                    self.check(error, "InvokeModelWithResponseStream", *expected)

    def test_converse_stream_has_no_model_timeout(self):
        self.script("stream_exception", exception="model_timeout")
        self.assertEqual(self.read(converse_stream(self.client)), (self.events, None))
        _, error = self.read(invoke_stream(self.client, anthropic()))
        self.check(error, "InvokeModelWithResponseStream", *TIMEOUT)

    def test_it_is_a_throttle_after_one_event_unless_told_otherwise(self):
        self.script("stream_exception")
        events, error = self.read(converse_stream(self.client))
        self.assertEqual(events, self.events[:1])
        self.check(error, "ConverseStream", *EXCEPTIONS["throttling"])

    def test_its_message_can_be_scripted(self):
        for exception in EXCEPTIONS:
            self.script("stream_exception", exception=exception, message="Grüße 世界\n")
            _, error = self.read(converse_stream(self.client))
            self.check(error, "ConverseStream", EXCEPTIONS[exception][0], "Grüße 世界\n")

    def test_beyond_the_last_event_it_comes_at_the_end(self):
        self.script("stream_exception", at=10_000)
        events, error = self.read(converse_stream(self.client))
        self.assertEqual(events, self.events)
        self.check(error, "ConverseStream", *EXCEPTIONS["throttling"])

    def test_it_waits_for_a_call_that_streams(self):
        self.script("stream_exception")
        self.assertEqual(converse(self.client)["stopReason"], "end_turn")
        _, error = self.read(converse_stream(self.client))
        self.check(error, "ConverseStream", *EXCEPTIONS["throttling"])
        self.assertEqual(self.read(converse_stream(self.client)), (self.events, None))

    def test_nova_chunks_break_too(self):
        self.script("stream_exception", exception="model_stream_error", at=2)
        chunks, error = self.read(invoke_stream(self.client, nova(), NOVA))
        self.assertEqual(
            [list(chunk) for chunk in chunks], [["messageStart"], ["contentBlockDelta"]]
        )
        self.check(error, "InvokeModelWithResponseStream", *EXCEPTIONS["model_stream_error"])

    def test_what_was_delivered_is_charged(self):
        # Four tokens an event.
        for at, output in [(0, 0), (1, 0), (2, 4), (3, 8), (4, 10)]:
            with self.subTest(at=at):
                self.simulator.reset()
                self.script("stream_exception", at=at)
                self.read(converse_stream(self.client, inferenceConfig={"maxTokens": 10}))
                usage = self.simulator.usage_at_rest(CLAUDE)
                self.assertEqual((usage["input_tokens"], usage["output_tokens"]), (6, output))


class BrokenStreamTest(StreamTest):
    def test_a_clean_cut_is_no_error_at_all(self):
        for at in (0, 1, 4):
            for stream, events in self._each_with("stream_cut", at=at):
                with self.subTest(at=at):
                    self.assertEqual(self.read(stream), (events[:at], None))

    def test_a_cut_inside_a_frame_loses_that_frame(self):
        for at in (0, 1, 4):
            for stream, events in self._each_with("stream_cut_in_frame", at=at):
                with self.subTest(at=at):
                    self.assertEqual(self.read(stream), (events[:at], None))

    def test_a_cut_inside_a_frame_leaves_a_part_of_it_on_the_wire(self):
        whole = self._body_length("stream_cut", at=2)
        part = self._body_length("stream_cut_in_frame", at=1)
        before = self._body_length("stream_cut", at=1)
        self.assertLess(before, part)
        self.assertLess(part, whole)

    def test_a_corrupt_frame_fails_its_checksum(self):
        for at in (0, 1, 4):
            for stream, events in self._each_with("stream_corrupt", at=at):
                with self.subTest(at=at):
                    seen, error = self.read(stream)
                    self.assertEqual(seen, events[:at])
                    self.assertIsInstance(error, ChecksumMismatch)

    def test_a_reset_breaks_the_stream(self):
        for at in (0, 1, 4):
            for stream, events in self._each_with("connection_reset", at=at):
                with self.subTest(at=at):
                    seen, error = self.read(stream)
                    self.assertEqual(seen, events[:at])
                    self.assertIsInstance(error, ProtocolError)

    def test_a_reset_in_a_stream_is_a_real_tcp_reset(self):
        for at in (0, 2):
            with self.subTest(at=at):
                self.script("connection_reset", at=at)
                with self.assertRaises(ConnectionResetError):
                    self._receive_all("converse-stream")

    def test_a_reset_before_the_answer_is_a_real_tcp_reset(self):
        for verb in ("converse", "converse-stream"):
            with self.subTest(verb):
                self.script("connection_reset")
                with self.assertRaises(ConnectionResetError):
                    self._receive_all(verb)

    def test_a_broken_stream_is_charged_for_its_input(self):
        for fault in ("stream_cut", "stream_cut_in_frame", "stream_corrupt", "connection_reset"):
            with self.subTest(fault):
                self.simulator.reset()
                self.script(fault, at=1)
                self.read(converse_stream(self.client))
                usage = self.simulator.usage_at_rest(CLAUDE)
                self.assertEqual((usage["in_flight"], usage["outstanding"]), (0, 0))
                self.assertEqual((usage["input_tokens"], usage["output_tokens"]), (6, 0))

    def _each_with(self, fault, **keys):
        for name in ("ConverseStream", "InvokeModelWithResponseStream"):
            self.script(fault, operation=name, **keys)
        return self.streams()

    def _body_length(self, fault, **keys):
        self.script(fault, **keys)
        _, _, body = self._post("converse-stream")
        return len(body)

    def _post(self, verb):
        body = json.dumps({"messages": [user("hello")]})
        return self.simulator.http(
            "POST", f"/model/{CLAUDE}/{verb}", body, {"Authorization": "anything"}
        )

    def _receive_all(self, verb):
        """Reads from a bare socket until the far end closes."""
        body = json.dumps({"messages": [user("hello")]})
        head = (
            f"POST /model/{CLAUDE}/{verb} HTTP/1.1\r\nhost: simulator\r\n"
            f"authorization: anything\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        host, port = self.simulator.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall((head + body).encode())
            while connection.recv(65536):
                pass


class SlowStreamTest(StreamTest):
    def test_a_slow_stream_pauses_before_every_event(self):
        limit = {"inferenceConfig": {"maxTokens": 8}}
        expected = list(converse_stream(self.client, **limit))
        self.script("slow_body", delay_ms=40)
        started = time.monotonic()
        times = []
        for at, event in enumerate(converse_stream(self.client, **limit)):
            self.assertEqual(event, expected[at])
            times.append(time.monotonic() - started)
        self.assertEqual(len(times), len(expected))
        for at, seconds in enumerate(times, start=1):
            self.assertGreaterEqual(seconds, at * 0.039)
        # Not all at once at the end: the first is there long before the last.
        self.assertLess(times[0], times[-1] - 0.1)

    def test_a_slow_plain_body_is_whole_in_the_end(self):
        expected = converse(self.client)["output"]
        _, chat = invoke(self.client, anthropic())
        self.script("slow_body", delay_ms=20, times=2)
        started = time.monotonic()
        self.assertEqual(converse(self.client)["output"], expected)
        self.assertGreaterEqual(time.monotonic() - started, 0.19)
        self.assertEqual(invoke(self.client, anthropic())[1], chat)

    def test_latency_is_kept_and_reported(self):
        simulator = self.start("--first-token", "100ms", "--per-token", "10ms", latency_factor=1)
        client = simulator.client()
        limit = {"inferenceConfig": {"maxTokens": 11}}
        started = time.monotonic()
        answer = converse(client, **limit)
        self.assertGreaterEqual(time.monotonic() - started, 0.2)
        self.assertEqual(answer["metrics"]["latencyMs"], 200)
        started = time.monotonic()
        events = []
        for event in converse_stream(client, **limit):
            events.append((time.monotonic() - started, event))
        self.assertGreaterEqual(events[-1][0], 0.2)
        first = next(seconds for seconds, event in events if "contentBlockDelta" in event)
        self.assertGreaterEqual(first, 0.13)
        self.assertEqual(events[-1][1]["metadata"]["metrics"]["latencyMs"], 200)
        metrics = list(invoke_stream(client, anthropic(max_tokens=11)))[-1]
        metrics = metrics["amazon-bedrock-invocationMetrics"]
        self.assertEqual((metrics["invocationLatency"], metrics["firstByteLatency"]), (200, 100))

    def test_a_hung_call_runs_into_the_callers_timeout_and_is_settled(self):
        client = self.simulator.client(read_timeout=0.2)
        self.script("hang")
        with self.assertRaises(ReadTimeoutError):
            converse(client)
        usage = self.simulator.usage_at_rest(CLAUDE)
        self.assertEqual((usage["in_flight"], usage["admitted"]), (0, 1))
        self.assertEqual((usage["input_tokens"], usage["output_tokens"]), (6, 0))

    def test_a_stalled_stream_delivers_what_came_before(self):
        client = self.simulator.client(read_timeout=0.2)
        self.script("hang", at=3)
        seen = []
        with (
            contextlib.closing(converse_stream(client)) as stream,
            self.assertRaisesRegex(HTTPError, "timed out"),
        ):
            for event in stream:
                seen.append(event)
        self.assertEqual(seen, self.events[:3])

    def test_a_stream_that_is_closed_early_is_charged_for_what_it_delivered(self):
        self.script("slow_body", delay_ms=150)
        stream = converse_stream(self.client)
        events = iter(stream)
        for _ in range(3):
            next(events)
        stream.close()
        usage = self.simulator.usage_at_rest(CLAUDE)
        self.assertEqual(usage["in_flight"], 0)
        # Two deltas of four tokens were read; the frame under way may have left, no more.
        self.assertIn(usage["output_tokens"], (8, 12))
