# Where clang and its libFuzzer are, the targets are built by it in a folder of their own, and each is an entry of ctest,
# fuzz.libfuzzer.<name>, which runs for TORCHPORT_FUZZ_SECONDS of the environment.
find_program(FUZZ_COMPILER NAMES clang++-19 clang++-18 clang++-17 clang++-16 clang++-15 clang++-14 clang++)
if(FUZZ_COMPILER)
  execute_process(COMMAND "${FUZZ_COMPILER}" --print-runtime-dir OUTPUT_VARIABLE runtime OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  file(GLOB_RECURSE libfuzzer "${runtime}/../libclang_rt.fuzzer*.a")
endif()
if(NOT libfuzzer)
  message(STATUS "There is no clang with libFuzzer: the parsers are fuzzed by the other tests only. Debian: clang, libclang-rt-14-dev")
  return()
endif()
set(fuzzers "${CMAKE_BINARY_DIR}/fuzzers")
cmake_host_system_information(RESULT cores QUERY NUMBER_OF_LOGICAL_CORES)
add_custom_target(fuzzers ALL
  COMMAND ${CMAKE_COMMAND} -G Ninja -S "${CMAKE_SOURCE_DIR}" -B "${fuzzers}" "-DCMAKE_CXX_COMPILER=${FUZZ_COMPILER}"
    -DTORCHPORT_FUZZERS=ON -DTORCHPORT_TESTS=OFF -DCMAKE_BUILD_TYPE=Debug "-DCMAKE_CXX_FLAGS_DEBUG=-O1 -g1" "-DLIBTORCH_ROOT=${LIBTORCH_ROOT}" "-DARROW_ROOT=${ARROW_ROOT}" --log-level=WARNING
  COMMAND ${CMAKE_COMMAND} --build "${fuzzers}" --parallel ${cores} --target fuzzers)
file(GLOB targets CONFIGURE_DEPENDS fuzz/libfuzzer/targets/*.cpp)
foreach(source IN LISTS targets)
  get_filename_component(name "${source}" NAME_WE)
  add_test(NAME fuzz.libfuzzer.${name} COMMAND "${TORCHPORT_PYTHON}" -B "${CMAKE_CURRENT_SOURCE_DIR}/fuzz/libfuzzer/run_target.py" "${fuzzers}/bin/fuzz_${name}")
  set_tests_properties(fuzz.libfuzzer.${name} PROPERTIES ${properties} LABELS fuzz.libfuzzer)
endforeach()
