#pragma once

#include <vector>

#include "engine/batch.h"
#include "engine/generate-request.h"
#include "engine/row-drawer.h"

namespace harmonic {

/** Rows that begin alike: what they have in common is evaluated once. */
struct PromptGroup {
  std::vector<ColumnToken> tokens;  // in common
  std::vector<int> rows;
  bool whole = false;  // there is nothing else: the next token of all is drawn behind these
};

/** The tokens that the model reads before it draws for row r: its prompt and what is pending. */
std::vector<ColumnToken> tokens_before(const GenerateRequest& request, const DrawnRow& row, int r);

/** The rows that are not done, those behind one prompt together, and of these such as are given
 * more than the prompt has by themselves; `share` false: each on its own. */
std::vector<PromptGroup> group_rows(const GenerateRequest& request,
                                    const std::vector<DrawnRow>& rows, bool share);

/** What all groups begin with. The last token of a group is never part of it: its logits are
 * needed. */
std::vector<ColumnToken> common_prefix(const std::vector<PromptGroup>& groups);

}  // namespace harmonic
