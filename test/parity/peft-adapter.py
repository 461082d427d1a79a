"""Reference log-probabilities of PEFT with an adapter that harmonic exported, and an adapter that PEFT made.

Python 3.11 with: torch==2.9.1 transformers==4.57.6 peft==0.18.0 gguf==0.17.1 numpy==2.4.6
    PEFT_INPUTS=DIR npx jest test/parity/peft.test.ts     (writes DIR/ARCHITECTURE.gguf and DIR/ARCHITECTURE-peft)
    python peft-adapter.py DIR
writes reference/peft.json and reference/peft-ARCHITECTURE/.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import torch
from gguf import GGUFReader
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.numpy import load_file
from transformers import (LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config,
                          Qwen3ForCausalLM)

MODELS = {
    "llama": (LlamaConfig, LlamaForCausalLM),
    "qwen2": (Qwen2Config, Qwen2ForCausalLM),
    "qwen3": (Qwen3Config, Qwen3ForCausalLM),
}
TOKENS = [(i * 37 + 11) % 250 for i in range(16)]
SHOWN = 24  # log-probabilities of the first so many tokens of the vocabulary are kept
REFERENCE = Path(__file__).parent / "reference"
NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def hugging_face_name(name):
    if name == "token_embd.weight":
        return "model.embed_tokens.weight"
    if name == "output_norm.weight":
        return "model.norm.weight"
    _, layer, module, kind = name.split(".")
    return f"model.layers.{layer}.{NAMES[module]}.{kind}"


def load_base(path, architecture):
    """The same model in PyTorch, with the weights of the GGUF."""
    reader = GGUFReader(path)
    field = lambda key: reader.fields[f"{architecture}.{key}"].contents()
    heads, heads_kv = field("attention.head_count"), field("attention.head_count_kv")
    make_config, make_model = MODELS[architecture]
    state = {}
    for tensor in reader.tensors:
        data = np.array(tensor.data)
        for module, n in ("attn_q", heads), ("attn_k", heads_kv):
            if architecture == "llama" and f".{module}." in tensor.name:
                data = data.reshape(n, data.shape[0] // n // 2, 2, -1).swapaxes(1, 2).reshape(data.shape)
        state[hugging_face_name(tensor.name)] = torch.from_numpy(data.copy())
    config = make_config(
        vocab_size=state["model.embed_tokens.weight"].shape[0],
        hidden_size=field("embedding_length"),
        intermediate_size=field("feed_forward_length"),
        num_hidden_layers=field("block_count"),
        num_attention_heads=heads,
        num_key_value_heads=heads_kv,
        head_dim=field("attention.key_length"),
        rms_norm_eps=field("attention.layer_norm_rms_epsilon"),
        rope_theta=field("rope.freq_base"),
        tie_word_embeddings=True,
    )
    model = make_model(config).eval()
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    model.tie_weights()
    return model


@torch.no_grad()
def log_probabilities(model):
    logits = model(torch.tensor([TOKENS])).logits[0].double()
    return torch.log_softmax(logits, -1)[:, :SHOWN].numpy().round(6).tolist()


def load_adapter(base, path):
    """PeftModel.from_pretrained, which must take every tensor of the file and miss none."""
    model = PeftModel.from_pretrained(base, path).eval()
    loaded = {name for name, _ in model.named_parameters() if "lora_" in name}
    saved = {name.replace(".weight", ".default.weight") for name in load_file(f"{path}/adapter_model.safetensors")}
    assert loaded == saved, loaded ^ saved
    return model


def make_adapter(base, out):
    """A random adapter of some modules, rank-stabilised, as PEFT saves it."""
    torch.manual_seed(7)
    config = LoraConfig(r=4, lora_alpha=5, use_rslora=True, target_modules=["q_proj", "k_proj", "down_proj"],
                        alpha_pattern={"down_proj": 3}, task_type="CAUSAL_LM", init_lora_weights=False)
    model = get_peft_model(base, config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_" in name:
                weight.copy_(0.15 * torch.randn_like(weight))
    model.save_pretrained(out)
    (Path(out) / "README.md").unlink(missing_ok=True)
    return model.eval()


def main(inputs):
    result = {"tokens": TOKENS, "models": {}}
    for architecture in MODELS:
        gguf = f"{inputs}/{architecture}.gguf"
        exported = f"{inputs}/{architecture}-peft"
        weights = Path(f"{exported}/adapter_model.safetensors").read_bytes()
        made = REFERENCE / f"peft-{architecture}"
        result["models"][architecture] = {
            "exported": {
                "sha256": hashlib.sha256(weights).hexdigest(),
                "logProbabilities": log_probabilities(load_adapter(load_base(gguf, architecture), exported)),
            },
            "made": log_probabilities(make_adapter(load_base(gguf, architecture), made)),
            "base": log_probabilities(load_base(gguf, architecture)),
        }
    (REFERENCE / "peft.json").write_text(json.dumps(result) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
