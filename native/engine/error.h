#pragma once

#include <stdexcept>
#include <string>

namespace harmonic {

/**
 * A failure that the user can read. `code` is one of the codes of src/errors.ts, `message` names
 * what was expected and `hint`, which may be empty, says how to fix it.
 */
struct Error : std::runtime_error {
  std::string code;
  std::string hint;

  Error(std::string code, const std::string& message, std::string hint = "")
      : std::runtime_error(message), code(std::move(code)), hint(std::move(hint)) {}
};

[[noreturn]] inline void throw_usage(const std::string& message, const std::string& hint = "") {
  throw Error("E_USAGE", message, hint);
}

}  // namespace harmonic
