import {
  ggufName,
  MODULES,
  peftName,
  permuteRows,
  placeOfGguf,
  placeOfPeft,
} from "../../../src/model/peft/names";
import { alphaOf } from "../../../src/model/peft/config";

describe("permuteRows", () => {
  it("does what the converter's reshape(heads, 2, d / 2, rank).swapaxes(1, 2) does", () => {
    const [nHeads, d, rank] = [3, 8, 2];
    const b = Float32Array.from({ length: nHeads * d * rank }, (_, i) => i);
    const expected: number[] = [];
    for (let head = 0; head < nHeads; head++) {
      for (let j = 0; j < d / 2; j++) {
        for (let side = 0; side < 2; side++) {
          for (let r = 0; r < rank; r++) expected.push(((head * 2 + side) * (d / 2) + j) * rank + r);
        }
      }
    }
    const permuted = permuteRows(b, rank, nHeads, "to-gguf");
    expect([...permuted]).toEqual(expected);
    expect(permuteRows(permuted, rank, nHeads, "to-hugging-face")).toEqual(b);
  });
});

describe("names", () => {
  it("of PEFT and GGUF lead to each other", () => {
    for (const module of MODULES) {
      const place = { layer: 12, module };
      expect(placeOfGguf(ggufName(place))).toEqual(place);
      expect(placeOfPeft(peftName(place, "B"))).toEqual({ ...place, side: "B" });
    }
    expect(peftName({ layer: 3, module: MODULES[0]! }, "A")).toBe(
      "base_model.model.model.layers.3.self_attn.q_proj.lora_A.weight",
    );
  });

  it.each([
    "base_model.model.lm_head.lora_A.weight",
    "base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector",
    "base_model.model.model.layers.0.self_attn.q_proj.lora_B.bias",
    "base_model.model.model.embed_tokens.lora_embedding_A",
  ])("of no known matrix are told: %s", (name) => {
    expect(placeOfPeft(name)).toBeUndefined();
  });
});

describe("alphaOf", () => {
  const config = { peft_type: "LORA", r: 16, lora_alpha: 32 };

  it("is alpha, or alpha sqrt r for a rank-stabilised LoRA", () => {
    expect(alphaOf(config, "model.layers.0.mlp.up_proj", 16)).toBe(32);
    expect(alphaOf({ ...config, use_rslora: true }, "model.layers.0.mlp.up_proj", 16)).toBe(128);
  });

  it("follows alpha_pattern as PEFT matches it", () => {
    const patterned = { ...config, alpha_pattern: { "layers.1.*.q_proj": 8, up_proj: 4 } };
    expect(alphaOf(patterned, "model.layers.1.self_attn.q_proj", 16)).toBe(8);
    expect(alphaOf(patterned, "model.layers.2.self_attn.q_proj", 16)).toBe(32);
    expect(alphaOf(patterned, "model.layers.2.mlp.up_proj", 16)).toBe(4);
  });
});
