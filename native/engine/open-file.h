#pragma once

#include <cstdio>
#include <memory>

namespace harmonic {

struct FileCloser {
  void operator()(FILE* file) const { std::fclose(file); }
};

/** An open file, or none. */
using OpenFile = std::unique_ptr<FILE, FileCloser>;

}  // namespace harmonic
