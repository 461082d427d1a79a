#pragma once
#include <cstdint>
#include <vector>

#include "ggml.h"

namespace harmonic {

// Inverted dropout (Srivastava et al., 2014) of what enters a LoRA's A while training, as PEFT has
// it: each value is zero with probability `rate`, else divided by 1 - rate. The masks are a
// function of a seed a group of tokens, the position in it and the site, so that they are computed
// again rather than kept, and depend neither on how groups are packed nor on the number of threads.
class Dropout {
 public:
  // rate in [0, 1), rounded to a multiple of 2^-16. Throws Error E_USAGE outside.
  explicit Dropout(float rate);

  bool on() const { return threshold_ > 0; }
  // The masks of a batch. seeds: shape (groups); offsets: shape (groups + 1), first tokens and
  // their number.
  void begin(const std::vector<uint64_t>& seeds, const std::vector<int32_t>& offsets);
  // What the values first .. first + n of a token's row are multiplied by at a site: 0 or
  // 1 / (1 - rate). `first` is a multiple of 16.
  void factors(uint64_t site, int64_t token, int64_t first, int64_t n, float* out) const;

 private:
  uint32_t threshold_;  // of 2^16
  float scale_;
  std::vector<uint64_t> keys_;  // one a token
};

// Where masks are drawn: projections that share an input share a site.
struct DropoutSite {
  const Dropout* dropout = nullptr;  // null: none
  uint64_t number = 0;
};

// x [n, N] with the site's masks, as an operation of a ggml graph on the CPU.
ggml_tensor* drop(ggml_context* c, ggml_tensor* x, const DropoutSite* site);

}  // namespace harmonic
