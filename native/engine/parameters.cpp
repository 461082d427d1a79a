#include "engine/parameters.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/error.h"
#include "engine/threads.h"

namespace harmonic {
namespace {

struct StateHeader {
  char magic[8];
  uint64_t n_parameters;
  int64_t step;
};
constexpr char kStateMagic[8] = {'H', 'L', 'O', 'R', 'A', '0', '0', '1'};

// Values of a block: their sums do not depend on the number of threads.
constexpr size_t kBlock = 1 << 16;

double sum_of_squares(const float* x, size_t n) {
  constexpr size_t kLanes = 16;  // sums that the compiler can keep in a register
  double sum[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (size_t l = 0; l < kLanes; l++) sum[l] += static_cast<double>(x[i + l]) * x[i + l];
  }
  for (; i < n; i++) sum[0] += static_cast<double>(x[i]) * x[i];
  double total = 0;
  for (double s : sum) total += s;
  return total;
}

// The factors of one update.
struct Step {
  float shrink, keep, rate, beta1, beta2, correct1, correct2, epsilon;
};

void step_values(const Step& s, float* __restrict value, float* __restrict gradient,
                 float* __restrict first, float* __restrict second, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const float g = gradient[i] * s.shrink;
    first[i] = s.beta1 * first[i] + (1 - s.beta1) * g;
    second[i] = s.beta2 * second[i] + (1 - s.beta2) * g * g;
    value[i] = s.keep * value[i] -
               s.rate * (first[i] * s.correct1) / (std::sqrt(second[i] * s.correct2) + s.epsilon);
    gradient[i] = 0;
  }
}

void average_values(float decay, const float* __restrict value, float* __restrict average,
                    size_t n) {
  for (size_t i = 0; i < n; i++) average[i] += (1 - decay) * (value[i] - average[i]);
}

}  // namespace

float moment_correction(float beta, int64_t steps) {
  return 1.0f / (1.0f - std::pow(beta, static_cast<float>(steps)));
}

Parameters::Parameters(std::vector<Parameter> all, float average_decay)
    : all_(std::move(all)), average_decay_(average_decay) {
  size_t at = 0;
  for (const Parameter& p : all_) {
    for (size_t first = 0; first < p.n; first += kBlock) {
      const size_t n = std::min(kBlock, p.n - first);
      blocks_.push_back({&p, first, n, at});
      at += n;
    }
  }
  size_ = at;
  moments_.assign((average_decay > 0 ? 3 : 2) * at, 0.0f);
}

void Parameters::zero_gradients() {
  for (const Parameter& p : all_) std::memset(p.gradient, 0, p.n * sizeof(float));
}

double Parameters::update(const AdamWOptions& o, int threads) {
  const auto n_blocks = static_cast<int64_t>(blocks_.size());
  std::vector<double> squares(blocks_.size());
  in_parts(n_blocks, threads, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; b++) {
      const Block& block = blocks_[b];
      squares[b] = sum_of_squares(block.parameter->gradient + block.first, block.n);
    }
  });
  double square = 0;
  for (double s : squares) square += s;
  const double norm = std::sqrt(square);
  if (!std::isfinite(norm)) return norm;  // the caller stops; the weights stay as they were
  step_++;
  const float shrink = o.clip > 0 && norm > o.clip ? static_cast<float>(o.clip / norm) : 1.0f;
  const float correct1 = moment_correction(o.beta1, step_),
              correct2 = moment_correction(o.beta2, step_);
  in_parts(n_blocks, threads, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; b++) {
      const Block& block = blocks_[b];
      const Parameter& p = *block.parameter;
      const float keep = p.decayed ? 1.0f - o.learning_rate * o.weight_decay : 1.0f;
      const Step s = {shrink,  keep,     o.learning_rate, o.beta1,
                      o.beta2, correct1, correct2,        o.epsilon};
      step_values(s, p.value + block.first, p.gradient + block.first, moments_.data() + block.at,
                  moments_.data() + size() + block.at, block.n);
      if (average_decay_ > 0) {
        average_values(average_decay_, p.value + block.first,
                       moments_.data() + 2 * size() + block.at, block.n);
      }
    }
  });
  return norm;
}

std::vector<float> Parameters::averages() const {
  std::vector<float> out(moments_.begin() + static_cast<ptrdiff_t>(2 * size()), moments_.end());
  const float correct = moment_correction(average_decay_, step_);
  for (float& x : out) x *= correct;
  return out;
}

std::vector<char> Parameters::state() const {
  const size_t n = size();
  std::vector<char> out(sizeof(StateHeader) + (n + moments_.size()) * sizeof(float));
  StateHeader header;
  std::memcpy(header.magic, kStateMagic, sizeof kStateMagic);
  header.n_parameters = n;
  header.step = step_;
  char* at = out.data();
  std::memcpy(at, &header, sizeof header);
  at += sizeof header;
  for (const Parameter& p : all_) {
    std::memcpy(at, p.value, p.n * sizeof(float));
    at += p.n * sizeof(float);
  }
  std::memcpy(at, moments_.data(), moments_.size() * sizeof(float));
  return out;
}

void Parameters::set_state(const std::vector<char>& state) {
  const size_t n = size();
  StateHeader header;
  if (state.size() < sizeof header) throw Error("E_RUN", "the checkpoint is truncated");
  std::memcpy(&header, state.data(), sizeof header);
  if (std::memcmp(header.magic, kStateMagic, sizeof kStateMagic) != 0) {
    throw Error("E_RUN", "the checkpoint is not one of this program's");
  }
  if (header.n_parameters != n ||
      state.size() != sizeof header + (n + moments_.size()) * sizeof(float)) {
    throw Error("E_RUN", "the checkpoint is damaged or belongs to a model of another shape");
  }
  step_ = header.step;
  const char* at = state.data() + sizeof header;
  for (const Parameter& p : all_) {
    std::memcpy(p.value, at, p.n * sizeof(float));
    at += p.n * sizeof(float);
  }
  std::memcpy(moments_.data(), at, moments_.size() * sizeof(float));
  zero_gradients();
}

}  // namespace harmonic
