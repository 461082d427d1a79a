#include <fstream>
#include <set>
#include <sstream>

#include "bench/arrays.h"
#include "bench/parts.h"
#include "test.h"

using namespace harmonic;
using namespace harmonic::bench;

namespace {

using Values = std::vector<int32_t>;

/** Rows of one category of two tokens behind prompts of three, and groups of such rows to learn. */
std::string write_data() {
  const std::string path = test::temporary("bench.arrays");
  ArraysWriter writer(path);
  writer.write("n_vocabulary", Values{64});
  writer.write("automaton.edge_offsets", Values{0, 1, 3, 4, 4});
  writer.write("automaton.edge_tokens", Values{20, 30, 31, 3});
  writer.write("automaton.edge_next", Values{1, 2, 2, 3});
  writer.write("automaton.edge_columns", Values{-1, 0, 0, -1});
  writer.write("automaton.edge_actions", Values{-1, 0, 1, -1});
  writer.write("automaton.column_kinds", Values{0});
  writer.write("automaton.text_limits", Values{});
  writer.write("automaton.values", std::vector<double>{});
  writer.write("automaton.edge_weights", std::vector<double>{});
  writer.write("decimals", Values{0});
  writer.write("edge_counts", Values{4, 3, 1, 4});
  writer.write("prompts.examples", Values{4, 9, 14, 4, 9, 15});
  writer.write("prompts.examples_offsets", Values{0, 3, 6});
  writer.write("prompts.none", Values{4});
  writer.write("prompts.none_offsets", Values{0, 1});
  writer.write("longest_row", Values{3});
  writer.write("mean_row", std::vector<double>{3});
  writer.write("vocabulary", Values{30, 31});
  writer.write("allowed_sets", std::vector<uint8_t>{1, 1});
  Values tokens, offsets = {0}, positions, labels, loss_offsets = {0};
  for (int group = 0; group < 3; group++) {
    for (int row = 0; row < 2; row++) {
      const int label = (group + row) % 2;
      const auto start = static_cast<int32_t>(tokens.size()) - offsets.back();
      tokens.insert(tokens.end(), {20, 30 + label, 3});
      positions.push_back(start);
      labels.push_back(label);
    }
    offsets.push_back(static_cast<int32_t>(tokens.size()));
    loss_offsets.push_back(static_cast<int32_t>(labels.size()));
  }
  writer.write("lessons.tokens", tokens);
  writer.write("lessons.token_offsets", offsets);
  writer.write("lessons.positions", positions);
  writer.write("lessons.labels", labels);
  writer.write("lessons.sets", Values(labels.size(), 0));
  writer.write("lessons.loss_offsets", loss_offsets);
  writer.write("lessons.rows", Values{2});
  writer.close();
  return path;
}

}  // namespace

TEST(arrays_come_back_and_others_are_refused) {
  const std::string path = test::temporary("some.arrays");
  ArraysWriter writer(path);
  writer.write("some", Values{1, -2, 3});
  writer.write("none", std::vector<float>{});
  writer.write("real", std::vector<double>{0.5});
  writer.close();
  const Arrays arrays(path);
  CHECK(arrays.integers("some") == (Values{1, -2, 3}));
  CHECK(arrays.floats("none").empty());
  CHECK_EQUAL(arrays.doubles("real").at(0), 0.5);
  CHECK_REFUSED("E_INPUT", "no array \"some\" of the kind", arrays.floats("some"));
  CHECK_REFUSED("E_INPUT", "one value", arrays.integer("some"));

  std::ifstream whole(path, std::ios::binary);
  std::stringstream bytes;
  bytes << whole.rdbuf();
  std::ofstream(path, std::ios::binary) << bytes.str().substr(0, bytes.str().size() - 3);
  CHECK_REFUSED("E_INPUT", "truncated", Arrays{path});
}

// Every part that a machine with a GPU runs, on the processor.
TEST(the_measurements_of_a_gpu_run_on_the_processor) {
  std::string lines;
  std::set<std::string> metrics;
  const auto tell = [&](const Measurement& m) {
    CHECK(!m.values.empty());
    const Measurement back = from_line(to_line(m));
    CHECK_EQUAL(to_line(back), to_line(m));
    if (m.metric == "gradient_error" || m.metric == "log_probability_difference") {
      CHECK_EQUAL(m.values[0], 0);
    }
    metrics.insert(m.metric);
    lines += to_line(m) + "\n";
  };
  std::map<std::string, std::string> given = {{"device", "cpu"},    {"data", write_data()},
                                              {"shape", "tiny"},    {"seconds", "0"},
                                              {"bandwidth", "1e9"}, {"arithmetic", "1e9"}};
  const auto run = [&](auto part, std::map<std::string, std::string> more) {
    more.insert(given.begin(), given.end());
    part(Arguments(more), tell);
  };
  const std::string model = test::temporary("bench.gguf");
  run(measure_limits, {{"size", "64"}, {"repeats", "1"}});
  run(write_models,
      {{"out", model}, {"type", "bf16"}, {"arrays", test::temporary("bench-model.arrays")}});
  CHECK_EQUAL(Arrays(test::temporary("bench-model.arrays")).integers("shape")[5], 64);
  given["model"] = model;
  run(check_device, {{"rows", "4"}});
  const std::string adapter = test::temporary("bench-adapter.gguf");
  run(measure_training, {{"steps", "2"}, {"adapter", adapter}});
  run(measure_sampling,
      {{"format", "compact"}, {"adapter", adapter}, {"sequences", "8"}, {"rows-per-prompt", "2"}});
  run(measure_sampling, {{"format", "compact"}, {"prompts", "none"}, {"sequences", "4"}});
  run(measure_neighbors, {{"rows", "300"}, {"columns", "3"}, {"k", "2"}});
  run(measure_neighbors, {{"rows", "300"}, {"columns", "3"}, {"k", "2"}, {"queries", "60"}});
  for (const char* metric :
       {"bandwidth", "arithmetic", "loss_error", "equal_cells", "tokens_per_second",
        "rows_per_second", "limit_by_bandwidth", "limit_by_arithmetic", "searched_per_second"}) {
    CHECK(metrics.count(metric) == 1);
  }

  Measurement failed{"peft", "a task",           {}, "tokens_per_second", "tokens/s",
                     {},     "it is \"missing\""};
  lines += to_line(failed) + "\n";
  const std::string measured = test::temporary("measured.tsv"), out = test::temporary("gpu.json");
  std::ofstream(measured) << lines;
  const std::ostringstream table;
  std::streambuf* console = std::cout.rdbuf(table.rdbuf());
  run(write_report, {{"measured", measured}, {"out", out}, {"gpu", "a \"card\""}});
  std::cout.rdbuf(console);
  CHECK(table.str().find("failed: it is") != std::string::npos);
  std::stringstream json;
  json << std::ifstream(out).rdbuf();
  for (const char* part :
       {"\"gpu\": \"a \\\"card\\\"\"", "\"groupsPerStep\": 2", "\"rows_per_s_compact_examples\"",
        "\"median\": null", "it is \\\"missing\\\""}) {
    CHECK(json.str().find(part) != std::string::npos);
  }
}
