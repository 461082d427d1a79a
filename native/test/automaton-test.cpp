#include "engine/automaton.h"

#include "test.h"

using namespace harmonic;

namespace {

/** A category of two values (tokens 5, 6), then a digit cell "-1" or "25", then token 3. */
Automaton two_columns() {
  Automaton automaton;
  automaton.edge_offsets = {0, 2, 4, 5, 6, 7, 7};
  automaton.edge_tokens = {5, 6, 10, 11, 12, 13, 3};
  automaton.edge_next = {1, 1, 2, 3, 4, 4, 5};
  automaton.edge_columns = {0, 0, 1, 1, 1, 1, -1};
  automaton.edge_actions = {0, 1, kActionNegate, 2, 1, 5, -1};
  automaton.column_kinds = {kColumnCategory, kColumnNumber};
  return automaton;
}

}  // namespace

TEST(automaton_knows_its_longest_row) { CHECK_EQUAL(two_columns().check(64), 4); }

TEST(automaton_refuses_wrong_tables) {
  Automaton automaton = two_columns();
  automaton.edge_next[6] = 0;
  CHECK_REFUSED("E_USAGE", "cycles", automaton.check(64));
  automaton = two_columns();
  automaton.edge_tokens[1] = 5;
  CHECK_REFUSED("E_USAGE", "each token once", automaton.check(64));
  automaton = two_columns();
  automaton.edge_tokens[0] = 64;
  CHECK_REFUSED("E_USAGE", "edgeTokens", automaton.check(64));
  automaton = two_columns();
  automaton.edge_columns[0] = 2;
  CHECK_REFUSED("E_USAGE", "edgeColumns", automaton.check(64));
  automaton = two_columns();
  automaton.edge_actions[3] = 50;
  CHECK_REFUSED("E_USAGE", "edgeActions", automaton.check(64));
  automaton = two_columns();
  automaton.edge_offsets[2] = 1;
  CHECK_REFUSED("E_USAGE", "edgeOffsets", automaton.check(64));
}

TEST(cell_value_follows_the_actions) {
  CellValue number;
  for (const int action : {static_cast<int>(kActionNegate), 1, 2, 0, kActionPowerOfTen + 3}) {
    number.apply(kColumnNumber, action, {});
  }
  CHECK_EQUAL(number.number(), -120000.0);
  CellValue zero;
  zero.apply(kColumnNumber, 0, {});
  CHECK(!std::signbit(zero.number()));
  CellValue category;
  category.apply(kColumnCategory, 17, {});
  CHECK_EQUAL(category.category(), 17);
  category.apply(kColumnCategory, kActionMissing, {});
  CHECK_EQUAL(category.category(), -1);
}
