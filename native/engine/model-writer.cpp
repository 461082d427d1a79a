#include "engine/model-writer.h"

#include <gguf.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "engine/error.h"
#include "engine/tensor-types.h"

namespace harmonic {
namespace {

ggml_type type_of(const NamedTensor& tensor, const NamedType* asked, bool is_head) {
  const GgufTensor described = {
      tensor.name, {tensor.shape[0], tensor.shape[1], 1, 1}, tensor.type, 0, 0};
  if (!takes_any_type(described)) return GGML_TYPE_F32;
  if (asked) return type_for(*asked, described, is_head);
  return is_writable(tensor.type) ? tensor.type : fitting(GGML_TYPE_Q8_0, described);
}

}  // namespace

void write_model(const std::string& path, const gguf_context* metadata,
                 const std::vector<NamedTensor>& tensors, const std::string& type) {
  const NamedType* asked = find_type(type);
  const std::unique_ptr<gguf_context, void (*)(gguf_context*)> header(gguf_init_empty(), gguf_free);
  gguf_set_kv(header.get(), metadata);
  // Tensors are laid out anew, by ggml's own alignment.
  gguf_remove_key(header.get(), "general.alignment");
  if (asked) {
    gguf_set_val_u32(header.get(), "general.file_type", static_cast<uint32_t>(asked->file_type));
  }
  const std::string head = std::any_of(tensors.begin(), tensors.end(),
                                       [](const auto& t) { return t.name == "output.weight"; })
                               ? "output.weight"
                               : "token_embd.weight";
  const std::unique_ptr<ggml_context, void (*)(ggml_context*)> context(
      ggml_init({ggml_tensor_overhead() * (tensors.size() + 1), nullptr, true}), ggml_free);
  std::vector<std::vector<char>> packed;
  packed.reserve(tensors.size());
  for (const NamedTensor& t : tensors) {
    const ggml_type stored = type_of(t, asked, t.name == head);
    ggml_tensor* tensor =
        ggml_new_tensor(context.get(), stored, t.shape[1] > 1 ? 2 : 1, t.shape.data());
    ggml_set_name(tensor, t.name.c_str());
    if (stored == GGML_TYPE_F32) {
      tensor->data = const_cast<float*>(t.values);
    } else {
      packed.emplace_back(ggml_nbytes(tensor));
      ggml_quantize_chunk(stored, t.values, packed.back().data(), 0, t.shape[1], t.shape[0],
                          nullptr);
      tensor->data = packed.back().data();
    }
    if (ggml_is_quantized(stored)) {
      gguf_set_val_u32(header.get(), "general.quantization_version", GGML_QNT_VERSION);
    }
    gguf_add_tensor(header.get(), tensor);
  }
  const std::string temporary = path + ".partial";
  const bool written = gguf_write_to_file(header.get(), temporary.c_str(), false);
  if (!written || std::rename(temporary.c_str(), path.c_str()) != 0) {
    std::remove(temporary.c_str());
    throw Error("E_IO", path + ": the model could not be written",
                "check the free space and the permissions");
  }
}

}  // namespace harmonic
