#include <ggml.h>

#include <algorithm>
#include <memory>
#include <random>

#include "bench/parts.h"
#include "engine/backends.h"
#include "engine/cpu.h"

namespace harmonic::bench {
namespace {

// Products or copies in one graph, so that starting it costs nothing beside them.
constexpr int kRepeats = 8;

using Context = std::unique_ptr<ggml_context, void (*)(ggml_context*)>;
using Buffer = std::unique_ptr<ggml_backend_buffer, void (*)(ggml_backend_buffer_t)>;
using Backend = std::unique_ptr<ggml_backend, void (*)(ggml_backend_t)>;

/** Fills a tensor of numbers with random ones: on zeros some devices are faster. */
void fill(ggml_tensor* tensor) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> block(1 << 16);
  for (float& x : block) x = normal(random);
  std::vector<char> bytes(ggml_row_size(tensor->type, static_cast<int64_t>(block.size())));
  const ggml_type_traits* traits = ggml_get_type_traits(tensor->type);
  if (tensor->type == GGML_TYPE_F32) {
    std::copy_n(reinterpret_cast<const char*>(block.data()), bytes.size(), bytes.begin());
  } else {
    traits->from_float_ref(block.data(), bytes.data(), static_cast<int64_t>(block.size()));
  }
  const size_t total = ggml_nbytes(tensor);
  for (size_t at = 0; at < total; at += bytes.size()) {
    ggml_backend_tensor_set(tensor, bytes.data(), at, std::min(bytes.size(), total - at));
  }
}

/** Seconds of each of `n` runs of the graph that `build` makes, after one to warm up. */
std::vector<double> time_graph(
    ggml_backend_t backend, int n,
    const std::function<void(ggml_context*, ggml_cgraph*, std::vector<ggml_tensor*>&)>& build) {
  const Context context(
      ggml_init({ggml_tensor_overhead() * 64 + ggml_graph_overhead(), nullptr, true}), ggml_free);
  ggml_cgraph* graph = ggml_new_graph(context.get());
  std::vector<ggml_tensor*> inputs;
  build(context.get(), graph, inputs);
  const Buffer buffer(ggml_backend_alloc_ctx_tensors(context.get(), backend),
                      ggml_backend_buffer_free);
  if (!buffer) throw Error("E_NATIVE", "the device has not the memory to be measured");
  for (ggml_tensor* input : inputs) fill(input);
  std::vector<double> seconds;
  for (int i = 0; i <= n; i++) {
    const Clock clock;
    if (ggml_backend_graph_compute(backend, graph) != GGML_STATUS_SUCCESS) {
      throw Error("E_NATIVE", "the device failed");
    }
    ggml_backend_synchronize(backend);
    if (i > 0) seconds.push_back(clock.seconds());
  }
  return seconds;
}

std::vector<double> per_second(double amount, const std::vector<double>& seconds) {
  std::vector<double> rates;
  for (const double s : seconds) rates.push_back(amount / s);
  return rates;
}

}  // namespace

void measure_limits(const Arguments& arguments, const Tell& tell) {
  const std::string device = device_of(arguments);
  const int size = arguments.integer("size", 8192);  // of a square matrix
  const int repeats = arguments.integer("repeats", 5);
  const Cpu cpu(arguments.integer("threads", 1), [] { return false; });
  const Backend opened(
      device.empty() ? nullptr : ggml_backend_dev_init(find_device(device), nullptr),
      [](ggml_backend_t backend) {
        if (backend != nullptr) ggml_backend_free(backend);
      });
  if (!device.empty() && !opened) throw Error("E_NATIVE", device + " cannot be opened");
  ggml_backend_t backend = opened ? opened.get() : cpu.backend();
  const std::string task = "limits of the device";

  // Read once, written once; several times the size of any cache.
  const int64_t n_floats = static_cast<int64_t>(size) * size * 4;
  const auto copies =
      time_graph(backend, repeats, [&](ggml_context* c, ggml_cgraph* graph, auto& inputs) {
        ggml_tensor* from = ggml_new_tensor_1d(c, GGML_TYPE_F32, n_floats);
        ggml_tensor* to = ggml_new_tensor_1d(c, GGML_TYPE_F32, n_floats);
        inputs.push_back(from);
        for (int i = 0; i < kRepeats; i++) {
          ggml_build_forward_expand(graph,
                                    ggml_cpy(c, i % 2 == 0 ? from : to, i % 2 == 0 ? to : from));
        }
      });
  const double bytes = 2.0 * kRepeats * static_cast<double>(n_floats) * sizeof(float);
  tell({"limit",
        task,
        {{"device", device.empty() ? "cpu" : device}},
        "bandwidth",
        "bytes/s",
        per_second(bytes, copies),
        ""});

  const auto products =
      time_graph(backend, repeats, [&](ggml_context* c, ggml_cgraph* graph, auto& inputs) {
        ggml_tensor* a = ggml_new_tensor_2d(c, GGML_TYPE_BF16, size, size);
        ggml_tensor* x = ggml_new_tensor_2d(c, GGML_TYPE_F32, size, size);
        inputs = {a, x};
        for (int i = 0; i < kRepeats; i++) ggml_build_forward_expand(graph, ggml_mul_mat(c, a, x));
      });
  const double operations = 2.0 * kRepeats * static_cast<double>(size) * size * size;
  tell({"limit",
        task,
        {{"device", device.empty() ? "cpu" : device}},
        "arithmetic",
        "BF16 operations/s",
        per_second(operations, products),
        ""});
}

}  // namespace harmonic::bench
