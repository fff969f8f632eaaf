"use strict";

const $ = (id) => document.getElementById(id);
const copy = (id) => $(id).content.firstElementChild.cloneNode(true);

// The answer, as it comes.

let asking = null;

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const prompt = $("prompt").value.trim();
  if (prompt && !asking) ask(prompt, $("model").value);
});

$("prompt").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("form").requestSubmit();
  }
});

// The server sees the caller leave, and drops the call.
$("stop").addEventListener("click", () => asking?.abort());

async function ask(prompt, model) {
  asking = new AbortController();
  $("prompt").value = "";
  $("empty")?.remove();
  const question = add(copy("question"));
  question.querySelector("p").textContent = prompt;
  const answer = add(copy("answer"));
  answer.querySelector("h3").textContent = model;
  busy(true);
  try {
    const response = await fetch("chat", {
      method: "POST",
      headers: { "accept": "text/event-stream", "content-type": "application/json" },
      body: JSON.stringify({ prompt, model }),
      signal: asking.signal,
    });
    if (response.ok) await read(response, answer);
    else fail(answer, await response.json());
  } catch (error) {
    if (error.name === "AbortError") account(answer, "stopped");
    else fail(answer, { title: "The server does not answer", detail: "Is it still running?" });
  }
  answer.setAttribute("aria-busy", "false");
  asking = null;
  busy(false);
  show();
}

async function read(response, answer) {
  const text = answer.querySelector("p");
  for await (const { name, data } of events(response.body)) {
    if (name === "text") {
      const follows = atEnd();
      text.textContent += data.text;
      if (follows) toEnd();
    } else if (name === "done") {
      const tokens = `${data.input_tokens + data.output_tokens} tokens`;
      const attempts = data.attempts > 1 ? `, ${data.attempts} attempts` : "";
      return account(answer, data.cached ? "answered by the cache, no tokens" : tokens + attempts);
    } else if (name === "error") {
      return fail(answer, data);
    }
  }
  fail(answer, { title: "The answer broke off", detail: "Ask again." });
}

// Events of a POST, which EventSource cannot send.
async function* events(body) {
  let rest = "";
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const field = (name) => part.split("\n")
        .filter((line) => line.startsWith(`${name}: `))
        .map((line) => line.slice(name.length + 2)).join("\n");
      if (field("data")) yield { name: field("event"), data: JSON.parse(field("data")) };
    }
  }
}

// What a server says is shown as text, never as markup.
function fail(answer, problem) {
  const failure = document.createElement("div");
  failure.className = "failure";
  failure.setAttribute("role", "alert");
  const title = document.createElement("strong");
  title.textContent = problem.title;
  const wait = problem.retry_after;
  const when = wait ? ` Try again in ${wait === 1 ? "a second" : `${wait} seconds`}.` : "";
  failure.append(title, wait ? when.trim() : problem.detail ?? "");
  answer.querySelector("footer").before(failure);
  toEnd();
}

function account(answer, words) {
  answer.querySelector("footer").textContent = words;
  toEnd();
}

function add(element) {
  $("log").append(element);
  toEnd();
  return element;
}

const atEnd = () => $("log").scrollHeight - $("log").scrollTop - $("log").clientHeight < 40;
const toEnd = () => { $("log").scrollTop = $("log").scrollHeight; };

function busy(is) {
  $("send").disabled = is;
  $("stop").hidden = !is;
  if (!is) $("prompt").focus();
}

// What the stack does, once a second.

const WORDS = {
  closed: "circuit closed: calls pass",
  half_open: "circuit half open: a few calls try",
  open: "circuit open: calls fail at once",
};

async function show() {
  try {
    const status = await (await fetch("status")).json();
    if (!$("model").options.length) {
      for (const model of status.served) $("model").add(new Option(model));
    }
    if (status.models.length) $("models").replaceChildren(...status.models.map(model));
    $("hits").textContent = status.cache_hits;
    $("misses").textContent = status.cache_misses;
    $("retries").textContent = status.retries;
    $("offline").hidden = true;
  } catch {
    $("offline").hidden = false;
  }
}

function model(of) {
  const shown = copy("shown-model");
  shown.querySelector("h3").textContent = of.name;
  shown.querySelector(".circuit").classList.add(of.circuit);
  shown.querySelector(".word").textContent = WORDS[of.circuit];
  shown.querySelector(".limits").append(...of.limits.map(limit));
  const calls = `${of.under_way} under way, ${of.waiting} waiting`;
  const throttled = of.throttled ? `, ${of.throttled} throttled` : "";
  shown.querySelector(".calls").textContent = calls + throttled;
  return shown;
}

function limit(of) {
  const shown = copy("limit");
  const [words, meter] = shown.children;
  const period = of.seconds === 60 ? "a minute" : `in ${of.seconds} s`;
  words.textContent = `${of.used.toLocaleString()} of ${of.amount?.toLocaleString() ?? "unknown"} ${of.unit} ${period}`;
  if (of.amount === null) {
    meter.remove();
  } else {
    meter.max = of.amount;
    meter.low = of.amount * 0.7;
    meter.high = of.amount * 0.95;
    meter.optimum = 0;
    meter.value = of.used;
  }
  return shown;
}

show();
setInterval(show, 1000);
