#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/gguf-file.h"

namespace harmonic {

/** A base model's file, read with what an adapter adds to its matrices. */
class BaseReader {
 public:
  /** Takes n rows of a matrix, which is row-major, from row `first` on. */
  using TakeRows = std::function<void(int64_t first, int64_t n, const float* values)>;

  /** `adapter`: a file; empty: none. Throws Error E_MODEL where a file cannot be read, or the two
   * do not belong together. */
  BaseReader(const std::string& path, const std::string& adapter);

  const GgufFile& file() const { return file_; }
  bool has(const std::string& name) const { return file_.find(name) != nullptr; }
  /** Throws Error E_MODEL where there is no such tensor. */
  const GgufTensor& find(const std::string& name) const;
  bool is_adapted(const GgufTensor& tensor) const;

  /** The values of tensors, one behind another. */
  std::vector<float> read(const std::vector<std::string>& names) const;
  /** The rows of matrices that lie one behind another, some at a time. */
  void read_rows(const std::vector<std::string>& names, const TakeRows& take) const;
  /** These rows of a matrix, one at a time, as rows 0, 1, 2 ... */
  void read_rows(const std::string& name, const std::vector<int32_t>& ids,
                 const TakeRows& take) const;
  /** Values that read_rows holds at a time of a matrix of this shape. */
  static int64_t values_at_once(int64_t n_in, int64_t n_out);

 private:
  GgufFile file_;
  std::unique_ptr<GgufFile> adapter_;
};

}  // namespace harmonic
