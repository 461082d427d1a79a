# llama.cpp, from the git bundle inside the npm package node-llama-cpp: unpacked once into third_party (ignored by git),
# its commit checked, our patches applied. Defines the targets llama, ggml, ggml-base and ggml's CPU backends.
set(HARMONIC_LLAMA_VERSION v0.5.0)
set(HARMONIC_LLAMA_COMMIT de3ff815ea7d559ee917f063901b8986f038abc6)
set(LLAMA_DIR "${CMAKE_SOURCE_DIR}/third_party/llama.cpp")

find_program(GIT_EXECUTABLE git REQUIRED)
file(READ "${CMAKE_SOURCE_DIR}/package.json" PACKAGE_JSON)
string(JSON HARMONIC_VERSION GET "${PACKAGE_JSON}" version)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/package.json")

function(llama_git output)
  execute_process(COMMAND "${GIT_EXECUTABLE}" -c advice.detachedHead=false -c safe.directory=* ${ARGN}
    OUTPUT_VARIABLE text OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed ERROR_VARIABLE error)
  if(failed)
    message(FATAL_ERROR "git ${ARGN} failed:\n${error}")
  endif()
  set(${output} "${text}" PARENT_SCOPE)
endfunction()

if(NOT EXISTS "${LLAMA_DIR}/.git/HEAD" OR NOT EXISTS "${LLAMA_DIR}/CMakeLists.txt")
  execute_process(
    COMMAND node -p "require('path').resolve(require.resolve('node-llama-cpp'), '../../llama/gitRelease.bundle')"
    WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}" OUTPUT_VARIABLE LLAMA_BUNDLE OUTPUT_STRIP_TRAILING_WHITESPACE
    RESULT_VARIABLE failed ERROR_QUIET)
  if(failed OR NOT EXISTS "${LLAMA_BUNDLE}")
    message(FATAL_ERROR "the source of llama.cpp is missing: run `npm install` (it comes with the package node-llama-cpp)")
  endif()
  message(STATUS "Unpacking llama.cpp from ${LLAMA_BUNDLE}")
  # Cloned beside its place and moved there whole, so that an interrupted clone is never taken for the source.
  file(REMOVE_RECURSE "${LLAMA_DIR}" "${LLAMA_DIR}.partial")
  llama_git(ignored clone --quiet "${LLAMA_BUNDLE}" "${LLAMA_DIR}.partial")
  file(RENAME "${LLAMA_DIR}.partial" "${LLAMA_DIR}")
endif()

llama_git(LLAMA_HEAD -C "${LLAMA_DIR}" rev-parse HEAD)
if(NOT LLAMA_HEAD STREQUAL HARMONIC_LLAMA_COMMIT)
  message(FATAL_ERROR "third_party/llama.cpp is at ${LLAMA_HEAD}, expected ${HARMONIC_LLAMA_COMMIT}: "
                      "delete the folder third_party and build again")
endif()

# Patches in the order of their names. The stamp is a hash of their contents: another set starts from the clean source.
file(GLOB LLAMA_PATCHES CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/native/patches/*.patch")
list(SORT LLAMA_PATCHES)
set(LLAMA_PATCH_HASH "")
foreach(patch IN LISTS LLAMA_PATCHES)
  file(SHA256 "${patch}" hash)
  string(APPEND LLAMA_PATCH_HASH "${hash}\n")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${patch}")
endforeach()
set(LLAMA_PATCH_STAMP "${LLAMA_DIR}/.git/harmonic-patches")
set(LLAMA_PATCHED "")
if(EXISTS "${LLAMA_PATCH_STAMP}")
  file(READ "${LLAMA_PATCH_STAMP}" LLAMA_PATCHED)
endif()
if(NOT LLAMA_PATCHED STREQUAL LLAMA_PATCH_HASH)
  llama_git(ignored -C "${LLAMA_DIR}" checkout --quiet --force HEAD -- .)
  foreach(patch IN LISTS LLAMA_PATCHES)
    message(STATUS "Patching llama.cpp: ${patch}")
    llama_git(ignored -C "${LLAMA_DIR}" apply "${patch}")
  endforeach()
  file(WRITE "${LLAMA_PATCH_STAMP}" "${LLAMA_PATCH_HASH}")
endif()

# Shared libraries with loadable backends: a GPU backend of the same release can be added without a rebuild.
set(BUILD_SHARED_LIBS ON)
set(CMAKE_PLATFORM_NO_VERSIONED_SONAME ON)
set(GGML_BACKEND_DL ON CACHE BOOL "" FORCE)
set(GGML_NATIVE OFF CACHE BOOL "" FORCE) # refused together with GGML_BACKEND_DL
set(GGML_CCACHE OFF CACHE BOOL "" FORCE)
set(LLAMA_BUILD_IS_DEV OFF CACHE BOOL "" FORCE)
foreach(part COMMON TESTS TOOLS EXAMPLES SERVER APP)
  set(LLAMA_BUILD_${part} OFF CACHE BOOL "" FORCE)
endforeach()

include(cmake/cpu.cmake)
include(cmake/cuda.cmake)

add_subdirectory("${LLAMA_DIR}" "${CMAKE_BINARY_DIR}/llama.cpp" EXCLUDE_FROM_ALL)
set_target_properties(llama ggml ggml-base ${GGML_AVAILABLE_BACKENDS} PROPERTIES
  LIBRARY_OUTPUT_DIRECTORY "${HARMONIC_OUTPUT_DIR}")
