#pragma once

#include <ggml.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

struct gguf_context;

namespace harmonic {

/** One row of a GGUF's tensor table. */
struct GgufTensor {
  std::string name;
  std::array<int64_t, 4> shape;  // ggml order: the contiguous dimension first
  ggml_type type;
  uint64_t offset;  // of the first byte in the file
  size_t size;      // bytes

  int64_t n_elements() const { return shape[0] * shape[1] * shape[2] * shape[3]; }
};

/** Metadata and tensor table of a GGUF file that is whole: its tensors' data lies inside the file.
 */
class GgufFile {
 public:
  /**
   * `role` names the file in messages, e.g. "base model". Throws Error E_MODEL where the file
   * cannot be read, is no GGUF or is truncated.
   */
  GgufFile(const std::string& path, const std::string& role);

  const std::string& path() const { return path_; }
  /** Text of a string key, or `fallback` where it is absent or of another type. */
  std::string text(const std::string& key, const std::string& fallback = "") const;
  /** Value of an integer key, the largest entry of an array, or `fallback`. */
  int64_t integer(const std::string& key, int64_t fallback = 0) const;
  /** Value of an F32 key, or `fallback`. */
  float real(const std::string& key, float fallback = 0) const;
  /** Values of an F32 or INT32 array; empty where the key is absent or of another type. */
  std::vector<float> reals(const std::string& key) const;
  std::vector<int32_t> integers(const std::string& key) const;
  bool has(const std::string& key) const;
  /** As integer(), of the key "ARCHITECTURE.suffix". */
  int64_t architecture_integer(const std::string& suffix, int64_t fallback = 0) const;
  std::string architecture() const { return text("general.architecture"); }

  const std::vector<GgufTensor>& tensors() const { return tensors_; }
  const GgufTensor* find(const std::string& name) const;
  /** The values of a tensor, dequantised. Throws Error E_MODEL where they cannot be read. */
  std::vector<float> read(const GgufTensor& tensor) const;
  /** The same of the n rows from `first` on, of a tensor of one matrix. */
  std::vector<float> read_rows(const GgufTensor& tensor, int64_t first, int64_t n) const;
  /** The bytes of a tensor as they are. Throws Error E_MODEL where they cannot be read. */
  std::vector<char> read_bytes(const GgufTensor& tensor) const;
  /** Metadata in ggml's form, for as long as this object lives. */
  const gguf_context* metadata() const { return context_.get(); }

 private:
  std::vector<char> read_at(const GgufTensor& tensor, size_t offset, size_t size) const;
  std::vector<float> to_floats(const GgufTensor& tensor, const std::vector<char>& bytes,
                               int64_t n) const;

  std::string path_;
  std::shared_ptr<gguf_context> context_;
  std::vector<GgufTensor> tensors_;
  std::unordered_map<std::string, size_t> index_;
};

}  // namespace harmonic
