#include "component/view/page_server.h"

#include <httplib.h>

#include <algorithm>
#include <vector>

#include "component/report/html.h"
#include "component/report/page_files.h"
#include "component/report/progress.h"
#include "component/report/report.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/text/format.h"

namespace torchport::component {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kThreads = 2, kMostBytes = std::size_t{256} << 20;
constexpr const char* kHost = "127.0.0.1";

/// What changes when the run goes on: its records and those of its steps.
std::string stamp_of(const fs::path& folder) {
  std::vector<std::string> facts;
  std::error_code ignored;
  const auto look = [&](const fs::path& file) {
    const auto size = fs::file_size(file, ignored);
    if (ignored) return;
    const auto time = fs::last_write_time(file, ignored).time_since_epoch().count();
    facts.push_back(file.string() + runtime::formatted(" %ju %lld\n", size, static_cast<long long>(time)));
  };
  look(folder / "pipeline.json");
  std::vector<fs::path> runs = {folder};
  for (fs::directory_iterator entry(folder, ignored), end; entry != end; entry.increment(ignored)) runs.push_back(entry->path());
  for (const fs::path& run : runs)
    for (const char* const file : {"run.json", "metrics.jsonl"}) look(run / file);
  std::sort(facts.begin(), facts.end());
  std::string all;
  for (const std::string& fact : facts) all += fact;
  return std::to_string(std::hash<std::string>{}(all));
}

std::string listing(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (fs::directory_iterator entry(folder, ignored), end; entry != end; entry.increment(ignored))
    names.push_back(entry->path().filename().string() + (entry->is_directory(ignored) ? "/" : ""));
  std::sort(names.begin(), names.end());
  Html html;
  html.trusted("<!DOCTYPE html>\n")
      .open("html")
      .open("head")
      .element("meta", "", {{"charset", "utf-8"}})
      .close()
      .open("body")
      .open("ul");
  for (const std::string& name : names) html.open("li").element("a", name, {{"href", "./" + link_to(name)}}).close();
  return html.take();
}

/// A file or folder below the run's folder; what lies elsewhere, as the outputs of a reused step, is not there.
void answer_file(const fs::path& folder, const std::string& address, httplib::Response& answer) {
  fs::path path;
  std::error_code ignored;
  try {
    path = runtime::resolve_inside(folder, fs::path(address).relative_path().lexically_normal().string());
  } catch (const std::runtime_error&) {
    answer.status = 404;
    return;
  }
  answer.set_header("X-Content-Type-Options", "nosniff");
  if (fs::is_directory(path, ignored)) {
    if (address.ends_with('/')) return answer.set_content(listing(path), "text/html; charset=utf-8");
    return answer.set_redirect(link_to(fs::path(address + "/")));
  }
  try {
    // A run's own report runs its scripts; any other page that lies there does not, and nor does a picture.
    const bool page = path.filename() == kReportFile, picture = path.extension() == ".svg";
    if (!page) answer.set_header("Content-Security-Policy", "sandbox");
    answer.set_content(runtime::read_file(path, kMostBytes), page      ? "text/html; charset=utf-8"
                                                             : picture ? "image/svg+xml"
                                                                       : "text/plain; charset=utf-8");
  } catch (const std::runtime_error&) {
    answer.status = 404;
  }
}

void answer_page(const fs::path& folder, const ViewOptions& options, httplib::Response& answer) {
  const std::string script = "const STAMP = '" + stamp_of(folder) + "';\n" + std::string(page_file("live.js"));
  answer.set_content(report_page(folder, folder / kReportFile, {options.language, script}), "text/html; charset=utf-8");
}

}  // namespace

void serve_run(const fs::path& folder, const ViewOptions& options, const std::function<void(int)>& ready) {
  httplib::Server server;
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  const int port = options.port == 0                          ? server.bind_to_any_port(kHost)
                   : server.bind_to_port(kHost, options.port) ? options.port
                                                              : -1;
  if (port <= 0) throw runtime::Error("FailedToCompleteOperation.port", {{"port", std::to_string(options.port)}});
  const std::string end = ":" + std::to_string(port);
  server.set_pre_routing_handler([end](const httplib::Request& request, httplib::Response& answer) {
    const std::string host = request.get_header_value("Host");
    if (host == kHost + end || host == "localhost" + end) return httplib::Server::HandlerResponse::Unhandled;
    answer.status = 403;
    return httplib::Server::HandlerResponse::Handled;
  });
  server.Get("/", [&](const httplib::Request&, httplib::Response& answer) { answer_page(folder, options, answer); });
  server.Get("/stamp",
             [&](const httplib::Request&, httplib::Response& answer) { answer.set_content(stamp_of(folder), "text/plain"); });
  server.Get("/progress", [&](const httplib::Request&, httplib::Response& answer) {
    const auto list = progress_list(read_report_facts(folder, ReadLogs::no), page_language(options.language));
    answer.set_content(list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), "application/json");
  });
  server.Get("/.*", [&](const httplib::Request& request, httplib::Response& answer) { answer_file(folder, request.path, answer); });
  ready(port);
  server.listen_after_bind();
}

}  // namespace torchport::component
