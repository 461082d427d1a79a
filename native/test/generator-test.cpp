#include "engine/generator.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "engine/error.h"
#include "engine/random.h"
#include "test.h"
#include "test/tiny-model.h"

using namespace harmonic;

namespace {

/**
 * Rows of one category of 3 values: a forced token, then "a" | "bc" | "bd" in tokens, then a forced
 * end: choices of different lengths, so that rows fall out of step.
 */
Automaton three_values() {
  Automaton automaton;
  automaton.edge_offsets = {0, 1, 3, 5, 6, 6};
  automaton.edge_tokens = {20, 30, 31, 32, 33, 3};
  automaton.edge_next = {1, 3, 2, 3, 3, 4};
  automaton.edge_columns = {-1, 0, -1, 0, 0, -1};
  automaton.edge_actions = {-1, 0, -1, 1, 2, -1};
  automaton.column_kinds = {kColumnCategory};
  return automaton;
}

/** `columns` cells of three_values one after another. */
Automaton repeated(int columns) {
  const Automaton one = three_values();
  Automaton all;
  for (int c = 0; c < columns; c++) {
    const int n_states = one.n_states() - 1;  // the end is the start of the next
    for (int s = 0; s < n_states; s++) {
      all.edge_offsets.push_back(static_cast<int32_t>(all.edge_tokens.size()) +
                                 one.edge_offsets[s]);
    }
    for (size_t e = 0; e < one.edge_tokens.size(); e++) {
      all.edge_tokens.push_back(one.edge_tokens[e]);
      all.edge_next.push_back(one.edge_next[e] + c * n_states);
      all.edge_columns.push_back(one.edge_columns[e] < 0 ? -1 : c);
      all.edge_actions.push_back(one.edge_actions[e]);
    }
    all.column_kinds.push_back(kColumnCategory);
  }
  all.edge_offsets.push_back(static_cast<int32_t>(all.edge_tokens.size()));
  all.edge_offsets.push_back(static_cast<int32_t>(all.edge_tokens.size()));
  return all;
}

std::shared_ptr<const Model> tiny_model() {
  static const auto model =
      std::make_shared<const Model>(ModelOptions{test::write_tiny_model("llama"), "", false});
  return model;
}

const std::vector<int32_t> kPrompt = {4, 9, 14, 19, 24, 29, 34, 39, 44, 49, 54, 59};

GenerateRequest request_for(int n_prompts, int rows_per_prompt, uint64_t seed) {
  GenerateRequest request;
  for (int p = 0; p < n_prompts; p++) {
    request.prompt_offsets.push_back(static_cast<int32_t>(request.prompts.size()));
    request.prompts.insert(request.prompts.end(), kPrompt.begin(), kPrompt.end());
    for (int i = 0; i < p % 4; i++) request.prompts.push_back(20 + p % 7);
  }
  request.prompt_offsets.push_back(static_cast<int32_t>(request.prompts.size()));
  request.rows_per_prompt = rows_per_prompt;
  SplitMix64 random(seed);
  for (int r = 0; r < n_prompts * rows_per_prompt; r++) request.seeds.push_back(random.next());
  return request;
}

std::vector<int32_t> codes_of(Generator& generator, const GenerateRequest& request) {
  std::vector<int32_t> codes;
  for (const GeneratedColumn& column : generator.generate(request, generator.ticket()).columns) {
    codes.insert(codes.end(), column.codes.begin(), column.codes.end());
  }
  return codes;
}

}  // namespace

TEST(splitmix_gives_the_published_numbers) {
  SplitMix64 random(1234567);
  CHECK_EQUAL(random.next(), 6457827717110365317u);
  CHECK_EQUAL(random.next(), 3203168211198807973u);
  CHECK_EQUAL(random.next(), 9817491932198370423u);
}

TEST(generator_draws_from_the_softmax_over_allowed_tokens) {
  const auto model = tiny_model();
  const auto shares = [&](std::vector<int32_t> behind, int32_t a, int32_t b) {
    std::vector<int32_t> ids = kPrompt;
    ids.insert(ids.end(), behind.begin(), behind.end());
    const std::vector<float> logs = model->log_probabilities(ids);
    const float* last = logs.data() + logs.size() - model->info().n_vocabulary;
    const double x = std::exp(last[a]);
    const double y = std::exp(last[b]);
    return x / (x + y);
  };
  const double first = shares({20}, 30, 31);
  const double second = (1 - first) * shares({20, 31}, 32, 33);
  const std::vector<double> expected = {first, second, 1 - first - second};

  Generator generator(model, {three_values(), 128, 40, 2});
  std::vector<double> counts(3);
  const int n_passes = 60;
  for (int pass = 0; pass < n_passes; pass++) {
    GenerateRequest request = request_for(1, 128, pass);
    for (const int32_t code : codes_of(generator, request)) counts[code]++;
  }
  for (int i = 0; i < 3; i++) {
    const double n = 128.0 * n_passes;
    const double deviation = std::sqrt(n * expected[i] * (1 - expected[i]));
    CHECK_NEAR(counts[i], n * expected[i], 4 * deviation);
  }
}

TEST(generator_gives_the_same_rows_whatever_came_before) {
  Generator generator(tiny_model(), {repeated(6), 12, 64, 2});
  const GenerateRequest request = request_for(12, 1, 5);
  const std::vector<int32_t> fresh = codes_of(generator, request);
  CHECK_EQUAL(fresh.size(), 72u);
  codes_of(generator, request_for(3, 4, 6));
  codes_of(generator, request_for(1, 2, 7));
  CHECK(codes_of(generator, request) == fresh);
  codes_of(generator, request_for(12, 1, 8));
  CHECK(codes_of(generator, request) == fresh);
}

TEST(generator_ends_calls_whose_tickets_were_taken_before_the_abort) {
  Generator generator(tiny_model(), {repeated(2), 4, 64, 1});
  const uint64_t before = generator.ticket();
  generator.abort();
  try {
    generator.generate(request_for(4, 1, 0), before);
    harmonic::test::fail(__FILE__, __LINE__, "expected E_ABORTED");
  } catch (const Error& error) {
    CHECK_EQUAL(error.code, "E_ABORTED");
  }
  CHECK_EQUAL(codes_of(generator, request_for(4, 1, 0)).size(), 8u);
}
