#include "engine/merger.h"

#include <gguf.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#ifndef _WIN32
#include <unistd.h>
#endif

#include "engine/adapter-check.h"
#include "engine/error.h"
#include "engine/tensor-types.h"
#include "engine/threads.h"

namespace harmonic {
namespace {

/** Values converted in one step: 16 MiB of F32. */
constexpr int64_t kBlock = int64_t{4} << 20;

int64_t row_count(const GgufTensor& tensor) { return tensor.n_elements() / tensor.shape[0]; }

}  // namespace

Merger::Merger(const MergerOptions& options)
    : base_(options.base, "base model"),
      adapter_(options.adapter, "adapter"),
      path_(options.out),
      threads_(std::max(1, options.threads)) {
  const NamedType* type = find_type(options.type);
  check();
  plan(options.type);
  input_.open(options.base, std::ios::binary);
  output_.reset(std::fopen(path_.c_str(), "wb"));
  if (!output_) {
    throw Error("E_IO", path_ + ": cannot be written: " + std::strerror(errno),
                "check the folder and its permissions");
  }
  write_header(type == nullptr ? 0 : static_cast<uint32_t>(type->file_type), type != nullptr);
}

void Merger::check() const {
  if (base_.text("general.type", "model") == "adapter") {
    throw Error("E_MODEL",
                "expected the base model " + base_.path() + " to be a model but it is an adapter",
                "give the base model first, then the adapter");
  }
  check_adapter(adapter_, base_);
  if (base_.integer("split.count") > 1) {
    throw Error("E_MODEL", "the base model " + base_.path() + " is split over several files",
                "join them first with llama.cpp's llama-gguf-split --merge");
  }
  if (adapter_.has("adapter.alora.invocation_tokens")) {
    throw Error("E_MODEL",
                "the adapter " + adapter_.path() +
                    " acts from certain tokens on (aLoRA): it "
                    "cannot be merged",
                "keep it beside its base model");
  }
  for (const GgufTensor& tensor : adapter_.tensors()) {
    const std::string target = adapted_matrix(tensor.name);
    const GgufTensor* weight = target.empty() ? nullptr : base_.find(target);
    if (weight == nullptr || weight->shape[2] > 1) {
      throw Error("E_MODEL",
                  "the adapter " + adapter_.path() + " holds " + tensor.name +
                      ", which is no low-rank matrix of one of the base's matrices",
                  "give a LoRA of attention and feed-forward matrices");
    }
  }
}

void Merger::plan(const std::string& name) {
  const NamedType* asked = find_type(name);
  const std::string head =
      base_.find("output.weight") != nullptr ? "output.weight" : "token_embd.weight";
  for (const GgufTensor& tensor : base_.tensors()) {
    const bool adapted = adapter_.find(tensor.name + kLoraA) != nullptr;
    ggml_type type = tensor.type;
    if (asked != nullptr && takes_any_type(tensor)) {
      type = type_for(*asked, tensor, tensor.name == head);
    } else if (adapted && !is_writable(type)) {
      type = fitting(GGML_TYPE_Q8_0, tensor);
    }
    entries_.push_back({&tensor, type, adapted});
    if (adapted) n_merged_++;

    const std::string from = ggml_type_name(tensor.type);
    const std::string to = ggml_type_name(type);
    auto found =
        std::find_if(conversions_.begin(), conversions_.end(),
                     [&](const MergerConversion& c) { return c.from == from && c.to == to; });
    if (found == conversions_.end()) {
      conversions_.push_back({from, to, 0});
      found = conversions_.end() - 1;
    }
    found->n_tensors++;
  }
}

void Merger::write_header(uint32_t file_type, bool typed) {
  const std::unique_ptr<gguf_context, void (*)(gguf_context*)> header(gguf_init_empty(), gguf_free);
  gguf_set_kv(header.get(), base_.metadata());
  const size_t alignment = gguf_get_alignment(header.get());
  // Tensors are laid out anew, by ggml's own alignment.
  if (base_.has("general.alignment")) {
    gguf_set_val_u32(header.get(), "general.alignment", static_cast<uint32_t>(alignment));
  }
  if (typed) gguf_set_val_u32(header.get(), "general.file_type", file_type);
  const std::unique_ptr<ggml_context, void (*)(ggml_context*)> tensors(
      ggml_init({ggml_tensor_overhead() * (entries_.size() + 1), nullptr, true}), ggml_free);
  bool quantised = false;
  size_ = 0;
  for (const Entry& entry : entries_) {
    ggml_tensor* tensor = ggml_new_tensor(tensors.get(), entry.type, 4, entry.tensor->shape.data());
    ggml_set_name(tensor, entry.tensor->name.c_str());
    gguf_add_tensor(header.get(), tensor);
    size_ += static_cast<int64_t>(GGML_PAD(ggml_nbytes(tensor), alignment));
    quantised = quantised || ggml_is_quantized(entry.type);
  }
  if (quantised) {
    gguf_set_val_u32(header.get(), "general.quantization_version", GGML_QNT_VERSION);
  }
  std::vector<char> bytes(gguf_get_meta_size(header.get()));
  gguf_get_meta_data(header.get(), bytes.data());
  size_ += static_cast<int64_t>(bytes.size());
  write(bytes.data(), bytes.size());
}

void Merger::write(const void* data, size_t size) {
  if (std::fwrite(data, 1, size, output_.get()) != size) {
    throw Error("E_IO", path_ + ": cannot be written: " + std::strerror(errno),
                "free some space and merge again");
  }
  written_ += static_cast<int64_t>(size);
}

std::vector<char> Merger::read_rows(const Entry& entry, int64_t n) {
  const GgufTensor& tensor = *entry.tensor;
  const size_t row_size = ggml_row_size(tensor.type, tensor.shape[0]);
  std::vector<char> bytes(static_cast<size_t>(n) * row_size);
  input_.seekg(static_cast<std::streamoff>(tensor.offset + static_cast<uint64_t>(row_) * row_size));
  if (!input_.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
    throw Error("E_MODEL", "cannot read tensor " + tensor.name + " of " + base_.path(),
                "check the file and the disk");
  }
  return bytes;
}

std::vector<char> Merger::convert_rows(const Entry& entry, const std::vector<char>& bytes,
                                       int64_t n) {
  const GgufTensor& tensor = *entry.tensor;
  const int64_t width = tensor.shape[0];
  const size_t in_size = ggml_row_size(tensor.type, width);
  const size_t out_size = ggml_row_size(entry.type, width);
  const auto to_float = ggml_get_type_traits(tensor.type)->to_float;
  if (to_float == nullptr && tensor.type != GGML_TYPE_F32) {
    throw Error("E_MODEL", "cannot convert tensor " + tensor.name + " of type " +
                               ggml_type_name(tensor.type) + " in " + base_.path());
  }
  std::vector<float> values(n * width);
  std::vector<char> out(n * out_size);
  std::vector<char> finite(n, 1);
  in_parts(n, threads_, [&](int64_t first, int64_t end) {
    const int64_t count = end - first;
    const char* source = bytes.data() + first * in_size;
    float* rows = values.data() + first * width;
    if (to_float == nullptr) {
      std::memcpy(rows, source, count * in_size);
    } else {
      to_float(source, rows, count * width);
    }
    if (product_) product_->add(rows, row_ + first, count);
    finite[first] =
        std::all_of(rows, rows + count * width, [](float x) { return std::isfinite(x); });
    // A quantiser may end the process at what is no number.
    if (!finite[first]) return;
    ggml_quantize_chunk(entry.type, rows, out.data() + first * out_size, 0, count, width, nullptr);
  });
  if (std::find(finite.begin(), finite.end(), 0) != finite.end()) {
    throw Error("E_MODEL",
                "the merged matrix " + tensor.name + " has values that are no finite numbers",
                "train or fetch the adapter again");
  }
  return out;
}

int64_t Merger::step() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (current_ == entries_.size()) return size_;
  const Entry& entry = entries_[current_];
  const GgufTensor& tensor = *entry.tensor;
  if (row_ == 0 && entry.adapted) product_ = LowRank::find(adapter_, tensor);

  const int64_t rows = row_count(tensor);
  const int64_t n = std::min(rows - row_, std::max<int64_t>(1, kBlock / tensor.shape[0]));
  std::vector<char> bytes = read_rows(entry, n);
  if (entry.adapted || entry.type != tensor.type) bytes = convert_rows(entry, bytes, n);
  write(bytes.data(), bytes.size());
  row_ += n;
  if (row_ < rows) return written_;

  static const char kZeros[GGUF_DEFAULT_ALIGNMENT] = {};
  const size_t rest = static_cast<size_t>(written_) % GGUF_DEFAULT_ALIGNMENT;
  if (rest != 0) write(kZeros, GGUF_DEFAULT_ALIGNMENT - rest);
  product_.reset();
  row_ = 0;
  if (++current_ == entries_.size()) finish();
  return written_;
}

/** On the disk before the caller gives the file its name. */
void Merger::finish() {
  bool good = std::fflush(output_.get()) == 0;
#ifndef _WIN32
  good = good && fsync(fileno(output_.get())) == 0;
#endif
  if (!good) {
    throw Error("E_IO", path_ + ": cannot be written: " + std::strerror(errno),
                "free some space and merge again");
  }
  output_.reset();
}

}  // namespace harmonic
