import { join } from "node:path";
import type { GeneratorSwitches, SampleEngine } from "../../src/native/addon";
import { nodeTrial } from "../harness/child";
import type { Settings, Trial } from "../harness/trial";
import type { TableName } from "../tasks/tables";
import type { BeGreatTrial } from "./be-great";
import type { ServerTrial } from "./llama-server";
import { K } from "./models";
import type { NodeLlamaTrial } from "./node-llama-cpp";
import type { OurTrial } from "./ours";

/** What the trials of one table need, made before. */
export interface Prepared {
  table: TableName;
  threads: number;
  server: string;
  /** tuned models and requests by format */
  models: { compact: string; dict: string };
  requests: { compact: string; dict: string };
  python: string;
  /** the folder of its model, or why there is none */
  beGreat: string | Error;
}

/** HARMONIC_BENCH_SECONDS tries it with other times a trial; the first rows of a peer take up to half of its time. */
const secondsOf = (seconds: number): number => Number(process.env["HARMONIC_BENCH_SECONDS"] ?? seconds);
const OUR_SECONDS = secondsOf(10);
const SWITCH_SECONDS = secondsOf(5);
const THEIR_SECONDS = secondsOf(35);
/** With examples in JSON the prompts alone take half a minute until all slots are busy. */
const THEIR_JSON_SECONDS = secondsOf(60);
const BE_GREAT_SECONDS = secondsOf(20);
/** Loading, and the group or batch that is in work when the time is over, come on top. */
const TIMEOUT_MS = 4 * 60_000;
/** Before the harness ends the trial, lest a process of its own stays behind. */
const BE_GREAT_TIMEOUT_MS = 3 * 60_000;

const SEQUENCES = 64;
/** Fewer where a switch is looked at, for some trials are slow. */
const SWITCH_SEQUENCES = 32;
/** So few that a pass costs the weights' way from memory, which drafts spare. */
const FEW_SEQUENCES = 4;
/** Rows after each prompt where a prompt is shared. */
export const ROWS_PER_PROMPT = 8;

/** But halfProducts, which is of small models. */
const ALL_OFF: Required<Omit<GeneratorSwitches, "halfProducts">> = {
  jumpForward: false,
  sharePrefix: false,
  sharePrompt: false,
  cutVocabulary: false,
  drafts: false,
  smallCache: false,
};
const NAMES = Object.keys(ALL_OFF) as (keyof typeof ALL_OFF)[];

const trialOf = (subject: string, file: string, settings: Settings, options: object): Trial => ({
  ...{ subject, task: `${settings["table"]} rows from a tuned smollm2-135m`, settings },
  ...{ command: nodeTrial(join(__dirname, file), options), timeoutMs: TIMEOUT_MS },
});

/** Fails with what kept the subject from being made. */
const failedTrial = (subject: string, settings: Settings, { message }: Error): Trial => ({
  ...trialOf(subject, "", settings, {}),
  command: [process.execPath, "-e", `console.error(${JSON.stringify(message)}); process.exit(1)`],
});

/** Ours as it is: with examples at several rows a prompt, and without examples. */
export function ourTrials(prepared: Prepared): Trial[] {
  const shapes = [
    ...[1, 4, ROWS_PER_PROMPT].map((rowsPerPrompt) => ({ examples: K, rowsPerPrompt })),
    { examples: 0, rowsPerPrompt: 1 },
  ];
  return shapes.map((shape) => ourTrial(prepared, shape, { nSequences: SEQUENCES }));
}

type Shape = Pick<OurTrial, "examples" | "rowsPerPrompt">;
type Rest = Partial<Pick<OurTrial, "switches" | "engine" | "nSequences" | "seconds">>;

function ourTrial(
  { table, models, threads }: Prepared,
  shape: Shape,
  rest: Rest,
  named: Settings = {},
): Trial {
  const settings = { table, format: "compact", ...shape, ...named };
  const engine: SampleEngine = "auto";
  const options = {
    table,
    model: models.compact,
    engine,
    threads,
    seconds: OUR_SECONDS,
    switches: {},
    ...shape,
    ...rest,
  };
  return trialOf("harmonic", "ours.ts", settings, options satisfies Partial<OurTrial>);
}

/** Every speed-up off while the others are on, on while the others are off, all and none; with examples. */
export function switchTrials(prepared: Prepared): Trial[] {
  const shape = { examples: K, rowsPerPrompt: ROWS_PER_PROMPT };
  const trial = (switches: string, rest: Rest): Trial =>
    ourTrial(
      prepared,
      shape,
      { nSequences: SWITCH_SEQUENCES, seconds: SWITCH_SECONDS, ...rest },
      { switches },
    );
  const few = (switches: string, rest: Rest): Trial =>
    ourTrial(
      prepared,
      { examples: K, rowsPerPrompt: FEW_SEQUENCES },
      { engine: "graph", nSequences: FEW_SEQUENCES, seconds: SWITCH_SECONDS, ...rest },
      { switches: `${switches}, few rows`, sequences: FEW_SEQUENCES },
    );
  const only = (...on: string[]): GeneratorSwitches =>
    Object.fromEntries(NAMES.map((name) => [name, on.includes(name)]));
  return [
    trial("all", { engine: "graph" }),
    ...NAMES.map((name) => trial(`all but ${name}`, { engine: "graph", switches: { [name]: false } })),
    trial("all but graph", { engine: "llama" }),
    trial("none", { engine: "llama", switches: ALL_OFF }),
    ...NAMES.filter((name) => name !== "cutVocabulary").map((name) =>
      trial(`${name} alone`, { engine: "llama", switches: only(name) }),
    ),
    trial("graph alone", { engine: "graph", switches: ALL_OFF }),
    // llama.cpp has no head over some tokens alone.
    trial("graph and cutVocabulary", { engine: "graph", switches: only("cutVocabulary") }),
    few("all", {}),
    few("drafts off", { switches: { drafts: false } }),
  ];
}

/** llama.cpp's server: JSON by a schema, and our format by a grammar. */
export function serverTrials(prepared: Prepared): Trial[] {
  const { table, server, models, requests, threads } = prepared;
  const trial = (
    format: ServerTrial["format"],
    examples: number,
    rowsPerPrompt: number,
    slots: number,
    seconds = THEIR_SECONDS,
  ): Trial => {
    const kind = format === "json" ? "dict" : "compact";
    const shape = { format, examples, rowsPerPrompt, slots };
    const options: ServerTrial = {
      ...{ server, model: models[kind], requests: requests[kind], threads, seconds },
      ...shape,
    };
    return trialOf("llama-server", "llama-server.ts", { table, ...shape }, options);
  };
  return [
    trial("json", K, 1, 4, THEIR_JSON_SECONDS),
    trial("json", 0, 1, 8),
    trial("compact", K, 1, 8),
    trial("compact", K, ROWS_PER_PROMPT, 16),
    trial("compact", 0, 1, 16),
  ];
}

export function nodeLlamaTrials({ table, models, requests, threads }: Prepared): Trial[] {
  return [K, 0].map((examples) => {
    const slots = 4;
    const seconds = examples === 0 ? THEIR_SECONDS : THEIR_JSON_SECONDS;
    const options: NodeLlamaTrial = {
      ...{ model: models.dict, requests: requests.dict, threads, seconds, examples, slots },
    };
    const settings = { table, format: "json", examples, rowsPerPrompt: 1, slots };
    return trialOf("node-llama-cpp", "node-llama-cpp.ts", settings, options);
  });
}

/** be_great, which shows no examples, with weights of the type that it loads by itself. */
export function beGreatTrials({ table, python, beGreat, requests, threads }: Prepared): Trial[] {
  const batch = 32;
  const settings = { table, format: "text", examples: 0, rowsPerPrompt: 1, batch };
  if (beGreat instanceof Error) return [failedTrial("be_great", settings, beGreat)];
  const options: BeGreatTrial = {
    ...{ python, folder: beGreat, requests: requests.compact, threads, batch },
    ...{ seconds: BE_GREAT_SECONDS, timeoutMs: BE_GREAT_TIMEOUT_MS },
  };
  return [trialOf("be_great", "be-great.ts", settings, options)];
}
