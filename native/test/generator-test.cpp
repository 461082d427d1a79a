#include "engine/generator.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "engine/drafts.h"
#include "engine/int8-matrix.h"
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

std::shared_ptr<const Model> tiny_model(Engine engine = Engine::kLlama) {
  static const std::string path = test::write_tiny_model("llama");
  static std::map<Engine, std::shared_ptr<const Model>> models;
  auto& model = models[engine];
  if (!model) model = std::make_shared<const Model>(ModelOptions{path, "", false, engine});
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

TEST(drafts_are_guessed_from_the_rows_of_a_prompt_and_of_the_table) {
  const Grammar grammar(repeated(2), 100, [](int32_t) { return std::string(); }, {}, {});
  const Drafts drafts(grammar, {9, 1, 8, 5, 3, 9, 9, 8, 1, 1, 0, 9});
  // a row cut off, noise, and two whole rows
  const std::vector<int32_t> tokens = {20, 31, 32, 3,  20, 7,  20, 31, 33, 3, 20, 30,
                                       3,  20, 30, 20, 31, 33, 3,  20, 30, 3, 5};
  const EdgeCounts shown = drafts.rows_in(tokens.data(), static_cast<int>(tokens.size()), 0);
  CHECK_EQUAL(shown.at(4), 2);
  CHECK_EQUAL(shown.at(7), 2);
  CHECK_EQUAL(shown.count(3), 0u);
  const std::vector<int> first = {1, 2}, second = {3, 4};
  const auto guess = drafts.guess(shown, {second.data(), 2});
  CHECK_EQUAL(guess.edge, 4);
  CHECK_NEAR(guess.share, (2 + 0.4) / 3, 1e-9);
  CHECK_EQUAL(drafts.guess({}, {second.data(), 2}).edge, 3);
  CHECK_NEAR(drafts.guess({}, {first.data(), 2}).share, 9.0 / 11, 1e-9);

  // forced, guessed, forced, and nothing of what no draw follows
  RowProgress row = grammar.start(0);
  const std::vector<Draft> ahead = drafts.ahead(row, {{1, 9}, {7, 9}}, {0.5, 8, 8});
  const std::vector<int32_t> expected = {20, 30, 3, 20};
  CHECK_EQUAL(ahead.size(), expected.size());
  for (size_t i = 0; i < expected.size(); i++) {
    CHECK_EQUAL(ahead[i].token.token, expected[i]);
    CHECK_EQUAL(ahead[i].before_draw, i == 0 || i == 3);
  }
  CHECK_EQUAL(row.state, 0);
  CHECK_EQUAL(drafts.ahead(row, {{1, 9}}, {0.99, 8, 8}).size(), 1u);
  CHECK_EQUAL(drafts.ahead(row, {{1, 9}}, {0.5, 3, 8}).size(), 3u);
}

TEST(drafts_and_jumps_change_nothing_but_the_number_of_passes) {
  std::vector<Engine> engines = {Engine::kLlama};
  if (Int8Matrix::is_fast_here()) engines.push_back(Engine::kGraph);
  for (const Engine engine : engines) {
    const auto draw = [&](double temperature, std::vector<int32_t> counts, bool drafts, bool jump) {
      GeneratorOptions options{repeated(6), 3, 64, 1};
      options.switches.drafts = drafts;
      options.switches.jump_forward = jump;
      options.edge_counts = std::move(counts);
      Generator generator(tiny_model(engine), options);
      GenerateRequest request = request_for(3, 1, 5);
      request.temperature = temperature;
      return generator.generate(request, generator.ticket());
    };
    const auto check_same = [](const GenerateResult& a, const GenerateResult& b) {
      for (size_t c = 0; c < a.columns.size(); c++) CHECK(a.columns[c].codes == b.columns[c].codes);
    };
    const GenerateResult likeliest = draw(0, {}, false, true);
    // As if the table had no other rows than these.
    std::vector<int32_t> counts;
    for (const GeneratedColumn& column : likeliest.columns) {
      std::vector<int32_t> cell = {3, 0, 0, 0, 0, 3};
      for (const int32_t code : column.codes) {
        cell[code == 0 ? 1 : 2] += 100;
        if (code > 0) cell[code == 1 ? 3 : 4] += 100;
      }
      counts.insert(counts.end(), cell.begin(), cell.end());
    }
    const GenerateResult drafted = draw(0, counts, true, true);
    check_same(drafted, likeliest);
    CHECK(drafted.n_batches < likeliest.n_batches);
    const GenerateResult plain = draw(1, {}, false, true);
    check_same(draw(1, counts, true, true), plain);
    check_same(draw(1, counts, true, false), plain);
    const GenerateResult slow = draw(1, {}, false, false);
    check_same(slow, plain);
    CHECK(slow.n_batches > plain.n_batches);
  }
}

TEST(generator_ends_calls_whose_tickets_were_taken_before_the_abort) {
  Generator generator(tiny_model(), {repeated(2), 4, 64, 1});
  const uint64_t before = generator.ticket();
  generator.abort();
  CHECK_REFUSED("E_ABORTED", "", generator.generate(request_for(4, 1, 0), before));
  CHECK_EQUAL(codes_of(generator, request_for(4, 1, 0)).size(), 8u);
}
