"""Quotas as the throttles boto3 sees, and as the simulator's own books show them."""

import threading

from botocore.exceptions import ReadTimeoutError

from simulator import (
    CLAUDE,
    CLAUDE_PROFILE,
    NOVA,
    SimulatorTest,
    anthropic,
    converse,
    converse_stream,
    invoke,
    invoke_stream,
    user,
)

METERS = ("bucket", "fixed", "sliding")
# "hello" in a message.
HELLO = 6


class QuotaTest(SimulatorTest):
    def model(self, quotas, *arguments, name=CLAUDE):
        """A program whose one model has these quotas; its client and a way to its books."""
        simulator = self.start("--model", f"{name},{quotas}", *arguments)
        return simulator.client(), lambda: simulator.usage_at_rest(name), simulator

    def ask(self, client, maximum, **request):
        """Asks for at most so many tokens and returns how many came."""
        config = {"maxTokens": maximum}
        return converse(client, inferenceConfig=config, **request)["usage"]["outputTokens"]

    def throttled(self, client, call, what):
        """Checks that a call is refused for this quota, without a hint."""
        with self.assertRaises(client.exceptions.ThrottlingException) as caught:
            call()
        response = caught.exception.response
        self.assertEqual(
            response["Error"],
            {
                "Code": "ThrottlingException",
                "Message": f"Too many {what}, please wait before trying again.",
            },
        )
        metadata = response["ResponseMetadata"]
        self.assertEqual((metadata["HTTPStatusCode"], metadata["RetryAttempts"]), (429, 0))
        self.assertEqual([name for name in metadata["HTTPHeaders"] if "retry-after" in name], [])

    def each_meter(self):
        for meter in METERS:
            with self.subTest(meter):
                yield ("--meter", meter)


class RequestsPerMinuteTest(QuotaTest):
    def test_as_many_requests_as_the_quota_and_no_more(self):
        for meter in self.each_meter():
            client, books, _ = self.model("rpm=3", *meter)
            for _ in range(3):
                self.ask(client, 5)
            for _ in range(2):
                self.throttled(client, lambda: self.ask(client, 5), "requests")
            usage = books()
            self.assertEqual((usage["admitted"], usage["throttled"]), (3, 2))
            self.assertEqual(
                usage["throttled_by"],
                {"tokens_per_minute": 0, "requests_per_minute": 2, "tokens_per_day": 0},
            )
            self.assertEqual(usage["available"]["requests_per_minute"], 0)
            self.assertEqual(usage["limits"]["requests_per_minute"], 3)

    def test_every_operation_of_a_model_shares_it(self):
        client, books, _ = self.model("rpm=4")
        converse(client)
        list(converse_stream(client))
        invoke(client, anthropic())
        list(invoke_stream(client, anthropic()))
        for call in (
            lambda: converse(client),
            lambda: converse_stream(client),
            lambda: invoke(client, anthropic()),
            lambda: list(invoke_stream(client, anthropic())),
        ):
            self.throttled(client, call, "requests")
        self.assertEqual((books()["admitted"], books()["throttled"]), (4, 4))

    def test_refused_requests_and_bad_requests_cost_nothing(self):
        client, books, _ = self.model("rpm=1")
        with self.assertRaises(client.exceptions.ValidationException):
            converse(client, messages=[user(" ")])
        client.count_tokens(modelId=CLAUDE, input={"converse": {"messages": [user("hello")]}})
        self.ask(client, 5)
        self.assertEqual(books()["settled"], HELLO + 5 * 5)

    def test_scripted_throttles_cost_nothing(self):
        client, books, simulator = self.model("rpm=1,tpm=1000")
        simulator.script({"fault": "throttling", "times": 2})
        for _ in range(2):
            self.throttled(client, lambda: self.ask(client, 5), "requests")
        self.assertEqual(books()["available"], books()["limits"])
        self.ask(client, 5)

    def test_a_burst_is_a_part_of_the_minute(self):
        client, books, _ = self.model("rpm=6,burst=30s")
        self.assertEqual(books()["available"]["requests_per_minute"], 3)
        for _ in range(3):
            self.ask(client, 5)
        self.throttled(client, lambda: self.ask(client, 5), "requests")

    def test_other_meters_know_no_burst(self):
        for meter in METERS[1:]:
            client, books, _ = self.model("rpm=6,burst=30s", "--meter", meter)
            self.assertEqual(books()["available"]["requests_per_minute"], 6)
            for _ in range(6):
                self.ask(client, 5)
            self.throttled(client, lambda: self.ask(client, 5), "requests")

    def test_a_quota_of_zero_throttles_for_ever(self):
        for quota, what in [
            ("rpm=0", "requests"),
            ("tpm=0", "tokens"),
            ("tpd=0", "tokens per day"),
        ]:
            for meter in self.each_meter():
                client, books, _ = self.model(quota, *meter)
                self.throttled(client, lambda: self.ask(client, 1), what)
                self.assertEqual(books()["admitted"], 0)


class TokensPerMinuteTest(QuotaTest):
    def test_a_call_reserves_its_input_and_its_maximum(self):
        for meter in self.each_meter():
            client, books, _ = self.model(f"tpm={HELLO + 100}", *meter)
            self.throttled(client, lambda: self.ask(client, 101), "tokens")
            output = self.ask(client, 100)
            usage = books()
            self.assertEqual(usage["reserved"], HELLO + 100)
            self.assertEqual(usage["settled"], HELLO + 5 * output)
            self.assertEqual((usage["admitted"], usage["throttled"]), (1, 1))
            self.assertEqual(usage["throttled_by"]["tokens_per_minute"], 1)

    def test_the_maximum_is_not_multiplied_by_burndown_when_it_is_reserved(self):
        client, books, _ = self.model(f"tpm={HELLO + 100},burndown=15")
        self.ask(client, 100)
        self.assertEqual(books()["reserved"], HELLO + 100)

    def test_without_a_maximum_the_models_own_is_reserved(self):
        client, books, _ = self.model("tpm=1000,max-tokens=995")
        self.throttled(client, lambda: converse(client), "tokens")
        client, books, _ = self.model("tpm=1001,max-tokens=995")
        output = converse(client)["usage"]["outputTokens"]
        self.assertEqual((books()["reserved"], books()["settled"]), (1001, HELLO + 5 * output))

    def test_the_known_models_have_their_own_maximum_and_burndown(self):
        for model, maximum, burndown in [
            (CLAUDE, 64_000, 5),
            (CLAUDE_PROFILE, 64_000, 5),
            ("anthropic.claude-3-haiku-20240307-v1:0", 4_096, 1),
            ("anthropic.claude-3-5-sonnet-20240620-v1:0", 8_192, 1),
            ("global.anthropic.claude-opus-4-8-20260801-v1:0", 64_000, 15),
            ("anthropic.claude-sonnet-5-20260601-v1:0", 64_000, 10),
            (
                "arn:aws:bedrock:us-east-1:123456789012:inference-profile/" + CLAUDE_PROFILE,
                64_000,
                5,
            ),
            (NOVA, 10_000, 1),
        ]:
            with self.subTest(model):
                client, books, _ = self.model("tpm=1000000", name=model)
                output = converse(client, model)["usage"]["outputTokens"]
                self.assertEqual(books()["reserved"], HELLO + maximum)
                self.assertEqual(books()["settled"], HELLO + burndown * output)

    def test_what_was_not_used_is_given_back(self):
        for meter in METERS[1:]:
            client, books, _ = self.model("tpm=1000,burndown=1", "--meter", meter)
            spent = 0
            for _ in range(3):
                spent += HELLO + self.ask(client, 500)
                self.assertEqual(books()["available"]["tokens_per_minute"], 1000 - spent)

    def test_a_bucket_gives_it_back_too(self):
        client, books, _ = self.model("tpm=600,burndown=1")
        output = self.ask(client, 500)
        left = books()["available"]["tokens_per_minute"]
        # Ten tokens a second flow in meanwhile.
        self.assertIn(left, range(600 - HELLO - output, 600 - HELLO - output + 50))

    def test_output_burns_down_faster_than_it_was_reserved_and_leaves_debt(self):
        for meter in self.each_meter():
            client, books, _ = self.model("tpm=60,burndown=10", *meter)
            self.assertEqual(self.ask(client, 12), 12)
            usage = books()
            self.assertEqual((usage["reserved"], usage["settled"]), (HELLO + 12, HELLO + 120))
            self.assertIn(usage["available"]["tokens_per_minute"], range(60 - 126, 60 - 126 + 6))
            self.throttled(client, lambda: self.ask(client, 1), "tokens")

    def test_a_call_in_flight_holds_its_reservation(self):
        client, _, simulator = self.model(f"tpm={HELLO + 100}")
        simulator.script({"fault": "hang"})
        impatient = simulator.client(read_timeout=1)
        outcome = []

        def wait_in_vain():
            try:
                self.ask(impatient, 90)
            except ReadTimeoutError as error:
                outcome.append(error)

        waiting = threading.Thread(target=wait_in_vain)
        waiting.start()
        self.assertEqual(simulator.usage_with(1, CLAUDE)["outstanding"], HELLO + 90)
        self.throttled(client, lambda: self.ask(client, 90), "tokens")
        waiting.join()
        self.assertEqual(len(outcome), 1)
        usage = simulator.usage_at_rest(CLAUDE)
        self.assertEqual((usage["outstanding"], usage["settled"]), (0, HELLO))
        self.ask(client, 90)

    def test_a_burst_is_a_part_of_the_minute(self):
        client, books, _ = self.model("tpm=600,burst=10s")
        self.assertEqual(books()["available"]["tokens_per_minute"], 100)
        # More than the full bucket never fits.
        self.throttled(client, lambda: self.ask(client, 101 - HELLO), "tokens")
        self.ask(client, 100 - HELLO)

    def test_a_throttled_stream_is_an_error_and_not_a_stream(self):
        client, books, _ = self.model("tpm=10")
        self.throttled(client, lambda: converse_stream(client), "tokens")
        self.throttled(client, lambda: list(invoke_stream(client, anthropic())), "tokens")
        self.assertEqual(books()["throttled"], 2)

    def test_a_stream_is_settled_like_a_plain_call(self):
        client, books, _ = self.model("tpm=100000")
        events = list(converse_stream(client, inferenceConfig={"maxTokens": 300}))
        usage = events[-1]["metadata"]["usage"]
        self.assertEqual(books()["reserved"], HELLO + 300)
        self.assertEqual(books()["settled"], HELLO + 5 * usage["outputTokens"])

    def test_invoke_model_reserves_the_maximum_of_its_body(self):
        client, books, _ = self.model("tpm=100000")
        _, answer = invoke(client, anthropic(max_tokens=300))
        self.assertEqual(books()["reserved"], HELLO + 300)
        self.assertEqual(books()["settled"], HELLO + 5 * answer["usage"]["output_tokens"])

    def test_cached_tokens_are_reserved_and_only_writes_are_settled(self):
        client, books, _ = self.model("tpm=100000")
        system = [{"text": "x" * 8000}, {"cachePoint": {"type": "default"}}]
        wrote = self.ask(client, 10, system=system)
        self.assertEqual(books()["reserved"], 2000 + HELLO + 10)
        self.assertEqual(books()["settled"], 2000 + HELLO + 5 * wrote)
        read = self.ask(client, 10, system=system)
        usage = books()
        self.assertEqual(usage["reserved"], 2 * (2000 + HELLO + 10))
        self.assertEqual(usage["settled"], 2000 + 2 * HELLO + 5 * (wrote + read))
        self.assertEqual((usage["cache_read_tokens"], usage["cache_write_tokens"]), (2000, 2000))
        self.assertEqual((usage["input_tokens"], usage["output_tokens"]), (12, wrote + read))

    def test_every_id_has_a_quota_of_its_own(self):
        simulator = self.start(
            "--model", f"{CLAUDE},rpm=1", "--model", f"{CLAUDE_PROFILE},rpm=1", "--model", NOVA
        )
        client = simulator.client()
        converse(client)
        self.throttled(client, lambda: converse(client), "requests")
        converse(client, CLAUDE_PROFILE)
        for _ in range(5):
            converse(client, NOVA)
        limits = simulator.usage(NOVA)["limits"]
        self.assertEqual(
            limits,
            {"tokens_per_minute": None, "requests_per_minute": None, "tokens_per_day": None},
        )

    def test_a_reset_fills_every_quota_again(self):
        client, books, simulator = self.model("tpm=106,rpm=1,tpd=106")
        self.ask(client, 100)
        self.throttled(client, lambda: self.ask(client, 100), "tokens per day")
        simulator.reset()
        self.assertEqual(books()["available"], books()["limits"])
        self.assertEqual((books()["admitted"], books()["throttled"]), (0, 0))
        self.ask(client, 100)


class TokensPerDayTest(QuotaTest):
    def test_the_day_is_spent_for_good(self):
        for meter in self.each_meter():
            client, books, _ = self.model("tpd=200,burndown=1", *meter)
            self.assertEqual(self.ask(client, 10), 10)
            self.assertEqual(books()["available"]["tokens_per_day"], 200 - HELLO - 10)
            over = 200 - 2 * HELLO - 10 + 1
            self.throttled(client, lambda: self.ask(client, over), "tokens per day")
            self.ask(client, over - 1)
            self.assertEqual(books()["throttled_by"]["tokens_per_day"], 1)

    def test_the_day_is_named_before_the_minute_and_charged_with_it(self):
        client, books, _ = self.model("tpd=200,tpm=100,rpm=1,burndown=1", "--meter", "fixed")
        self.throttled(client, lambda: self.ask(client, 300), "tokens per day")
        self.throttled(client, lambda: self.ask(client, 150), "tokens")
        self.assertEqual(books()["available"], books()["limits"])
        output = self.ask(client, 10)
        self.throttled(client, lambda: self.ask(client, 10), "requests")
        self.assertEqual(
            books()["available"],
            {
                "tokens_per_minute": 100 - HELLO - output,
                "requests_per_minute": 0,
                "tokens_per_day": 200 - HELLO - output,
            },
        )


class BooksTest(QuotaTest):
    def test_the_books_are_the_sum_of_what_the_answers_say(self):
        client, books, _ = self.model("tpm=10000000")
        plain = converse(client, messages=[user("x" * 50)])["usage"]
        streamed = list(converse_stream(client))[-1]["metadata"]["usage"]
        _, answer = invoke(client, anthropic(system="Be brief."))
        invoked = answer["usage"]
        chunks = list(invoke_stream(client, anthropic()))
        metrics = chunks[-1]["amazon-bedrock-invocationMetrics"]
        inputs = [
            plain["inputTokens"],
            streamed["inputTokens"],
            invoked["input_tokens"],
            metrics["inputTokenCount"],
        ]
        outputs = [
            plain["outputTokens"],
            streamed["outputTokens"],
            invoked["output_tokens"],
            metrics["outputTokenCount"],
        ]
        usage = books()
        self.assertEqual(inputs, [17, 6, 9, 6])
        self.assertEqual((usage["input_tokens"], usage["output_tokens"]), (38, sum(outputs)))
        self.assertEqual(usage["settled"], 38 + 5 * sum(outputs))
        self.assertEqual(usage["reserved"], 38 + 2 * 64_000 + 2 * 500)
        self.assertEqual((usage["admitted"], usage["throttled"], usage["faulted"]), (4, 0, 0))


class ConcurrencyTest(QuotaTest):
    def test_many_callers_at_once_get_exactly_the_quota(self):
        for meter in self.each_meter():
            client, books, _ = self.model("rpm=5", *meter)
            outcomes = []

            def call():
                try:
                    outcomes.append(self.ask(client, 5))
                except client.exceptions.ThrottlingException:
                    outcomes.append("throttled")

            callers = [threading.Thread(target=call) for _ in range(30)]
            for caller in callers:
                caller.start()
            for caller in callers:
                caller.join()
            self.assertEqual((len(outcomes), outcomes.count("throttled")), (30, 25))
            self.assertEqual((books()["admitted"], books()["throttled"]), (5, 25))
            self.assertEqual(books()["settled"], 5 * (HELLO + 5 * 5))
