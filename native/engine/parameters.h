#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace harmonic {

struct AdamWOptions {
  float learning_rate;
  float weight_decay;
  float clip;  // largest global norm of the gradient; 0: no clipping
  float beta1;
  float beta2;
  float epsilon;
};

// A trained tensor, or the part of one that has a name of its own.
struct Parameter {
  std::string name;
  float* value;
  float* gradient;
  size_t n;
  bool decayed = true;  // false for norms and biases
};

// What is trained, in a fixed order, with AdamW's moments.
class Parameters {
 public:
  Parameters() = default;
  explicit Parameters(std::vector<Parameter> all);
  Parameters(Parameters&&) = default;
  Parameters& operator=(Parameters&&) = default;

  const std::vector<Parameter>& all() const { return all_; }
  size_t size() const { return moments_.size() / 2; }
  int64_t step() const { return step_; }

  // AdamW (Loshchilov and Hutter, 2019) on the gradients, which are zero afterwards; returns their
  // norm. Where that is not finite nothing changes. The result does not depend on `threads`.
  double update(const AdamWOptions& options, int threads);
  void zero_gradients();
  // Weights, moments and step count; valid between updates.
  std::vector<char> state() const;
  // Throws Error E_RUN where it is not the state of parameters of this shape.
  void set_state(const std::vector<char>& state);

 private:
  // Part of a parameter that is worked on at once.
  struct Block {
    const Parameter* parameter;
    size_t first, n;
    size_t at;  // of all parameters
  };

  std::vector<Parameter> all_;
  std::vector<Block> blocks_;
  std::vector<float> moments_;  // first moments of all parameters, then second
  int64_t step_ = 0;
};

}  // namespace harmonic
