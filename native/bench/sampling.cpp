#include <algorithm>
#include <future>
#include <map>
#include <memory>

#include "bench/parts.h"
#include "bench/requests.h"
#include "engine/gguf-file.h"

namespace harmonic::bench {
namespace {

const std::map<std::string, Engine> kEngines = {
    {"auto", Engine::kAuto}, {"device", Engine::kDevice}, {"llama", Engine::kLlama}};

/** What drawing rows takes at least, counted from what was evaluated. */
struct Work {
  double rows = 0, tokens = 0, batches = 0;

  void add(const Work& other) {
    rows += other.rows;
    tokens += other.tokens;
    batches += other.batches;
  }
};

/**
 * Rows a second that the device could draw if it did nothing but move what each batch needs (the
 * weights of the blocks, and each token's keys and values in 16 bits), and nothing but multiply.
 */
void tell_limits(const Arguments& arguments, const Tell& tell, Measurement m, const Work& work,
                 double context) {
  const GgufFile model(arguments.text("model"), "model");
  double weights = 0, bytes = 0;
  for (const GgufTensor& t : model.tensors()) {
    if (t.name.rfind("blk.", 0) != 0) continue;
    weights += static_cast<double>(t.n_elements());
    bytes += static_cast<double>(t.size);
  }
  const auto layers = static_cast<double>(model.architecture_integer("block_count"));
  const auto width = static_cast<double>(model.architecture_integer("embedding_length"));
  const auto heads = static_cast<double>(model.architecture_integer("attention.head_count"));
  const auto heads_kv = static_cast<double>(model.architecture_integer("attention.head_count_kv"));
  const double cache = 2 * 2 * width / heads * heads_kv * layers;  // bytes a token
  const double bandwidth = arguments.number("bandwidth", 0);
  const double arithmetic = arguments.number("arithmetic", 0);
  if (bandwidth <= 0 || arithmetic <= 0) return;
  m.unit = "rows/s";
  m.metric = "limit_by_bandwidth";
  m.values = {work.rows * bandwidth / (work.batches * bytes + work.tokens * context * cache)};
  tell(m);
  m.metric = "limit_by_arithmetic";
  const double each = 2 * weights + 4 * context * width * layers;
  m.values = {work.rows * arithmetic / (work.tokens * each)};
  tell(m);
}

}  // namespace

void measure_sampling(const Arguments& arguments, const Tell& tell) {
  const std::string prompts = arguments.text("prompts", "examples");
  const int n_sequences = arguments.integer("sequences", 256);
  const int rows_per_prompt = arguments.integer("rows-per-prompt", 1);
  const double seconds = arguments.number("seconds", 10);
  const Requests requests(Arrays(arguments.text("data")), prompts);

  ModelOptions options;
  options.path = arguments.text("model");
  options.adapter = arguments.text("adapter", "");
  options.device = device_of(arguments);
  options.engine = kEngines.at(arguments.text("engine", "auto"));
  const auto model = std::make_shared<const Model>(options);
  const int n_rows = std::min(n_sequences, model->most_sequences());
  const int n_prompts = std::max(1, n_rows / rows_per_prompt);
  const int rows_each = std::min(rows_per_prompt, n_rows);
  const int n_generators = arguments.integer("generators", 1);
  const int threads = std::max(1, arguments.integer("threads", 1) / n_generators);
  std::vector<std::unique_ptr<Generator>> generators;
  for (int g = 0; g < n_generators; g++)
    generators.push_back(std::make_unique<Generator>(model, requests.options(n_rows, threads)));
  // Each draws a batch of rows: one waits for the device while another has its logits.
  const auto draw = [&](int round) {
    std::vector<std::future<GenerateResult>> drawn;
    for (int g = 0; g < n_generators; g++) {
      drawn.push_back(std::async(std::launch::async, [&, g] {
        const int i = round * n_generators + g;
        Generator& generator = *generators[g];
        return generator.generate(requests.request(i, n_prompts, rows_each), generator.ticket());
      }));
    }
    Work work;
    for (auto& one : drawn) {
      const GenerateResult result = one.get();
      work.add({static_cast<double>(result.failed.size()), static_cast<double>(result.n_tokens),
                static_cast<double>(result.n_batches)});
    }
    return work;
  };
  draw(0);

  Work work;
  std::vector<double> rates;
  const Clock clock;
  for (int round = 1; round == 1 || clock.seconds() < seconds; round++) {
    const Clock one;
    const Work drawn = draw(round);
    rates.push_back(drawn.rows / one.seconds());
    work.add(drawn);
  }
  Measurement m{"harmonic",
                arguments.text("name", "model"),
                {{"format", arguments.text("format", "")},
                 {"prompts", prompts},
                 {"rowsPerPrompt", std::to_string(rows_each)},
                 {"sequences", std::to_string(n_prompts * rows_each)},
                 {"engine", model->info().engine}},
                "rows_per_second",
                "rows/s",
                rates,
                ""};
  tell(m);
  m.metric = "tokens_per_row";
  m.unit = "tokens evaluated a row, prompts included";
  m.values = {work.tokens / work.rows};
  tell(m);
  m.metric = "tokens_per_batch";
  m.unit = "tokens evaluated at once";
  m.values = {work.tokens / work.batches};
  tell(m);
  tell_limits(arguments, tell, m, work, requests.mean_prompt() + requests.mean_row() / 2);
}

}  // namespace harmonic::bench
