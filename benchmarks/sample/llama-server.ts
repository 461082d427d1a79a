import { spawn, type ChildProcess } from "node:child_process";
import { createServer } from "node:net";
import { trialArguments, report } from "../harness/child";
import { keepAsking, peakMemoryOf, valuesOf, type Finished } from "./measured";
import { readRequests, type Requests } from "./requests";
import { rowOfCompact, rowOfJson } from "./validity";

export interface ServerTrial {
  server: string;
  model: string;
  requests: string;
  format: "json" | "compact";
  examples: number;
  rowsPerPrompt: number;
  slots: number;
  threads: number;
  seconds: number;
}

const MOST_TOKENS = 400;
const START_TIMEOUT_MS = 60_000;

interface Completion {
  content: string;
  timings: { prompt_n: number; predicted_n: number };
}

/** llama.cpp's server, kept busy on all its slots; each answer is a row, or as many as a prompt is asked for. */
async function main(): Promise<void> {
  const trial = trialArguments<ServerTrial>();
  const requests = readRequests(trial.requests);
  const port = await freePort();
  const server = start(trial, requests, port);
  try {
    const url = `http://127.0.0.1:${port}`;
    await healthy(url, server);
    const nAsking = Math.max(1, Math.floor(trial.slots / trial.rowsPerPrompt));
    const drawn = await keepAsking(nAsking, trial.seconds, (_, i) => complete(url, trial, requests, i));
    report(valuesOf(drawn, requests.schema), peakMemoryOf(server.pid!));
  } finally {
    server.kill("SIGKILL");
  }
  process.exit(0);
}

function start(
  { server, model, slots, threads }: ServerTrial,
  requests: Requests,
  port: number,
): ChildProcess {
  const prompts = [...requests.examples, requests.none];
  const context = Math.ceil((Math.max(...prompts.map(({ length }) => length)) + MOST_TOKENS) / 256) * 256;
  const options = {
    "--model": model,
    "--host": "127.0.0.1",
    "--port": port,
    "--parallel": slots,
    "--ctx-size": slots * context,
    "--threads": threads,
    "--threads-batch": threads,
    "--threads-http": slots + 2,
    // Prompts are kept in their slots; copies of them beside these would cost time and memory.
    "--cache-ram": 0,
  };
  const args = Object.entries(options).flatMap(([key, value]) => [key, String(value)]);
  return spawn(server, [...args, "--no-webui", "--log-disable"], { stdio: ["ignore", "ignore", "inherit"] });
}

async function complete(url: string, trial: ServerTrial, requests: Requests, i: number): Promise<Finished[]> {
  const { examples } = requests;
  const json = trial.format === "json";
  const response = await fetch(`${url}/completion`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      prompt: trial.examples === 0 ? requests.none : examples[i % examples.length],
      n_predict: MOST_TOKENS,
      ...{ temperature: 1, top_k: 0, top_p: 1, min_p: 0, cache_prompt: true, seed: i + 1 },
      ...(trial.rowsPerPrompt > 1 && { n_cmpl: trial.rowsPerPrompt }),
      ...(json ? { json_schema: requests.jsonSchema } : { grammar: requests.grammar, stop: ["\n"] }),
    }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`llama-server answered ${response.status}: ${text.slice(0, 500)}`);
  const answer = JSON.parse(text) as Completion | Completion[];
  const names = requests.schema.fields.map(({ name }) => name);
  return [answer].flat().map(({ content, timings }) => ({
    row: json ? rowOfJson(content) : rowOfCompact(content, names, requests.delimiter),
    tokens: timings.prompt_n + timings.predicted_n,
  }));
}

async function healthy(url: string, server: ChildProcess): Promise<void> {
  const until = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < until && server.exitCode === null) {
    const response = await fetch(`${url}/health`).catch(() => undefined);
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`llama-server did not start (exit code ${server.exitCode})`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
