# Faiss's source, which the crate faiss-sys carries: fetched by cargo to HARMONIC_FAISS_SOURCE_DIR where it is missing, by way
# of HARMONIC_FAISS_WORK_DIR, its hash checked and moved to its place whole. Also a script: cmake -DNAME=PATH ... -P.
if(NOT EXISTS "${HARMONIC_FAISS_SOURCE_DIR}/CMakeLists.txt")
  set(crate_hash c4a8fa67f7070bb81f41dc71c98813b3e40a66bedab12d6c2ac2af50f0837a7e)
  find_program(CARGO cargo)
  if(NOT CARGO)
    message(FATAL_ERROR "Faiss's source comes by cargo, which is not here: install it (Debian: cargo), or put the source of \
Faiss 1.12 in ${HARMONIC_FAISS_SOURCE_DIR}")
  endif()
  message(STATUS "Fetching the source of Faiss")
  file(WRITE "${HARMONIC_FAISS_WORK_DIR}/src/lib.rs" "")
  file(WRITE "${HARMONIC_FAISS_WORK_DIR}/Cargo.toml"
    "[package]\nname = \"faiss-source\"\nversion = \"0.0.0\"\n\n[dependencies]\nfaiss-sys = \"=0.7.0\"\n")
  execute_process(COMMAND "${CARGO}" vendor --quiet vendor WORKING_DIRECTORY "${HARMONIC_FAISS_WORK_DIR}"
    OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  set(crate "${HARMONIC_FAISS_WORK_DIR}/vendor/faiss-sys")
  file(READ "${crate}/.cargo-checksum.json" checksums)
  string(JSON hash GET "${checksums}" package)
  if(NOT hash STREQUAL crate_hash)
    message(FATAL_ERROR "the crate faiss-sys 0.7.0 has the hash ${hash}, and ${crate_hash} was expected")
  endif()
  get_filename_component(parent "${HARMONIC_FAISS_SOURCE_DIR}" DIRECTORY)
  file(MAKE_DIRECTORY "${parent}")
  file(RENAME "${crate}/faiss" "${HARMONIC_FAISS_SOURCE_DIR}")
endif()
