#include <algorithm>
#include <cmath>

#include "bench/lessons.h"
#include "bench/parts.h"
#include "bench/requests.h"
#include "engine/gradient-comparison.h"
#include "engine/sampling-probe.h"

namespace harmonic::bench {
namespace {

// How far a device may be from the processor. With weights in 32 bits a device may still multiply
// in 19 (TF32).
const std::map<std::string, double> kLargestError = {{"f32", 5e-3}, {"bf16", 5e-2}};
constexpr double kLargestLogDifference = 0.1;

class Check {
 public:
  Check(const Arguments& arguments, const Tell& tell)
      : arguments_(arguments), tell_(tell), arrays_(arguments.text("data")) {}

  void gradients(const std::string& weights) {
    const Lessons lessons(arrays_);
    TrainerOptions options;
    options.path = arguments_.text("model");
    options.threads = arguments_.integer("threads", 1);
    options.weights = weights == "f32" ? GGML_TYPE_F32 : GGML_TYPE_BF16;
    options.adapter.targets = {"q", "k", "v", "o", "gate", "up", "down"};
    lessons.set(options);
    Trainer cpu(options);
    options.device = device_of(arguments_);
    Trainer device(options);
    const GradientComparison error = compare_gradients(device, cpu, lessons.pack(0, 2));
    const Settings settings = {{"weights", weights}};
    tell_({"harmonic", kTask, settings, "loss_error", "relative", {error.losses}, ""});
    tell_({"harmonic", kTask, settings, "gradient_error", "relative", {error.gradients}, ""});
    expect(error.gradients <= kLargestError.at(weights), weights + " gradients");
  }

  void logits() {
    ModelOptions options;
    options.path = arguments_.text("model");
    const Lessons lessons(arrays_);
    const std::vector<int32_t> ids = lessons.pack(0, 1).tokens;
    const std::vector<float> expected = Model(options).log_probabilities(ids);
    options.device = device_of(arguments_);
    const std::vector<float> actual = Model(options).log_probabilities(ids);
    double largest = 0;
    for (size_t i = 0; i < expected.size(); i++) {
      const double d = std::abs(static_cast<double>(expected[i]) - actual[i]);
      largest = std::isfinite(d) ? std::max(largest, d) : INFINITY;
    }
    tell_({"harmonic", kTask, {}, "log_probability_difference", "nats", {largest}, ""});
    expect(largest <= kLargestLogDifference, "likelihoods");
  }

  /** Whether our own graphs compute on the device what they do on the processor. */
  void engine() {
    const std::string device = device_of(arguments_);
    if (device.empty()) return;
    const std::string obstacle = sampling_obstacle(arguments_.text("model"), "", device);
    expect(obstacle.empty(), "our graphs: " + obstacle);
  }

  /** Rows may differ where a draw falls on the edge between two tokens. */
  void rows(const std::string& name, Engine engine) {
    const Requests requests(arrays_, "examples");
    const int n = arguments_.integer("rows", 32);
    const auto draw = [&](const std::string& device) {
      ModelOptions options;
      options.path = arguments_.text("model");
      options.device = device;
      options.engine = device.empty() ? Engine::kAuto : engine;
      Generator generator(std::make_shared<const Model>(options),
                          requests.options(n, arguments_.integer("threads", 1)));
      return generator.generate(requests.request(0, n, 1), generator.ticket());
    };
    const GenerateResult here = draw("");
    const std::string device = device_of(arguments_);
    const GenerateResult there = draw(device), again = draw(device);
    const Settings settings = {{"engine", name}};
    tell_({"harmonic", kTask, settings, "equal_cells", "share of cells", {equal(here, there)}, ""});
    expect(equal(there, again) == 1, "rows drawn twice by the engine " + name);
  }

  void finish() const {
    if (!wrong_.empty()) throw Error("E_NATIVE", "the device is too far off: " + wrong_);
  }

 private:
  static constexpr const char* kTask = "the device beside the processor";

  static double equal(const GenerateResult& a, const GenerateResult& b) {
    double same = 0, n = 0;
    for (size_t c = 0; c < a.columns.size(); c++) {
      for (size_t i = 0; i < a.failed.size(); i++, n++) {
        const GeneratedColumn &x = a.columns[c], &y = b.columns[c];
        // Missing numbers are equal too.
        same += x.kind == kColumnCategory ? x.codes[i] == y.codes[i]
                : x.kind == kColumnNumber
                    ? x.scaled[i] == y.scaled[i] ||
                          (x.scaled[i] != x.scaled[i] && y.scaled[i] != y.scaled[i])
                    : std::equal(x.text.begin() + x.text_offsets[i],
                                 x.text.begin() + x.text_offsets[i + 1],
                                 y.text.begin() + y.text_offsets[i],
                                 y.text.begin() + y.text_offsets[i + 1]);
      }
    }
    return same / n;
  }

  void expect(bool holds, const std::string& what) {
    if (!holds) wrong_ += (wrong_.empty() ? "" : ", ") + what;
  }

  const Arguments& arguments_;
  const Tell& tell_;
  const Arrays arrays_;
  std::string wrong_;
};

}  // namespace

void check_device(const Arguments& arguments, const Tell& tell) {
  Check check(arguments, tell);
  check.gradients("f32");
  check.gradients("bf16");
  check.logits();
  check.engine();
  check.rows("device", Engine::kDevice);
  check.rows("llama", Engine::kLlama);
  check.finish();
}

}  // namespace harmonic::bench
