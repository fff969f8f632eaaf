"""Every operation, as boto3 reads its answers."""

import json
import re

from botocore.exceptions import ClientError

from simulator import (
    CLAUDE,
    CLAUDE_PROFILE,
    NOVA,
    Simulator,
    SimulatorTest,
    anthropic,
    assistant,
    converse,
    converse_stream,
    invoke,
    invoke_stream,
    nova,
    user,
)

WEATHER = {
    "name": "get_weather",
    "description": "Looks up the weather",
    "inputSchema": {
        "json": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "days": {"type": "integer", "minimum": 1, "maximum": 7},
                "unit": {"enum": ["celsius", "fahrenheit"]},
            },
            "required": ["city"],
        }
    },
}
CLOCK = {"name": "get_time", "inputSchema": {"json": {"type": "object", "properties": {}}}}
TOOLS = [{"toolSpec": WEATHER}, {"toolSpec": CLOCK}]
ANTHROPIC_TOOLS = [
    {
        "name": "get_weather",
        "description": "Looks up the weather",
        "input_schema": WEATHER["inputSchema"]["json"],
    }
]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)
UNICODE = 'Grüße, 世界! 👩‍👩‍👧‍👦 — \u202eabc\u202c \U0001f600\u0301 \\ " \n\t end'


def text_of(response):
    """The text of a Converse response that has one text block."""
    (block,) = response["output"]["message"]["content"]
    return block["text"]


def joined_text(events):
    """The text that a Converse stream's deltas make."""
    deltas = (
        event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event
    )
    return "".join(delta["text"] for delta in deltas)


def kinds(events):
    """The kinds of events in order, runs of deltas counted once."""
    names = []
    for event in events:
        (name,) = event
        if names[-1:] != [name]:
            names.append(name)
    return names


class ConverseTest(SimulatorTest):
    def test_an_answer_has_text_a_stop_reason_usage_and_metrics(self):
        response = converse(self.client)
        message = response["output"]["message"]
        self.assertEqual(message["role"], "assistant")
        self.assertEqual([list(block) for block in message["content"]], [["text"]])
        self.assertEqual(response["stopReason"], "end_turn")
        self.assertEqual(response["metrics"], {"latencyMs": 0})
        usage = response["usage"]
        # "hello" is two tokens, its message four.
        self.assertEqual(usage["inputTokens"], 6)
        self.assertEqual(usage["outputTokens"], -(-len(text_of(response)) // 4))
        self.assertEqual(usage["totalTokens"], 6 + usage["outputTokens"])
        self.assertEqual((usage["cacheReadInputTokens"], usage["cacheWriteInputTokens"]), (0, 0))

    def test_a_stream_says_what_the_plain_answer_says(self):
        plain = converse(self.client)
        events = list(converse_stream(self.client))
        self.assertEqual(
            kinds(events),
            ["messageStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"],
        )
        self.assertEqual(events[0], {"messageStart": {"role": "assistant"}})
        self.assertEqual(joined_text(events), text_of(plain))
        self.assertEqual(events[-3], {"contentBlockStop": {"contentBlockIndex": 0}})
        self.assertEqual(events[-2], {"messageStop": {"stopReason": "end_turn"}})
        self.assertEqual(
            events[-1], {"metadata": {"usage": plain["usage"], "metrics": {"latencyMs": 0}}}
        )

    def test_every_part_of_a_request_is_counted(self):
        parts = {
            "text": ({"text": "x" * 40}, 10),
            "image": ({"image": {"format": "png", "source": {"bytes": PNG}}}, 1600),
            "document": (
                {"document": {"format": "pdf", "name": "a", "source": {"bytes": b"%PDF"}}},
                3000,
            ),
            "video": (
                {"video": {"format": "mp4", "source": {"s3Location": {"uri": "s3://b/v.mp4"}}}},
                10000,
            ),
        }
        for name, (part, tokens) in parts.items():
            with self.subTest(name):
                usage = converse(self.client, messages=[user("hello", part)])["usage"]
                self.assertEqual(usage["inputTokens"], 6 + tokens)
        whole = converse(
            self.client, messages=[user("hello", *(part for part, _ in parts.values()))]
        )
        self.assertEqual(
            whole["usage"]["inputTokens"], 6 + sum(tokens for _, tokens in parts.values())
        )

    def test_system_prompts_and_earlier_turns_count_as_input(self):
        response = converse(
            self.client,
            system=[{"text": "Be brief."}, {"text": "Be kind."}],
            messages=[user("hello"), assistant("hi"), user("hello")],
        )
        self.assertEqual(response["usage"]["inputTokens"], (3 + 2) + (4 + 2) + (4 + 1) + (4 + 2))

    def test_an_answer_as_long_as_allowed_stops_there(self):
        response = converse(self.client, inferenceConfig={"maxTokens": 5})
        self.assertEqual(response["stopReason"], "max_tokens")
        self.assertEqual(response["usage"]["outputTokens"], 5)
        events = list(converse_stream(self.client, inferenceConfig={"maxTokens": 5}))
        self.assertEqual(events[-2], {"messageStop": {"stopReason": "max_tokens"}})
        self.assertEqual(events[-1]["metadata"]["usage"]["outputTokens"], 5)

    def test_a_stop_sequence_stops_and_is_not_in_the_text(self):
        response = converse(
            self.client,
            inferenceConfig={"stopSequences": ["e"]},
            additionalModelResponseFieldPaths=["/stop_sequence"],
        )
        self.assertEqual(response["stopReason"], "stop_sequence")
        self.assertEqual(response["additionalModelResponseFields"], {"stop_sequence": "e"})
        self.assertNotIn("e", text_of(response))

    def test_a_stream_can_report_the_stop_sequence_too(self):
        events = list(
            converse_stream(
                self.client,
                inferenceConfig={"stopSequences": ["e"]},
                additionalModelResponseFieldPaths=["/stop_sequence"],
            )
        )
        self.assertEqual(
            events[-2]["messageStop"],
            {
                "stopReason": "stop_sequence",
                "additionalModelResponseFields": {"stop_sequence": "e"},
            },
        )

    def test_every_stop_reason_can_be_scripted(self):
        reasons = self.client.meta.service_model.shape_for("StopReason").enum
        for reason in reasons:
            with self.subTest(reason):
                tools = {"toolConfig": {"tools": TOOLS}} if reason == "tool_use" else {}
                self.simulator.script({"fault": "answer", "stop_reason": reason, "times": 2})
                self.assertEqual(converse(self.client, **tools)["stopReason"], reason)
                events = list(converse_stream(self.client, **tools))
                self.assertEqual(events[-2], {"messageStop": {"stopReason": reason}})

    def test_unicode_comes_back_whole_plain_and_streamed(self):
        self.script("answer", text=UNICODE, times=2)
        plain = converse(self.client, messages=[user(UNICODE)], system=[{"text": UNICODE}])
        self.assertEqual(text_of(plain), UNICODE)
        self.assertEqual(joined_text(converse_stream(self.client)), UNICODE)
        tokens = -(-len(UNICODE) // 4)
        self.assertEqual(plain["usage"]["inputTokens"], 4 + 2 * tokens)
        self.assertEqual(plain["usage"]["outputTokens"], tokens)

    def test_latency_and_tier_are_echoed(self):
        asked = {"performanceConfig": {"latency": "optimized"}, "serviceTier": {"type": "flex"}}
        response = converse(self.client, **asked)
        self.assertEqual({key: response[key] for key in asked}, asked)
        metadata = list(converse_stream(self.client, **asked))[-1]["metadata"]
        self.assertEqual({key: metadata[key] for key in asked}, asked)

    def test_optional_members_are_taken(self):
        response = converse(
            self.client,
            inferenceConfig={"maxTokens": 9, "temperature": 0.5},
            additionalModelRequestFields={"top_k": 40},
            requestMetadata={"team": "blue"},
        )
        self.assertEqual(response["usage"]["outputTokens"], 9)

    def test_a_request_id_is_in_the_header_and_never_the_same_twice(self):
        seen = set()
        for _ in range(5):
            metadata = converse(self.client)["ResponseMetadata"]
            self.assertEqual(metadata["HTTPHeaders"]["x-amzn-requestid"], metadata["RequestId"])
            self.assertEqual(metadata["HTTPStatusCode"], 200)
            seen.add(metadata["RequestId"])
        self.assertEqual(len(seen), 5)


class ToolTest(SimulatorTest):
    def config(self, choice):
        return {"tools": TOOLS, "toolChoice": choice}

    def check_call(self, call):
        self.assertEqual(call["name"], "get_weather")
        self.assertEqual(sorted(call["input"]), ["city", "days", "unit"])
        self.assertIsInstance(call["input"]["city"], str)
        self.assertIn(call["input"]["days"], range(1, 8))
        self.assertIn(call["input"]["unit"], ["celsius", "fahrenheit"])

    def test_a_forced_tool_is_called_in_the_shape_of_its_schema(self):
        for choice in ({"tool": {"name": "get_weather"}}, {"any": {}}):
            with self.subTest(choice):
                response = converse(self.client, toolConfig=self.config(choice))
                self.assertEqual(response["stopReason"], "tool_use")
                (block,) = response["output"]["message"]["content"]
                self.check_call(block["toolUse"])

    def test_the_second_of_two_tools_can_be_forced(self):
        response = converse(self.client, toolConfig=self.config({"tool": {"name": "get_time"}}))
        call = response["output"]["message"]["content"][0]["toolUse"]
        self.assertEqual((call["name"], call["input"]), ("get_time", {}))

    def test_a_choice_of_auto_answers_with_text(self):
        response = converse(self.client, toolConfig=self.config({"auto": {}}))
        self.assertEqual(response["stopReason"], "end_turn")

    def test_a_streamed_call_is_the_plain_call_in_pieces(self):
        config = self.config({"tool": {"name": "get_weather"}})
        plain = converse(self.client, toolConfig=config)
        events = list(converse_stream(self.client, toolConfig=config))
        self.assertEqual(
            kinds(events),
            [
                "messageStart",
                "contentBlockStart",
                "contentBlockDelta",
                "contentBlockStop",
                "messageStop",
                "metadata",
            ],
        )
        call = plain["output"]["message"]["content"][0]["toolUse"]
        start = events[1]["contentBlockStart"]
        self.assertEqual(start["contentBlockIndex"], 0)
        self.assertEqual(
            start["start"]["toolUse"], {"toolUseId": call["toolUseId"], "name": "get_weather"}
        )
        deltas = [event["contentBlockDelta"] for event in events if "contentBlockDelta" in event]
        text = "".join(delta["delta"]["toolUse"]["input"] for delta in deltas)
        self.assertEqual(json.loads(text), call["input"])
        self.assertEqual(events[-2], {"messageStop": {"stopReason": "tool_use"}})
        self.assertEqual(events[-1]["metadata"]["usage"], plain["usage"])

    def test_a_tool_result_continues_the_conversation(self):
        config = self.config({"tool": {"name": "get_weather"}})
        message = converse(self.client, toolConfig=config)["output"]["message"]
        result = {
            "toolUseId": message["content"][0]["toolUse"]["toolUseId"],
            "content": [{"json": {"degrees": 21}}, {"text": "sunny"}],
            "status": "success",
        }
        response = converse(
            self.client,
            messages=[user("hello"), message, user({"toolResult": result})],
            toolConfig={"tools": TOOLS},
        )
        self.assertEqual(response["stopReason"], "end_turn")

    def test_anthropic_bodies_call_tools_too(self):
        body = anthropic(tools=ANTHROPIC_TOOLS, tool_choice={"type": "tool", "name": "get_weather"})
        _, answer = invoke(self.client, body)
        (block,) = answer["content"]
        self.assertEqual((answer["stop_reason"], block["type"]), ("tool_use", "tool_use"))
        self.assertRegex(block["id"], "^toolu_bdrk_[A-Za-z0-9]+$")
        self.check_call(block)
        chunks = list(invoke_stream(self.client, body))
        pieces = [
            chunk["delta"]["partial_json"]
            for chunk in chunks
            if chunk["type"] == "content_block_delta"
        ]
        self.assertEqual(json.loads("".join(pieces)), block["input"])
        self.assertEqual(
            chunks[1]["content_block"],
            {"type": "tool_use", "id": block["id"], "name": "get_weather", "input": {}},
        )

    def test_nova_bodies_call_tools_too(self):
        config = self.config({"tool": {"name": "get_weather"}})
        _, answer = invoke(self.client, nova(toolConfig=config), NOVA)
        self.assertEqual(answer["stopReason"], "tool_use")
        self.check_call(answer["output"]["message"]["content"][0]["toolUse"])


class InvokeModelTest(SimulatorTest):
    def check_headers(self, response, **counts):
        headers = response["ResponseMetadata"]["HTTPHeaders"]
        prefix = "x-amzn-bedrock-"
        ours = {name: value for name, value in headers.items() if name.startswith(prefix)}
        expected = {prefix + name.replace("_", "-"): str(value) for name, value in counts.items()}
        self.assertEqual(ours, expected)
        self.assertEqual(response["contentType"], "application/json")

    def test_an_anthropic_body_is_answered_in_anthropics_format(self):
        response, answer = invoke(self.client, anthropic())
        self.assertEqual(
            sorted(answer),
            ["content", "id", "model", "role", "stop_reason", "stop_sequence", "type", "usage"],
        )
        self.assertEqual((answer["type"], answer["role"]), ("message", "assistant"))
        self.assertRegex(answer["id"], "^msg_bdrk_[A-Za-z0-9]+$")
        self.assertEqual((answer["stop_reason"], answer["stop_sequence"]), ("end_turn", None))
        (block,) = answer["content"]
        tokens = -(-len(block["text"]) // 4)
        self.assertEqual(
            answer["usage"],
            {
                "input_tokens": 6,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0,
                "output_tokens": tokens,
            },
        )
        self.check_headers(
            response, input_token_count=6, output_token_count=tokens, invocation_latency=0
        )

    def test_a_stream_of_anthropic_chunks_says_the_same(self):
        _, answer = invoke(self.client, anthropic())
        chunks = list(invoke_stream(self.client, anthropic()))
        self.assertEqual(
            [chunk["type"] for chunk in chunks if chunk["type"] != "content_block_delta"],
            [
                "message_start",
                "content_block_start",
                "content_block_stop",
                "message_delta",
                "message_stop",
            ],
        )
        start = chunks[0]["message"]
        self.assertEqual((start["id"], start["content"]), (answer["id"], []))
        self.assertEqual(start["usage"]["input_tokens"], 6)
        text = "".join(chunk["delta"]["text"] for chunk in chunks[2:-3])
        self.assertEqual(text, answer["content"][0]["text"])
        output = answer["usage"]["output_tokens"]
        self.assertEqual(chunks[-2]["usage"]["output_tokens"], output)
        self.assertEqual(chunks[-2]["delta"], {"stop_reason": "end_turn", "stop_sequence": None})
        self.assertEqual(
            chunks[-1]["amazon-bedrock-invocationMetrics"],
            {
                "inputTokenCount": 6,
                "outputTokenCount": output,
                "invocationLatency": 0,
                "firstByteLatency": 0,
            },
        )

    def test_anthropic_content_is_text_or_blocks_with_the_same_cost(self):
        image = {
            "type": "image",
            "source": {"type": "base64", "media_type": "image/png", "data": "aGk="},
        }
        for content, tokens in [
            ("hello", 2),
            ([{"type": "text", "text": "hello"}], 2),
            ([{"type": "text", "text": "hello"}, image], 1602),
        ]:
            body = anthropic(messages=[{"role": "user", "content": content}], system="Be brief.")
            _, answer = invoke(self.client, body)
            self.assertEqual(answer["usage"]["input_tokens"], 3 + 4 + tokens)

    def test_anthropic_stops_at_the_maximum_or_at_a_sequence(self):
        _, answer = invoke(self.client, anthropic(max_tokens=3))
        self.assertEqual(
            (answer["stop_reason"], answer["usage"]["output_tokens"]), ("max_tokens", 3)
        )
        _, answer = invoke(self.client, anthropic(stop_sequences=["e"]))
        self.assertEqual((answer["stop_reason"], answer["stop_sequence"]), ("stop_sequence", "e"))

    def test_a_nova_body_is_answered_in_novas_format(self):
        response, answer = invoke(self.client, nova(), NOVA)
        self.assertEqual(sorted(answer), ["output", "stopReason", "usage"])
        (block,) = answer["output"]["message"]["content"]
        tokens = -(-len(block["text"]) // 4)
        self.assertEqual(
            answer["usage"],
            {
                "inputTokens": 6,
                "outputTokens": tokens,
                "totalTokens": 6 + tokens,
                "cacheReadInputTokenCount": 0,
                "cacheWriteInputTokenCount": 0,
            },
        )
        self.check_headers(
            response, input_token_count=6, output_token_count=tokens, invocation_latency=0
        )

    def test_a_stream_of_nova_chunks_says_the_same(self):
        _, answer = invoke(self.client, nova(), NOVA)
        chunks = list(invoke_stream(self.client, nova(), NOVA))
        self.assertEqual(chunks[0], {"messageStart": {"role": "assistant"}})
        self.assertEqual(joined_text(chunks), answer["output"]["message"]["content"][0]["text"])
        self.assertEqual(chunks[-2], {"messageStop": {"stopReason": "end_turn"}})
        self.assertEqual(chunks[-1]["metadata"]["usage"], answer["usage"])
        metrics = chunks[-1]["amazon-bedrock-invocationMetrics"]
        self.assertEqual(metrics["inputTokenCount"], 6)
        self.assertEqual(metrics["outputTokenCount"], answer["usage"]["outputTokens"])

    def test_nova_spells_its_maximum_in_two_ways(self):
        for key in ("maxTokens", "max_new_tokens"):
            _, answer = invoke(self.client, nova(inferenceConfig={key: 4}), NOVA)
            self.assertEqual(
                (answer["stopReason"], answer["usage"]["outputTokens"]), ("max_tokens", 4)
            )

    def test_unicode_comes_back_whole(self):
        self.script("answer", text=UNICODE, times=4)
        body = anthropic(messages=[{"role": "user", "content": UNICODE}])
        self.assertEqual(invoke(self.client, body)[1]["content"][0]["text"], UNICODE)
        chunks = list(invoke_stream(self.client, body))
        self.assertEqual("".join(c["delta"]["text"] for c in chunks[2:-3]), UNICODE)
        _, answer = invoke(self.client, nova(messages=[user(UNICODE)]), NOVA)
        self.assertEqual(answer["output"]["message"]["content"][0]["text"], UNICODE)
        self.assertEqual(joined_text(invoke_stream(self.client, nova(), NOVA)), UNICODE)

    def test_a_stream_names_the_type_of_its_chunks(self):
        response = self.client.invoke_model_with_response_stream(modelId=CLAUDE, body=anthropic())
        self.assertEqual(response["contentType"], "application/json")
        list(response["body"])

    def test_invoke_model_names_the_latency_and_tier_it_was_served_with(self):
        asked = {"performanceConfigLatency": "optimized", "serviceTier": "priority"}
        response, _ = invoke(self.client, anthropic(), **asked)
        self.assertEqual({key: response.get(key) for key in asked}, asked)
        response = self.client.invoke_model_with_response_stream(
            modelId=CLAUDE, body=anthropic(), **asked
        )
        list(response["body"])
        self.assertEqual({key: response.get(key) for key in asked}, asked)


class CacheTest(SimulatorTest):
    """The first prompt with a cache point writes what the second one reads."""

    PREFIX = "x" * 8000
    POINT = {"cachePoint": {"type": "default"}}

    def request(self, question):
        return {"system": [{"text": self.PREFIX}, self.POINT], "messages": [user(question)]}

    def figures(self, usage):
        names = ["inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens"]
        self.assertEqual(
            usage["totalTokens"], usage["outputTokens"] + sum(usage[name] for name in names)
        )
        return tuple(usage[name] for name in names)

    def test_converse_writes_then_reads(self):
        first = converse(self.client, **self.request("hello"))
        self.assertEqual(self.figures(first["usage"]), (6, 0, 2000))
        second = converse(self.client, **self.request("goodbye!"))
        self.assertEqual(self.figures(second["usage"]), (6, 2000, 0))
        streamed = list(converse_stream(self.client, **self.request("hello")))
        self.assertEqual(self.figures(streamed[-1]["metadata"]["usage"]), (6, 2000, 0))

    def test_a_later_point_reads_the_first_and_writes_the_rest(self):
        converse(self.client, **self.request("hello"))
        request = self.request("hello")
        request["messages"] = [user("y" * 4000, self.POINT, "hello")]
        self.assertEqual(self.figures(converse(self.client, **request)["usage"]), (2, 2000, 1004))

    def test_another_prefix_or_another_model_reads_nothing(self):
        converse(self.client, **self.request("hello"))
        other = converse(self.client, CLAUDE_PROFILE, **self.request("hello"))
        self.assertEqual(self.figures(other["usage"]), (6, 0, 2000))
        request = self.request("hello") | {"system": [{"text": "z" * 8000}, self.POINT]}
        self.assertEqual(self.figures(converse(self.client, **request)["usage"]), (6, 0, 2000))

    def test_tools_can_be_cached(self):
        config = {"tools": [*TOOLS, self.POINT]}
        first = self.figures(converse(self.client, toolConfig=config)["usage"])
        second = self.figures(converse(self.client, toolConfig=config)["usage"])
        self.assertEqual(first[:2], (6, 0))
        self.assertEqual(second, (6, first[2], 0))

    def test_anthropic_bodies_tell_it_in_body_headers_and_metrics(self):
        system = [{"type": "text", "text": self.PREFIX, "cache_control": {"type": "ephemeral"}}]
        seen = []
        for _ in range(2):
            response, answer = invoke(self.client, anthropic(system=system))
            usage = answer["usage"]
            headers = response["ResponseMetadata"]["HTTPHeaders"]
            self.assertEqual(headers["x-amzn-bedrock-input-token-count"], "6")
            seen.append(
                (
                    usage["input_tokens"],
                    usage["cache_read_input_tokens"],
                    usage["cache_creation_input_tokens"],
                    headers.get("x-amzn-bedrock-cache-read-input-token-count"),
                    headers.get("x-amzn-bedrock-cache-write-input-token-count"),
                )
            )
        self.assertEqual(seen, [(6, 0, 2000, None, "2000"), (6, 2000, 0, "2000", None)])
        metrics = list(invoke_stream(self.client, anthropic(system=system)))[-1][
            "amazon-bedrock-invocationMetrics"
        ]
        self.assertEqual(
            (
                metrics["inputTokenCount"],
                metrics["cacheReadInputTokenCount"],
                metrics["cacheWriteInputTokenCount"],
            ),
            (6, 2000, 0),
        )

    def test_nova_bodies_tell_it_too(self):
        body = nova(system=[{"text": self.PREFIX}, self.POINT])
        seen = []
        for _ in range(2):
            usage = invoke(self.client, body, NOVA)[1]["usage"]
            seen.append((usage["cacheReadInputTokenCount"], usage["cacheWriteInputTokenCount"]))
        self.assertEqual(seen, [(0, 2000), (2000, 0)])

    def test_more_than_four_cache_points_are_refused(self):
        content = [block for part in "abcde" for block in (part * 8000, self.POINT)]
        with self.assertRaises(self.client.exceptions.ValidationException):
            converse(self.client, messages=[user(*content)])


class CountTokensTest(SimulatorTest):
    def count(self, model=CLAUDE, **form):
        return self.client.count_tokens(modelId=model, input=form)["inputTokens"]

    def test_a_conversation_counts_as_it_will_be_charged(self):
        request = {
            "messages": [user("hello", {"image": {"format": "png", "source": {"bytes": PNG}}})],
            "system": [{"text": "Be brief."}, CacheTest.POINT],
            "toolConfig": {"tools": TOOLS},
        }
        count = self.count(converse=request)
        usage = converse(self.client, **request)["usage"]
        self.assertEqual(count, usage["inputTokens"] + usage["cacheWriteInputTokens"])
        self.assertGreater(usage["cacheWriteInputTokens"], 0)

    def test_an_anthropic_body_counts_as_it_will_be_charged(self):
        body = anthropic(system="Be brief.", tools=ANTHROPIC_TOOLS)
        count = self.count(invokeModel={"body": body})
        self.assertEqual(count, invoke(self.client, body)[1]["usage"]["input_tokens"])

    def test_a_nova_body_counts_as_it_will_be_charged(self):
        body = nova(system=[{"text": "Be brief."}])
        self.assertEqual(self.count(NOVA, invokeModel={"body": body}), 3 + 6)

    def test_a_greeting_is_six_tokens_in_every_form(self):
        self.assertEqual(self.count(converse={"messages": [user("hello")]}), 6)
        self.assertEqual(self.count(invokeModel={"body": anthropic()}), 6)
        self.assertEqual(self.count(NOVA, invokeModel={"body": nova()}), 6)

    def test_counting_is_charged_to_nobody(self):
        self.count(converse={"messages": [user("hello")]})
        usage = self.simulator.usage(CLAUDE)
        self.assertEqual((usage["admitted"], usage["reserved"], usage["settled"]), (0, 0, 0))

    def test_an_inference_profile_cannot_count_tokens(self):
        with self.assertRaises(self.client.exceptions.ValidationException) as caught:
            self.count(CLAUDE_PROFILE, converse={"messages": [user("hello")]})
        self.assertEqual(
            caught.exception.response["Error"]["Message"],
            "The provided model doesn't support counting tokens.",
        )


class GuardrailTest(SimulatorTest):
    arguments = ("--guardrail-word", "forbidden")
    BLOCKED = "Sorry, the model cannot answer this question."

    def apply(self, *texts, source="INPUT", identifier="gr1"):
        return self.client.apply_guardrail(
            guardrailIdentifier=identifier,
            guardrailVersion="DRAFT",
            source=source,
            content=[{"text": {"text": text}} for text in texts],
        )

    def test_harmless_text_passes(self):
        answer = self.apply("hello", "world")
        self.assertEqual((answer["action"], answer["outputs"]), ("NONE", []))
        self.assertEqual(answer["usage"]["wordPolicyUnits"], 1)

    def test_a_blocked_word_intervenes_in_any_case_and_direction(self):
        for source in ("INPUT", "OUTPUT"):
            answer = self.apply("hello", "Something FORBIDDEN here", source=source)
            self.assertEqual(answer["action"], "GUARDRAIL_INTERVENED")
            self.assertEqual(answer["outputs"], [{"text": self.BLOCKED}])
            (assessment,) = answer["assessments"]
            (word,) = assessment["wordPolicy"]["customWords"]
            self.assertEqual((word["match"], word["action"]), ("forbidden", "BLOCKED"))

    def test_units_are_thousands_of_characters(self):
        for length, units in [(1, 1), (999, 1), (1001, 2), (5000, 5)]:
            with self.subTest(length):
                self.assertEqual(self.apply("x" * length)["usage"]["wordPolicyUnits"], units)

    def test_coverage_counts_the_characters_of_the_content(self):
        coverage = self.apply("hello", "world")["guardrailCoverage"]["textCharacters"]
        self.assertEqual(coverage, {"guarded": 10, "total": 10})

    def test_an_image_is_content(self):
        answer = self.client.apply_guardrail(
            guardrailIdentifier="gr1",
            guardrailVersion="1",
            source="INPUT",
            content=[{"image": {"format": "png", "source": {"bytes": PNG}}}],
        )
        self.assertEqual(
            (answer["action"], answer["usage"]["contentPolicyImageUnits"]), ("NONE", 1)
        )

    def test_an_arn_names_a_guardrail(self):
        arn = "arn:aws:bedrock:us-east-1:123456789012:guardrail/abcdef123456"
        self.assertEqual(self.apply("hello", identifier=arn)["action"], "NONE")

    def test_converse_is_guarded_when_it_asks_for_it(self):
        config = {"guardrailIdentifier": "gr1", "guardrailVersion": "1", "trace": "enabled"}
        question = [user("a forbidden thing")]
        self.assertEqual(converse(self.client, messages=question)["stopReason"], "end_turn")
        response = converse(self.client, messages=question, guardrailConfig=config)
        self.assertEqual(response["stopReason"], "guardrail_intervened")
        self.assertEqual(text_of(response), self.BLOCKED)
        words = response["trace"]["guardrail"]["inputAssessment"]["gr1"]["wordPolicy"]
        self.assertEqual(words["customWords"][0]["match"], "forbidden")
        events = list(converse_stream(self.client, messages=question, guardrailConfig=config))
        self.assertEqual(events[-2], {"messageStop": {"stopReason": "guardrail_intervened"}})
        self.assertEqual(events[-1]["metadata"]["trace"], response["trace"])

    def test_a_trace_is_given_only_when_it_is_asked_for(self):
        config = {"guardrailIdentifier": "gr1", "guardrailVersion": "1"}
        response = converse(self.client, messages=[user("forbidden")], guardrailConfig=config)
        self.assertEqual(response["stopReason"], "guardrail_intervened")
        self.assertNotIn("trace", response)

    def test_guard_content_is_all_the_guardrail_looks_at_where_there_is_some(self):
        config = {"guardrailIdentifier": "gr1", "guardrailVersion": "1"}
        for outside, inside, reason in [
            ("a forbidden thing", "a fine thing", "end_turn"),
            ("a fine thing", "a forbidden thing", "guardrail_intervened"),
        ]:
            guarded = {"guardContent": {"text": {"text": inside}}}
            response = converse(
                self.client, messages=[user(outside, guarded)], guardrailConfig=config
            )
            with self.subTest(inside):
                self.assertEqual(response["stopReason"], reason)

    def test_invoke_model_applies_the_guardrail_of_its_headers(self):
        guard = {"guardrailIdentifier": "gr1", "guardrailVersion": "1"}
        body = anthropic(messages=[{"role": "user", "content": "a forbidden thing"}])
        _, answer = invoke(self.client, body, **guard)
        self.assertEqual(answer["content"], [{"type": "text", "text": self.BLOCKED}])
        self.assertEqual(answer["amazon-bedrock-guardrailAction"], "INTERVENED")
        _, answer = invoke(self.client, anthropic(), **guard)
        self.assertEqual(answer["amazon-bedrock-guardrailAction"], "NONE")


class ModelIdTest(SimulatorTest):
    IDS = [
        "meta.llama3-8b-instruct-v1:0",
        CLAUDE_PROFILE,
        "arn:aws:bedrock:us-east-1::foundation-model/" + CLAUDE,
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/" + CLAUDE_PROFILE,
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456",
        "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abc123def456",
        "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:imported-model/abc123def456",
    ]
    arguments = [word for id in IDS for word in ("--model", id)]

    def test_ids_profiles_and_arns_are_each_served_on_their_own_account(self):
        for calls, model in enumerate(self.IDS, start=1):
            with self.subTest(model):
                for _ in range(calls):
                    self.assertEqual(converse(self.client, model)["stopReason"], "end_turn")
                self.assertEqual(len(list(converse_stream(self.client, model))[-1]), 1)
        self.assertEqual(
            [self.simulator.usage(model)["admitted"] for model in self.IDS],
            [calls + 1 for calls in range(1, len(self.IDS) + 1)],
        )

    def test_arns_of_anthropic_models_take_anthropic_bodies(self):
        for model in self.IDS[1:4]:
            with self.subTest(model):
                self.assertEqual(invoke(self.client, anthropic(), model)[1]["role"], "assistant")

    def test_a_model_that_is_not_served_is_invalid(self):
        for model in (CLAUDE, self.IDS[1].upper(), "us." + CLAUDE_PROFILE):
            with self.subTest(model), self.assertRaises(ClientError) as caught:
                converse(self.client, model)
            self.assertEqual(
                caught.exception.response["Error"],
                {
                    "Code": "ValidationException",
                    "Message": "The provided model identifier is invalid.",
                },
            )


class SeedTest(SimulatorTest):
    def answers(self, simulator):
        client = simulator.client()
        tool = {"tools": TOOLS, "toolChoice": {"any": {}}}
        return [
            converse(client)["output"],
            converse(client, messages=[user("another question")])["output"],
            converse(client, toolConfig=tool)["output"],
            list(converse_stream(client)),
            invoke(client, anthropic())[1],
            invoke(client, nova(), NOVA)[1],
        ]

    def test_a_seed_gives_the_same_answers_in_every_process(self):
        one, same, other = (self.start("--seed", seed) for seed in ("7", "7", "8"))
        answers = self.answers(one)
        self.assertEqual(answers, self.answers(same))
        self.assertEqual(answers, self.answers(one))
        for mine, theirs in zip(answers, self.answers(other), strict=True):
            self.assertNotEqual(mine, theirs)

    def test_models_and_questions_have_answers_of_their_own(self):
        texts = {
            text_of(converse(self.client, model, messages=[user(question)]))
            for model in (CLAUDE, CLAUDE_PROFILE, NOVA)
            for question in ("hello", "hello!", "Hello")
        }
        self.assertEqual(len(texts), 9)

    def test_a_seed_throws_the_same_dice_in_every_process(self):
        def strikes(simulator):
            client = simulator.client()
            return [self.is_throttled(client) for _ in range(40)]

        arguments = ("--seed", "3", "--fault", "throttling,rate=0.5")
        one, same = self.start(*arguments), self.start(*arguments)
        struck = strikes(one)
        self.assertEqual(struck, strikes(same))
        self.assertIn(sum(struck), range(8, 33))

    def is_throttled(self, client):
        try:
            converse(client)
        except client.exceptions.ThrottlingException:
            return True
        return False


class ProgramTest(SimulatorTest):
    def test_it_stops_when_it_is_told_to(self):
        simulator = Simulator()
        self.assertRegex(simulator.url, r"^http://127\.0\.0\.1:\d+$")
        converse(simulator.client())
        self.assertEqual(simulator.stop(), 0)

    def test_usage_is_json_with_every_model(self):
        status, headers, body = self.simulator.http("GET", "/_sim/usage")
        self.assertEqual((status, headers["content-type"]), (200, "application/json"))
        self.assertIn(CLAUDE, json.loads(body)["models"])

    def test_a_bad_script_is_refused_whole(self):
        for script in (
            b"",
            b"{",
            b'[{"fault": "nonsense"}]',
            b'[{"fault": "throttling", "x": 1}]',
            b'[{"fault": "throttling"}, {"fault": "throttling", "rate": 2}]',
        ):
            status, _, body = self.simulator.http("POST", "/_sim/script", script)
            self.assertEqual(status, 400, script)
            self.assertTrue(re.search(r"\w", json.loads(body)["message"]))
        self.assertEqual(converse(self.client)["stopReason"], "end_turn")
