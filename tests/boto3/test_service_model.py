"""The judge itself: what it lets pass and what it does not."""

import unittest

import boto3

from service_model import judge, violations
from simulator import SimulatorTest, converse, converse_stream


class ViolationsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        session = boto3.session.Session(region_name="us-east-1")
        cls.service = session.client("bedrock-runtime").meta.service_model

    def check(self, shape, value, *expected):
        self.assertEqual(sorted(violations(value, self.service.shape_for(shape))), sorted(expected))

    def test_a_good_answer_passes(self):
        answer = {
            "output": {"message": {"role": "assistant", "content": [{"text": "hi"}]}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3},
            "metrics": {"latencyMs": 4},
            "additionalModelResponseFields": {"anything": [None, {"goes": True}]},
        }
        self.check("ConverseResponse", answer)

    def test_unknown_and_missing_members_are_found(self):
        self.check(
            "TokenUsage",
            {"inputTokens": 1, "outputTokens": 2, "total": 3},
            "$ has the unknown member total",
            "$ lacks the required member totalTokens",
        )

    def test_wrong_types_are_found(self):
        self.check("TokenUsage", [], "$ is not an object")
        self.check("ConverseMetrics", {"latencyMs": 1.5}, "$.latencyMs is not an integer")
        self.check("ConverseMetrics", {"latencyMs": True}, "$.latencyMs is not an integer")
        self.check("ContentBlocks", [{"text": None}], "$[0].text is not a string")
        self.check("PayloadPart", {"bytes": "#"}, "$.bytes is not base 64")

    def test_unions_have_one_member(self):
        self.check("ContentBlock", {}, "$ is a union with 0 members")
        self.check(
            "ContentBlockDelta",
            {"text": "x", "toolUse": {"input": ""}},
            "$ is a union with 2 members",
        )

    def test_words_outside_an_enumeration_are_found(self):
        (found,) = violations("stopped", self.service.shape_for("StopReason"))
        self.assertTrue(found.startswith("$ is 'stopped', which is not one of ['end_turn'"), found)

    def test_numbers_below_the_least_are_found(self):
        usage = {"inputTokens": -1, "outputTokens": 0, "totalTokens": 0}
        self.check("TokenUsage", usage, "$.inputTokens is -1, less than 0")


class JudgeTest(SimulatorTest):
    def test_a_client_fails_on_an_answer_that_its_service_model_does_not_allow(self):
        client = self.simulator.client(judged=False)
        # As if the simulator had made up a member.
        shapes = client.meta.service_model._service_description["shapes"]
        del shapes["TokenUsage"]["members"]["totalTokens"]
        judge(client)
        complaint = "usage has the unknown member totalTokens"
        with self.assertRaisesRegex(AssertionError, complaint):
            converse(client)
        with self.assertRaisesRegex(AssertionError, complaint):
            list(converse_stream(client))
