#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>

#include "engine/generator.h"
#include "test/test.h"
#include "test/tiny-model.h"

// Cells as table models write them: values that a token sets at once, and bins inside which a
// silent state draws.
namespace harmonic {
namespace {

constexpr int kSequences = 200;
constexpr int kPasses = 40;
/** Standard deviations. */
constexpr double kWorst = 4;

/**
 * Two numbers. The first is 5 (token 10), one of -70, 0, 30 (token 11, then silent), missing (token
 * 12), or a digit behind a sign (token 13, then 20 or 21). The second is one of 3 values (tokens 30
 * .. 32), or one of two bins with a value in common (tokens 33 and 34).
 */
Automaton two_numbers() {
  Automaton a;
  a.values = {5, -70, 0, 30, -70, 4, 29, 0, 30, 31, 30, 90};
  const auto state = [&](std::vector<std::vector<double>> edges) {
    for (const auto& e : edges) {
      a.edge_tokens.push_back(static_cast<int32_t>(e[0]));
      a.edge_next.push_back(static_cast<int32_t>(e[1]));
      a.edge_columns.push_back(static_cast<int32_t>(e[2]));
      a.edge_actions.push_back(static_cast<int32_t>(e[3]));
      a.edge_weights.push_back(e.size() > 4 ? e[4] : 0);
    }
    a.edge_offsets.push_back(static_cast<int32_t>(a.edge_tokens.size()));
  };
  const int set = kActionValue;
  a.edge_offsets = {0};
  state({{10, 3, 0, set + 0.0}, {11, 1, -1, -1}, {12, 3, 0, -2}, {13, 2, 0, kActionNegate}});
  state({{-3, 3, 0, set + 1.0, 4}, {-2, 3, 0, set + 2.0, 1}, {-1, 3, 0, set + 3.0, 2.5}});
  state({{20, 3, 0, 0}, {21, 3, 0, 8}});
  state({{30, 6, 1, set + 4.0},
         {31, 6, 1, set + 5.0},
         {32, 6, 1, set + 6.0},
         {33, 4, -1, -1},
         {34, 5, -1, -1}});
  state({{-2, 6, 1, set + 7.0, 1}, {-1, 6, 1, set + 8.0, 3}});
  state({{-3, 6, 1, set + 9.0, 2}, {-2, 6, 1, set + 10.0, 1}, {-1, 6, 1, set + 11.0, 1}});
  state({});
  a.column_kinds = {kColumnNumber, kColumnNumber};
  return a;
}

struct Path {
  std::vector<int> edges;
  std::vector<double> values;
};

std::vector<Path> paths_of(const Automaton& a) {
  std::vector<Path> paths;
  std::vector<int> edges;
  const std::function<void(int)> walk = [&](int state) {
    if (a.n_edges(state) == 0) {
      std::vector<CellValue> cells(a.n_columns());
      for (const int e : edges) {
        const int column = a.edge_columns[e];
        if (column >= 0) cells[column].apply(a.column_kinds[column], a.edge_actions[e], a.values);
      }
      Path path{edges, {}};
      for (const CellValue& cell : cells) path.values.push_back(cell.number());
      paths.push_back(path);
    }
    for (int e = a.edge_offsets[state]; e < a.edge_offsets[state + 1]; e++) {
      edges.push_back(e);
      walk(a.edge_next[e]);
      edges.pop_back();
    }
  };
  walk(0);
  return paths;
}

std::string key_of(const std::vector<double>& values) {
  std::string key;
  for (const double value : values) key += std::to_string(value) + " ";
  return key;
}

/** The probability of each row behind a prompt where only some paths are allowed: wherever these
 * part, by the model's softmax over the ways that they go, or by weight. */
std::map<std::string, double> probabilities(const Model& model, const Automaton& a,
                                            const std::vector<Path>& paths,
                                            const std::vector<int32_t>& prompt) {
  std::map<std::string, double> result;
  const std::function<void(const std::vector<const Path*>&, size_t, double)> walk =
      [&](const std::vector<const Path*>& here, size_t depth, double share) {
        if (here.front()->edges.size() == depth) {
          result[key_of(here.front()->values)] += share;
          return;
        }
        std::map<int, std::vector<const Path*>> ways;
        for (const Path* path : here) ways[path->edges[depth]].push_back(path);
        std::vector<int32_t> ids = prompt;
        for (size_t i = 0; i < depth; i++) {
          const int32_t token = a.edge_tokens[here.front()->edges[i]];
          if (token >= 0) ids.push_back(token);
        }
        const std::vector<float> logs = model.log_probabilities(ids);
        const float* last = logs.data() + logs.size() - model.info().n_vocabulary;
        const auto weight = [&](int edge) {
          const int32_t token = a.edge_tokens[edge];
          return token < 0 ? a.edge_weights[edge] : std::exp(static_cast<double>(last[token]));
        };
        double sum = 0;
        for (const auto& way : ways) sum += weight(way.first);
        for (const auto& [edge, some] : ways) walk(some, depth + 1, share * weight(edge) / sum);
      };
  std::vector<const Path*> all;
  for (const Path& path : paths) all.push_back(&path);
  walk(all, 0, 1);
  return result;
}

/** Standard deviations of the chi-square statistic above its mean (Wilson and Hilferty, 1931). */
double chi_square_score(const std::map<std::string, double>& counts,
                        const std::map<std::string, double>& expected) {
  double n = 0, statistic = 0, rest_count = 0, rest_expected = 0;
  int cells = 0;
  for (const auto& [key, count] : counts) {
    CHECK(expected.count(key) == 1);
    n += count;
  }
  for (const auto& [key, share] : expected) {
    const auto found = counts.find(key);
    const double count = found == counts.end() ? 0 : found->second;
    if (n * share < 5) {
      rest_count += count;
      rest_expected += n * share;
      continue;
    }
    statistic += (count - n * share) * (count - n * share) / (n * share);
    cells++;
  }
  if (rest_expected > 0) {
    statistic += (rest_count - rest_expected) * (rest_count - rest_expected) / rest_expected;
    cells++;
  }
  const double degrees = cells - 1, spread = 2 / (9 * degrees);
  return (std::cbrt(statistic / degrees) - (1 - spread)) / std::sqrt(spread);
}

struct Setup {
  std::vector<Rule> rules;
  std::vector<int32_t> prefix;
  std::function<bool(const Path&)> allowed = [](const Path&) { return true; };
};

/** Draws with an engine and holds the counts against the probabilities by brute force. */
void check_exact(Engine engine, const Setup& setup) {
  const std::string base = test::write_tiny_model("llama");
  const Model reference({base, "", false});
  ModelOptions options;
  options.path = base;
  options.engine = engine;
  const Automaton automaton = two_numbers();
  const std::vector<int32_t> prompt = {4, 9, 14};
  std::vector<Path> paths;
  for (const Path& path : paths_of(automaton)) {
    if (setup.allowed(path)) paths.push_back(path);
  }
  const auto expected = probabilities(reference, automaton, paths, prompt);

  GeneratorOptions open;
  open.automaton = automaton;
  open.n_sequences = kSequences;
  open.n_context = 16;
  open.threads = 2;
  open.rules = setup.rules;
  Generator generator(std::make_shared<const Model>(options), open);
  std::map<std::string, double> counts;
  for (int pass = 0; pass < kPasses; pass++) {
    GenerateRequest request;
    request.prompts = prompt;
    request.prompt_offsets = {0, static_cast<int32_t>(prompt.size())};
    request.rows_per_prompt = kSequences;
    SplitMix64 random(pass);
    if (!setup.prefix.empty()) request.prefix_offsets = {0};
    for (int r = 0; r < kSequences; r++) {
      request.seeds.push_back(random.next());
      if (setup.prefix.empty()) continue;
      request.prefixes.insert(request.prefixes.end(), setup.prefix.begin(), setup.prefix.end());
      request.prefix_offsets.push_back(static_cast<int32_t>(request.prefixes.size()));
    }
    const GenerateResult result = generator.generate(request, generator.ticket());
    for (int r = 0; r < kSequences; r++) {
      CHECK_EQUAL(result.failed[r], -1);
      counts[key_of({result.columns[0].scaled[r], result.columns[1].scaled[r]})]++;
    }
  }
  CHECK(chi_square_score(counts, expected) < kWorst);
}

void check_exact(const Setup& setup) { check_exact(Engine::kDense, setup); }

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

TEST(silent_states_draw_by_weight) {
  check_exact({});
  check_exact(Engine::kLlama, {});
}

TEST(silent_states_may_be_given) {
  Setup setup;
  setup.prefix = {11, -1, 34};
  setup.allowed = [](const Path& path) { return path.values[0] == 30 && path.edges[2] == 13; };
  check_exact(setup);
}

TEST(comparisons_hold_among_values_and_bins) {
  Setup setup;
  Rule rule;
  rule.kind = Rule::kCompare;
  rule.comparison = Rule::kLess;
  rule.columns = {1, 0};
  setup.rules = {rule};
  setup.allowed = [](const Path& path) {
    return std::isnan(path.values[0]) || path.values[1] < path.values[0];
  };
  check_exact(setup);
  setup.rules[0].comparison = Rule::kEqual;
  setup.allowed = [](const Path& path) {
    return std::isnan(path.values[0]) || path.values[1] == path.values[0];
  };
  check_exact(setup);
}

TEST(combinations_hold_among_values_and_bins) {
  const double missing = std::numeric_limits<double>::quiet_NaN();
  Setup setup;
  Rule rule;
  rule.kind = Rule::kCombination;
  rule.columns = {0, 1};
  rule.values = {-70, 30, -70, -70, 0, 90, missing, 31, missing, 0, -8, 4, 5, 30};
  setup.rules = {rule};
  setup.allowed = [rule](const Path& path) {
    for (size_t i = 0; i < rule.values.size(); i += 2) {
      if (same(rule.values[i], path.values[0]) && same(rule.values[i + 1], path.values[1]))
        return true;
    }
    return false;
  };
  check_exact(setup);
}

TEST(derived_columns_hold_among_values_and_bins) {
  // The second is the first less 1: 4 of 5, 29 of 30, and nothing else.
  Setup setup;
  Rule rule;
  rule.kind = Rule::kDerived;
  rule.columns = {1};
  rule.values = {kPushColumn, 0, kPushConstant, 1, kSubtract, 0};
  setup.rules = {rule};
  setup.allowed = [](const Path& path) { return path.values[1] == path.values[0] - 1; };
  check_exact(setup);
}

TEST(silent_states_are_checked) {
  Automaton automaton = two_numbers();
  CHECK_EQUAL(automaton.check(64), 3);  // silent tokens do not count
  automaton.edge_tokens[4] = 15;
  CHECK_REFUSED("E_USAGE", "edgeTokens", automaton.check(64));
  automaton = two_numbers();
  automaton.edge_weights[5] = 0;
  CHECK_REFUSED("E_USAGE", "edgeWeights", automaton.check(64));
  automaton = two_numbers();
  automaton.edge_weights.clear();
  CHECK_REFUSED("E_USAGE", "edgeWeights", automaton.check(64));
  automaton = two_numbers();
  automaton.edge_actions[0] = kActionValue + 12;
  CHECK_REFUSED("E_USAGE", "edgeActions", automaton.check(64));
  automaton = two_numbers();
  automaton.values[3] = 0.5;
  CHECK_REFUSED("E_USAGE", "edgeValues", automaton.check(64));
}

}  // namespace
}  // namespace harmonic
