#include <iostream>

#include "bench/lessons.h"
#include "bench/parts.h"

namespace harmonic::bench {
namespace {

const std::map<std::string, ggml_type> kTypes = {
    {"f32", GGML_TYPE_F32}, {"bf16", GGML_TYPE_BF16}, {"f16", GGML_TYPE_F16}};

/** Operations of a step, forward and backward, over so many tokens of which some carry loss. */
double operations_of(const GgufFile& model, const TrainBatch& batch, size_t n_labels) {
  double blocks = 0;
  for (const GgufTensor& t : model.tensors()) {
    if (t.name.rfind("blk.", 0) == 0) blocks += static_cast<double>(t.n_elements());
  }
  const double width = static_cast<double>(model.find("output_norm.weight")->shape[0]);
  // A product for the outputs and one for the inputs' gradients; none for frozen weights' own.
  return 4 * (blocks * static_cast<double>(batch.tokens.size()) +
              width * static_cast<double>(n_labels * batch.labels.size()));
}

}  // namespace

void measure_training(const Arguments& arguments, const Tell& tell) {
  const std::string weights = arguments.text("weights", "bf16");
  const int groups = arguments.integer("groups", 2);
  const int most_tokens = arguments.integer("tokens", 512);
  const double seconds = arguments.number("seconds", 10);
  const int steps = arguments.integer("steps", 1 << 20);
  const Lessons lessons(Arrays(arguments.text("data")));

  TrainerOptions options;
  options.path = arguments.text("model");
  options.device = device_of(arguments);
  options.threads = arguments.integer("threads", 1);
  options.weights = kTypes.at(weights);
  options.adapter.targets = {"q", "k", "v", "o", "gate", "up", "down"};
  lessons.set(options);
  Trainer trainer(options);
  for (const std::string& operation : trainer.on_cpu()) {
    std::cerr << operation << " on the CPU" << std::endl;
  }
  const GgufFile model(options.path, "model");
  // The rate falls at the end, so that what the adapter has learnt settles.
  AdamWOptions adam{1e-3f, 0, 1, 0.9f, 0.999f, 1e-8f};

  std::vector<double> rates, losses;
  double operations = 0;
  const Clock clock;
  constexpr int kWarmUp = 2;
  for (int step = 0; step < steps + kWarmUp; step++) {
    if (step > kWarmUp && clock.seconds() > seconds) break;
    adam.learning_rate = clock.seconds() > 0.8 * seconds ? 2e-4f : 1e-3f;
    const Clock one;
    size_t n_tokens = 0;
    double loss = 0;
    operations = 0;
    for (const TrainBatch& batch : micro_batches(lessons, step * groups, groups, most_tokens)) {
      const std::vector<float> part = trainer.accumulate(batch);
      for (size_t i = 0; i < part.size(); i++) loss += part[i] * batch.weights[i];
      n_tokens += batch.tokens.size();
      operations += operations_of(model, batch, options.vocabulary.size());
    }
    trainer.update(adam);
    losses.push_back(loss);
    if (step >= kWarmUp) rates.push_back(static_cast<double>(n_tokens) / one.seconds());
  }
  const Settings settings = {
      {"weights", weights}, {"groupsPerStep", std::to_string(groups)}, {"loss", "every row"}};
  const std::string task = "LoRA of rank 16, " + arguments.text("name", "model");
  tell({"harmonic", task, settings, "tokens_per_second", "tokens/s", rates, ""});
  tell({"harmonic", task, settings, "first_loss", "nats a token", {losses.front()}, ""});
  tell({"harmonic", task, settings, "last_loss", "nats a token", {losses.back()}, ""});
  const double arithmetic = arguments.number("arithmetic", 0);
  if (arithmetic > 0) {
    const double n_tokens = static_cast<double>(lessons.pack(0, groups).tokens.size());
    tell({"harmonic",
          task,
          settings,
          "limit_by_arithmetic",
          "tokens/s",
          {n_tokens * arithmetic / operations},
          ""});
  }
  const std::string adapter = arguments.text("adapter", "");
  if (!adapter.empty()) trainer.save(adapter, {});
}

}  // namespace harmonic::bench
