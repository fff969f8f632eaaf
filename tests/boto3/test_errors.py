"""Every error the service answers with, scripted and earned."""

import json
from typing import NamedTuple

from botocore.exceptions import ClientError, ConnectionClosedError

from simulator import (
    CLAUDE,
    NOVA,
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

BODY = json.dumps({"messages": [user("hello")]})
SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=x", "Content-Type": "application/json"}
REQUESTS = "Too many requests, please wait before trying again."


class Row(NamedTuple):
    """What one kind of fault must look like to boto3."""

    fault: str
    status: int
    code: str
    message: str
    # Whether botocore has a class of this name; the others are plain ClientErrors.
    has_class: bool = True
    # Whether the input is charged: the call had reached the model.
    charges_input: bool = False


ROWS = [
    Row("throttling", 429, "ThrottlingException", REQUESTS),
    Row("throttling_400", 400, "ThrottlingException", REQUESTS),
    Row(
        "throttling_daily",
        429,
        "ThrottlingException",
        "Too many tokens per day, please wait before trying again.",
    ),
    Row(
        "model_not_ready",
        429,
        "ModelNotReadyException",
        "The model is not ready for inference. Please try again later.",
    ),
    # botocore falls back on the status where an answer names no error.
    Row("bare_429", 429, "429", "Too Many Requests", has_class=False),
    Row("too_many_requests", 429, "TooManyRequestsException", REQUESTS, has_class=False),
    Row("overloaded", 529, "overloaded_error", "Overloaded", has_class=False),
    Row(
        "service_unavailable",
        503,
        "ServiceUnavailableException",
        "Bedrock is unable to process your request.",
    ),
    Row(
        "internal_server",
        500,
        "InternalServerException",
        "The system encountered an unexpected error during processing. Try your request again.",
    ),
    Row(
        "model_timeout",
        408,
        "ModelTimeoutException",
        "Model has timed out in processing the request. Try your request again.",
        charges_input=True,
    ),
    Row(
        "model_error",
        424,
        "ModelErrorException",
        "The model encountered an unexpected error during processing. Try your request again.",
        charges_input=True,
    ),
    Row(
        "model_stream_error",
        424,
        "ModelStreamErrorException",
        "The model encountered an error while streaming the response.",
        charges_input=True,
    ),
    Row(
        "service_quota_exceeded",
        400,
        "ServiceQuotaExceededException",
        "Your request exceeds the service quota for your account.",
    ),
    Row(
        "validation",
        400,
        "ValidationException",
        "The input fails to satisfy the constraints specified by the service.",
    ),
    Row(
        "access_denied",
        403,
        "AccessDeniedException",
        "You don't have access to the model with the specified model ID.",
    ),
    Row(
        "resource_not_found",
        404,
        "ResourceNotFoundException",
        "Could not resolve the foundation model from the provided model identifier.",
    ),
]


class ErrorTest(SimulatorTest):
    def caught(self, call):
        """The error a call fails with."""
        with self.assertRaises(ClientError) as caught:
            call()
        return caught.exception

    def check(self, row, error, message=None, hints=None):
        expected = getattr(self.client.exceptions, row.code) if row.has_class else ClientError
        self.assertIs(type(error), expected)
        self.assertEqual(
            error.response["Error"], {"Code": row.code, "Message": message or row.message}
        )
        metadata = error.response["ResponseMetadata"]
        self.assertEqual(metadata["HTTPStatusCode"], row.status)
        self.assertEqual(metadata["RetryAttempts"], 0)
        headers = metadata["HTTPHeaders"]
        self.assertEqual(headers["x-amzn-requestid"], metadata["RequestId"])
        self.assertEqual(headers.get("x-amzn-errortype", "429").split(":")[0], row.code)
        seen = {name: value for name, value in headers.items() if "retry-after" in name}
        self.assertEqual(seen, hints or {})


class ScriptedErrorTest(ErrorTest):
    def test_every_error_has_its_class_code_message_and_status(self):
        for row in ROWS:
            with self.subTest(row.fault):
                self.script(row.fault)
                self.check(row, self.caught(lambda: converse(self.client)))
                self.assertEqual(converse(self.client)["stopReason"], "end_turn")

    def test_every_error_comes_out_of_every_operation_of_a_model(self):
        calls = {
            "ConverseStream": lambda: converse_stream(self.client),
            "InvokeModel": lambda: invoke(self.client, anthropic()),
            "InvokeModelWithResponseStream": lambda: list(invoke_stream(self.client, anthropic())),
        }
        for row in ROWS:
            for operation, call in calls.items():
                with self.subTest(row.fault, operation=operation):
                    self.script(row.fault, operation=operation)
                    error = self.caught(call)
                    self.check(row, error)
                    self.assertEqual(error.operation_name, operation)

    def test_errors_before_the_model_come_out_of_the_other_operations(self):
        counting = {"converse": {"messages": [user("hello")]}}
        guarded = {
            "guardrailIdentifier": "gr1",
            "guardrailVersion": "1",
            "source": "INPUT",
            "content": [{"text": {"text": "hello"}}],
        }
        for row in ROWS:
            if row.charges_input:
                continue
            with self.subTest(row.fault):
                self.script(row.fault, times=2)
                self.check(
                    row,
                    self.caught(lambda: self.client.count_tokens(modelId=CLAUDE, input=counting)),
                )
                self.check(row, self.caught(lambda: self.client.apply_guardrail(**guarded)))

    def test_hints_come_only_when_they_are_scripted(self):
        scripted = {"retry_after_ms": 1500, "retry_after_s": 2}
        headers = {"x-amz-retry-after": "1500", "retry-after": "2"}
        for row in ROWS:
            for key, name in zip(scripted, headers, strict=True):
                with self.subTest(row.fault, hint=key):
                    self.script(row.fault, **{key: scripted[key]})
                    error = self.caught(lambda: converse(self.client))
                    self.check(row, error, hints={name: headers[name]})
            self.script(row.fault, **scripted)
            self.check(row, self.caught(lambda: converse(self.client)), hints=headers)

    def test_every_message_can_be_scripted(self):
        for row in ROWS:
            for message in ('Grüße 世界 "quoted"\nnext line', "x" * 5000):
                with self.subTest(row.fault, length=len(message)):
                    self.script(row.fault, message=message)
                    self.check(row, self.caught(lambda: converse(self.client)), message)

    def test_errors_of_the_model_have_their_members(self):
        self.script("model_error")
        error = self.caught(lambda: converse(self.client)).response
        self.assertEqual((error["originalStatusCode"], error["resourceName"]), (500, ""))
        self.script("model_stream_error")
        error = self.caught(lambda: list(invoke_stream(self.client, anthropic()))).response
        self.assertEqual(error["originalStatusCode"], 500)
        self.assertEqual(error["originalMessage"], error["Error"]["Message"])

    def test_only_calls_that_reached_the_model_are_charged(self):
        for row in ROWS:
            with self.subTest(row.fault):
                self.simulator.reset()
                self.script(row.fault)
                self.caught(lambda: converse(self.client))
                usage = self.simulator.usage(CLAUDE)
                self.assertEqual(usage["faulted"], 1)
                self.assertEqual(usage["throttled"], 0)
                self.assertEqual(usage["input_tokens"], 6 if row.charges_input else 0)
                self.assertEqual(usage["admitted"], int(row.charges_input))
                self.assertEqual(usage["in_flight"], 0)

    def test_a_model_timeout_is_charged_for_the_answer_it_never_gave(self):
        answer = converse(self.client)["usage"]["outputTokens"]
        self.simulator.reset()
        self.script("model_timeout")
        self.caught(lambda: converse(self.client))
        self.assertEqual(self.simulator.usage(CLAUDE)["output_tokens"], answer)

    def test_a_fault_waits_for_its_model_and_its_operation(self):
        self.script("throttling", model=NOVA)
        self.script("internal_server", operation="InvokeModel")
        self.assertEqual(converse(self.client)["stopReason"], "end_turn")
        with self.assertRaises(self.client.exceptions.ThrottlingException):
            converse(self.client, NOVA)
        with self.assertRaises(self.client.exceptions.InternalServerException):
            invoke(self.client, anthropic())
        self.assertEqual(invoke(self.client, anthropic())[1]["role"], "assistant")

    def test_faults_come_in_the_order_they_were_scripted(self):
        self.script("throttling", times=2)
        self.script("service_unavailable")
        codes = [
            self.caught(lambda: converse(self.client)).response["Error"]["Code"] for _ in range(3)
        ]
        self.assertEqual(codes, ["ThrottlingException"] * 2 + ["ServiceUnavailableException"])
        self.assertEqual(converse(self.client)["stopReason"], "end_turn")

    def test_botocores_own_retries_take_the_errors_for_what_they_are(self):
        client = self.simulator.client(retries={"mode": "standard", "total_max_attempts": 2})
        for fault in ("throttling", "service_unavailable"):
            with self.subTest(fault):
                self.script(fault)
                self.assertEqual(converse(client)["ResponseMetadata"]["RetryAttempts"], 1)
        self.script("validation")
        error = self.caught(lambda: converse(client))
        self.assertEqual(error.response["ResponseMetadata"]["RetryAttempts"], 0)

    def test_a_connection_reset_is_a_closed_connection(self):
        self.script("connection_reset", times=2)
        with self.assertRaises(ConnectionClosedError):
            converse(self.client)
        with self.assertRaises(ConnectionClosedError):
            converse_stream(self.client)
        self.assertEqual(converse(self.client)["stopReason"], "end_turn")


class BadInputTest(ErrorTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = cls.simulator.client(parameter_validation=False)

    def refused(self, call, message=None):
        """Checks for a ValidationException, and its message if AWS's is known."""
        error = self.caught(call)
        self.assertIs(type(error), self.client.exceptions.ValidationException)
        self.assertEqual(error.response["ResponseMetadata"]["HTTPStatusCode"], 400)
        if message:
            self.assertEqual(error.response["Error"]["Message"], message)
        return error.response["Error"]["Message"]

    def refused_messages(self, *messages, message=None):
        """Checks that Converse, its stream and CountTokens refuse these messages alike."""
        messages = list(messages)
        self.refused(lambda: converse(self.client, messages=messages), message)
        self.refused(lambda: converse_stream(self.client, messages=messages), message)
        # How CountTokens words its places is not known.
        count = {"converse": {"messages": messages}}
        self.refused(lambda: self.client.count_tokens(modelId=CLAUDE, input=count))
        self.assertEqual(self.simulator.usage(CLAUDE)["admitted"], 0)

    def test_no_messages(self):
        self.refused_messages(
            message="A conversation must start with a user message. Try again with a conversation "
            "that starts with a user message."
        )
        self.refused(lambda: self.client.converse(modelId=CLAUDE))

    def test_the_assistant_cannot_begin(self):
        self.refused_messages(
            assistant("hi"),
            user("hello"),
            message="A conversation must start with a user message. Try again with a conversation "
            "that starts with a user message.",
        )

    def test_roles_alternate(self):
        self.refused_messages(
            user("hello"),
            user("hello"),
            message="A conversation must alternate between user and assistant roles. Make sure the "
            "conversation alternates between user and assistant roles and try again.",
        )

    def test_empty_content(self):
        self.refused_messages(
            user(),
            message="The content field in the Message object at messages.0 is empty. Add a "
            "ContentBlock object to the content field and try again.",
        )

    def test_blank_text(self):
        for text in ("", " ", "\n\t"):
            self.refused_messages(
                user(text),
                message="The text field in the ContentBlock object at messages.0.content.0 is "
                "blank. Add text to the text field, and try again.",
            )

    def test_an_unknown_role(self):
        message = self.refused(
            lambda: converse(self.client, messages=[{"role": "judge", "content": [{"text": "x"}]}])
        )
        self.assertIn("'judge' at 'messages.0.role' failed to satisfy constraint", message)

    def test_tools_are_not_used_without_being_defined(self):
        use = {"toolUse": {"toolUseId": "a", "name": "get_time", "input": {}}}
        self.refused_messages(
            user("hello"),
            assistant(use),
            message="The toolConfig field must be defined when using toolUse and toolResult "
            "content blocks.",
        )

    def test_every_tool_use_has_its_result(self):
        tools = {"tools": [{"toolSpec": {"name": "get_time", "inputSchema": {"json": {}}}}]}
        use = {"toolUse": {"toolUseId": "a", "name": "get_time", "input": {}}}
        other = {"toolResult": {"toolUseId": "b", "content": [{"text": "noon"}]}}
        self.refused(
            lambda: converse(
                self.client, toolConfig=tools, messages=[user("x"), assistant(use), user("y")]
            ),
            "Expected toolResult blocks at messages.2.content for the following Ids: a",
        )
        self.refused(
            lambda: converse(self.client, toolConfig=tools, messages=[user("x", other)]),
            "The number of toolResult blocks at messages.0.content exceeds the number of toolUse "
            "blocks of previous turn.",
        )

    def test_numbers_out_of_range(self):
        cases = [
            ("maxTokens", 0),
            ("maxTokens", -1),
            ("temperature", 1.5),
            ("temperature", -0.5),
            ("topP", 2.0),
            ("stopSequences", [""]),
        ]
        for key, value in cases:
            with self.subTest(key, value=value):
                message = self.refused(lambda: converse(self.client, inferenceConfig={key: value}))
                self.assertIn(f"at 'inferenceConfig.{key}", message)

    def test_more_tokens_than_the_model_writes(self):
        for model, limit in [(CLAUDE, 64_000), (NOVA, 10_000)]:
            self.refused(
                lambda: converse(self.client, model, inferenceConfig={"maxTokens": limit + 1}),
                f"The maximum tokens you requested exceeds the model limit of {limit}. Try again "
                f"with a maximum tokens value that is lower than {limit}.",
            )
            fits = converse(self.client, model, inferenceConfig={"maxTokens": limit})
            self.assertEqual(fits["stopReason"], "end_turn")

    def test_an_unknown_model(self):
        message = "The provided model identifier is invalid."
        for model in ("no.such-model-v1:0", "x", CLAUDE + "x"):
            calls = [
                lambda: converse(self.client, model),
                lambda: converse_stream(self.client, model),
                lambda: invoke(self.client, anthropic(), model),
                lambda: list(invoke_stream(self.client, anthropic(), model)),
                lambda: self.client.count_tokens(
                    modelId=model, input={"converse": {"messages": [user("hello")]}}
                ),
            ]
            for call in calls:
                self.refused(call, message)

    def test_a_model_id_may_be_any_text(self):
        for model in ("a b", "é", "../..", "a/b", "%2F", "?x=1", "#", 'a"b'):
            with self.subTest(model):
                self.refused(
                    lambda: converse(self.client, model),
                    "The provided model identifier is invalid.",
                )

    def test_anthropic_bodies_are_checked(self):
        hello = {"role": "user", "content": "hello"}
        cases = {
            "#: required key [max_tokens] not found": {"max_tokens": None},
            "#: required key [anthropic_version] not found": {"anthropic_version": None},
            "#: required key [messages] not found": {"messages": None},
            "messages: at least one message is required": {"messages": []},
            'messages: first message must use the "user" role': {
                "messages": [{"role": "assistant", "content": "hi"}]
            },
            'messages: roles must alternate between "user" and "assistant", but found multiple '
            '"user" roles in a row': {"messages": [hello, hello]},
        }
        for text, change in cases.items():
            with self.subTest(text):
                body = {
                    key: value
                    for key, value in json.loads(anthropic(**change)).items()
                    if value is not None
                }
                message = self.refused(lambda: invoke(self.client, json.dumps(body)))
                self.assertIn(text, message)

    def test_empty_content_of_an_anthropic_body(self):
        for content in ([], "", [{"type": "text", "text": ""}]):
            body = anthropic(messages=[{"role": "user", "content": content}])
            self.refused(lambda: invoke(self.client, body))

    def test_an_extraneous_key_of_a_body_is_refused(self):
        for key in ("stream", "model", "max_tokens_to_sample", "chat_id"):
            with self.subTest(key):
                body = anthropic(**{key: True})
                self.assertIn(key, self.refused(lambda: invoke(self.client, body)))
        with self.subTest("nova"):
            body = nova(anthropic_version="bedrock-2023-05-31")
            message = self.refused(lambda: invoke(self.client, body, NOVA))
            self.assertIn("extraneous key [anthropic_version] is not permitted", message)

    def test_tool_uses_and_results_of_an_anthropic_body_belong_together(self):
        use = {"type": "tool_use", "id": "toolu_1", "name": "get_time", "input": {}}
        result = {"type": "tool_result", "tool_use_id": "toolu_2", "content": "noon"}
        hello = {"role": "user", "content": "hello"}
        tools = [{"name": "get_time", "input_schema": {"type": "object"}}]
        for messages in (
            [hello, {"role": "assistant", "content": [use]}, hello],
            [{"role": "user", "content": [result]}],
        ):
            body = anthropic(tools=tools, messages=messages)
            with self.subTest(body):
                self.refused(lambda: invoke(self.client, body))

    def test_a_body_of_the_wrong_family_is_refused(self):
        self.refused(lambda: invoke(self.client, anthropic(), NOVA))
        self.refused(lambda: invoke(self.client, nova()))

    def test_a_body_that_is_not_json(self):
        for body in (b"", b"{", b"hello", b"[]", b"null", b"\xff\xfe", b'{"a": 1} x'):
            with self.subTest(body):
                message = self.refused(lambda: invoke(self.client, body))
                self.assertTrue(message.startswith("Malformed input request: "), message)
                self.refused(lambda: list(invoke_stream(self.client, body)))

    def test_a_guardrail_checks_its_input(self):
        guard = {"guardrailIdentifier": "gr1", "guardrailVersion": "1"}
        self.refused(
            lambda: self.client.apply_guardrail(
                **guard, source="SIDEWAYS", content=[{"text": {"text": "x"}}]
            )
        )
        self.refused(
            lambda: self.client.apply_guardrail(**guard, content=[{"text": {"text": "x"}}])
        )

    def test_25_million_bytes_are_taken_and_not_one_more(self):
        body = anthropic().encode()
        largest = body + b" " * (25_000_000 - len(body))
        self.assertEqual(invoke(self.client, largest)[1]["usage"]["input_tokens"], 6)
        self.refused(lambda: invoke(self.client, largest + b" "))
        self.assertEqual(invoke(self.client, body)[1]["role"], "assistant")


class HttpTest(SimulatorTest):
    """What boto3 cannot be made to send."""

    def send(self, method, path, body=BODY, headers=None):
        status, headers, body = self.simulator.http(
            method, path, body, SIGNED if headers is None else headers
        )
        self.assertRegex(headers["x-amzn-requestid"], "^[0-9a-f-]{36}$")
        code = headers.get("x-amzn-errortype", "").split(":")[0]
        return status, code, headers, body

    def test_a_plain_request_is_answered(self):
        status, code, headers, body = self.send("POST", f"/model/{CLAUDE}/converse")
        self.assertEqual((status, code), (200, ""))
        self.assertEqual(json.loads(body)["stopReason"], "end_turn")
        self.assertEqual(int(headers["content-length"]), len(body))

    def test_without_authorization_every_operation_is_forbidden(self):
        paths = [
            f"/model/{CLAUDE}/{verb}"
            for verb in (
                "converse",
                "converse-stream",
                "invoke",
                "invoke-with-response-stream",
                "count-tokens",
            )
        ]
        for path in [*paths, "/guardrail/gr1/version/1/apply", "/model/unknown/converse"]:
            with self.subTest(path):
                status, code, _, body = self.send("POST", path, headers={})
                self.assertEqual((status, code), (403, "MissingAuthenticationTokenException"))
                self.assertEqual(json.loads(body), {"message": "Missing Authentication Token"})

    def test_an_unknown_path_is_not_found(self):
        for path in (
            "/",
            "/model",
            f"/model/{CLAUDE}",
            f"/model/{CLAUDE}/nothing",
            f"/model/{CLAUDE}/converse/",
            "/guardrail/gr1/apply",
            "/foundation-models",
        ):
            with self.subTest(path):
                status, code, _, _ = self.send("POST", path)
                self.assertEqual((status, code), (404, "UnknownOperationException"))

    def test_a_wrong_method_is_not_allowed(self):
        for method in ("GET", "PUT", "DELETE", "PATCH"):
            with self.subTest(method):
                status, code, headers, _ = self.send(method, f"/model/{CLAUDE}/converse")
                self.assertEqual((status, code), (405, "UnknownOperationException"))
                self.assertEqual(headers["allow"], "POST")

    def test_a_body_that_is_not_json_cannot_be_deserialized(self):
        for body in ("", "{", "hello", "[]", "null", b"\xff\xfe", BODY + "x"):
            for verb in ("converse", "converse-stream", "count-tokens"):
                with self.subTest(verb, body=body):
                    status, code, _, _ = self.send("POST", f"/model/{CLAUDE}/{verb}", body)
                    self.assertEqual((status, code), (400, "SerializationException"))

    def test_a_member_of_the_wrong_type_cannot_be_deserialized(self):
        for body in (
            {"messages": "hello"},
            {"messages": [user("hello")], "system": "Be brief."},
            {"messages": [{"role": "user", "content": "hello"}]},
            {"messages": [user({"text": 1})]},
            {"messages": [user("hello")], "inferenceConfig": {"maxTokens": "many"}},
        ):
            with self.subTest(body):
                status, code, _, _ = self.send(
                    "POST", f"/model/{CLAUDE}/converse", json.dumps(body)
                )
                self.assertEqual((status, code), (400, "SerializationException"))

    def test_a_null_member_is_an_absent_member(self):
        body = {"messages": [user("hello")], "system": None, "inferenceConfig": {"maxTokens": None}}
        status, _, _, _ = self.send("POST", f"/model/{CLAUDE}/converse", json.dumps(body))
        self.assertEqual(status, 200)

    def test_deeply_nested_json_does_not_bring_it_down(self):
        bomb = '{"messages":' * 100_000
        status, code, _, _ = self.send("POST", f"/model/{CLAUDE}/converse", bomb)
        self.assertEqual((status, code), (400, "SerializationException"))
        self.assertEqual(self.send("POST", f"/model/{CLAUDE}/converse")[0], 200)

    def test_a_connection_is_kept_through_errors(self):
        client = self.simulator.client()
        for _ in range(3):
            with self.assertRaises(ClientError):
                converse(client, messages=[assistant("hi")])
            converse(client)
