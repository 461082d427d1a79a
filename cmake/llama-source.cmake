# The source of llama.cpp in LLAMA_DIR, at HARMONIC_LLAMA_COMMIT, with LLAMA_PATCHES applied. The stamp is a hash of their
# contents (LLAMA_PATCH_HASH): another set starts from the clean source.
find_program(GIT_EXECUTABLE git REQUIRED)
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
