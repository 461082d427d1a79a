#include "engine/merge.h"

#include <ggml.h>
#include <gguf.h>

#include <cerrno>
#include <cstring>
#include <optional>
#ifdef __linux__
#include <sys/mman.h>
#endif

#include "engine/error.h"
#include "engine/low-rank.h"

namespace harmonic {
namespace {

/** Largest merged copy: about a billion parameters. */
constexpr int64_t kMaxBytes = int64_t{2} << 30;

/** Types whose products of many tokens are fast on a CPU as they are. */
bool is_fast(ggml_type type) {
  switch (type) {
    case GGML_TYPE_F32:
    case GGML_TYPE_F16:
    case GGML_TYPE_BF16:
    case GGML_TYPE_Q4_0:
    case GGML_TYPE_Q8_0:
    case GGML_TYPE_Q4_K:
      return true;
    default:
      return false;
  }
}

ggml_type merged_type(ggml_type type) { return type == GGML_TYPE_F32 ? type : GGML_TYPE_F16; }

bool is_matrix(const GgufTensor& tensor) { return tensor.shape[1] > 1; }

/** An adapter of plain low-rank products on plain matrices. */
bool is_plain(const GgufFile& adapter, const GgufFile& base) {
  if (adapter.has("adapter.alora.invocation_tokens")) return false;
  for (const GgufTensor& tensor : adapter.tensors()) {
    const std::string target = adapted_matrix(tensor.name);
    const GgufTensor* weight = target.empty() ? nullptr : base.find(target);
    // The embedding is applied transposed, and its adapter too.
    if (weight == nullptr || target == "token_embd.weight" || weight->shape[2] > 1) return false;
  }
  return true;
}

TemporaryFile open_temporary() {
#ifdef __linux__
  const int descriptor = memfd_create("harmonic-model", MFD_CLOEXEC);
  if (descriptor >= 0) return TemporaryFile(fdopen(descriptor, "w+b"));
#endif
  return TemporaryFile(std::tmpfile());
}

void write(FILE* file, const void* data, size_t size) {
  if (std::fwrite(data, 1, size, file) == size) return;
  throw Error("E_IO", std::string("cannot hold the merged model: ") + std::strerror(errno),
              "free some memory or use a smaller base model");
}

std::vector<char> encode(const std::vector<float>& values, ggml_type type) {
  std::vector<char> bytes(values.size() * ggml_type_size(type));
  if (type == GGML_TYPE_F16) {
    ggml_fp32_to_fp16_row(values.data(), reinterpret_cast<ggml_fp16_t*>(bytes.data()),
                          static_cast<int64_t>(values.size()));
  } else {
    std::memcpy(bytes.data(), values.data(), bytes.size());
  }
  return bytes;
}

std::vector<char> merged_bytes(const GgufFile& base, const GgufTensor& tensor,
                               const GgufFile* adapter) {
  const std::optional<LowRank> product = adapter ? LowRank::find(*adapter, tensor) : std::nullopt;
  const ggml_type type = is_matrix(tensor) ? merged_type(tensor.type) : tensor.type;
  if (!product && type == tensor.type) return base.read_bytes(tensor);
  std::vector<float> values = base.read(tensor);
  if (product) product->add(values.data(), 0, tensor.shape[1]);
  return encode(values, type);
}

}  // namespace

bool merge_pays(const GgufFile& base, const GgufFile* adapter) {
  if (base.integer("split.count") > 1) return false;
  if (adapter != nullptr && !is_plain(*adapter, base)) return false;
  int64_t bytes = 0;
  bool is_slow = false;
  for (const GgufTensor& tensor : base.tensors()) {
    if (!is_matrix(tensor)) continue;
    bytes += tensor.n_elements() * static_cast<int64_t>(ggml_type_size(merged_type(tensor.type)));
    is_slow = is_slow || !is_fast(tensor.type);
  }
  return bytes <= kMaxBytes && (adapter != nullptr || is_slow);
}

TemporaryFile merge(const GgufFile& base, const GgufFile* adapter) {
  const std::unique_ptr<gguf_context, void (*)(gguf_context*)> output(gguf_init_empty(), gguf_free);
  gguf_set_kv(output.get(), base.metadata());
  const std::unique_ptr<ggml_context, void (*)(ggml_context*)> tensors(
      ggml_init({ggml_tensor_overhead() * (base.tensors().size() + 1), nullptr, true}), ggml_free);
  for (const GgufTensor& tensor : base.tensors()) {
    const ggml_type type = is_matrix(tensor) ? merged_type(tensor.type) : tensor.type;
    ggml_tensor* entry = ggml_new_tensor(tensors.get(), type, 4, tensor.shape.data());
    ggml_set_name(entry, tensor.name.c_str());
    gguf_add_tensor(output.get(), entry);
  }

  TemporaryFile file = open_temporary();
  if (!file)
    throw Error("E_IO", std::string("cannot open a temporary file: ") + std::strerror(errno));
  std::vector<char> header(gguf_get_meta_size(output.get()));
  gguf_get_meta_data(output.get(), header.data());
  write(file.get(), header.data(), header.size());
  const size_t alignment = gguf_get_alignment(output.get());
  for (const GgufTensor& tensor : base.tensors()) {
    std::vector<char> bytes = merged_bytes(base, tensor, adapter);
    bytes.resize((bytes.size() + alignment - 1) / alignment * alignment);
    write(file.get(), bytes.data(), bytes.size());
  }
  if (std::fflush(file.get()) != 0) write(file.get(), "", 1);
  std::rewind(file.get());
  return file;
}

}  // namespace harmonic
