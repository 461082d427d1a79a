#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/gguf-file.h"

namespace harmonic {

/** What ends the names of A and B in an adapter's file, behind the name of the matrix W. */
inline constexpr char kLoraA[] = ".lora_a";
inline constexpr char kLoraB[] = ".lora_b";

/** The name of the matrix that an adapter's tensor of this name is A or B of; empty for others. */
std::string adapted_matrix(const std::string& tensor);

/** The product that a LoRA adapter adds to one matrix W (n_out, n_in): scale * B A. */
class LowRank {
 public:
  /**
   * That of `weight`, or nothing where the adapter leaves it as it is. The adapter has passed
   * check_adapter. Throws Error E_MODEL where its values cannot be read.
   */
  static std::optional<LowRank> find(const GgufFile& adapter, const GgufTensor& weight);

  /** rows += scale * B A, for the n rows of W from `first` on, row-major. */
  void add(float* rows, int64_t first, int64_t n) const;

 private:
  std::vector<float> a_;  // shape (rank, n_in)
  std::vector<float> b_;  // shape (n_out, rank)
  int64_t rank_ = 0;
  int64_t n_in_ = 0;
  float scale_ = 1;
};

}  // namespace harmonic
