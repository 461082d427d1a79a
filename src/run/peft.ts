import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { HarmonicError } from "../errors";
import { orFileError } from "../file-error";
import { adapterFile } from "../model/adapter";
import { modelInfo } from "../model/info";
import { readLora } from "../model/lora";
import { exportPeft, type Heads } from "../model/peft/export";
import { findModel } from "../model/registry";
import { resolveBase } from "../model/resolve";
import type { StageControl } from "../progress";
import { FILES } from "./folder";
import { runFileSchema } from "./run-file";

export interface ExportAdapterOptions extends StageControl {
  /** an adapter as GGUF, or a run folder */
  adapter: string;
  /** the folder to write, made if missing */
  out: string;
  /**
   * the base: a registered name, a GGUF, hf:owner/repo/file.gguf, a Hugging Face folder, or the name of a Hugging Face
   * repository, which is only noted; default: that of the run folder which the adapter is in
   */
  base?: string | undefined;
}

export interface ExportAdapterResult {
  config: string;
  weights: string;
  /** what base_model_name_or_path says; null where nothing is known */
  baseName: string | null;
}

/** What is known of an adapter's base. */
interface BaseFacts {
  heads?: Heads;
  nLayers?: number;
  /** in Hugging Face's terms: a repository or a folder */
  name?: string;
}

/**
 * Writes an adapter as a folder that Hugging Face's PEFT loads, as `harmonic model export --peft` does.
 * @throws E_USAGE where the base is needed and not known, E_MODEL where the adapter has no form in PEFT, E_IO
 */
export async function exportAdapter(options: ExportAdapterOptions): Promise<ExportAdapterResult> {
  const path = await adapterFile(options.adapter);
  if (path === undefined) {
    throw new HarmonicError("E_USAGE", `${options.adapter} is a folder that PEFT saved already`, {
      hint: "give an adapter as GGUF, or a run folder",
    });
  }
  const lora = await readLora(path);
  const noted = headsOf(lora.notes);
  const { heads = noted, nLayers, name } = await factsOf(path, options);
  const files = await exportPeft({ lora, path, out: options.out, heads, nLayers, baseName: name });
  return { ...files, baseName: name ?? null };
}

/** The heads that the trainer has noted in the adapter. */
function headsOf({ n_heads: nHeads, n_heads_kv: nHeadsKv }: Record<string, string>): Heads | undefined {
  if (nHeads === undefined) return undefined;
  return { nHeads: Number(nHeads), nHeadsKv: Number(nHeadsKv ?? nHeads) };
}

async function factsOf(path: string, { base, ...control }: ExportAdapterOptions): Promise<BaseFacts> {
  if (base === undefined) return factsOfRun(path);
  const isFile = await stat(base).then(
    (info) => info.isFile(),
    () => false,
  );
  if (isFile || base.startsWith("hf:") || base.endsWith(".gguf") || findModel(base)) {
    const { path: gguf } = await resolveBase(base, control);
    return { ...(await factsOfGguf(gguf)), ...hubNameOf(base) };
  }
  if (existsSync(base)) return { ...(await factsOfFolder(base)), name: base };
  return { ...(await factsOfRun(path)), name: base };
}

/** From run.json beside the adapter, where there is one and its base is still there. */
async function factsOfRun(path: string): Promise<BaseFacts> {
  const runFile = join(dirname(path), FILES.run);
  if (basename(path) !== FILES.adapter || !existsSync(runFile)) return {};
  const parsed = runFileSchema.safeParse(JSON.parse(await readFile(runFile, "utf8")));
  const base = parsed.success ? parsed.data.base : undefined;
  if (base === undefined) return {};
  const facts = existsSync(base.path) ? await factsOfGguf(base.path) : {};
  return { ...facts, ...hubNameOf(base.name) };
}

async function factsOfGguf(path: string): Promise<BaseFacts> {
  const { nHeads, nHeadsKv, nLayers } = await modelInfo(path);
  return { heads: { nHeads, nHeadsKv }, nLayers };
}

/** From the config.json of a Hugging Face model. */
async function factsOfFolder(directory: string): Promise<BaseFacts> {
  const path = join(directory, "config.json");
  const text = await orFileError(readFile(path, "utf8"), path);
  const schema = z.object({
    num_attention_heads: z.int().min(1),
    num_key_value_heads: z.int().min(1).optional(),
    num_hidden_layers: z.int().min(1),
  });
  try {
    const config = schema.parse(JSON.parse(text));
    const { num_attention_heads: nHeads, num_key_value_heads: nHeadsKv = nHeads } = config;
    return { heads: { nHeads, nHeadsKv }, nLayers: config.num_hidden_layers };
  } catch (cause) {
    throw new HarmonicError("E_MODEL", `${path} is no configuration of a Hugging Face model`, {
      hint: "give the model's folder, or its GGUF",
      cause,
    });
  }
}

/** Of a registered base; what repository another GGUF came from is not known. */
function hubNameOf(base: string): Pick<BaseFacts, "name"> {
  const registered = findModel(base);
  return registered === undefined ? {} : { name: registered.huggingFace };
}
