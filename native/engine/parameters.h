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
  bool decayed = true;  // false for norms, biases and tables of which a batch sees some rows alone
};

// What is left of the sum of a moving average's factors after some steps, as its reciprocal.
float moment_correction(float beta, int64_t steps);

// What is trained, in a fixed order, with AdamW's moments and, where asked for, an average of the
// values over the updates.
class Parameters {
 public:
  Parameters() = default;
  // average_decay: what an update keeps of the average, below 1; 0: there is none.
  explicit Parameters(std::vector<Parameter> all, float average_decay = 0);
  Parameters(Parameters&&) = default;
  Parameters& operator=(Parameters&&) = default;

  const std::vector<Parameter>& all() const { return all_; }
  size_t size() const { return size_; }
  int64_t step() const { return step_; }

  // AdamW (Loshchilov and Hutter, 2019) on the gradients, which are zero afterwards; returns their
  // norm. Where that is not finite nothing changes. The result does not depend on `threads`.
  double update(const AdamWOptions& options, int threads);
  void zero_gradients();
  // For updates that are computed elsewhere: moments in the parameters' order, first ones then
  // second, and one step more, which is returned.
  std::vector<float>& moments() { return moments_; }
  int64_t count_step() { return ++step_; }
  // Whether there is an average: of one update at least.
  bool averaged() const { return average_decay_ > 0 && step_ > 0; }
  // The average of all values, corrected for its start at zero as Adam's moments are (Kingma and
  // Ba, 2015), in the parameters' order; call where averaged().
  std::vector<float> averages() const;
  // Weights, moments, average and step count; valid between updates.
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
  size_t size_ = 0;
  float average_decay_ = 0;
  // of all parameters: first moments, then second, then averages where they are kept
  std::vector<float> moments_;
  int64_t step_ = 0;
};

}  // namespace harmonic
