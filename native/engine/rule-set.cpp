#include "engine/rule-set.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "engine/automaton.h"
#include "engine/comparison.h"
#include "engine/derivation.h"
#include "engine/error.h"

namespace harmonic {
namespace {

/** Rules that chase each other's bounds step by step are stopped; what is left is found later. */
constexpr int kMostRounds = 1000;
/** Before any row, so that rules that contradict each other are found. */
constexpr int kMostFirstRounds = 200000;

double key_of(double value) { return std::isnan(value) ? kInfinity : value; }

}  // namespace

RuleSet::RuleSet(std::vector<Rule> rules, std::vector<int32_t> decimals,
                 const std::vector<int32_t>& column_kinds, const std::vector<Domain>& domains)
    : rules_(std::move(rules)), rules_of_(column_kinds.size()), combinations_(rules_.size()) {
  if (!decimals.empty() && decimals.size() != column_kinds.size())
    throw Error("E_USAGE", "expected one number a column for `decimals`");
  for (const int32_t n : decimals) scales_.push_back(std::pow(10.0, n));
  start_.domains.resize(column_kinds.size());
  start_.narrowed_by.assign(column_kinds.size(), -1);
  start_.rows.resize(rules_.size());
  std::vector<int> ruled;
  for (size_t r = 0; r < rules_.size(); r++) {
    const Rule& rule = rules_[r];
    rule.check(column_kinds);
    for (const int32_t c : rule.all_columns()) {
      rules_of_[c].push_back(static_cast<int>(r));
      start_.domains[c] = std::make_shared<Domain>(domains[c]);
      ruled.push_back(c);
    }
    if (rule.kind != Rule::kCombination) continue;
    Combination& combination = combinations_[r];
    combination.width = rule.columns.size();
    combination.values = rule.values;
    std::vector<std::map<double, std::vector<int>>> rows_of(combination.width);
    std::vector<int> all;
    for (size_t i = 0; i < combination.values.size(); i++) {
      double& value = combination.values[i];
      const size_t c = i % combination.width;
      if (value < 0 && column_kinds[rule.columns[c]] == kColumnCategory)
        value = std::numeric_limits<double>::quiet_NaN();
      rows_of[c][key_of(value)].push_back(static_cast<int>(i / combination.width));
      if (c == 0) all.push_back(static_cast<int>(i / combination.width));
    }
    start_.rows[r] = std::make_shared<std::vector<int>>(std::move(all));
    combination.rows_of.resize(combination.width);
    for (size_t c = 0; c < combination.width; c++) {
      for (auto& [value, list] : rows_of[c])
        combination.rows_of[c][value] = std::make_shared<std::vector<int>>(std::move(list));
    }
  }
  const int impossible = propagate(start_, ruled, kMostFirstRounds);
  if (impossible >= 0) {
    throw Error("E_USAGE", "rule " + std::to_string(impossible) +
                               " cannot be satisfied by any row of the schema" +
                               (rules_.size() > 1 ? " that satisfies the other rules" : ""));
  }
}

int RuleSet::decide(RuleProgress& progress, int column, double value) const {
  const Domain& before = *progress.domains[column];
  if (!before.contains(value)) return std::max(progress.narrowed_by[column], 0);
  Domain decided = Domain::of(std::vector<double>{value});
  if (decided == before) return -1;
  progress.domains[column] = std::make_shared<Domain>(std::move(decided));
  return propagate(progress, {column}, kMostRounds);
}

int RuleSet::propagate(RuleProgress& progress, std::vector<int> columns, int most_rounds) const {
  std::vector<int> changed;
  for (int round = 0; round < most_rounds && !columns.empty(); round++) {
    changed.clear();
    std::vector<int> touched;
    for (const int c : columns)
      touched.insert(touched.end(), rules_of_[c].begin(), rules_of_[c].end());
    std::sort(touched.begin(), touched.end());
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    for (const int rule : touched) {
      if (!narrow(progress, rule, changed)) return rule;
    }
    columns.swap(changed);
  }
  return -1;
}

/** False where nothing is left. */
bool RuleSet::set(RuleProgress& progress, int column, int rule, Domain domain,
                  std::vector<int>& changed) const {
  if (domain == *progress.domains[column]) return true;
  const bool possible = !domain.empty();
  progress.domains[column] = std::make_shared<Domain>(std::move(domain));
  progress.narrowed_by[column] = rule;
  changed.push_back(column);
  return possible;
}

bool RuleSet::narrow(RuleProgress& progress, int rule, std::vector<int>& changed) const {
  const Rule& r = rules_[rule];
  if (r.kind == Rule::kCombination) return narrow_combination(progress, rule, changed);
  const std::vector<int32_t> columns = r.all_columns();
  std::vector<Operand> operands;
  for (const int32_t c : columns) operands.push_back({*progress.domains[c], scale(c)});
  if (r.kind == Rule::kDerived) {
    std::vector<double> terms = r.values;
    for (size_t i = 0; i < terms.size(); i += 2) {
      if (terms[i] != kPushColumn) continue;
      terms[i + 1] = static_cast<double>(
          std::find(columns.begin(), columns.end(), static_cast<int32_t>(terms[i + 1])) -
          columns.begin());
    }
    narrow_derivation(terms, operands);
  } else if (columns.size() == 2) {
    narrow_comparison(r.comparison, operands[0], operands[1]);
  }
  for (size_t i = 0; i < columns.size(); i++) {
    if (!set(progress, columns[i], rule, std::move(operands[i].domain), changed)) return false;
  }
  return true;
}

bool RuleSet::narrow_combination(RuleProgress& progress, int rule,
                                 std::vector<int>& changed) const {
  const Combination& combination = combinations_[rule];
  const std::vector<int32_t>& columns = rules_[rule].columns;
  // From the rows of a decided value, where all rows are left.
  auto candidates = progress.rows[rule];
  const size_t n_all = combination.values.size() / combination.width;
  for (size_t c = 0; c < columns.size() && candidates->size() == n_all; c++) {
    const Domain& domain = *progress.domains[columns[c]];
    const bool missing = domain.values.empty();
    if (!missing && !domain.single()) continue;
    const auto found = combination.rows_of[c].find(missing ? kInfinity : domain.low());
    if (found == combination.rows_of[c].end()) return false;
    candidates = found->second;
  }
  std::vector<int> left;
  std::vector<std::vector<double>> values(columns.size());
  for (const int row : *candidates) {
    const double* cells = &combination.values[row * combination.width];
    bool fits = true;
    for (size_t c = 0; fits && c < columns.size(); c++)
      fits = progress.domains[columns[c]]->contains(cells[c]);
    if (!fits) continue;
    left.push_back(row);
    for (size_t c = 0; c < columns.size(); c++) values[c].push_back(cells[c]);
  }
  if (left.empty()) return false;
  if (left.size() == progress.rows[rule]->size() && progress.rows[rule] != start_.rows[rule])
    return true;
  progress.rows[rule] = std::make_shared<std::vector<int>>(std::move(left));
  for (size_t c = 0; c < columns.size(); c++) {
    Domain domain = Domain::of(std::move(values[c]));
    if (!set(progress, columns[c], rule, std::move(domain), changed)) return false;
  }
  return true;
}

}  // namespace harmonic
