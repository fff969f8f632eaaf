"""Reasoning and several tool calls in one answer, streamed and not, as boto3 sees them."""

import base64
import json

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

THOUGHT = "The user asks for two cities at once, so I call twice."
SIGNATURE = base64.b64encode(b"signed").decode()
SECRET = b"secret thoughts"
CALLS = [{"city": "Köln", "days": [1, 2, 3]}, {"city": "Bern", "unit": None}]
CONTENT = [
    {"reasoning": {"text": THOUGHT, "signature": SIGNATURE}},
    {"redacted_reasoning": base64.b64encode(SECRET).decode()},
    {"text": "I look it up."},
    *({"tool_use": {"name": "get_weather", "input": call}} for call in CALLS),
]


def joined(events):
    """The blocks that a ConverseStream builds up, its tool inputs as JSON texts."""
    blocks = []
    for event in events:
        ((kind, event),) = event.items()
        at = event.get("contentBlockIndex")
        if kind == "contentBlockStart":
            assert at == len(blocks), f"block {at} begins after {len(blocks)}"
            blocks.append({"toolUse": event["start"]["toolUse"] | {"input": ""}})
        elif kind == "contentBlockDelta":
            if at == len(blocks):
                blocks.append({})
            ((kind, delta),) = event["delta"].items()
            if kind == "text":
                blocks[at]["text"] = blocks[at].get("text", "") + delta
                continue
            block = blocks[at].setdefault(kind, {})
            for key, piece in delta.items():
                block[key] = block[key] + piece if key in block else piece
        elif kind == "contentBlockStop":
            assert at + 1 == len(blocks), f"block {at} ends after {len(blocks)}"
    return blocks


class ContentTest(SimulatorTest):
    def test_converse_has_every_block(self):
        self.script("answer", content=CONTENT)
        response = converse(self.client)
        self.assertEqual(response["stopReason"], "tool_use")
        thought, redacted, text, *calls = response["output"]["message"]["content"]
        self.assertEqual(
            thought["reasoningContent"],
            {"reasoningText": {"text": THOUGHT, "signature": SIGNATURE}},
        )
        self.assertEqual(redacted["reasoningContent"], {"redactedContent": SECRET})
        self.assertEqual(text, {"text": "I look it up."})
        self.assertEqual([call["toolUse"]["input"] for call in calls], CALLS)

    def test_a_converse_stream_has_every_block(self):
        self.script("answer", content=CONTENT, times=2)
        plain = converse(self.client)
        events = list(converse_stream(self.client))
        thought, redacted, text, *calls = joined(events)
        self.assertEqual(thought["reasoningContent"], {"text": THOUGHT, "signature": SIGNATURE})
        self.assertEqual(redacted["reasoningContent"], {"redactedContent": SECRET})
        self.assertEqual(text, {"text": "I look it up."})
        for call, block in zip(calls, plain["output"]["message"]["content"][3:], strict=True):
            call["toolUse"]["input"] = json.loads(call["toolUse"]["input"])
            self.assertEqual(call, block)
        self.assertEqual(events[-2], {"messageStop": {"stopReason": "tool_use"}})
        self.assertEqual(events[-1]["metadata"]["usage"], plain["usage"])

    def test_anthropic_bodies_have_every_block(self):
        self.script("answer", content=CONTENT, times=2)
        _, answer = invoke(self.client, anthropic())
        kinds = [block["type"] for block in answer["content"]]
        self.assertEqual(
            kinds, ["thinking", "redacted_thinking", "text", "tool_use", "tool_use"]
        )
        self.assertEqual(answer["content"][0]["signature"], SIGNATURE)
        chunks = list(invoke_stream(self.client, anthropic()))
        starts = [chunk for chunk in chunks if chunk["type"] == "content_block_start"]
        self.assertEqual([start["content_block"]["type"] for start in starts], kinds)
        self.assertEqual([start["index"] for start in starts], [0, 1, 2, 3, 4])
        deltas = [chunk["delta"] for chunk in chunks if chunk["type"] == "content_block_delta"]
        self.assertIn({"type": "signature_delta", "signature": SIGNATURE}, deltas)
        thought = "".join(delta.get("thinking", "") for delta in deltas)
        self.assertEqual(thought, THOUGHT)

    def test_a_model_that_is_told_to_think_thinks_first(self):
        thinking = {"type": "enabled", "budget_tokens": 1024}
        _, answer = invoke(self.client, anthropic(thinking=thinking))
        first = converse(self.client, additionalModelRequestFields={"thinking": thinking})
        stream = converse_stream(
            self.client, additionalModelRequestFields={"thinking": thinking}
        )
        _, of_nova = invoke(self.client, nova(reasoningConfig={"type": "enabled"}), NOVA)
        self.assertEqual([block["type"] for block in answer["content"]], ["thinking", "text"])
        thought, text = first["output"]["message"]["content"]
        self.assertIn("signature", thought["reasoningContent"]["reasoningText"])
        self.assertIn("text", text)
        self.assertEqual(len(joined(stream)), 2)
        self.assertIn("reasoningContent", of_nova["output"]["message"]["content"][0])
        # What it thought goes back to it with the next turn.
        conversation = [user("hello"), first["output"]["message"], user("go on")]
        self.assertEqual(converse(self.client, messages=conversation)["stopReason"], "end_turn")

    def test_an_answer_can_be_empty(self):
        self.script("answer", content=[], times=2)
        self.assertEqual(converse(self.client)["output"]["message"]["content"], [])
        events = [*converse_stream(self.client)]
        self.assertEqual(
            [kind for event in events for kind in event],
            ["messageStart", "messageStop", "metadata"],
        )

    def test_every_event_of_a_stream_can_be_set(self):
        events = [
            {"messageStart": {"role": "assistant"}},
            {"contentBlockDelta": {"delta": {"text": "one"}, "contentBlockIndex": 0}},
            {"messageStop": {"stopReason": "end_turn"}},
        ]
        self.script("answer", events=events, output_tokens=7)
        self.assertEqual(list(converse_stream(self.client)), events)
        self.assertEqual(self.simulator.usage_at_rest(CLAUDE)["output_tokens"], 7)
