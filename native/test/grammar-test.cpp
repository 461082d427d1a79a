#include "engine/grammar.h"

#include <cmath>
#include <limits>

#include "test.h"

using namespace harmonic;

namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

Rule compare(int left, Rule::Comparison comparison, int right) {
  Rule rule;
  rule.kind = Rule::kCompare;
  rule.comparison = comparison;
  rule.columns = {left, right};
  return rule;
}

Domain from_to(double low, double high) { return Domain::of({{low, high}}, false); }

RuleSet rules_of(std::vector<Rule> rules, const std::vector<Domain>& domains) {
  return RuleSet(std::move(rules), {}, std::vector<int32_t>(domains.size(), kColumnNumber),
                 domains);
}

/** A number of three digits that is 130 or 201, then token 3. Digit d is token 10 + d. */
Automaton with_a_gap() {
  Automaton automaton;
  automaton.edge_offsets = {0, 2, 3, 4, 5, 6, 7, 7};
  automaton.edge_tokens = {11, 12, 13, 10, 10, 11, 3};
  automaton.edge_next = {1, 2, 3, 4, 5, 5, 6};
  automaton.edge_columns = {0, 0, 0, 0, 0, 0, -1};
  automaton.edge_actions = {1, 2, 3, 0, 0, 1, -1};
  automaton.column_kinds = {kColumnNumber};
  return automaton;
}

}  // namespace

TEST(rules_see_through_columns_between) {
  const RuleSet rules = rules_of({compare(0, Rule::kAtMost, 1), compare(1, Rule::kLess, 2)},
                                 {from_to(0, 9), from_to(0, 9), from_to(0, 9)});
  CHECK(*rules.start().domains[0] == from_to(0, 8));
  RuleProgress row = rules.start();
  CHECK_EQUAL(rules.decide(row, 0, 5), -1);
  CHECK(*row.domains[2] == from_to(6, 9));
  CHECK_EQUAL(rules.decide(row, 2, 6), -1);
  CHECK(*row.domains[1] == from_to(5, 5));
}

TEST(rules_that_chase_each_other_are_refused) {
  CHECK_REFUSED("E_USAGE", "",
                rules_of({compare(0, Rule::kLess, 1), compare(1, Rule::kLess, 0)},
                         {from_to(0, 5000), from_to(0, 5000)}));
}

TEST(a_derived_column_is_rounded_half_away_from_zero) {
  Rule rule;
  rule.kind = Rule::kDerived;
  rule.columns = {1};
  rule.values = {kPushColumn, 0, kPushConstant, 2, kDivide, 0};
  const RuleSet rules = rules_of({rule}, {from_to(-9, 9), from_to(-9, 9)});
  for (const auto& [operand, result] :
       std::vector<std::pair<double, double>>{{5, 3}, {-5, -3}, {4, 2}, {-1, -1}}) {
    RuleProgress row = rules.start();
    CHECK_EQUAL(rules.decide(row, 0, operand), -1);
    CHECK(*row.domains[1] == from_to(result, result));
  }
  RuleProgress row = rules.start();
  CHECK_EQUAL(rules.decide(row, 1, 3), -1);
  CHECK(*row.domains[0] == from_to(5, 6));
}

TEST(a_missing_operand_makes_a_derived_column_missing) {
  Rule rule;
  rule.kind = Rule::kDerived;
  rule.columns = {1};
  rule.values = {kPushColumn, 0};
  Domain open = from_to(0, 9);
  open.missing = true;
  const RuleSet rules = rules_of({rule}, {open, open});
  RuleProgress row = rules.start();
  CHECK_EQUAL(rules.decide(row, 0, kMissing), -1);
  CHECK(row.domains[1]->values.empty() && row.domains[1]->missing);
  row = rules.start();
  CHECK_EQUAL(rules.decide(row, 1, 4), -1);
  CHECK(*row.domains[0] == from_to(4, 4));
}

TEST(reach_sees_gaps_between_numbers) {
  const Automaton automaton = with_a_gap();
  const std::vector<int32_t> columns = automaton.state_columns();
  const Reach reach(automaton, columns, {true});
  CHECK(reach.domain(0) == from_to(130, 201));
  const CellValue nothing;
  CHECK(!reach.allows(0, 0, nothing, from_to(131, 200)));
  CHECK(!reach.allows(0, 1, nothing, from_to(131, 200)));
  CHECK(reach.allows(0, 0, nothing, from_to(130, 200)));
  CHECK(!reach.allows(0, 1, nothing, from_to(130, 200)));
  CHECK(reach.allows(0, 1, nothing, from_to(131, 999)));
}

TEST(texts_keep_their_limits_and_end_whole_characters) {
  // tokens: 0 "a", 1 "ab", 2 and 3 the bytes of "é", 4 the end
  const std::vector<std::string> bytes = {"a", "ab", "\xc3", "\xa9"};
  Automaton automaton;
  automaton.edge_offsets = {0, 5, 5};
  automaton.edge_tokens = {0, 1, 2, 3, 4};
  automaton.edge_next = {0, 0, 0, 0, 1};
  automaton.edge_columns = {0, 0, 0, 0, 0};
  automaton.edge_actions = {1, 2, 1, 0, kActionNone};
  automaton.column_kinds = {kColumnText};
  automaton.text_limits = {2, 3};
  const Grammar grammar(automaton, 8, [&](int32_t token) { return bytes[token]; }, {}, {});
  CHECK_EQUAL(grammar.longest_row(), 13);  // 3 characters of up to 4 pieces, and the end
  RowProgress row = grammar.start(0);
  std::vector<int> scratch;
  const auto allowed = [&] {
    const Edges edges = grammar.allowed(row, scratch);
    return std::vector<int>(edges.begin, edges.begin + edges.n);
  };
  CHECK((allowed() == std::vector<int>{0, 1, 2}));
  grammar.take(row, 2);
  CHECK((allowed() == std::vector<int>{3}));
  grammar.take(row, 3);
  CHECK((allowed() == std::vector<int>{0, 1, 2}));
  grammar.take(row, 0);
  CHECK((allowed() == std::vector<int>{0, 2, 4}));
  grammar.take(row, 2);
  grammar.take(row, 3);
  CHECK((allowed() == std::vector<int>{4}));
  grammar.take(row, 4);
  CHECK(grammar.at_end(row));
  CHECK_EQUAL(row.cells[0].text,
              "\xc3\xa9"
              "a\xc3\xa9");
}
