#pragma once

#include <cmath>
#include <filesystem>
#include <functional>
#include <iostream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "engine/error.h"

/**
 * A small test runner. A test is `TEST(name) { CHECK(...); }` in a file of native/test that
 * CMakeLists.txt lists; a failed check ends its test, and the others go on.
 */
namespace harmonic::test {

struct Test {
  std::string name;
  std::function<void()> body;
};

inline std::vector<Test>& registry() {
  static std::vector<Test> tests;
  return tests;
}

struct Registration {
  Registration(std::string name, std::function<void()> body) {
    registry().push_back({std::move(name), std::move(body)});
  }
};

[[noreturn]] inline void fail(const char* file, int line, const std::string& message) {
  throw std::runtime_error(std::string(file) + ":" + std::to_string(line) + ": " + message);
}

template <class A, class B>
void check_equal(const A& actual, const B& expected, const char* file, int line) {
  if (actual == expected) return;
  std::ostringstream message;
  message << "expected " << expected << " but received " << actual;
  fail(file, line, message.str());
}

/** Passes where |actual - expected| <= tolerance. */
inline void check_near(double actual, double expected, double tolerance, const char* file,
                       int line) {
  if (std::abs(actual - expected) <= tolerance) return;
  std::ostringstream message;
  message << "expected " << expected << " within " << tolerance << " but received " << actual;
  fail(file, line, message.str());
}

/** The norm of what is wrong over that of what is right. */
inline double relative_error(const std::vector<float>& found, const std::vector<float>& expected) {
  double error = 0, total = 0;
  for (size_t i = 0; i < expected.size(); i++) {
    error += (found[i] - expected[i]) * (found[i] - expected[i]);
    total += expected[i] * expected[i];
  }
  return std::sqrt(error / total);
}

/** Passes where the body throws an Error of this code whose message holds `part`. */
template <class Body>
void check_refused(Body body, const std::string& code, const std::string& part, const char* file,
                   int line) {
  std::string found = "no error";
  try {
    body();
  } catch (const Error& error) {
    found = error.code + ": " + error.what();
    if (error.code == code && found.find(part) != std::string::npos) return;
  }
  fail(file, line, "expected " + code + " about \"" + part + "\" but received " + found);
}

/** Folder of the test program, where ggml's backends lie. Set by main. */
inline std::string& directory() {
  static std::string path;
  return path;
}

/** A folder of this process alone, gone when it ends: runs at once do not write each other's files.
 */
struct TemporaryFolder {
  std::filesystem::path path = std::filesystem::temp_directory_path() /
                               ("harmonic-test-" + std::to_string(std::random_device{}()));
  TemporaryFolder() { std::filesystem::create_directories(path); }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

/** Path of a file of that name for a test to write. */
inline std::string temporary(const std::string& name) {
  static const TemporaryFolder folder;
  return (folder.path / name).string();
}

}  // namespace harmonic::test

#define TEST(name)                                                                   \
  static void test_##name();                                                         \
  static const harmonic::test::Registration registration_##name(#name, test_##name); \
  static void test_##name()

#define CHECK(condition) \
  if (!(condition)) harmonic::test::fail(__FILE__, __LINE__, "expected " #condition)
#define CHECK_EQUAL(actual, expected) \
  harmonic::test::check_equal(actual, expected, __FILE__, __LINE__)
/** CHECK_REFUSED("E_USAGE", "what the message names", what(is, done)) */
#define CHECK_REFUSED(code, part, ...) \
  harmonic::test::check_refused([&] { __VA_ARGS__; }, code, part, __FILE__, __LINE__)
#define CHECK_NEAR(actual, expected, tolerance) \
  harmonic::test::check_near(actual, expected, tolerance, __FILE__, __LINE__)
