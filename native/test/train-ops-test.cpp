#include "engine/train-ops.h"

#include <cmath>
#include <memory>
#include <vector>

#include "engine/cpu.h"
#include "engine/int8-matrix.h"
#include "ggml-alloc.h"
#include "test/test.h"

namespace harmonic {
namespace {

using Context = std::unique_ptr<ggml_context, void (*)(ggml_context*)>;

/** The gradient of gate and up, shape (2, n), by the operation; every incoming gradient is 1. */
std::vector<float> swiglu_gradient(const std::vector<float>& gate, const std::vector<float>& up) {
  const auto n = static_cast<int64_t>(gate.size());
  const Context context(ggml_init({1 << 20, nullptr, true}), ggml_free);
  ggml_context* c = context.get();
  ggml_tensor* gate_up = ggml_new_tensor_2d(c, GGML_TYPE_F32, 2 * n, 1);
  ggml_tensor* grad = ggml_new_tensor_2d(c, GGML_TYPE_F32, n, 1);
  ggml_tensor* result = swiglu_back(c, gate_up, grad);
  ggml_cgraph* graph = ggml_new_graph(c);
  ggml_build_forward_expand(graph, result);
  Cpu cpu(1, [] { return false; });
  ggml_backend_buffer_t buffer = ggml_backend_alloc_ctx_tensors(c, cpu.backend());
  std::vector<float> both = gate;
  both.insert(both.end(), up.begin(), up.end());
  const std::vector<float> ones(n, 1.0f);
  ggml_backend_tensor_set(gate_up, both.data(), 0, ggml_nbytes(gate_up));
  ggml_backend_tensor_set(grad, ones.data(), 0, ggml_nbytes(grad));
  cpu.compute(graph, "a test");
  ggml_backend_tensor_get(result, both.data(), 0, ggml_nbytes(result));
  ggml_backend_buffer_free(buffer);
  return both;
}

TEST(the_gradient_of_a_gate_is_that_of_the_formula_however_large_the_gate) {
  std::vector<float> gate, up;
  for (double g : {0.0, 0.5, 3.0, 20.0, 87.0, 88.0, 89.0, 104.0, 1000.0, 1e6, 1e20}) {
    for (double sign : {-1.0, 1.0}) {
      gate.push_back(static_cast<float>(sign * g));
      up.push_back(2.0f);
    }
  }
  const std::vector<float> found = swiglu_gradient(gate, up);
  const size_t n = gate.size();
  for (size_t i = 0; i < n; i++) {
    const double g = gate[i], sigmoid = 1 / (1 + std::exp(-g));
    const double silu = sigmoid == 0 ? 0 : g * sigmoid;
    const double slope = sigmoid + silu * (1 - sigmoid);
    CHECK_NEAR(found[i], 2 * slope, 1e-5);
    CHECK_NEAR(found[n + i], silu, 1e-6 * std::abs(g) + 1e-6);
  }
}

TEST(products_in_8_bits_are_finite_and_small_where_their_input_is_next_to_nothing) {
  const std::vector<float> weights(64 * 32, 0.5f);
  const Int8Matrix matrix(weights.data(), 32, 64);
  for (const float size : {0.0f, 1e-44f, 1e-39f, 1e-37f, 1e-30f}) {
    const std::vector<float> x(32, size);
    std::vector<float> y(64, -1.0f);
    matrix.multiply(x.data(), 32, y.data(), 64, 1);
    for (float v : y) CHECK_NEAR(v, 16.0 * size, 1e-34 + 0.01 * 16.0 * size);
  }
}

}  // namespace
}  // namespace harmonic
