"""The page in a real browser, as a person uses it."""

import os
import pathlib
import shutil
import threading
import unittest

from chat import Chat
from playwright.sync_api import expect, sync_playwright

expect.set_options(timeout=30_000)

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Where to put pictures of the page, for people to look at.
PICTURES = os.environ.get("PICTURES")


@unittest.skipUnless(CHROMIUM, "chromium is not installed: apt-get install chromium")
class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.playwright = sync_playwright().start()
        cls.addClassCleanup(cls.playwright.stop)
        # A profile of its own, which is empty.
        cls.browser = cls.playwright.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=FLAGS
        )
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.start()
        self.open()

    def start(self, *flags):
        """A server that knows of nothing yet."""
        chat = self.chat = Chat(*flags)
        self.addCleanup(lambda: chat.process.poll() is None and chat.stop())

    def open(self, **how):
        context = self.browser.new_context(**how)
        self.addCleanup(context.close)
        self.page = context.new_page()
        self.complaints = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self.note)
        self.page.goto(self.chat.url)
        expect(self.page.locator("#model option")).to_have_count(2)

    def note(self, message):
        # What a status other than 200 brings is expected, and told on the page.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def ask(self, prompt):
        """Types a question as a person does; the answer that comes."""
        self.page.get_by_label("Your question").fill(prompt)
        self.page.keyboard.press("Enter")
        return self.page.locator(".answer").last

    def finished(self, answer):
        expect(answer).to_have_attribute("aria-busy", "false")
        return answer

    def test_text_streams_in_and_the_quota_and_the_cache_are_shown(self):
        answer = self.ask("What is jitter?")
        text = answer.locator("p")
        expect(text).not_to_be_empty()
        self.assertEqual(answer.get_attribute("aria-busy"), "true")
        first = text.text_content()
        whole = self.finished(answer).locator("p").text_content()
        self.assertGreater(len(whole), len(first))
        self.assertTrue(whole.startswith(first))
        self.assertRegex(answer.locator("footer").text_content(), r"\d+ tokens")

        expect(self.page.locator("meter").first).not_to_have_js_property("value", 0)
        expect(self.page.locator("#hits")).to_have_text("0")

        again = self.finished(self.ask("What is jitter?"))
        self.assertEqual(again.locator("p").text_content(), whole)
        self.assertIn("answered by the cache", again.locator("footer").text_content())
        expect(self.page.locator("#hits")).to_have_text("1")
        self.assertEqual(self.complaints, [])

    def test_a_throttle_is_told_in_words(self):
        self.chat.script({"fault": "throttling", "retry_after_ms": 90_000})
        self.finished(self.ask("Am I too fast?"))
        told = self.page.get_by_role("alert").text_content()
        self.assertIn("The model's limit is reached", told)
        self.assertIn("Try again in 90 seconds.", told)
        self.assertEqual(self.complaints, [])

    def test_a_stream_that_breaks_off_says_so_below_its_text(self):
        self.chat.script({"fault": "stream_cut", "at": 6})
        answer = self.finished(self.ask("Will you finish?"))
        self.assertNotEqual(answer.locator("p").text_content(), "")
        self.assertIn("The answer broke off", self.page.get_by_role("alert").text_content())

    def test_an_open_circuit_is_shown_and_told(self):
        # So that the callers do not wait for their turn.
        self.start("--rpm", "60000", "--tpm", "100000000")
        self.open()
        self.chat.script({"fault": "service_unavailable", "rate": 1})
        callers = [
            threading.Thread(target=self.chat.ask, args=(f"Are you there, {n}?", 25))
            for n in range(80)
        ]
        for caller in callers:
            caller.start()
        self.page.locator(".circuit.open").wait_for()
        self.assertIn("circuit open", self.page.locator(".circuit").first.text_content())
        self.finished(self.ask("And for me?"))
        self.assertIn("The model is out of order", self.page.get_by_role("alert").text_content())
        self.picture("open")
        for caller in callers:
            caller.join()

    def test_what_a_model_says_is_text_and_no_markup(self):
        markup = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
        self.chat.script({"fault": "answer", "text": markup})
        answer = self.finished(self.ask("<b>Say something bold</b>"))
        self.assertEqual(answer.locator("p").text_content(), markup)
        self.assertEqual(self.page.locator("#log img, #log script, #log b").count(), 0)
        self.assertEqual(self.page.title(), "Chat at the limit")

    def test_who_stops_an_answer_gives_back_what_it_holds(self):
        self.chat.script({"fault": "hang", "at": 4})
        answer = self.ask("Tell me all.")
        expect(answer.locator("p")).not_to_be_empty()
        self.page.get_by_role("button", name="Stop").click()
        self.assertEqual(self.finished(answer).locator("footer").text_content(), "stopped")
        expect(self.page.locator(".calls")).to_have_text("0 under way, 0 waiting")
        self.assertEqual(self.chat.status()["models"][0]["reserved_tokens"], 0)

    def test_it_fits_a_phone_and_a_desk_by_day_and_by_night(self):
        for width, height in [(360, 740), (1200, 760)]:
            for scheme in ["light", "dark"]:
                with self.subTest(width=width, scheme=scheme):
                    self.start()
                    size = {"width": width, "height": height}
                    self.open(viewport=size, color_scheme=scheme)
                    self.finished(self.ask("What is jitter?"))
                    self.finished(self.ask("What is jitter?"))
                    self.chat.script({"fault": "throttling", "retry_after_ms": 90_000})
                    self.finished(self.ask("Am I too fast?"))
                    expect(self.page.locator(".calls")).to_contain_text("1 throttled")
                    too_wide = "document.documentElement.scrollWidth > window.innerWidth"
                    self.assertFalse(self.page.evaluate(too_wide))
                    self.picture(f"{width}-{scheme}", full_page=width < 600)

    def test_the_program_ends_well_while_the_page_is_open(self):
        self.finished(self.ask("What is jitter?"))
        self.assertEqual(self.chat.stop(), 0)
        self.page.get_by_text("The server does not answer.").wait_for()

    def picture(self, name, **how):
        if PICTURES:
            path = pathlib.Path(PICTURES) / f"{name}.png"
            self.page.screenshot(path=path, **how)


if __name__ == "__main__":
    unittest.main()
