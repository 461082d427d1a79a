"""A GGUF as the same model in PyTorch, for the scripts beside this file.

Python 3.11 with: torch==2.9.1 transformers==4.57.6 peft==0.18.0 gguf==0.17.1 numpy==2.4.6
"""

import numpy as np
import torch
from gguf import GGUFReader, dequantize
from peft import PeftModel
from safetensors.numpy import load_file
from transformers import (LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config,
                          Qwen3ForCausalLM)

MODELS = {
    "llama": (LlamaConfig, LlamaForCausalLM),
    "qwen2": (Qwen2Config, Qwen2ForCausalLM),
    "qwen3": (Qwen3Config, Qwen3ForCausalLM),
}
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


def load_base(path):
    """The model with the weights of the GGUF, dequantised to F32."""
    reader = GGUFReader(path)
    architecture = reader.fields["general.architecture"].contents()

    def field(key, default=None):
        found = reader.fields.get(f"{architecture}.{key}")
        return default if found is None else found.contents()

    heads, heads_kv = field("attention.head_count"), field("attention.head_count_kv")
    make_config, make_model = MODELS[architecture]
    state = {}
    for tensor in reader.tensors:
        data = dequantize(tensor.data, tensor.tensor_type)
        # GGUFs of llama keep the two halves of each head's rotation interleaved.
        for module, n in ("attn_q", heads), ("attn_k", heads_kv):
            if architecture == "llama" and f".{module}." in tensor.name:
                data = data.reshape(n, data.shape[0] // n // 2, 2, -1).swapaxes(1, 2).reshape(data.shape)
        state[hugging_face_name(tensor.name)] = torch.from_numpy(np.array(data, dtype=np.float32))
    config = make_config(
        vocab_size=state["model.embed_tokens.weight"].shape[0],
        hidden_size=field("embedding_length"),
        intermediate_size=field("feed_forward_length"),
        num_hidden_layers=field("block_count"),
        num_attention_heads=heads,
        num_key_value_heads=heads_kv,
        head_dim=field("attention.key_length", field("embedding_length") // heads),
        rms_norm_eps=field("attention.layer_norm_rms_epsilon"),
        rope_theta=field("rope.freq_base"),
        tie_word_embeddings=True,
    )
    model = make_model(config).eval()
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    model.tie_weights()
    return model


def load_adapter(base, path, is_trainable=False):
    """PeftModel.from_pretrained, which must take every tensor of the file and miss none."""
    model = PeftModel.from_pretrained(base, path, is_trainable=is_trainable)
    loaded = {name for name, _ in model.named_parameters() if "lora_" in name}
    saved = {name.replace(".weight", ".default.weight") for name in load_file(f"{path}/adapter_model.safetensors")}
    assert loaded == saved, loaded ^ saved
    return model
