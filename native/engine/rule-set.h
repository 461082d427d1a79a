#pragma once

#include <map>
#include <memory>
#include <vector>

#include "engine/domain.h"
#include "engine/rule.h"

namespace harmonic {

/** What the cells of a row may still be under its rules. Copies share what neither changes. */
struct RuleProgress {
  std::vector<std::shared_ptr<const Domain>> domains;         // by column; null without rules
  std::vector<std::shared_ptr<const std::vector<int>>> rows;  // by rule: combinations left
  std::vector<int> narrowed_by;                               // by column: the last rule, -1 none
};

/**
 * The rules of a table as constraints over the domains of a row's columns: when a cell is decided,
 * each rule takes from the domains of its other columns what cannot be part of a whole row, until
 * nothing changes. Compare and derived reason by bounds, combinations by what is left of them.
 */
class RuleSet {
 public:
  /**
   * `domains`: all that each column's cells may be. `decimals`: one a column, or empty. Throws
   * Error E_USAGE where a rule is wrong or no row could satisfy all.
   */
  RuleSet(std::vector<Rule> rules, std::vector<int32_t> decimals,
          const std::vector<int32_t>& column_kinds, const std::vector<Domain>& domains);

  int n_rules() const { return static_cast<int>(rules_.size()); }
  bool is_ruled(int column) const { return !rules_of_[column].empty(); }
  const RuleProgress& start() const { return start_; }
  /** The cell of a column has this value (NaN missing). Returns -1, or the rule that cannot be
   * satisfied any more. */
  int decide(RuleProgress& progress, int column, double value) const;

 private:
  struct Combination {
    size_t width;
    std::vector<double> values;  // shape (m, width), NaN missing
    // of each column, the rows that have a value; the key of missing ones is infinite
    std::vector<std::map<double, std::shared_ptr<const std::vector<int>>>> rows_of;
  };

  int propagate(RuleProgress& progress, std::vector<int> columns, int most_rounds) const;
  bool set(RuleProgress& progress, int column, int rule, Domain domain,
           std::vector<int>& changed) const;
  bool narrow(RuleProgress& progress, int rule, std::vector<int>& changed) const;
  bool narrow_combination(RuleProgress& progress, int rule, std::vector<int>& changed) const;
  double scale(int column) const { return scales_.empty() ? 1 : scales_[column]; }

  std::vector<Rule> rules_;
  std::vector<double> scales_;              // 10^decimals
  std::vector<std::vector<int>> rules_of_;  // by column
  std::vector<Combination> combinations_;   // by rule
  RuleProgress start_;
};

}  // namespace harmonic
