#include <cstring>
#include <filesystem>

#include "engine/runtime.h"
#include "test.h"

/** Runs every test, or those whose name contains the first argument. */
int main(int argc, char** argv) {
  using namespace harmonic;
  test::directory() = std::filesystem::canonical(argv[0]).parent_path().string();
  load_backends(test::directory());
  const std::string filter = argc > 1 ? argv[1] : "";
  int passed = 0;
  int failed = 0;
  for (const test::Test& one : test::registry()) {
    if (one.name.find(filter) == std::string::npos) continue;
    try {
      one.body();
      passed++;
      std::cout << "ok " << one.name << std::endl;
    } catch (const std::exception& error) {
      failed++;
      std::cout << "FAILED " << one.name << "\n  " << error.what() << std::endl;
    }
  }
  std::cout << "native tests: " << passed << " passed, " << failed << " failed" << std::endl;
  return failed == 0 ? 0 : 1;
}
