// What a component's function gets: its ports, its parameters, its rank and the places to report to.
// Made by component/worker/run.cpp for each rank; component/<name>.cpp defines `void <name>(runtime::Context&)`.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "runtime/collective.h"
#include "runtime/report/events.h"
#include "runtime/report/log.h"
#include "runtime/report/position.h"
#include "runtime/report/run_record.h"
#include "runtime/request/request.h"
#include "runtime/spec/table.h"

namespace torchport::runtime {

/// One run of one component on one rank.
struct Context {
  const Request& request;
  Collective& collective;
  Log& log;
  Events& events;
  RunRecord& record;
  std::filesystem::path run_dir;
  Position& position;

  const ComponentSpec& spec() const { return *request.component; }
  /// The path given for a port. \throws std::logic_error if the spec lacks the port.
  const std::filesystem::path& input(std::string_view port) const;
  const std::filesystem::path& output(std::string_view port) const;
  /// The directory given for a port, as its check opened it where it kept it. \throws Error as T::open
  template <class T>
  T open(std::string_view port) const {
    if (request.opened) {
      if (auto kept = request.opened->take<T>(port)) return std::move(*kept);
    }
    return T::open(input(port), spec().input(port)->what());
  }
  /// A parameter's value, by the name and type of the spec.
  template <class T>
  const T& param(std::string_view name) const {
    return request.get<T>(name);
  }
};

}  // namespace torchport::runtime

namespace torchport::component {

/// The generated table of component/*.cpp.
const runtime::Table<void(runtime::Context&)>& functions();

}  // namespace torchport::component
